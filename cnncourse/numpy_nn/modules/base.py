"""Module: layers that remember what their backward pass needs.

A module's `forward(x)` keeps what it will need; `backward(grad_output)` then returns the gradient of the
loss by x and adds the gradients with respect to its parameters into `Parameter.grad`. One forward, one backward: a
module must not stand at two places of a network, or the second forward would overwrite what the first kept.
"""

from contextlib import contextmanager

from ..state import load_state_dict, state_dict
from .parameter import Parameter

__all__ = ["Module", "Parameter", "no_grad"]


@contextmanager
def no_grad():
    """Within it, calling a module saves nothing for a backward pass, as in `torch.no_grad`.

    An activation is then freed as soon as the next layer has read it, and its memory, still in the cache, serves the
    layer after: less memory for a deep network, and less time.
    """
    before, Module.recording = Module.recording, False
    try:
        yield
    finally:
        Module.recording = before


class Module:
    """A layer, or a network of layers; the base class of both.

    A subclass writes `forward` and `backward`. Its attributes that are Parameters or Modules are found by
    themselves; arrays that belong to its state without being learned are listed in `buffer_names`.
    """

    training = True
    recording = True
    buffer_names = ()
    saved = None

    def forward(self, input):
        """Compute the output, and keep in `saved` what `backward` needs."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(self, grad_output):
        """Return the gradient with respect to the input of the last `forward`, and add to the parameters' gradients."""
        raise NotImplementedError(f"{type(self).__name__} has no backward")

    def backward_parameters(self, grad_output):
        """Only add to the parameters' gradients: a training step does not need the gradient of the pictures.

        A layer that saves work this way overrides it, and so does a container that knows which layer comes first.
        """
        self.backward(grad_output)

    def __call__(self, input):
        output = self.forward(input)
        if not Module.recording:
            self.saved = None
        return output

    def from_forward(self):
        """Return what the last forward pass saved."""
        if self.saved is None:
            name = type(self).__name__
            raise RuntimeError(f"{name}.backward: no saved forward pass. Call the layer first, outside no_grad().")
        return self.saved

    # What a module is made of

    def named_children(self):
        """Yield (attribute name, module) in the order of assignment."""
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value

    def named_modules(self, prefix=""):
        """Yield (path, module) for this module and all below, paths joined by dots."""
        yield prefix, self
        for name, child in self.named_children():
            yield from child.named_modules(f"{prefix}.{name}" if prefix else name)

    def modules(self):
        """Yield this module and all below, the nameless ones of a wiring included."""
        yield self
        for _, child in self.named_children():
            yield from child.modules()

    def named_parameters(self):
        """Yield (path, Parameter) for all parameters."""
        for path, module in self.named_modules():
            for name, value in vars(module).items():
                if isinstance(value, Parameter):
                    yield (f"{path}.{name}" if path else name), value

    def parameters(self):
        """Return all parameters as a list."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self):
        """Forget all gradients."""
        for parameter in self.parameters():
            parameter.grad = None

    def train(self, mode=True):
        """Switch to training mode (or, with False, to evaluation); return self."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self):
        """Switch to evaluation mode: batch norm uses running statistics, dropout does nothing."""
        return self.train(False)

    def astype(self, dtype):
        """Convert all parameters and float buffers to float32 or float64; return self."""
        for parameter in self.parameters():
            parameter.data = parameter.data.astype(dtype)
            parameter.grad = None
        for module in self.modules():
            for name in module.buffer_names:
                value = getattr(module, name)
                if value is not None and value.dtype.kind == "f":
                    setattr(module, name, value.astype(dtype))
        return self

    # State

    def state_dict(self):
        """Return copies of all parameters and buffers as {path: array}, with the PyTorch twin's keys."""
        return state_dict(self)

    def load_state_dict(self, state, strict=True):
        """Copy the arrays of `state` into the parameters and buffers of the same paths; see `state.load_state_dict`."""
        load_state_dict(self, state, strict)

    # How it prints

    def describe(self):
        """Return the arguments worth printing."""
        return ""

    def __repr__(self):
        children = [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in self.named_children()]
        if not children:
            return f"{type(self).__name__}({self.describe()})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(children) + "\n)"
