"""Normalisation layers: the functionals with their learned γ and β, and batch norm's running statistics."""

import numpy as np

from .. import functional as F
from ..functional.batch_norm import batch_statistics
from . import init
from .base import Module, Parameter

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "LayerNorm",
    "LayerNorm2d", "LayerScale", "LocalResponseNorm",
]  # fmt: skip


class Normalisation(Module):
    """What the normalisations share: γ starts at one, β at zero, shapes stay."""

    def _affine(self, shape, affine, dtype):
        self.weight = Parameter.drawn(shape, init.constant(1), None, dtype) if affine else None
        self.bias = Parameter.drawn(shape, init.constant(0), None, dtype) if affine else None

    def _weights(self):
        return (self.weight and self.weight.data, self.bias and self.bias.data)

    def _collect(self, grad_weight, grad_bias):
        if self.weight:
            self.weight.add_grad(grad_weight)
        if self.bias:
            self.bias.add_grad(grad_bias)


class _BatchNorm(Normalisation):
    """Batch normalisation with running statistics (Ioffe & Szegedy 2015).

    Parameters
    ----------
    num_features : int
        C.
    eps : float
    momentum : float or None
        The weight of a new batch in the running statistics; None for the plain average of all batches.
    affine : bool
        Learn γ and β.
    track_running_stats : bool
        Without, evaluation too uses the batch's own statistics.
    """

    buffer_names = ("running_mean", "running_var", "num_batches_tracked")
    dimensions = ()
    use_batch = "training"  # what the function calls it
    function, function_backward, running = F.batch_norm, F.batch_norm_backward, F.batch_norm_running

    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, *, dtype=np.float32
    ):
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self._affine((num_features,), affine, dtype)
        self.running_mean = np.zeros(num_features, dtype) if track_running_stats else None
        self.running_var = np.ones(num_features, dtype) if track_running_stats else None
        self.num_batches_tracked = np.array(0) if track_running_stats else None

    def arguments(self, training):
        """Return the function's arguments after `input`, by name; the batch's statistics are used in `training`."""
        weight, bias = self._weights()
        statistics = {"running_mean": self.running_mean, "running_var": self.running_var}
        use = {self.use_batch: training or self.running_mean is None}
        return statistics | {"weight": weight, "bias": bias, "momentum": 0.0, "eps": self.eps} | use

    def forward(self, input):
        if input.ndim not in self.dimensions:
            wanted = " or ".join(str(n) for n in self.dimensions)
            raise ValueError(f"input: expected {wanted} dimensions, got shape {input.shape}")
        arguments = self.arguments(self.training)
        known = self._known(input) if arguments[self.use_batch] else {}
        self.saved = input, arguments | known
        output = type(self).function(input, **arguments, **known)
        if self.training and self.running_mean is not None:
            self._update(input, known)
        return output

    def _known(self, input):
        """Compute once what forward, backward and the running statistics all need."""
        return {"statistics": batch_statistics(input)} if input.size else {}

    def _momentum(self):
        self.num_batches_tracked = self.num_batches_tracked + 1
        return 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum

    def _update(self, input, known):
        before = self.running_mean, self.running_var
        self.running_mean, self.running_var = type(self).running(input, *before, self._momentum(), **known)

    def backward(self, grad_output):
        input, arguments = self.from_forward()
        grads = type(self).function_backward(grad_output, input, **arguments)
        self._collect(*grads[3:])
        return grads[0]

    def describe(self):
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"


