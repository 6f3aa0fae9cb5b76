"""Training by several processes that act as one: each sees its share of every batch, and gradients are averaged.

PyTorch's DistributedDataParallel does the averaging, and its launcher starts the processes; what is here makes the
result that of one process with the whole batch. The sum over processes is `all_reduce`. With one process, nothing of
this changes anything.
"""

import contextlib

import torch
import torch.distributed as dist
from torch import nn

__all__ = [
    "SynchronizedBatchNorm", "averaging", "gather", "rank", "share", "synchronize_batch_norms", "total",
    "without_averaging", "world_size",
]  # fmt: skip


def world_size():
    """Return how many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank():
    """Return this process's number; 0 writes files and prints."""
    return dist.get_rank() if world_size() > 1 else 0


def share(batch):
    """Return this process's part of a batch; the parts follow one another and differ by one in length at most."""
    return batch.tensor_split(world_size())[rank()]


def total(*values):
    """Return the sums of numbers over all processes, as a list of floats."""
    if world_size() == 1:
        return [float(value) for value in values]
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    sums = torch.tensor([float(value) for value in values], dtype=torch.float64, device=device)
    dist.all_reduce(sums)
    return sums.tolist()


def gather(value):
    """Return the list of all processes' values, in the order of their numbers."""
    values = [value] * world_size()
    if world_size() > 1:
        dist.all_gather_object(values, value)
    return values


def averaging(model):
    """Return the model such that backward averages the gradients of all processes, from process 0's weights on."""
    return nn.parallel.DistributedDataParallel(model) if world_size() > 1 else model


def without_averaging(model):
    """Return a context in which backward only adds to this process's gradients; the next one outside averages all."""
    return model.no_sync() if world_size() > 1 else contextlib.nullcontext()


class _SumOverProcesses(torch.autograd.Function):
    """The sum has been used by all processes, so its gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx, x):
        x = x.clone()
        dist.all_reduce(x)
        return x

    @staticmethod
    def backward(ctx, grad_output):
        return _SumOverProcesses.apply(grad_output)


class SynchronizedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch norm by the mean and variance of the whole batch, wherever its parts are; for any number of axes.

    PyTorch's own SyncBatchNorm needs a GPU. Keys, options and results are those of BatchNorm2d on the whole batch.
    """

    def _check_input_dim(self, input):
        if input.ndim < 2:
            raise ValueError(f"input: expected (N, C, …), got shape {tuple(input.shape)}")

    def forward(self, input):
        if world_size() == 1 or not (self.training or self.running_mean is None):
            return super().forward(input)
        self._check_input_dim(input)
        x = input if input.dtype == torch.float64 else input.float()
        axes, shape = [0, *range(2, x.ndim)], (1, -1, *[1] * (x.ndim - 2))
        count = _SumOverProcesses.apply(torch.tensor(float(x[:, 0].numel()), dtype=x.dtype, device=x.device))
        mean = _SumOverProcesses.apply(x.sum(axes)) / count
        centred = x - mean.view(shape)
        var = _SumOverProcesses.apply((centred**2).sum(axes)) / count
        if self.training and self.track_running_stats:
            self._remember(mean.detach(), var.detach() * count / (count - 1))
        output = centred * torch.rsqrt(var + self.eps).view(shape)
        if self.affine:
            output = output * self.weight.view(shape) + self.bias.view(shape)
        return output.to(input.dtype)

    @torch.no_grad()
    def _remember(self, mean, var):
        """Update the running statistics, the variance being the unbiased one."""
        self.num_batches_tracked += 1
        momentum = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, float(momentum))
        self.running_var.lerp_(var, float(momentum))


def synchronize_batch_norms(model):
    """Replace every batch norm by a synchronised one with the same parameters and statistics; return the model."""
    if isinstance(model, nn.modules.batchnorm._BatchNorm):
        twin = SynchronizedBatchNorm(
            model.num_features, model.eps, model.momentum, model.affine, model.track_running_stats
        )  # fmt: skip
        for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            setattr(twin, name, getattr(model, name))
        return twin.train(model.training)
    for name, child in model.named_children():
        setattr(model, name, synchronize_batch_norms(child))
    return model
