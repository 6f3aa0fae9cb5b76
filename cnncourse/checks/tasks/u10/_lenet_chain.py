"""What a LeNet computes between its layers, read from the gradients of its weights.

The gradient of a linear layer's weight is δ hᵀ for one image: δ, what comes back to the layer's output, is the
gradient of its bias, and h is what goes in. So every h behind the convolutions can be read from numbers that any
PyTorch module has, whatever stands between the layers, and with it the activation: h of the next layer as a
function of W h + b. The maps that reach the first of these layers are compared with what convolutions, pooling and
activation make of the image here.
"""

import itertools
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch.nn import functional as F

ACTIVATIONS = {
    "none": lambda x: x,
    "ReLU": F.relu,
    "tanh": torch.tanh,
    "scaled tanh": lambda x: 1.7159 * torch.tanh(2 / 3 * x),
    "sigmoid": torch.sigmoid,
    "leaky ReLU 0.01": F.leaky_relu,
    "leaky ReLU 0.1": lambda x: F.leaky_relu(x, 0.1),
    "leaky ReLU 0.2": lambda x: F.leaky_relu(x, 0.2),
    "ELU": F.elu,
    "SELU": F.selu,
    "GELU": F.gelu,
    "GELU, by tanh": lambda x: F.gelu(x, approximate="tanh"),
    "SiLU": F.silu,
    "Mish": F.mish,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "hard tanh": F.hardtanh,
    "hard sigmoid": F.hardsigmoid,
    "hard swish": F.hardswish,
    "ReLU6": F.relu6,
    "absolute value": torch.abs,
}
OWN = "an activation of its own"
POOLINGS = {
    "maxima": lambda x: F.max_pool2d(x, 2),
    "means": lambda x: F.avg_pool2d(x, 2),
    "sums": lambda x: 4 * F.avg_pool2d(x, 2),
    "none": lambda x: x,
}
ENDS = {
    "logits": lambda y: y,
    "softmax": lambda y: y.softmax(1),
    "log-softmax": lambda y: y.log_softmax(1),
    "ReLU": F.relu,
}


@dataclass
class Linear:
    """A linear layer at work: for each image what goes in (h), and what comes out (z)."""

    h: np.ndarray
    z: np.ndarray


def read_linear(weight, bias, grads_weight, grads_bias):
    """A `Linear` read from its gradients for one image each; None where no linear layer has such gradients."""
    h = []
    for grad, delta in zip(grads_weight, grads_bias, strict=True):
        grad, delta = grad.reshape(len(weight), -1), delta.ravel()
        strongest = np.abs(delta).argmax()
        if not delta[strongest]:
            return None
        h.append(grad[strongest] / delta[strongest])
        if not close(grad, np.outer(delta, h[-1])):
            return None
    h = np.array(h)
    return Linear(h, h @ weight.reshape(len(weight), -1).T + bias.ravel())


def close(given, wanted, share=1e-5):
    """Whether two arrays agree up to rounding."""
    given, wanted = np.asarray(given, np.float64), np.asarray(wanted, np.float64)
    if given.shape != wanted.shape:
        return False
    return bool((np.abs(given - wanted) <= share * max(np.abs(wanted).max(), 1e-30)).all())


def activation_between(z, h):
    """The name of the activation that makes h of z, None where it is no function of z."""
    for name, f in ACTIVATIONS.items():
        if close(f(torch.tensor(z)).numpy(), h):
            return name
    order = z.ravel().argsort()
    z, h = z.ravel()[order], h.ravel()[order]
    near = np.abs(np.diff(h)) <= 3 * np.abs(np.diff(z)) + 1e-6 * np.ptp(h)  # one value for one z, and no steep steps
    return OWN if len(z) and near.all() and np.ptp(h) else None


def stages(names, arrays, statistics):
    """All that may follow a convolution: ((activation, pooling), function of the convolution's output).

    Parameters
    ----------
    names : the activations that come into question
    arrays : the vectors of that length that are learned beside the bias: none, a coefficient, or two
    statistics : buffers of that length, for batch norm
    """
    acts = {name: ACTIVATIONS[name] for name in names}
    if not arrays:
        yield from _pooled(acts, lambda z: z)
    for factors in itertools.permutations(arrays) if arrays else ():
        factor, offset = _channels(factors[0]), _channels(factors[1]) if len(factors) > 1 else 0
        for mean, variance in itertools.permutations(statistics, 2):
            yield from _pooled(acts, partial(_normed, factor, offset, _channels(mean), _channels(variance)))
        for inner, name, pooled in itertools.product(acts, acts, ("means", "sums")):
            if name == inner or "none" in (name, inner):
                label = inner if name == "none" else name
                yield (label, pooled), partial(_subsampled, factor, offset, acts[inner], POOLINGS[pooled], acts[name])


def _pooled(acts, norm):
    """Activation and pooling, or the other way round, behind a norm."""
    for (name, act), (pooled, pool) in itertools.product(acts.items(), POOLINGS.items()):
        yield (name, pooled), partial(_applied, norm, act, pool)
        if pooled in ("means", "sums"):
            yield (name, pooled), partial(_applied, norm, pool, act)


def _applied(first, second, third, z):
    return third(second(first(z)))


def _normed(factor, offset, mean, variance, z):
    return (z - mean) / torch.sqrt(variance + 1e-5) * factor + offset


def _subsampled(factor, offset, inner, pool, act, z):
    return act(factor * pool(inner(z)) + offset)


def _channels(vector):
    return torch.tensor(vector, dtype=torch.float64).reshape(1, -1, 1, 1)