class BatchNorm1d(_BatchNorm):
    """Batch norm of (N, C) or (N, C, L)."""

    dimensions = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch norm of (N, C, H, W)."""

    dimensions = (4,)


class BatchNorm3d(_BatchNorm):
    """Batch norm of (N, C, T, H, W)."""

    dimensions = (5,)


class _InstanceNorm(_BatchNorm):
    """Instance norm; by default without γ, β and running statistics, as in PyTorch."""

    use_batch = "use_input_stats"
    function, function_backward = F.instance_norm, F.instance_norm_backward
    running = F.instance_norm_running

    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=False, track_running_stats=False, *, dtype=np.float32
    ):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype=dtype)

    def _known(self, input):
        return {}

    def _momentum(self):
        # PyTorch does not count an instance norm's batches: without a momentum the running statistics stay.
        return 0.0 if self.momentum is None else self.momentum


class InstanceNorm1d(_InstanceNorm):
    """Instance norm of (N, C, L)."""

    dimensions = (3,)


class InstanceNorm2d(_InstanceNorm):
    """Instance norm of (N, C, H, W)."""

    dimensions = (4,)


class LayerNorm(Normalisation):
    """Normalise each sample over its last dimensions (Ba, Kiros & Hinton 2016)."""

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, *, dtype=np.float32):
        one = isinstance(normalized_shape, (int, np.integer))
        self.normalized_shape = (normalized_shape,) if one else tuple(normalized_shape)
        self.eps = eps
        self._affine(self.normalized_shape, elementwise_affine, dtype)
        if not bias:
            self.bias = None

    def forward(self, input):
        self.saved = input
        return F.layer_norm(input, self.normalized_shape, *self._weights(), self.eps)

    def backward(self, grad_output):
        grad_input, *others = F.layer_norm_backward(
            grad_output, self.from_forward(), self.normalized_shape, *self._weights(), self.eps
        )
        self._collect(*others)
        return grad_input

    def describe(self):
        return f"{self.normalized_shape}, eps={self.eps}"


class LayerNorm2d(LayerNorm):
    """Normalise the channels of (N, C, H, W) at each place by themselves, as ConvNeXt does (Liu et al. 2022)."""

    def forward(self, input):
        return super().forward(input.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)

    def backward(self, grad_output):
        return super().backward(grad_output.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


class LayerScale(Normalisation):
    """γ · x with one learned factor for each channel of (N, C, H, W), all `value` at first (Touvron et al. 2021).

    A factor near zero lets a deep network start as its shortcuts. It can be folded into the layer before, so a summary
    counts no multiply-adds for it.
    """

    def __init__(self, channels, value=1e-6, *, dtype=np.float32):
        self.weight = Parameter.drawn((channels, 1, 1), init.constant(value), None, dtype)

    def forward(self, input):
        self.saved = input
        return self.weight.data * input

    def backward(self, grad_output):
        self.weight.add_grad((grad_output * self.from_forward()).sum((0, 2, 3))[:, None, None])
        return self.weight.data * grad_output

    def describe(self):
        return f"{self.weight.size}"


class GroupNorm(Normalisation):
    """Normalise each sample over groups of channels (Wu & He 2018)."""

    def __init__(self, num_groups, num_channels, eps=1e-5, affine=True, *, dtype=np.float32):
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(f"num_groups: expected a divisor of num_channels {num_channels}, got {num_groups}")
        self.num_groups, self.num_channels, self.eps = num_groups, num_channels, eps
        self._affine((num_channels,), affine, dtype)

    def forward(self, input):
        self.saved = input
        return F.group_norm(input, self.num_groups, *self._weights(), self.eps)

    def backward(self, grad_output):
        grad_input, *others = F.group_norm_backward(
            grad_output, self.from_forward(), self.num_groups, *self._weights(), self.eps
        )
        self._collect(*others)
        return grad_input

    def describe(self):
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}"


class LocalResponseNorm(Normalisation):
    """AlexNet's damping of a channel by its neighbours (Krizhevsky et al. 2012)."""

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1.0):
        self.arguments = size, alpha, beta, k

    def forward(self, input):
        self.saved = input
        return F.local_response_norm(input, *self.arguments)

    def backward(self, grad_output):
        return F.local_response_norm_backward(grad_output, self.from_forward(), *self.arguments)

    def describe(self):
        size, alpha, beta, k = self.arguments
        return f"{size}, alpha={alpha}, beta={beta}, k={k}"
