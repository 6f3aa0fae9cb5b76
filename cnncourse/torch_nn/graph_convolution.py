"""Graph convolution in PyTorch (Kipf & Welling 2017); see the NumPy twin for formulas and options."""

import torch
from torch import nn

__all__ = ["GCN", "GraphConv", "graph_conv", "normalized_adjacency"]


def normalized_adjacency(adjacency):
    """Return Â = D^−½ (A + I) D^−½ of a tensor (M, M), in which every node is its own neighbour."""
    if adjacency.ndim != 2 or adjacency.shape[0] != adjacency.shape[1]:
        wanted = "shape (M, M), one row and one column per node"
        raise ValueError(f"adjacency: expected {wanted}, got {tuple(adjacency.shape)}")
    if not (torch.isfinite(adjacency) & (adjacency >= 0)).all():
        raise ValueError(f"adjacency: expected finite weights of at least 0, got {adjacency.min().item()}")
    dtype = torch.float32 if adjacency.dtype == torch.float32 else torch.float64
    A = adjacency.to(dtype) + torch.eye(len(adjacency), dtype=dtype, device=adjacency.device)
    scale = A.sum(dim=1).rsqrt()
    return scale[:, None] * A * scale


def graph_conv(adjacency, features, weight):
    """Return Â X W: (M, M), (M, C_in) and (C_in, C_out) to (M, C_out)."""
    return normalized_adjacency(adjacency).to(features.dtype) @ features @ weight


class GraphConv(nn.Module):
    """Y = Â X W + b for one graph: (M, C_in) to (M, C_out)."""

    def __init__(self, adjacency, in_features, out_features, bias=True):
        super().__init__()
        # moves with the module, but belongs to the data, so it is no part of the state
        self.register_buffer("adjacency", normalized_adjacency(torch.as_tensor(adjacency)), persistent=False)
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(in_features, out_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound)) if bias else None

    def forward(self, x):
        output = self.adjacency.to(x.dtype) @ x @ self.weight
        return output if self.bias is None else output + self.bias


class GCN(nn.Sequential):
    """Graph convolutions with a ReLU between any two: (M, widths[0]) to (M, widths[−1])."""

    def __init__(self, adjacency, widths):
        layers = []
        for width, following in zip(widths, widths[1:], strict=False):
            layers += [GraphConv(adjacency, width, following), nn.ReLU()]
        super().__init__(*layers[:-1])
