"""The layers of a PyTorch module as plain data, and which layer of one module is which of another.

A learner may name, define and nest layers freely. What identifies a layer is the shapes of its arrays, when it is
called, and which layer's output it is given: a batch norm behind a 1×1 convolution is that of the shortcut.
"""

import itertools
import zlib
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from cnncourse.checks.compare import Difference


@dataclass(frozen=True)
class Held:
    """What counts of an array that a layer holds."""

    shape: tuple
    dtype: np.dtype
    ndim: int


_dtype = lru_cache(50)(np.dtype)


@dataclass
class Layer:
    """The arrays that belong to one submodule, by their short names ("weight"), and where it stands.

    Parameters
    ----------
    prefix : the submodule's name
    place : its place in the order of calls
    arrays : dict from name to array; only shapes and types matter
    feeder : for a norm, signature of the convolution whose output it is given directly, or None
    """

    prefix: str
    place: int
    arrays: dict
    feeder: tuple | None = None

    @cached_property
    def is_linear(self):
        """Whether its weight is a matrix."""
        return "weight" in self.arrays and self.arrays["weight"].ndim == 2

    @cached_property
    def is_convolution(self):
        """Whether its weight holds kernels."""
        return "weight" in self.arrays and self.arrays["weight"].ndim >= 3

    @cached_property
    def signature(self):
        """Names and shapes by which layers are told apart; a convolution may have an idle bias."""
        return tuple(
            (name, array.shape) for name, array in sorted(self.arrays.items())
            if array.ndim and not (self.is_convolution and name == "bias")
        )  # fmt: skip

    def full(self, name):
        """The name of an array within the whole module."""
        return f"{self.prefix}.{name}" if self.prefix else name


def layers_of(description):
    """Group the arrays that the `describe` step reports by submodule, in the order of calls."""
    layers = {}
    for name, (shape, dtype) in [*description["parameters"].items(), *description["buffers"].items()]:
        prefix, _, short = name.rpartition(".")
        layer = layers.setdefault(prefix, Layer(prefix, len(layers), {}))
        layer.arrays[short] = Held(tuple(map(int, shape)), _dtype(dtype), len(shape))
    calls = dict(description["calls"])
    order = {prefix: place for place, prefix in enumerate(calls)}
    for layer in layers.values():
        feeder = layers.get(calls.get(layer.prefix))
        # Only a norm behind a convolution: a ReLU that works in place would make a norm seem to feed a convolution.
        if feeder and feeder.is_convolution and not layer.is_convolution:
            layer.feeder = feeder.signature
        layer.place = order.get(layer.prefix, len(order) + layer.place)
    return sorted(layers.values(), key=lambda layer: layer.place)


def assignments(mine, theirs, most=24):
    """Yield up to `most` lists of (my layer, their layer) whose arrays have the same shapes.

    First those in which the layers are fed alike, too; the order of calls first.
    """
    keys = (lambda layer: (layer.signature, layer.feeder)), (lambda layer: layer.signature)
    found = itertools.chain.from_iterable(_assignments(mine, theirs, key) for key in keys)
    seen = []
    for pairs in itertools.islice(found, most):
        names = [(a.prefix, b.prefix) for a, b in pairs]
        if sorted(names) not in seen:
            seen.append(sorted(names))
            yield pairs


def _assignments(mine, theirs, key):
    groups = {}
    for layer in theirs:
        groups.setdefault(key(layer), ([], []))[1].append(layer)
    for layer in mine:
        if key(layer) not in groups:
            return
        groups[key(layer)][0].append(layer)
    if any(len(a) != len(b) for a, b in groups.values()):
        return
    for order in itertools.product(*(itertools.permutations(b) for _, b in groups.values())):
        pairs = [p for (a, _), b in zip(groups.values(), order, strict=True) for p in zip(a, b, strict=True)]
        if not all(set(b.arrays) <= set(a.arrays) for a, b in pairs):  # a wanted bias must be there
            return
        yield pairs


def draw_state(layer, name, array, case):
    """Numbers for one array: of a size that keeps activations alive, statistics that are not the initial ones."""
    drawn = case.once("checksum", lambda: zlib.crc32(case.input.tobytes()))
    rng = np.random.default_rng([zlib.crc32(layer.full(name).encode()), drawn])
    if array.ndim == 0:
        return np.zeros((), array.dtype)
    if name == "running_var" or (name == "weight" and array.ndim == 1):
        return rng.uniform(0.5, 1.5, array.shape).astype(array.dtype)
    spread = np.sqrt(2 / np.prod(array.shape[1:])) if array.ndim > 1 else 0.3
    return (spread * rng.standard_normal(array.shape)).astype(array.dtype)


def summary(layers, theirs):
    """The shapes of all layers, sorted; without the biases of convolutions where none of `theirs` has one."""
    idle = not any(layer.is_convolution and "bias" in layer.arrays for layer in theirs)
    shapes = [
        layer.signature if idle else [(name, array.shape) for name, array in sorted(layer.arrays.items())]
        for layer in layers
    ]
    return sorted(str(list(shape)) for shape in shapes)


def layers_difference(mine, theirs):
    """Say in what the layers differ: a `Difference` whose slug names the first thing that strikes the eye."""
    text = f"Its layers hold {_say(mine)}; wanted: {_say(theirs)}."
    convolutions, wanted = ([layer for layer in side if layer.is_convolution] for side in (mine, theirs))
    norms, wanted_norms = ([layer for layer in side if "running_mean" in layer.arrays] for side in (mine, theirs))
    kernels, wanted_kernels = (
        sorted(layer.arrays["weight"].shape[2:] for layer in side) for side in (convolutions, wanted)
    )
    if wanted_norms and not norms:
        slug = "no-batch-norm"
    elif norms and not wanted_norms:
        slug = "batch-norm-added"
    elif len(convolutions) != len(wanted):
        slug = "too-few-convolutions" if len(convolutions) < len(wanted) else "too-many-convolutions"
    elif kernels != wanted_kernels:
        slug = "wrong-kernel-size"
    elif sorted(c.signature for c in convolutions) != sorted(c.signature for c in wanted):
        slug = "wrong-widths"
    elif sum("bias" in c.arrays for c in convolutions) < sum("bias" in c.arrays for c in wanted):
        slug = "no-bias"
    elif sorted(n.signature for n in norms) != sorted(n.signature for n in wanted_norms):
        slug = "wrong-batch-norms"
    else:
        slug = "wrong-layers"
    return Difference(slug, text)


def _say(layers):
    shapes = [str(a.shape) for layer in layers for a in layer.arrays.values() if a.ndim]
    return f"arrays of the shapes {', '.join(shapes)}"[:400] if shapes else "no arrays"
