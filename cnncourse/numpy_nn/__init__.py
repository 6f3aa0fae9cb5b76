"""Neural networks in NumPy: every operation forward and backward, every network of the course.

functional   pure functions, named and behaving as `torch.nn.functional`
algorithms   one convolution, many ways to compute it
modules      layers and containers with an explicit backward pass
optim        SGD, Adam, learning-rate schedules
training     a training loop with checkpoints
models       LeNet-5, VGG, ResNet
gradcheck    is a backward pass right?
summary      what a network costs and sees
from_torch   run a PyTorch module in NumPy (the only part that needs PyTorch, loaded on demand)
"""

from . import functional, modules, optim, training
from .algorithms import memory
from .gradcheck import GradientError, gradcheck, gradcheck_module
from .summary import summary

__all__ = [
    "GradientError",
    "from_torch",
    "functional",
    "gradcheck",
    "gradcheck_module",
    "modules",
    "optim",
    "summary",
    "training",
]

memory.keep_freed()


def __getattr__(name):
    if name == "from_torch":  # lives outside, so that this package never imports torch
        from cnncourse.from_torch import from_torch

        return from_torch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
