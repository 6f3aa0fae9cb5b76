"""Parameter: an array to be learned, and the gradient collected for it."""

import numpy as np


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
