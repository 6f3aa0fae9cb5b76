"""The formulas behind the explanations, in NumPy: they need a function of images, or arrays, and no module."""

import numpy as np

__all__ = ["grad_cam", "guided_relu_backward", "integrated_gradients", "occlusion_map"]


def grad_cam(activations, gradients):
    """Return relu(Σ_c α_c A_c), (N, h, w), where α_c is the mean of channel c's gradients over places.

    Parameters
    ----------
    activations, gradients : ndarray (N, C, h, w)
        A layer's output, and the derivative of the label's logit with respect to it.
    """
    if activations.shape != gradients.shape or activations.ndim != 4:
        raise ValueError(f"gradients: expected {activations.shape}, (N, C, h, w) both, got {gradients.shape}")
    alpha = gradients.mean(axis=(2, 3), keepdims=True)
    return np.maximum((alpha * activations).sum(axis=1), 0)


def guided_relu_backward(grad_output, input):
    """Return the gradient where input and gradient are positive, 0 elsewhere: guided backpropagation's ReLU."""
    if grad_output.shape != input.shape:
        raise ValueError(f"grad_output: expected {input.shape} like input, got {grad_output.shape}")
    return np.where((input > 0) & (grad_output > 0), grad_output, 0).astype(grad_output.dtype)


def integrated_gradients(gradient, image, baseline, steps):
    """Return (image − baseline) times the mean gradient on the straight way, in the image's shape.

    Parameters
    ----------
    gradient : function (M, …) → (M, …)
        The derivative of one number per sample.
    image, baseline : ndarray of one shape, without a batch axis
    steps : int
        Of the midpoint rule; at least 1.
    """
    if np.shape(baseline) != np.shape(image) or steps < 1:
        raise ValueError(
            f"baseline, steps: expected {np.shape(image)} and at least 1, got {np.shape(baseline)} and {steps}"
        )
    t = ((np.arange(steps) + 0.5) / steps).reshape(-1, *[1] * np.ndim(image))
    path = (baseline + t * (image - baseline)).astype(image.dtype)
    return (image - baseline) * gradient(path).mean(axis=0)


def occlusion_map(predict, image, label, size, stride, fill=0.0):
    """Return by how much predict(image)[label] falls when a square is covered, one number per place of the square.

    Parameters
    ----------
    predict : function (M, C, H, W) → (M, classes)
    image : ndarray (C, H, W)
    label : int
    size, stride : int
        Side of the square, which covers all channels and stays within the image, and its step; in pixels.
    fill : float
        What covers.

    Returns
    -------
    ndarray ((H − size) // stride + 1, (W − size) // stride + 1)
    """
    C, H, W = image.shape
    if not 1 <= size <= min(H, W) or stride < 1:
        raise ValueError(f"size, stride: expected 1 to {min(H, W)} and at least 1, got {size} and {stride}")
    rows, columns = (H - size) // stride + 1, (W - size) // stride + 1
    covered = np.repeat(image[None], rows * columns, axis=0)
    for n, (i, j) in enumerate(np.ndindex(rows, columns)):
        covered[n, :, i * stride : i * stride + size, j * stride : j * stride + size] = fill
    return predict(image[None])[0, label] - predict(covered)[:, label].reshape(rows, columns)
