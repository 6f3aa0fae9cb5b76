"""Class activation maps: CAM and Grad-CAM, with what a network's maps were before anything changed them in place."""

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from cnncourse.torch_nn.undisturbed import undisturbed

from .logits import check_images, label_logits

__all__ = ["cam", "grad_cam"]


def cam(model, images, labels, resize=True):
    """Return the class activation map: the label's row of the head, applied at each place instead of to the mean.

    The first three parameters and the errors are those of `saliency`.

    Parameters
    ----------
    model : torch.nn.Module
        Its last layers are global average pooling and one linear layer; any other is refused.
    resize : bool
        Enlarge the map to the image's size, bilinearly.

    Returns
    -------
    tensor (N, H, W), or (N, h, w) without `resize`
        M = Σ_c W[label, c] · A_c, with its sign; its mean over places plus the bias is the label's logit.

    References
    ----------
    Zhou et al., "Learning deep features for discriminative localization" (2016), equation 2.
    """
    heads = [module for module in model.modules() if isinstance(module, torch.nn.Linear)]
    with undisturbed(model), torch.no_grad(), PooledMaps() as pooled:
        images, labels = check_images(images, labels)
        logits = label_logits(model, images, labels)
    if not heads or pooled.maps is None or heads[-1].in_features != pooled.maps.shape[1]:
        raise ValueError(f"model: {HEAD}, got {type(model).__name__} that ends otherwise")
    weight, bias = heads[-1].weight.detach(), heads[-1].bias
    maps = torch.einsum("nc,nchw->nhw", weight[labels], pooled.maps)
    rest = logits - maps.mean(dim=(1, 2)) - (0 if bias is None else bias.detach()[labels])
    if rest.abs().max() > 1e-3 * (1 + logits.abs().max()):
        raise ValueError(f"model: {HEAD}, but its logits are off theirs by {rest.abs().max():.3g}")
    return enlarged(maps, images) if resize else maps


HEAD = "expected a head of global average pooling and one linear layer"


def grad_cam(model, images, labels, layer=None, resize=True):
    """Return the maps of one layer, each weighted by the mean gradient of the label's logit with respect to it.

    With a head of global average pooling and one linear layer it is relu(CAM) / (h·w). The first three parameters
    and the errors are those of `saliency`.

    Parameters
    ----------
    layer : str or torch.nn.Module, optional
        A module of the network, or its name, with output (N, C, h, w). By default what global average pooling
        averages, and the output of the last convolution where there is none.
    resize : bool
        Enlarge the map to the image's size, bilinearly.

    Returns
    -------
    tensor (N, H, W), or (N, h, w) without `resize`
        M = relu(Σ_c α_c A_c), α_c = mean over places of ∂z_label / ∂A_c.

    References
    ----------
    Selvaraju et al., "Grad-CAM" (2017), equations 1 and 2.
    """
    with undisturbed(model), Recorded(model, layer) as record:
        images, labels = check_images(images, labels)
        x = images.requires_grad_()  # a network whose parameters are all frozen records no gradient otherwise
        score = label_logits(model, x, labels).sum()
        A = record.maps
        (gradient,) = torch.autograd.grad(score, A)
    alpha = gradient.mean(dim=(2, 3), keepdim=True)
    maps = (alpha * A.detach()).sum(dim=1).relu()
    return enlarged(maps, images) if resize else maps


def enlarged(maps, images):
    """Return maps (N, h, w) at the images' size, bilinearly."""
    return F.interpolate(maps[:, None], images.shape[2:], mode="bilinear", align_corners=False)[:, 0]


class PooledMaps(TorchFunctionMode):
    """Within the block, `maps` is what the last global average pooling averaged, (N, C, h, w)."""

    maps = None

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if is_global_mean(function, args, kwargs):
            # A copy, which an operation in place cannot reach, and through which the gradient passes.
            self.maps = args[0].clone()
            args = (self.maps, *args[1:])
        return function(*args, **kwargs)


def is_global_mean(function, args, kwargs):
    """Tell whether a call averages (N, C, h, w) over both places."""
    if not args or getattr(args[0], "ndim", 0) != 4:
        return False
    if function in (torch.mean, torch.Tensor.mean):
        dim = kwargs.get("dim", args[1] if len(args) > 1 else None)
        return isinstance(dim, (tuple, list)) and sorted(d % 4 for d in dim) == [2, 3]
    if function is F.adaptive_avg_pool2d:
        return kwargs.get("output_size", args[-1]) in (1, (1, 1), [1, 1])
    if function is F.avg_pool2d:
        side = kwargs.get("kernel_size", args[1] if len(args) > 1 else None)
        return (tuple(side) if isinstance(side, (tuple, list)) else (side, side)) == tuple(args[0].shape[2:])
    return False


class Recorded:
    """Within the block, what a network's layers return: `maps`, after a forward pass; no hook is left behind."""

    def __init__(self, model, layer=None):
        modules = dict(model.named_modules())
        if layer is None:  # pooled maps, or the output of the last convolution where nothing is pooled
            convolutions = [module for module in modules.values() if isinstance(module, torch.nn.Conv2d)]
            module = convolutions[-1] if convolutions else model
        else:
            module = modules.get(layer) if isinstance(layer, str) else layer
        if not any(module is one for one in modules.values()):
            raise ValueError(f"layer: expected a module of the network or its name, got {layer!r}")
        self.module, self.pooled, self.output = module, PooledMaps() if layer is None else None, None

    def __enter__(self):
        self.handle = self.module.register_forward_hook(self.hook)
        if self.pooled is not None:
            self.pooled.__enter__()
        return self

    def __exit__(self, *error):
        if self.pooled is not None:
            self.pooled.__exit__(*error)
        self.handle.remove()

    def hook(self, module, inputs, output):
        self.output = output
        # The network goes on with a copy: an activation in place changes only that.
        return output.clone() if isinstance(output, torch.Tensor) else output

    @property
    def maps(self):
        maps = self.output if self.pooled is None or self.pooled.maps is None else self.pooled.maps
        if not isinstance(maps, torch.Tensor) or maps.ndim != 4:
            got = tuple(maps.shape) if isinstance(maps, torch.Tensor) else type(maps).__name__
            raise ValueError(f"layer: expected one with output (N, C, h, w), got {got}")
        return maps
