"""Is a backward pass right? Compare it with central differences, under a random upstream gradient.

The loss is L = Σ g·f(x) for a random g. A sum (g = 1) would not do: batch norm's gradient under it is zero,
and mistakes that permute or average the upstream gradient go unseen.
"""

from dataclasses import dataclass

import numpy as np


class GradientError(AssertionError):
    """The backward pass disagrees with the numerical gradient."""


@dataclass(frozen=True)
class GradientCheck:
    """The entry where the two gradients differ most, in units of what is tolerated."""

    name: str
    index: tuple
    got: float
    wanted: float
    excess: float
    entries: int

    @property
    def passed(self):
        """Whether every entry is within the tolerance."""
        return self.excess <= 1

    def __str__(self):
        verdict = "agree" if self.passed else "DISAGREE"
        return (
            f"{self.entries} entries {verdict}; worst: {self.name}{list(self.index)} got {self.got:.9g} "
            f"from backward, {self.wanted:.9g} from differences ({self.excess:.3g} × the tolerance)"
        )


def gradcheck(f, f_backward, *arrays, rng=None, names=None, eps=1e-6, rtol=1e-5, atol=1e-7, max_entries=None):
    """Compare `f_backward(g, *arrays)` with the numerical gradients of Σ g·f(*arrays).

    Parameters
    ----------
    f : function (*arrays) -> array
    f_backward : function (grad_output, *arrays) -> array or tuple
        One gradient per array; None entries are passed over.
    *arrays : ndarray of float64
        The point to check at; not changed.
    rng : numpy.random.Generator, optional
        Draws g, and the entries if there are too many; seed 0 by default.
    names : sequence of str, optional
        What to call the arrays in the report.
    eps : float
        The step of the central difference (f(x + ε) − f(x − ε)) / 2ε, whose error is of order ε².
    rtol, atol : float
        An entry is right if |got − wanted| ≤ atol + rtol · |wanted|.
    max_entries : int, optional
        Check at most that many entries of each array, drawn at random.

    Returns
    -------
    GradientCheck

    Raises
    ------
    GradientError
        An entry is off; the message names the worst.
    TypeError, ValueError
        Not float64; a gradient has not its array's shape; the number of gradients is wrong.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    names = [f"arrays[{i}]" for i in range(len(arrays))] if names is None else names
    for name, array in zip(names, arrays, strict=True):
        if getattr(array, "dtype", None) != np.float64:
            raise TypeError(f"{name}: expected float64, got {getattr(array, 'dtype', type(array).__name__)}")
    arrays = [np.array(array) for array in arrays]
    grad_output = rng.normal(size=np.shape(f(*arrays)))
    grads = f_backward(grad_output, *[array.copy() for array in arrays])
    grads = grads if isinstance(grads, tuple) else (grads,)
    if len(grads) != len(arrays):
        raise ValueError(f"f_backward: expected {len(arrays)} gradients, got {len(grads)}")

    def loss():
        return float((f(*arrays) * grad_output).sum())

    worst, entries = None, 0
    for name, array, grad in zip(names, arrays, grads, strict=True):
        if grad is None:
            continue
        if np.shape(grad) != array.shape:
            raise ValueError(f"f_backward: expected shape {array.shape} for {name}, got {np.shape(grad)}")
        for index in _indices(array.shape, max_entries, rng):
            wanted = _central_difference(loss, array, index, eps)
            got = float(grad[index])
            excess = abs(got - wanted) / (atol + rtol * abs(wanted))
            excess = excess if np.isfinite(excess) else np.inf
            entries += 1
            if worst is None or excess > worst.excess:
                worst = GradientCheck(name, tuple(int(i) for i in index), got, wanted, excess, 0)
    if worst is None:
        raise ValueError("arrays: expected at least one entry with a gradient, got none")
    check = GradientCheck(worst.name, worst.index, worst.got, worst.wanted, worst.excess, entries)
    if not check.passed:
        raise GradientError(str(check))
    return check


def gradcheck_module(module, input, **options):
    """Compare a module's backward, by its input and all its parameters, with numerical gradients.

    Parameters
    ----------
    module : Module
        All its parameters float64 (`module.astype(np.float64)`); they and their gradients are as before
        afterwards. Dropout must be in evaluation mode, since its coins fall anew in every forward pass.
    input : ndarray of float64
    **options
        As `gradcheck`'s.

    Returns
    -------
    GradientCheck

    Raises
    ------
    GradientError, TypeError, ValueError
        As `gradcheck`.
    """
    named = dict(module.named_parameters())
    before = {name: (parameter.data, parameter.grad) for name, parameter in named.items()}
    state = module.state_dict()

    def f(x, *values):
        for parameter, value in zip(named.values(), values, strict=True):
            parameter.data = value
        return module.forward(x)

    def f_backward(grad_output, x, *values):
        module.zero_grad()
        f(x, *values)
        grad_input = module.backward(grad_output)
        return (grad_input, *(parameter.grad for parameter in named.values()))

    try:
        values = [data for data, _ in before.values()]
        return gradcheck(f, f_backward, input, *values, names=["input", *named], **options)
    finally:
        module.load_state_dict(state)
        for name, (data, grad) in before.items():
            named[name].data, named[name].grad = data, grad


def _indices(shape, max_entries, rng):
    indices = list(np.ndindex(*shape))
    if max_entries is None or len(indices) <= max_entries:
        return indices
    return [indices[i] for i in rng.choice(len(indices), max_entries, replace=False)]


def _central_difference(loss, array, index, eps):
    before = array[index]
    array[index] = before + eps
    above = loss()
    array[index] = before - eps
    below = loss()
    array[index] = before
    return (above - below) / (2 * eps)
