"""The criterion "any array": float32 and float64, in every layout of memory."""

import numpy as np

from cnncourse.checks.case import Call
from cnncourse.checks.draw import fortran, readonly, strided

TITLE = "any array"
SENTENCE = (
    "float32 and float64 keep their accuracy; read-only arrays and arrays that are not stored row after row work too."
)


def any_array(task, points=1, title=TITLE):
    """Decorator for a function(rng) that yields calls: it is asked four times, once per kind of array.

    The values differ from kind to kind, so that an answer that remembers arrays does not look like one that is wrong.

    It adds the mistake "low-precision" too: the right answer, computed in float32.
    """

    def add(function):
        def calls(rng):
            for kind in (_single, strided, fortran, readonly):
                for call in function(rng):
                    yield Call(*_each(kind, call.args), **_each(kind, call.kwargs))

        calls.__doc__, calls.__name__ = SENTENCE, function.__name__
        task.criterion(points, title)(calls)
        task.precision = title
        task.add_mistake(
            "low-precision", lambda again, given: again(**_each(_single, dict(given))),
            "float64 came in, and something was stored as float32, or a small number was added, or a bound cuts values "
            "off.",
        )  # fmt: skip
        return function

    return add


def _single(array):
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def _each(kind, value):
    """The same arguments with each array made over."""
    if isinstance(value, dict):
        return {key: _each(kind, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_each(kind, item) for item in value)
    return kind(value) if isinstance(value, np.ndarray) and value.ndim else value
