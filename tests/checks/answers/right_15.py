"""Right answers to unit 15, each written another way. (Modules are in `test_right_modules`.)"""

import math

import numpy as np


def stable(z):
    """exp(−z) where z is positive, exp(z) where it is not."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def excite_stable(input, w1, b1, w2, b2):
    """Matrices from the left, a sigmoid with two branches."""
    hidden = w1 @ input.mean((2, 3)).T + b1[:, None]
    return input * stable(w2 @ (hidden * (hidden > 0)) + b2[:, None]).T[..., None, None]


def excite_with_warnings(input, w1, b1, w2, b2):
    """1 / (1 + exp(−z)): exp may be infinite, and 1/∞ is the right 0."""
    s = 1 / (1 + np.exp(-(np.clip(np.einsum("nchw->nc", input) / input[0, 0].size @ w1.T + b1, 0, None) @ w2.T + b2)))
    return np.einsum("nchw,nc->nchw", input, s)


def excite_loops(input, w1, b1, w2, b2):
    """Image by image, channel by channel."""
    output = np.zeros_like(input)
    for n in range(len(input)):
        means = [np.average(map_) for map_ in input[n]]
        hidden = [max(0.0, float(b + np.vdot(row, means))) for row, b in zip(w1, b1, strict=True)]
        for c, (row, b) in enumerate(zip(w2, b2, strict=True)):
            z = float(b + sum(w * h for w, h in zip(row, hidden, strict=True)))
            s = 1 / (1 + math.exp(-z)) if z > -700 else 0.0
            output[n, c] = input[n, c] * s
    return output


def excite_as_convolutions(input, w1, b1, w2, b2):
    """Means that keep their axes, 1×1 convolutions by einsum; a clipped argument."""
    m = input.mean(-1, keepdims=True).mean(-2, keepdims=True)
    h = np.einsum("rc,ncij->nrij", w1, m) + b1.reshape(1, -1, 1, 1)
    z = np.einsum("cr,nrij->ncij", w2, np.where(h < 0, 0, h)) + b2.reshape(1, -1, 1, 1)
    return np.multiply(input, 1 / (1 + np.exp(-np.clip(z, -60, 60))))


def excite_logaddexp(input, w1, b1, w2, b2):
    """The sigmoid as exp(−log(1 + exp(−z)))."""
    z = np.maximum(input.reshape(*input.shape[:2], -1).mean(2).dot(w1.T) + b1, 0).dot(w2.T) + b2
    return (input.transpose(2, 3, 0, 1) * np.exp(-np.logaddexp(0, -z))).transpose(2, 3, 0, 1)


def backward_images(grad_output, input, w1, b1, w2, b2):
    """Image by image, summing outer products; a list."""
    grads = [np.zeros_like(a) for a in (input, w1, b1, w2, b2)]
    for n, (g, x) in enumerate(zip(grad_output, input, strict=True)):
        m = x.mean((1, 2))
        z = w1 @ m + b1
        h = np.maximum(z, 0)
        s = stable(w2 @ h + b2)
        g_logits = np.einsum("chw,chw->c", g, x) * s * (1 - s)
        g_z = np.where(z > 0, w2.T @ g_logits, 0)
        grads[0][n] = g * s[:, None, None] + (w1.T @ g_z)[:, None, None] / x[0].size
        grads[1] += np.outer(g_z, m)
        grads[2] += g_z
        grads[3] += np.outer(g_logits, h)
        grads[4] += g_logits
    return grads


def backward_by_a_jacobian(grad_output, input, w1, b1, w2, b2):
    """The slope as exp(−|z|) / (1 + exp(−|z|))², the means' Jacobian (N, C, C) in one array."""
    m = input.mean(axis=(2, 3))
    z1 = m @ w1.T + b1
    on = (z1 > 0).astype(input.dtype)
    z2 = (z1 * on) @ w2.T + b2
    e = np.exp(-np.abs(z2))
    slope = e / (1 + e) ** 2
    v = np.sum(grad_output * input, axis=(3, 2)) * slope
    jacobian = np.einsum("cr,nr,rk->nck", w2, on, w1)
    g_m = np.einsum("nc,nck->nk", v, jacobian)[..., None, None]
    u = np.einsum("nc,cr,nr->nr", v, w2, on)
    g_x = stable(z2)[..., None, None] * grad_output + np.broadcast_to(g_m, input.shape) / np.prod(input.shape[2:])
    return g_x, np.einsum("nr,nc->rc", u, m), np.ones(len(u)) @ u, np.einsum("nc,nr->cr", v, z1 * on), v.sum(0)


def cost_sums(c_in, c_out, kernel_size, h_out, w_out):
    """Filter by filter; a list."""
    filters = sum(c_in * kernel_size * kernel_size for _ in range(c_out))
    return [filters * h_out * w_out, h_out * w_out * (c_in * kernel_size**2) + h_out * w_out * c_in * c_out]


