"""Module and Parameter: layers that remember what their backward pass needs.

A module's `forward(x)` keeps what it will need; `backward(grad_output)` then returns the gradient of the
loss by x and adds the gradients by its parameters into `Parameter.grad`. One forward, one backward: a
module must not stand at two places of a network, or the second forward would overwrite what the first kept.
"""

from contextlib import contextmanager

import numpy as np


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


class Parameter:
    """An array to be learned, and the gradient collected for it.

    Parameters
    ----------
    data : ndarray
        float32 or float64.

    Attributes
    ----------
    data : ndarray
    grad : ndarray or None
        The sum of all gradients since `zero_grad`; None before the first.
    """

    def __init__(self, data):
        self.grad = None
        self.data = data

    @classmethod
    def drawn(cls, shape, draw, rng=None, dtype=np.float32):
        """Return a parameter whose values are drawn when they are first looked at.

        Until then it costs nothing, so that VGG-16 can be built and summed up without filling half a
        gigabyte. The values depend on `rng` alone, not on the order in which parameters are looked at.

        Parameters
        ----------
        shape : tuple of int
        draw : function (rng, shape, dtype) -> ndarray
            See `modules.init`.
        rng : numpy.random.Generator, optional
            Without one, every call draws other values.
        dtype : float32 or float64
        """
        parameter = cls.__new__(cls)
        parameter.grad = parameter._data = None
        parameter._shape, parameter._dtype = tuple(shape), np.dtype(dtype)
        rng = np.random.default_rng() if rng is None else rng
        parameter._seed = int(rng.integers(2**63))
        parameter._draw = draw
        return parameter

    def redraw(self, draw):
        """Let the values be drawn by another rule, forgetting those there are."""
        if not hasattr(self, "_draw"):
            raise TypeError("redraw: expected a parameter made by Parameter.drawn, got one made from data")
        self._shape, self._dtype = self.shape, self.dtype
        self._data, self._draw = None, draw

    @property
    def data(self):
        if self._data is None:
            self._data = self._draw(np.random.default_rng(self._seed), self._shape, self._dtype)
        return self._data

    @data.setter
    def data(self, value):
        if not isinstance(value, np.ndarray) or value.dtype not in (np.float32, np.float64):
            got = getattr(value, "dtype", type(value).__name__)
            raise TypeError(f"data: expected a float32 or float64 array, got {got}")
        self._data = value

    @property
    def shape(self):
        return self._shape if self._data is None else self._data.shape

    @property
    def dtype(self):
        return self._dtype if self._data is None else self._data.dtype

    @property
    def size(self):
        return int(np.prod(self.shape))

    def add_grad(self, grad):
        """Add to the gradient; a parameter that is used twice collects twice."""
        self.grad = grad if self.grad is None else self.grad + grad

    def __repr__(self):
        return f"Parameter(shape={self.shape}, dtype={self.dtype})"


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
        """Return the gradient by the input of the last `forward`, and add to the parameters' gradients."""
        raise NotImplementedError(f"{type(self).__name__} has no backward")

    def backward_parameters(self, grad_output):
        """Only add to the parameters' gradients: a training step has no use for the gradient by the pictures.

        A layer that spares work by it overrides this, and so does a container that knows which layer comes first.
        """
        self.backward(grad_output)

    def __call__(self, input):
        output = self.forward(input)
        if not Module.recording:
            self.saved = None
        return output

    def recall(self):
        """Return what the last forward pass saved."""
        if self.saved is None:
            name = type(self).__name__
            raise RuntimeError(f"{name}.backward: expected a forward pass before it, outside no_grad, not prepared")
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
            module.release()
        return self

    def eval(self):
        """Switch to evaluation mode: batch norm uses running statistics, dropout does nothing."""
        return self.train(False)

    def prepare(self):
        """Switch to evaluation mode and keep what depends on weights alone; return self. For inference only.

        Filters are transformed, and a batch norm that follows a `Conv2d` in a `Sequential` is folded into it. These
        weights are read-only until `train` or `eval` is called, so that none can change unnoticed. Within `no_grad`, a
        ReLU that follows one of these, or a `Residual`, changes their output in place.
        """
        self.eval()
        modules = list(self.modules())
        for module in modules:
            module.fold()
        for module in modules:
            module.keep()
        return self

    def fold(self):
        """Tell the children which of them `keep` may compute together."""

    def keep(self):
        """Compute what depends on the weights alone: the part of `prepare` for this module without its children."""

    def release(self):
        """Forget what `fold` and `keep` did."""

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

    def _state(self):
        """Yield (path, owner, attribute) of all state, in PyTorch's order: parameters, buffers, children."""
        for path, module in self.named_modules():
            parameters = [name for name, value in vars(module).items() if isinstance(value, Parameter)]
            buffers = [name for name in module.buffer_names if getattr(module, name) is not None]
            for name in parameters + buffers:
                yield (f"{path}.{name}" if path else name), module, name

    def state_dict(self):
        """Return copies of all parameters and buffers as {path: array}, with the PyTorch twin's keys."""
        state = {}
        for path, owner, name in self._state():
            value = getattr(owner, name)
            state[path] = np.array(value.data if isinstance(value, Parameter) else value)
        return state

    def load_state_dict(self, state, strict=True):
        """Copy the arrays of `state` into the parameters and buffers of the same paths.

        Parameters
        ----------
        state : mapping from path to array
            NumPy arrays, or anything that `np.asarray` takes, such as CPU tensors.
        strict : bool
            Refuse missing and unexpected paths instead of passing over them.

        Raises
        ------
        ValueError
            Paths or shapes that do not fit, all of them named. Nothing has been loaded then.
        """
        slots = {path: (owner, name) for path, owner, name in self._state()}
        problems = []
        if strict:
            problems += [f"missing {path}" for path in slots if path not in state]
            problems += [f"unexpected {path}" for path in state if path not in slots]
        arrays = {path: np.asarray(state[path]) for path in slots if path in state}
        for path, array in arrays.items():
            shape = getattr(*slots[path]).shape
            if array.shape != shape:
                problems.append(f"{path}: expected shape {shape}, got {array.shape}")
        if problems:
            raise ValueError(f"state: {len(problems)} entries do not fit {type(self).__name__}: " + "; ".join(problems))
        for path, array in arrays.items():
            owner, name = slots[path]
            value = getattr(owner, name)
            if isinstance(value, Parameter):
                value.data = array.astype(value.dtype)
            else:
                setattr(owner, name, array.astype(value.dtype))

    # Geometry, for `summary`

    def output_shape(self, input_shape):
        """Return the output's shape for an input of `input_shape`; here by trying it on zeros."""
        return self.forward(np.zeros(input_shape, np.float32)).shape

    def multiply_adds(self, input_shape):
        """Return how many multiplications with a weight or between activations one forward pass does."""
        return 0

    def window(self, input_shape):
        """Return (kernel size, stride, padding, dilation) of each spatial axis, or None if pointwise."""
        return None

    def trace(self, input_shape, field, visit):
        """Pass a shape and a receptive field through; call `visit` at every layer; return both."""
        output_shape = self.output_shape(input_shape)
        field = field.through(self.window(input_shape))
        visit(self, input_shape, output_shape, field)
        return output_shape, field

    # How it prints

    def describe(self):
        """Return the arguments worth printing."""
        return ""

    def __repr__(self):
        children = [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in self.named_children()]
        if not children:
            return f"{type(self).__name__}({self.describe()})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(children) + "\n)"
