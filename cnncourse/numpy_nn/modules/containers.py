"""Containers with an explicit backward pass: what every network of the course is built from.

    Sequential(a, b, c)        c(b(a(x)))                 backward in reverse order
    Residual(body, shortcut)   body(x) + shortcut(x)      x is used twice: its gradients add up
    Concat(a, b)               [a(x), b(x)] by channel    the gradient is cut, the pieces' results add up
    CropConcat(a, b)           the same, a(x) cut to the size of b(x)
    Scale(gate)                x · gate(x)                the product rule

`Network` is for models whose state_dict keys are prescribed: its attributes are the named parts, its wiring
says which container connects them.
"""

import numpy as np

from .base import Module
from .linear import Identity

__all__ = ["Concat", "CropConcat", "Network", "Residual", "Scale", "Sequential"]


class Sequential(Module):
    """Modules in a chain; they are the attributes "0", "1", … so that keys equal PyTorch's."""

    def __init__(self, *modules):
        for index, module in enumerate(modules):
            self.append(module, str(index))

    def append(self, module, name=None):
        """Add a module at the end; return self."""
        if not isinstance(module, Module):
            raise TypeError(f"modules: expected Modules, got {type(module).__name__}")
        setattr(self, str(len(self)) if name is None else name, module)
        return self

    def forward(self, input):
        for module in self:
            input = module(input)
        return input

    def backward(self, grad_output):
        for module in reversed(list(self)):
            grad_output = module.backward(grad_output)
        return grad_output

    def backward_parameters(self, grad_output):
        modules = list(self)
        for module in reversed(modules[1:]):
            grad_output = module.backward(grad_output)
        for first in modules[:1]:
            first.backward_parameters(grad_output)

    def __iter__(self):
        return (module for _, module in self.named_children())

    def __len__(self):
        return sum(1 for _ in self)

    def __getitem__(self, index):
        modules = list(self)[index]
        return Sequential(*modules) if isinstance(index, slice) else modules


class Residual(Module):
    """body(x) + shortcut(x), with the identity as the usual shortcut (He et al. 2016)."""

    def __init__(self, body, shortcut=None):
        self.body = body
        self.shortcut = Identity() if shortcut is None else shortcut

    def forward(self, input):
        change, shortcut = self.body(input), self.shortcut(input)
        if change.shape != shortcut.shape:
            raise ValueError(f"shortcut: expected the body's output shape {change.shape}, got {shortcut.shape}")
        return change + shortcut

    def backward(self, grad_output):
        return self.body.backward(grad_output) + self.shortcut.backward(grad_output)


class Concat(Module):
    """The outputs of all branches, one after the other along the channels (Szegedy et al. 2015)."""

    def __init__(self, *branches):
        if not branches:
            raise ValueError("branches: expected at least one, got none")
        for index, branch in enumerate(branches):
            setattr(self, str(index), branch)

    def forward(self, input):
        outputs = [branch(input) for _, branch in self.named_children()]
        self.saved = np.cumsum([output.shape[1] for output in outputs])[:-1]
        return np.concatenate(outputs, axis=1)

    def backward(self, grad_output):
        pieces = np.split(grad_output, self.from_forward(), axis=1)
        branches = [branch for _, branch in self.named_children()]
        return sum(branch.backward(piece) for branch, piece in zip(branches, pieces, strict=True))


class CropConcat(Module):
    """[skip(x), body(x)] along the channels, where skip(x) is cut to the height and width of body(x).

    U-Net's skip where convolutions have no padding (Ronneberger et al. 2015). As much goes on each side; an odd row or
    column goes at the bottom and right.
    """

    def __init__(self, skip, body):
        self.skip, self.body = skip, body

    def forward(self, input):
        skip, body = self.skip(input), self.body(input)
        window = crop_window(skip.shape, body.shape)
        self.saved = skip.shape, window
        return np.concatenate([skip[window], body], axis=1)

    def backward(self, grad_output):
        shape, window = self.from_forward()
        grad_skip = np.zeros(shape, grad_output.dtype)
        grad_skip[window] = grad_output[:, : shape[1]]
        grad_body = np.ascontiguousarray(grad_output[:, shape[1] :])
        return self.skip.backward(grad_skip) + self.body.backward(grad_body)


def crop_window(shape, wanted):
    """Return the slices that cut (N, C, H, W) of `shape` to the height and width of `wanted`, in the middle."""
    rests = [have - want for have, want in zip(shape[2:], wanted[2:], strict=True)]
    if min(rests) < 0:
        raise ValueError(f"skip: expected at least the body's size {wanted[2:]}, got {shape[2:]}")
    cuts = [slice(rest // 2, rest // 2 + want) for rest, want in zip(rests, wanted[2:], strict=True)]
    return (slice(None), slice(None), *cuts)


class Scale(Module):
    """x · gate(x): the gate's output, often (N, C, 1, 1), says how much of each channel passes (Hu et al. 2018)."""

    def __init__(self, gate):
        self.gate = gate

    def forward(self, input):
        gate = self.gate(input)
        self.saved = input, gate
        return input * gate

    def backward(self, grad_output):
        input, gate = self.from_forward()
        grad_gate = grad_output * input
        # The gate was stretched over the axes where it has size 1, so its gradient is the sum over them.
        stretched = tuple(axis for axis, size in enumerate(gate.shape) if size == 1 != input.shape[axis])
        if stretched:
            grad_gate = grad_gate.sum(axis=stretched, keepdims=True)
        return grad_output * gate + self.gate.backward(grad_gate)


class Network(Module):
    """Named parts, and a wiring that connects them.

    The attributes give the state_dict keys; the wiring, set by `wire`, gives forward and backward. Layers
    without state may stand in the wiring alone.
    """

    wiring = None

    def wire(self, wiring):
        """Set the container that connects the parts; all its parameters must belong to named parts."""
        named = {id(parameter) for parameter in self.parameters()}
        nameless = [path for path, parameter in wiring.named_parameters() if id(parameter) not in named]
        if nameless:
            raise ValueError(f"wiring: expected named parts only, got parameters without a name at {nameless}")
        self.wiring = wiring

    def named_children(self):
        return ((name, child) for name, child in super().named_children() if name != "wiring")

    def modules(self):
        found = {id(module): module for module in super().modules()}
        if self.wiring is not None:
            found |= {id(module): module for module in self.wiring.modules()}
        return iter(found.values())

    def forward(self, input):
        return self.wiring.forward(input)

    def backward(self, grad_output):
        return self.wiring.backward(grad_output)

    def backward_parameters(self, grad_output):
        self.wiring.backward_parameters(grad_output)
