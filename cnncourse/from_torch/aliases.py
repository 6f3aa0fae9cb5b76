"""Tensors that share memory: what is changed through one is seen through all the others.

NumPy's steps never change an array. Here a change makes a new value instead, and every tensor that shares the memory
reads the new one from then on. Tensors that are the same memory share one `Memory`. A view also knows how it
is taken from the memory; it is taken again after a change, and a change of the view is written into a copy of the
whole. PyTorch's `reshape` and its like share memory or not, as the layout happens to be. Their results get a
`Memory` of their own and become unreadable once the other side has changed.
"""

import numpy as np


class Memory:
    """What tensors of one storage hold now.

    Parameters
    ----------
    ref : Ref
        The current value of the whole.
    constant : bool
        It is a weight or another tensor that was there before the trace: not to be changed.
    """

    def __init__(self, ref, constant=False):
        self.ref, self.constant = ref, constant
        self.version = 0
        self.family = {self}  # those that perhaps share memory with this one
        self.unreadable = None  # where one of the others was changed

    def join(self, other):
        """Note that `other` may be the same memory."""
        family = self.family | other.family
        for one in family:
            one.family = family

    def change(self, ref, place):
        """Hold another value from now on."""
        self.ref = ref
        self.version += 1
        for one in self.family - {self}:
            one.unreadable = place


class View:
    """How a view is taken: operations one after the other, each with its other arguments."""

    def __init__(self, functions=(), arguments=()):
        self.functions, self.arguments = functions, arguments

    def then(self, function, arguments):
        """Return the view of this view."""
        return View((*self.functions, function), (*self.arguments, arguments))


class write:
    """Write `new` through a view into a copy of the whole."""

    def __init__(self, functions):
        self.functions = functions

    def __call__(self, whole, new, arguments):
        whole = np.array(whole, order="C")
        view = whole
        for function, given in zip(self.functions, arguments, strict=True):
            view = function(view, **given)
        if not np.shares_memory(view, whole) and view.size:
            raise ValueError("a view is changed that is none of this array")
        view[...] = new
        return whole


def with_dtype_of(old, new):
    """Return `new` with the dtype of `old`, as a change in place leaves it; its shape must be the same."""
    if new.shape != old.shape:
        raise ValueError(f"a change in place cannot turn the shape {old.shape} into {new.shape}")
    return np.asarray(new, old.dtype)
