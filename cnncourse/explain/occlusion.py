"""Occlusion: how much the label's logit falls when a square of the image is covered."""

import torch

from cnncourse.torch_nn.undisturbed import undisturbed

from .logits import check_images, label_logits

__all__ = ["occlusion"]


def occlusion(model, images, labels, size=None, stride=None, fill=0.0):
    """Return, for each pixel, by how much the label's logit falls when a square over that pixel is covered.

    The first three parameters and the errors are those of `saliency`. It needs no gradient, and as many forward
    passes as there are squares.

    Parameters
    ----------
    size, stride : int, optional
        Side of the square and the distance to the next, in pixels: by default a quarter of the image's shorter side,
        and half the square's. Squares that reach over the image's right and
        lower border are cut off there, so that each pixel is covered; `occlusion_map` leaves these out.
    fill : float, or tensor that broadcasts to images
        What covers, as the network wants to see it; all channels are covered.

    Returns
    -------
    tensor (N, H, W)
        M = mean, over the squares that hold the pixel, of z_label(image) − z_label(covered); with its sign.

    References
    ----------
    Zeiler & Fergus, "Visualizing and understanding convolutional networks" (2014), section 4.2.
    """
    with undisturbed(model), torch.no_grad():
        images, labels = check_images(images, labels)
        H, W = images.shape[2:]
        size = max(1, min(H, W) // 4) if size is None else size
        stride = max(1, size // 2) if stride is None else stride
        if not 1 <= stride <= size <= min(H, W):
            raise ValueError(f"size, stride: expected 1 ≤ stride ≤ size ≤ {min(H, W)}, got {size} and {stride}")
        cover = torch.as_tensor(fill, dtype=images.dtype, device=images.device).expand_as(images)
        falls, squares = images.new_zeros(len(images), H, W), images.new_zeros(H, W)
        before = label_logits(model, images, labels)
        for y in starts(H, size, stride):
            for x in starts(W, size, stride):
                covered, square = images.clone(), (..., slice(y, y + size), slice(x, x + size))
                covered[square] = cover[square]
                falls[square] += (before - label_logits(model, covered, labels))[:, None, None]
                squares[square] += 1
    return falls / squares


def starts(length, size, stride):
    """Return where squares begin along one axis, so that the last one reaches the end."""
    return range(0, length - size + stride, stride)