def cost_by_ratio(c_in, c_out, kernel_size, h_out, w_out):
    """From the ratio 1/C_out + 1/K², in whole numbers; NumPy integers."""
    ordinary = np.prod([c_in, c_out, kernel_size, kernel_size, h_out, w_out], dtype=np.int64)
    return ordinary, ordinary // c_out + ordinary // kernel_size**2


def shuffle_indices(input, groups):
    """Output channel c·G + g is input channel g·(C/G) + c."""
    C = input.shape[1]
    return input[:, [g * (C // groups) + c for c in range(C // groups) for g in range(groups)]]


def shuffle_slices(input, groups):
    """Every G-th output channel is a group."""
    output, size = np.empty_like(input), input.shape[1] // groups
    for g in range(groups):
        output[:, g::groups] = input[:, g * size : (g + 1) * size]
    return output


def shuffle_stacked(input, groups):
    """Groups side by side on a new axis."""
    return np.stack(np.split(input, groups, axis=1), axis=2).reshape(input.shape)


def shuffle_einsum(input, groups):
    """The axes by their names."""
    n, c, h, w = input.shape
    return np.einsum("ngkij->nkgij", input.reshape(n, groups, -1, h, w)).reshape(n, c, h, w)


def norm_moved(input, weight, bias, eps=1e-6):
    """Channels last, as ConvNeXt's own code has it."""
    x = np.moveaxis(input, 1, -1)
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)
    return np.moveaxis(x * weight + bias, -1, 1)


def norm_places(input, weight, bias, eps=1e-6):
    """Place by place."""
    output = np.empty_like(input)
    for n, i, j in np.ndindex(len(input), *input.shape[2:]):
        d = input[n, :, i, j] - input[n, :, i, j].mean()
        output[n, :, i, j] = weight * d * (np.dot(d, d) / len(d) + eps) ** -0.5 + bias
    return output


def norm_einsum(input, weight, bias, eps=1e-6):
    """Sums by einsum, weight and scale joined."""
    C = input.shape[1]
    d = input - np.einsum("nchw->nhw", input)[:, None] / C
    scale = 1 / np.sqrt(np.einsum("nchw,nchw->nhw", d, d) / C + eps)
    return np.einsum("nchw,nhw,c->nchw", d, scale, weight) + bias.reshape(-1, 1, 1)


def norm_matrix(input, weight, bias, eps=1e-6):
    """The centring as a matrix of C × C."""
    C = input.shape[1]
    centre = (np.eye(C) - 1 / C).astype(input.dtype)
    d = np.tensordot(centre, input, (1, 1)).swapaxes(0, 1)
    y = d / np.linalg.norm(np.concatenate([d, np.full_like(d[:, :1], np.sqrt(eps * C))], 1), axis=1, keepdims=True)
    return y * math.sqrt(C) * weight[None, :, None, None] + bias[None, :, None, None]


def depth_loop(x, branch, p, rng):
    """A draw per image, in a loop."""
    result = x.copy()
    for n in range(len(x)):
        if rng.random() < 1 - p:
            result[n] += branch[n] / (1 - p)
    return result


def depth_binomial(x, branch, p, rng):
    """Zeros and ones of the binomial distribution."""
    return x + branch * rng.binomial(1, 1 - p, size=(len(x), 1, 1, 1)) / (1 - p)


def depth_where(x, branch, p, rng):
    """np.where over a column of uniform numbers."""
    return np.where(rng.uniform(size=(x.shape[0], 1, 1, 1)) < p, x, x + branch / (1 - p))


def depth_choice(x, branch, p, rng):
    """Chosen from two factors; in float32."""
    factor = rng.choice([0.0, 1 / (1 - p)], size=len(x), p=[p, 1 - p])
    return np.einsum("nchw,n->nchw", branch, factor).astype(np.float32) + x.astype(np.float32)


def depth_without_draws(x, branch, p, rng):
    """Where nothing is dropped nothing is drawn; where something is, by exponential numbers."""
    if p == 0:
        return x + branch
    keep = rng.exponential(size=len(x)) > -np.log1p(-p)
    y = np.array(x)
    y[keep] = x[keep] + branch[keep] / (1 - p)
    return y


ANSWERS = {
    "15.squeeze_excite": [
        excite_stable, excite_with_warnings, excite_loops, excite_as_convolutions, excite_logaddexp,
    ],
    "15.squeeze_excite_backward": [backward_images, backward_by_a_jacobian],
    "15.separable_cost": [cost_sums, cost_by_ratio],
    "15.channel_shuffle": [shuffle_indices, shuffle_slices, shuffle_stacked, shuffle_einsum],
    "15.layer_norm_channels": [norm_moved, norm_places, norm_einsum, norm_matrix],
    "15.stochastic_depth": [depth_loop, depth_binomial, depth_where, depth_choice, depth_without_draws],
}  # fmt: skip
