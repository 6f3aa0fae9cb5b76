"""Explanations with another backward rule for ReLU: guided backpropagation and the deconvnet.

Networks call ReLU as a layer or as a function, in place or not, and as ReLU6. A `TorchFunctionMode` meets all of
these calls, so that no network has to be rewritten and no hook is left behind.
"""

import inspect
import math

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from cnncourse.torch_nn.undisturbed import undisturbed

from .logits import check_images, image_gradients

__all__ = ["deconvnet", "deconvnet_gradients", "guided_backpropagation", "guided_gradients"]


def guided(gradient, open_):
    """Pass a gradient where ReLU was open and the gradient is positive."""
    return gradient * (open_ & (gradient > 0))


def deconvolved(gradient, open_):
    """Pass a gradient where it is positive: the ReLU is applied to what flows back, wherever it was open."""
    return gradient.clamp(min=0)


class _Ruled(torch.autograd.Function):
    """min(max(x, 0), ceiling), with a backward rule of one's own."""

    @staticmethod
    def forward(ctx, x, ceiling, rule):
        ctx.rule = rule
        ctx.save_for_backward((x > 0) & (x < ceiling))
        return x.clamp(0, ceiling)

    @staticmethod
    def backward(ctx, grad_output):
        (open_,) = ctx.saved_tensors
        return ctx.rule(grad_output, open_), None, None


def as_relu(function, args, kwargs):
    """Return (x, ceiling, in place) if a call is a ReLU or a ReLU6, otherwise None."""
    if function in (torch.relu, torch.Tensor.relu):
        return args[0], math.inf, False
    if function in (torch.relu_, torch.Tensor.relu_, F.relu_):
        return args[0], math.inf, True
    if function not in (F.relu, F.relu6, F.hardtanh):
        return None
    call = inspect.signature(function).bind(*args, **kwargs)
    call.apply_defaults()
    if function is F.hardtanh and call.arguments["min_val"] != 0:  # torch.nn.ReLU6 is a hardtanh from 0 to 6
        return None
    ceiling = {F.relu: math.inf, F.relu6: 6.0}.get(function) or call.arguments["max_val"]
    return call.arguments["input"], ceiling, call.arguments["inplace"]


class ReluRule(TorchFunctionMode):
    """Within the block every ReLU passes gradients back by `rule`; `met` counts them."""

    def __init__(self, rule):
        super().__init__()
        self.rule, self.met = rule, 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        relu = as_relu(function, args, kwargs)
        if relu is None:
            return function(*args, **kwargs)
        self.met += 1
        x, ceiling, in_place = relu
        y = _Ruled.apply(x, ceiling, self.rule)
        return x.copy_(y) if in_place else y  # who wrote "in place" may go on with x


def ruled_gradients(model, images, labels, rule):
    """Return image gradients under a rule for ReLU, (N, C, H, W)."""
    with undisturbed(model), ReluRule(rule) as relus:
        gradient = image_gradients(model, *check_images(images, labels))
    if not relus.met:
        raise ValueError(f"model: expected a network with ReLUs, got {type(model).__name__} without any")
    return gradient


def guided_gradients(model, images, labels):
    """Return what guided backpropagation brings to the image, with its sign and channels: (N, C, H, W)."""
    return ruled_gradients(model, images, labels, guided)


def deconvnet_gradients(model, images, labels):
    """Return what the deconvnet brings to the image, with its sign and channels: (N, C, H, W)."""
    return ruled_gradients(model, images, labels, deconvolved)


def guided_backpropagation(model, images, labels):
    """Return saliency with a ReLU that passes positive gradients only, where it was open.

    The parameters and the errors are those of `saliency`; a network without ReLU is refused, too.

    Returns
    -------
    tensor (N, H, W)
        The largest absolute value over the channels of what arrives at the image.

    References
    ----------
    Springenberg et al., "Striving for simplicity: the all convolutional net" (2015), section 3.4.
    """
    return guided_gradients(model, images, labels).abs().amax(dim=1)


def deconvnet(model, images, labels):
    """Return saliency with a ReLU that passes positive gradients only, whether or not it was open.

    Max pooling passes gradients to where its maximum stood, as in ordinary backpropagation: the paper's switches.
    The parameters and the errors are those of `saliency`; a network without ReLU is refused, too.

    Returns
    -------
    tensor (N, H, W)
        The largest absolute value over the channels of what arrives at the image.

    References
    ----------
    Zeiler & Fergus, "Visualizing and understanding convolutional networks" (2014), section 2.1.
    """
    return deconvnet_gradients(model, images, labels).abs().amax(dim=1)
