"""Weights as 8-bit integers in PyTorch, and what the rounding does to each layer; the NumPy twin has the formula."""

from copy import deepcopy

import torch
from torch import nn

__all__ = ["dequantize", "error_by_layer", "fold_batch_norms", "quantize", "quantized", "weighted_layers"]


def quantize(weight, per_channel=True):
    """Return (q, scale): int8 of the weight's shape, and (C_out,) or (1,) scales of max |w| / 127."""
    if weight.ndim == 0 or not weight.is_floating_point() or not torch.isfinite(weight).all():
        wanted = "finite floats of shape (C_out, …)"
        raise ValueError(f"weight: expected {wanted}, got {weight.dtype} of shape {tuple(weight.shape)}")
    scale = weight.abs().reshape(len(weight) if per_channel else 1, -1).amax(dim=1) / 127
    scale[scale == 0] = 1
    return (weight / _column(scale, weight.ndim)).round().clamp(-127, 127).to(torch.int8), scale


def dequantize(q, scale):
    """Return scale · q for integers (C_out, …) and a scale (C_out,) or (1,)."""
    if scale.ndim != 1 or len(scale) not in (1, len(q)):
        raise ValueError(f"scale: expected shape ({len(q)},) or (1,), got {tuple(scale.shape)}")
    return q.to(scale.dtype) * _column(scale, q.ndim)


def _column(scale, ndim):
    return scale.reshape(-1, *[1] * (ndim - 1))


def weighted_layers(model):
    """Return {name: layer} of all convolutions and linear layers, in the order of the model's parts."""
    kinds = (nn.modules.conv._ConvNd, nn.Linear)
    return {name: layer for name, layer in model.named_modules() if isinstance(layer, kinds)}


def fold_batch_norms(model):
    """Return a copy in evaluation mode whose convolutions have taken in the batch norms behind them.

    This is how a network is deployed, and it matters to a scale: a batch norm stretches each channel differently.
    """
    from torch.fx.experimental.optimization import fuse

    model = deepcopy(model).eval()
    has_norm = any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in model.modules())
    return fuse(model) if has_norm else model


@torch.no_grad()
def quantized(model, per_channel=True):
    """Return a copy in evaluation mode whose convolutions and linear layers have weights scale · q; biases stay."""
    model = deepcopy(model).eval()
    for layer in weighted_layers(model).values():
        layer.weight.copy_(dequantize(*quantize(layer.weight, per_channel)))
    return model


@torch.no_grad()
def error_by_layer(model, images, per_channel=True):
    """Return what 8-bit weights do to every convolution and linear layer, as shares of what they disturb.

    Parameters
    ----------
    model : torch.nn.Module
        Run in evaluation mode; not changed. Fold its batch norms first to see what is deployed.
    images : tensor (N, C, H, W)
    per_channel : bool
        One scale per output channel, or one per layer.

    Returns
    -------
    list of dict
        One per layer: layer (its name), weights (how many), weight_error, output_error (only this layer is rounded),
        total_error (all layers are). Errors are ‖rounded − exact‖ / ‖exact‖; 0 where both are zero.
    """
    model = deepcopy(model).eval()
    rounded = quantized(model, per_channel)
    outputs = {}
    _run_with_hooks(rounded, images, lambda name, layer, input, output: outputs.update({name: output}))
    copies, rows = weighted_layers(rounded), []

    def compare(name, layer, input, output):
        copy = copies[name]
        rows.append(
            {
                "layer": name, "weights": layer.weight.numel(),
                "weight_error": _relative(copy.weight, layer.weight),
                "output_error": _relative(copy(input), output),
                "total_error": _relative(outputs[name], output),
            }
        )  # fmt: skip

    _run_with_hooks(model, images, compare)
    return rows


def _run_with_hooks(model, images, look):
    """Run the model and call `look(name, layer, input, output)` at each of its layers with weights."""

    def hook(name):
        return lambda layer, inputs, output: look(name, layer, inputs[0].clone(), output.clone())

    handles = [layer.register_forward_hook(hook(name)) for name, layer in weighted_layers(model).items()]
    try:
        model(images)
    finally:
        for handle in handles:
            handle.remove()


def _relative(got, exact):
    size, difference = exact.norm().item(), (got - exact).norm().item()
    return difference / size if size else difference
