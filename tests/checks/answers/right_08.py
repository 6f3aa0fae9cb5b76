"""Right answers to unit 08, each written another way."""

import statistics

import numpy as np


def bn_reshaped(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    """Channels first as rows of a matrix, moments by einsum."""
    N, C, H, W = input.shape
    rows = input.transpose(1, 0, 2, 3).reshape(C, -1)
    m = N * H * W
    if training:
        mean = np.einsum("cm->c", rows) / m
        centred = rows - mean[:, None]
        var = np.einsum("cm,cm->c", centred, centred) / m
        new_mean = running_mean + momentum * (mean - running_mean)
        new_var = running_var + momentum * (var * m / (m - 1) - running_var)
    else:
        centred, var = rows - running_mean[:, None], running_var
        new_mean, new_var = running_mean.copy(), running_var.copy()
    rows = weight[:, None] * centred * (var + eps)[:, None] ** -0.5 + bias[:, None]
    return [rows.reshape(C, N, H, W).swapaxes(0, 1), new_mean, new_var]


def bn_loops(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    output, means, variances = np.empty(input.shape), [], []
    for c in range(input.shape[1]):
        values = [float(v) for v in input[:, c].ravel()]
        if training:
            mean, var = statistics.fmean(values), statistics.pvariance(values)
            means.append((1 - momentum) * running_mean[c] + momentum * mean)
            variances.append((1 - momentum) * running_var[c] + momentum * statistics.variance(values))
        else:
            mean, var = running_mean[c], running_var[c]
            means.append(mean)
            variances.append(var)
        output[:, c] = weight[c] * (input[:, c] - mean) / (var + eps) ** 0.5 + bias[c]
    return output, means, variances


def bn_moments(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    """E[x²] − E[x]², channels last, in float64 throughout."""
    last = np.moveaxis(input, 1, -1).astype(float)
    mean, var = np.array(running_mean), np.array(running_var)
    if training:
        flat = last.reshape(-1, last.shape[-1])
        mean = flat.mean(0)
        var = np.maximum((flat**2).mean(0) - mean**2, 0)
        running_mean = momentum * mean + (1 - momentum) * running_mean
        running_var = momentum * np.cov(flat.T).reshape(len(mean), -1).diagonal() + (1 - momentum) * running_var
    return np.moveaxis((last - mean) / np.sqrt(var + eps) * weight + bias, -1, 1), running_mean, running_var


def backward_graph(grad_output, input, weight, eps=1e-5):
    """Step by step through the graph."""
    axes, m = (0, 2, 3), input[:, 0].size
    mu = input.sum(axis=axes, keepdims=True) / m
    centred = input - mu
    var = (centred**2).sum(axis=axes, keepdims=True) / m
    root = np.sqrt(var + eps)
    grad_x_hat = grad_output * weight.reshape(1, -1, 1, 1)
    grad_root = -(grad_x_hat * centred / root**2).sum(axis=axes, keepdims=True)
    grad_var = grad_root / (2 * root)
    grad_centred = grad_x_hat / root + 2 * centred * grad_var / m
    grad_mu = -grad_centred.sum(axis=axes, keepdims=True)
    grad_weight = np.einsum("nchw,nchw->c", grad_output, centred / root)
    return grad_centred + grad_mu / m, grad_weight, np.einsum("nchw->c", grad_output)


def backward_sums(grad_output, input, weight, eps=1e-5):
    """Through the gradients of γ and β."""
    m, tall = input[:, 0].size, (slice(None), None, None)
    mean, var = input.mean((0, 2, 3)), input.var((0, 2, 3))
    x_hat = (input - mean[tall]) / np.sqrt(var + eps)[tall]
    dgamma, dbeta = (grad_output * x_hat).sum((0, 2, 3)), grad_output.sum((0, 2, 3))
    dx = (weight / np.sqrt(var + eps))[tall] / m * (m * grad_output - dbeta[tall] - x_hat * dgamma[tall])
    return dx, dgamma, dbeta


def backward_jacobian(grad_output, input, weight, eps=1e-5):
    """Each channel's full Jacobian as a matrix."""
    grad_input, grad_weight, grad_bias = np.empty(input.shape), [], []
    for c in range(input.shape[1]):
        x, g = input[:, c].ravel().astype(float), grad_output[:, c].ravel().astype(float)
        m, s = len(x), (x.var() + eps) ** 0.5
        h = (x - x.mean()) / s
        jacobian = (np.eye(m) - 1 / m - np.outer(h, h) / m) / s * weight[c]
        grad_input[:, c] = (jacobian.T @ g).reshape(input[:, c].shape)
        grad_weight.append(g @ h)
        grad_bias.append(g.sum())
    return grad_input, tuple(grad_weight), tuple(grad_bias)


def fold_einsum(weight, bias, running_mean, running_var, gamma, beta, eps=1e-5):
    scale = gamma * (running_var + eps) ** -0.5
    shift = beta - running_mean * scale
    if bias is not None:
        shift = shift + scale * bias
    return np.einsum("o,oikl->oikl", scale, weight), shift


def fold_matrix(weight, bias, running_mean, running_var, gamma, beta, eps=1e-5):
    scale = np.diag(gamma / np.sqrt(running_var + eps))
    start = -running_mean if bias is None else bias - running_mean
    return (scale @ weight.reshape(len(weight), -1)).reshape(weight.shape), scale @ start + beta


def fold_loops(weight, bias, running_mean, running_var, gamma, beta, eps=1e-5):
    filters, shifts = [], []
    for o in range(len(weight)):
        s = gamma[o] / (running_var[o] + eps) ** 0.5
        filters.append(weight[o] * s)
        shifts.append(((0 if bias is None else bias[o]) - running_mean[o]) * s + beta[o])
    return [np.stack(filters), np.array(shifts)]


ANSWERS = {
    "08.batch_norm": [bn_reshaped, bn_loops, bn_moments],
    "08.batch_norm_backward": [backward_graph, backward_sums, backward_jacobian],
    "08.fold_batch_norm": [fold_einsum, fold_matrix, fold_loops],
}
