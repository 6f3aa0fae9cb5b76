"""Convolutions from elsewhere, each in its own layout, made comparable.

A contender is made once, which raises ImportError where its library is absent. `calls(layer, x, weight, grad)` returns
its forward and backward pass as functions without arguments, or None for what it does not have. Arrays are brought
into the library's layout beforehand, so that nothing but its own work is timed. `image` and `filters` turn what it
returns into the course's layout, (N, C, H, W) and (C_out, C_in, K, K), for the comparison.
"""

import collections
import collections.abc
import importlib

import numpy as np


class Contender:
    """What most have: the course's layout, and all of the layer computed."""

    def share(self, layer):
        """Return which share of the layer's output the calls compute, where all of it would take too long."""
        return 1.0

    def image(self, array):
        return np.asarray(array)

    def filters(self, array):
        return np.asarray(array)


class Ours(Contender):
    """The course's convolution, as a network uses it that learns: no filters prepared."""

    def calls(self, layer, x, weight, grad):
        from cnncourse.numpy_nn import functional as F

        def forward():
            return F.conv2d(x, weight, **layer.geometry)

        def backward():
            return F.conv2d_backward(grad, x, weight, **layer.geometry)[:2]

        return forward, backward


class Prepared(Contender):
    """The same, as a network uses it that only predicts; where preparing filters helps at all."""

    def calls(self, layer, x, weight, grad):
        from cnncourse.numpy_nn.fast import conv as fast_conv

        short_cut = (layer.stride, layer.dilation, layer.groups) == (1, 1, 1)
        prepared = fast_conv.prepare_conv2d(weight) if short_cut else None
        if prepared is None:
            return None, None
        return lambda: fast_conv.conv2d(x, weight, prepared=prepared, **layer.geometry), None


class SciPy(Contender):
    """`scipy.signal.correlate` for each image and filter, which all take equally long: so one image and 8 filters do.

    It has no stride: all results are computed, and all but every S-th are thrown away.
    """

    FILTERS = 8

    def share(self, layer):
        return self.FILTERS / (layer.N * layer.C_out)

    def __init__(self):
        self.correlate = importlib.import_module("scipy.signal").correlate

    def calls(self, layer, x, weight, grad):
        P, S, D, K = layer.padding, layer.stride, layer.dilation, layer.K
        padded = np.pad(x, ((0, 0), (0, 0), (P, P), (P, P)))
        spread = np.zeros((*weight.shape[:2], *[D * (K - 1) + 1] * 2), weight.dtype)
        spread[:, :, ::D, ::D] = weight

        def forward():
            return np.array([[self.correlate(padded[0], w, "valid")[0, ::S, ::S] for w in spread[: self.FILTERS]]])

        return forward, None


class NumpyML(Contender):
    """numpy-ml's `conv2D` (im2col by index arrays) and the backward pass of its layer."""

    def __init__(self):
        collections.Hashable = collections.abc.Hashable  # it was written for Python before 3.10
        self.utils = importlib.import_module("numpy_ml.neural_nets.utils")
        self.Conv2D = importlib.import_module("numpy_ml.neural_nets.layers").Conv2D

    def calls(self, layer, x, weight, grad):
        x, grad = (np.ascontiguousarray(array.transpose(0, 2, 3, 1)) for array in (x, grad))
        weight = np.ascontiguousarray(weight.transpose(2, 3, 1, 0))
        settings = dict(stride=layer.stride, pad=layer.padding, dilation=layer.dilation - 1)
        learner = self.Conv2D(layer.C_out, (layer.K, layer.K), **settings)
        learner.forward(x[:, :, :, :])
        learner.parameters["W"] = weight

        def forward():
            return self.utils.conv2D(x, weight, **settings)

        def backward():
            for gradient in learner.gradients.values():
                gradient[...] = 0
            return learner.backward(grad), learner.gradients["W"]

        return forward, backward

    def image(self, array):
        return array.transpose(0, 3, 1, 2)

    def filters(self, array):
        return array.transpose(3, 2, 0, 1)


class NumpyMLDouble(NumpyML):
    """The same in float64, which its layers compute in unless one changes their weights by hand."""

    def calls(self, layer, *arrays):
        return super().calls(layer, *(array.astype(np.float64) for array in arrays))


class CS231n(Contender):
    """The fast layers of the Stanford course's second assignment; its forward pass keeps the columns for backward."""

    def __init__(self):
        self.fast = importlib.import_module("cs231n.fast_layers")
        if not hasattr(self.fast, "col2im_6d_cython"):
            raise ImportError("its Cython part is not compiled: run `python setup.py build_ext --inplace` beside it")

    def calls(self, layer, x, weight, grad):
        if layer.dilation > 1:
            return None, None
        bias, settings = np.zeros(layer.C_out, x.dtype), {"stride": layer.stride, "pad": layer.padding}
        cache = self.fast.conv_forward_fast(x, weight, bias, settings)[1]

        def forward():
            return self.fast.conv_forward_fast(x, weight, bias, settings)[0]

        def backward():
            return self.fast.conv_backward_fast(grad, cache)[:2]

        return forward, backward


class JAX(Contender):
    """JAX's convolution, compiled for the processor before it is timed."""

    def __init__(self):
        self.jax = importlib.import_module("jax")
        self.jax.config.update("jax_platforms", "cpu")

    def calls(self, layer, x, weight, grad):
        def convolve(x, weight):
            return self.jax.lax.conv_general_dilated(
                x, weight, (layer.stride,) * 2, ((layer.padding,) * 2,) * 2, rhs_dilation=(layer.dilation,) * 2
            )

        forward = self.jax.jit(convolve)
        backward = self.jax.jit(lambda x, weight, grad: self.jax.vjp(convolve, x, weight)[1](grad))
        x, weight, grad = map(self.jax.numpy.asarray, (x, weight, grad))
        wait = self.jax.block_until_ready
        return lambda: wait(forward(x, weight)), lambda: wait(backward(x, weight, grad))


ELSEWHERE = {"SciPy": SciPy, "numpy-ml": NumpyML, "numpy-ml, float64": NumpyMLDouble, "CS231n": CS231n, "JAX": JAX}
