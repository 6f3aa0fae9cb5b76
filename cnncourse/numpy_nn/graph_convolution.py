"""Graph convolution, forward and backward: every node's features become a weighted sum over its neighbours.

A graph has neither grid nor order, so all neighbours share one weight matrix:

    Y = Â X W,  Â = D^−½ (A + I) D^−½,  D the diagonal matrix of the row sums of A + I.

Source: T. N. Kipf & M. Welling, arXiv:1609.02907, equations 2 and 9. (`graph.py` is something else: a network as a list
of steps.)
"""

import numpy as np

from .functional._arguments import check_floats, check_grad_output
from .geometry import multiply_adds, output_shape
from .modules import Module, Parameter, ReLU, Sequential, init

__all__ = ["GCN", "GraphConv", "graph_conv", "graph_conv_backward", "normalized_adjacency"]


def normalized_adjacency(adjacency):
    """Return Â = D^−½ (A + I) D^−½, in which every node is its own neighbour.

    Parameters
    ----------
    adjacency : array (M, M) of numbers or bool
        A; entry (i, j) is the weight, at least 0, with which node i hears node j. A loop that is there already stays.

    Returns
    -------
    array (M, M), float32 from float32, else float64

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what it got and what was wanted.

    >>> normalized_adjacency(np.array([[0, 1], [1, 0]]))
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    if not isinstance(adjacency, np.ndarray) or adjacency.dtype.kind not in "biuf":
        raise TypeError(f"adjacency: expected an array of numbers, got {getattr(adjacency, 'dtype', type(adjacency))}")
    if adjacency.ndim != 2 or adjacency.shape[0] != adjacency.shape[1]:
        raise ValueError(f"adjacency: expected shape (M, M), one row and one column per node, got {adjacency.shape}")
    if not (np.isfinite(adjacency) & (adjacency >= 0)).all():
        raise ValueError(f"adjacency: expected finite weights of at least 0, got {adjacency.min()}")
    dtype = np.float32 if adjacency.dtype == np.float32 else np.float64
    A = adjacency.astype(dtype) + np.eye(len(adjacency), dtype=dtype)
    scale = 1 / np.sqrt(A.sum(axis=1))  # at least 1 is in each sum
    return scale[:, None] * A * scale


def graph_conv(adjacency, features, weight):
    """Return Y = Â X W.

    Parameters
    ----------
    adjacency : array (M, M)
        A, as in `normalized_adjacency`.
    features : array (M, C_in), float32 or float64
        X, one row per node.
    weight : array (C_in, C_out)
        W.

    Returns
    -------
    array (M, C_out)
    """
    return _normalized(adjacency, features, weight) @ features @ weight


def graph_conv_backward(grad_output, adjacency, features, weight):
    """Return (∂L/∂features, ∂L/∂weight): Âᵀ G Wᵀ and (Â X)ᵀ G."""
    A = _normalized(adjacency, features, weight)
    check_grad_output(grad_output, (len(features), weight.shape[1]), features.dtype)
    return A.T @ grad_output @ weight.T, (A @ features).T @ grad_output


def _normalized(adjacency, features, weight):
    check_floats(features=features, weight=weight)
    A = normalized_adjacency(adjacency).astype(features.dtype)
    if features.ndim != 2 or len(features) != len(A):
        raise ValueError(f"features: expected one row for each of {len(A)} nodes, got shape {features.shape}")
    if weight.ndim != 2 or len(weight) != features.shape[1]:
        raise ValueError(f"weight: expected shape ({features.shape[1]}, C_out), got {weight.shape}")
    return A


class GraphConv(Module):
    """Y = Â X W + b for one graph: (M, C_in) to (M, C_out).

    Parameters
    ----------
    adjacency : array (M, M)
        Belongs to the data, so it is no part of the state.
    in_features, out_features : int
    bias : bool
    rng : numpy.random.Generator, optional
        Draws weight and bias, uniform on ±1/√in_features.
    """

    def __init__(self, adjacency, in_features, out_features, bias=True, *, rng=None, dtype=np.float32):
        self.adjacency = normalized_adjacency(adjacency)
        draw = init.uniform(in_features**-0.5)
        self.weight = Parameter.drawn((in_features, out_features), draw, rng, dtype)
        self.bias = Parameter.drawn((out_features,), draw, rng, dtype) if bias else None

    def forward(self, input):
        A = self.adjacency.astype(input.dtype)
        self.saved = A, A @ input
        output = self.saved[1] @ self.weight.data
        return output if self.bias is None else output + self.bias.data

    def backward(self, grad_output):
        A, mixed = self.from_forward()
        self.weight.add_grad(mixed.T @ grad_output)
        if self.bias:
            self.bias.add_grad(grad_output.sum(axis=0))
        return A.T @ (grad_output @ self.weight.data.T)

    def describe(self):
        return f"{self.weight.shape[0]}, {self.weight.shape[1]}, nodes={len(self.adjacency)}, bias={bool(self.bias)}"


class GCN(Sequential):
    """Graph convolutions with a ReLU between any two: (M, widths[0]) to (M, widths[−1]).

    Parameters
    ----------
    adjacency : array (M, M)
    widths : sequence of int
        Features before the first layer and after each.
    rng : numpy.random.Generator, optional
        Draws the initial weights.
    """

    def __init__(self, adjacency, widths, *, rng=None):
        layers = []
        for width, following in zip(widths, widths[1:], strict=False):
            layers += [GraphConv(adjacency, width, following, rng=rng), ReLU()]
        super().__init__(*layers[:-1])


@output_shape.register
def _(layer: GraphConv, input_shape):
    return (input_shape[0], layer.weight.shape[1])


@multiply_adds.register
def _(layer: GraphConv, input_shape):
    """A sparse product: only the neighbours that there are count."""
    return np.count_nonzero(layer.adjacency) * input_shape[1] + input_shape[0] * layer.weight.size
