"""The sanity check: a map that stays the same when the network's weights become random explains no network."""

import copy

import numpy as np
import torch

__all__ = ["layers_with_weights", "randomise", "randomisation_curve", "similarity"]


def layers_with_weights(network):
    """Return the names of the modules that hold parameters of their own, in the order of `named_modules`."""
    return [name for name, module in network.named_modules() if any(True for _ in module.parameters(recurse=False))]


def randomise(network, rng, layers=None):
    """Return a copy of `network` in which the entries of its last `layers` layers' parameters are shuffled.

    Shuffling keeps each parameter's mean, spread and histogram: what changes is what the network has learnt. Running
    statistics stay. The network itself is not changed.

    Parameters
    ----------
    network : torch.nn.Module
    rng : numpy.random.Generator
    layers : int, optional
        How many of `layers_with_weights`, counted from the output; all by default.
    """
    names = layers_with_weights(network)
    layers = len(names) if layers is None else layers
    if not 0 <= layers <= len(names):
        raise ValueError(f"layers: expected 0 to {len(names)}, got {layers}")
    random = copy.deepcopy(network)
    with torch.no_grad():
        for name in names[::-1][:layers]:
            for parameter in random.get_submodule(name).parameters(recurse=False):
                order = torch.from_numpy(rng.permutation(parameter.numel())).to(parameter.device)
                parameter.copy_(parameter.flatten()[order].reshape(parameter.shape))
    return random


def randomisation_curve(method, model, images, labels, layers, rng=None):
    """Return how alike the maps of `model` and of more and more randomised copies of it are.

    Parameters
    ----------
    method : function (model, images, labels) → maps (N, H, W)
    layers : sequence of int
        How many layers are random, counted from the output; see `randomise`.
    rng : numpy.random.Generator, optional
        Shuffles; without it, the same way at every call.

    Returns
    -------
    ndarray (len(layers), N)
        `similarity` with the maps of the model itself; near 0 is good.

    References
    ----------
    Adebayo et al., "Sanity checks for saliency maps" (2018), section 3.1: cascading randomisation.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    maps = method(model, images, labels)
    return np.array([similarity(maps, method(randomise(model, rng, k), images, labels)) for k in layers])


def similarity(maps, others):
    """Return the rank correlation (Spearman's ρ) of each map with its counterpart, (N,): −1 to 1.

    Ties share their mean rank. A map that is the same everywhere resembles none: 0.
    """
    maps, others = np.asarray(maps), np.asarray(others)
    if maps.shape != others.shape or maps.ndim != 3:
        raise ValueError(f"others: expected {maps.shape}, (N, H, W) both, got {others.shape}")
    return np.array([_rank_correlation(a, b) for a, b in zip(maps, others, strict=True)])


def _rank_correlation(a, b):
    x, y = (_ranks(values) - (values.size + 1) / 2 for values in (a, b))
    norm = np.sqrt((x @ x) * (y @ y))
    return x @ y / norm if norm else 0.0


def _ranks(values):
    """Return the ranks 1 to n of an array's n entries, those of equal ones averaged."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place.ravel()]
