"""Functions that a task may pass to an answer as an argument, built from plain data.

They are built on the trusted side alone: an answer in a sandbox gets a function that asks for each value there.
"""

import numpy as np

from cnncourse.grading.inside.values import SCALARS


def make_callable(description):
    """Build the function named in description["__callable__"] from the plain data beside it."""
    data = {key: value for key, value in description.items() if key != "__callable__"}
    return CALLABLES[description["__callable__"]](**data)


def with_functions(value):
    """A value in which the descriptions of functions are functions."""
    if type(value) in SCALARS:
        return value
    if isinstance(value, dict) and "__callable__" in value:
        return make_callable(value)
    if isinstance(value, dict):
        return {key: with_functions(item) for key, item in value.items()}
    return type(value)(map(with_functions, value)) if isinstance(value, (list, tuple)) else value


def _circular_filter(kernel):
    """Cross-correlation with circular borders on the last two axes: equivariant to circular shifts."""
    rows, columns = kernel.shape

    def circular_filter(images):
        return sum(kernel[i, j] * np.roll(images, (-i, -j), axis=(-2, -1)) for i in range(rows) for j in range(columns))

    return circular_filter


def _zero_filter(kernel):
    """The same with zeros beyond the border: equivariant only away from it."""
    rows, columns = kernel.shape

    def zero_filter(images):
        padding = [(0, 0)] * (images.ndim - 2) + [(0, rows - 1), (0, columns - 1)]
        wide, (height, width) = np.pad(images, padding), images.shape[-2:]
        return sum(kernel[i, j] * wide[..., i : i + height, j : j + width] for i in range(rows) for j in range(columns))

    return zero_filter


def _gain(gain):
    """Each pixel times its own factor: not equivariant."""
    return lambda images: images * gain


def _linear(matrix):
    """x → matrix @ x.ravel()."""
    return lambda x: matrix @ np.ravel(x)


def _sine(scale):
    """x → sin(scale · x), element by element."""
    return lambda x: np.sin(scale * x)


def _cubic(scale):
    """x → scale · x³ + x², element by element."""
    return lambda x: scale * x**3 + x**2


def _squares(matrix):
    """x → (matrix @ x.ravel())²: every entry of x changes how the others act."""
    return lambda x: (matrix @ np.ravel(x)) ** 2


def _classifier(weight, curve):
    """(M, C, H, W) → (M, classes): what each class reads in an image, and the square of what else it reads there."""

    def read(images, kernels):
        return np.tensordot(images, kernels, ([1, 2, 3], [1, 2, 3]))

    def classifier(images):
        return read(images, weight) + read(images, curve) ** 2

    return classifier


def _slope(weight, bend):
    """The gradient of Σ bend · x³ + sin(Σ weight · x), one sample per row: (M, …) → (M, …)."""

    def slope(x):
        inner = (x * weight).reshape(len(x), -1).sum(axis=1).reshape(-1, *[1] * weight.ndim)
        return 3 * bend * x**2 + np.cos(inner) * weight

    return slope


def _graph_sum(weight):
    """(A, X) → (A + I) X W: the same for every numbering of the nodes."""

    def graph_sum(adjacency, features):
        if np.ndim(features) != 2 or np.shape(adjacency) != (len(features), len(features)):
            raise ValueError("a graph is a square matrix, with a row of features for each node")
        return (adjacency @ features + features) @ weight

    return graph_sum


def _graph_by_place(weight, place):
    """The same, and each row times a factor of its own, so that numbers of nodes count."""
    graph_sum = _graph_sum(weight)
    return lambda adjacency, features: place * graph_sum(adjacency, features)


CALLABLES = {
    "circular_filter": _circular_filter,
    "zero_filter": _zero_filter,
    "gain": _gain,
    "linear": _linear,
    "sine": _sine,
    "cubic": _cubic,
    "squares": _squares,
    "classifier": _classifier,
    "slope": _slope,
    "graph_sum": _graph_sum,
    "graph_by_place": _graph_by_place,
}
