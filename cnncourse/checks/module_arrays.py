"""The arrays of a PyTorch module as plain data, and which array of one module plays the part of which of another.

A learner may name, define and nest layers freely, hold the kernels as bare parameters, join two layers in one array or
split one into two. So nothing is concluded from names or classes. `fits` first pairs arrays of one shape in the order
in which they are defined; where the numbers then disagree, in the order in which they meet the image (`ranks`).
"""

import itertools
import zlib
from collections import Counter
from dataclasses import dataclass

import numpy as np

from cnncourse.checks.compare import Difference

MOST_TRIED = 24  # ways of pairing arrays that no experiment tells apart


@dataclass(frozen=True)
class Array:
    """A parameter or buffer: its name, shape and type, whether it is learned."""

    name: str
    shape: tuple
    dtype: str
    learned: bool

    @property
    def key(self):
        """The shape without axes of length 1: (84, 120) and (84, 120, 1, 1) hold the same numbers in the same order."""
        return tuple(n for n in self.shape if n != 1)


@dataclass(frozen=True)
class Source:
    """Where the numbers of one wanted array stand: rows of one array, or several arrays one behind the other."""

    parts: tuple  # of (name, first row or None for all, row behind the last)
    transposed: bool = False

    def take(self, values, shape):
        """The numbers in an array of the wanted shape; None where one is missing."""
        rows = [values.get(name) for name, _, _ in self.parts]
        if any(array is None for array in rows):
            return None
        rows = [array if a is None else array[a:b] for array, (_, a, b) in zip(rows, self.parts, strict=True)]
        if self.transposed:
            return rows[0].squeeze().T.reshape(shape)
        whole = rows[0] if len(rows) == 1 else np.concatenate(rows)
        return whole.reshape(shape)


def arrays_of(description):
    """All floating-point arrays of a module that hold any numbers, parameters first, in the order of definition."""
    return [
        Array(name, tuple(map(int, shape)), dtype, learned)
        for learned, part in ((True, "parameters"), (False, "buffers"))
        for name, (shape, dtype) in description[part].items()
        if dtype.startswith("float") and (learned or shape) and 0 not in shape
    ]  # fmt: skip


def drawn_state(arrays, case):
    """The numbers for each array; they depend on the case and on the shapes in their order."""
    kinds = "drawn", tuple((array.shape, array.learned) for array in arrays)
    numbers = case.once(kinds, lambda: [*draw(arrays, np.random.default_rng([2, checksum(case)])).values()])
    return {array.name: values for array, values in zip(arrays, numbers, strict=True)}


def checksum(case):
    """A whole number that belongs to the case's input."""
    return case.once("checksum", lambda: zlib.crc32(case.input.tobytes()))


def draw(arrays, rng):
    """Numbers for all arrays by name: activations stay alive, variances positive, nothing is as it was at the start.

    What an array is for is not known. Buffers may be variances, so they are positive. Vectors may be factors, so they
    are not near zero; they have both signs.
    """
    state = {}
    for array in arrays:
        if not array.learned:
            state[array.name] = rng.uniform(0.5, 1.5, array.shape)
        elif len(array.key) < 2:
            state[array.name] = rng.uniform(0.4, 1.2, array.shape) * rng.choice([-1, 1, 1], array.shape)
        else:
            spread = np.sqrt(2 / max(1, np.prod(array.key[1:])))
            state[array.name] = spread * rng.standard_normal(array.shape)
    return {name: np.asarray(values, np.float32) for name, values in state.items()}


def fits(mine, theirs, rank=None, their_rank=None):
    """Yield assignments, dicts from the name of each of `theirs` to the `Source` among `mine` (learned arrays alone).

    Parameters
    ----------
    rank, their_rank : dict from name to a sortable value that tells arrays of one shape apart; without them the order
        of definition does, and there is one assignment
    """
    mine, theirs = [a for a in mine if a.learned], [a for a in theirs if a.learned]
    if rank is not None:
        mine, theirs = sorted(mine, key=lambda a: rank[a.name]), sorted(theirs, key=lambda a: their_rank[a.name])
    sources = _sources(mine, theirs)
    groups = {}
    for array in theirs:
        groups.setdefault(array.key, []).append(array)
    if sources is None or any(len(sources.get(key, ())) != len(group) for key, group in groups.items()):
        return
    if set(sources) - set(groups):
        return
    ways = [_orders(group, their_rank) for group in groups.values()]
    for order in itertools.islice(itertools.product(*ways), MOST_TRIED):
        yield {
            array.name: source
            for key, group in zip(groups, order, strict=True) for array, source in zip(group, sources[key], strict=True)
        }  # fmt: skip


def enough(mine, theirs, rank=None):
    """As many of `mine` of each shape as there are of `theirs`, the foremost ones: what is behind them is left out."""
    left, chosen = Counter(a.key for a in theirs if a.learned), []
    learned = [a for a in mine if a.learned]
    for array in sorted(learned, key=lambda a: rank[a.name]) if rank else learned:
        if left[array.key]:
            left[array.key] -= 1
            chosen.append(array)
    return chosen


def _orders(group, rank):
    """All orders in which neighbours of equal rank change places, the given one first."""
    if rank is None:
        return [group]
    runs = [list(run) for _, run in itertools.groupby(group, key=lambda a: rank[a.name])]
    return (sum(map(list, order), []) for order in itertools.product(*map(itertools.permutations, runs)))


def _sources(mine, theirs):
    """Sources by the key of the array that they stand for; None where some array of `mine` is of no use."""
    wanted, sources = Counter(a.key for a in theirs), {}
    strange = []
    for array in mine:
        if array.key in wanted:
            sources.setdefault(array.key, []).append(Source(((array.name, None, None),)))
        else:
            strange.append(array)
    missing = [a for a in theirs if len(sources.get(a.key, ())) < wanted[a.key]]
    while strange:
        array = strange.pop(0)
        if _turned(array, missing, sources) or _joined(array, missing, sources):
            continue
        if not _split(array, strange, missing, sources):
            return None
    place = {array.name: i for i, array in enumerate(mine)}
    for group in sources.values():  # whole arrays and parts of arrays in one order
        group.sort(key=lambda source: (place[source.parts[0][0]], source.parts[0][1] or 0))
    return sources


def _turned(array, missing, sources):
    """A matrix stored the other way round."""
    wanted = next((a for a in missing if len(a.key) == 2 and a.key[::-1] == array.key), None)
    if wanted:
        missing.remove(wanted)
        sources.setdefault(wanted.key, []).append(Source(((array.name, None, None),), transposed=True))
    return wanted is not None


def _joined(array, missing, sources):
    """Several wanted arrays, one behind the other in one."""
    taken, row, stacked = [], 0, array.shape[:1]
    for wanted in missing:
        same_rows = wanted.shape[1:] == array.shape[1:] and wanted.shape != array.shape
        if row < stacked[0] and (same_rows or wanted.shape == array.shape[1:]):
            rows = wanted.shape[0] if same_rows else 1
            taken.append((wanted, Source(((array.name, row, row + rows),))))
            row += rows
    if not taken or row != stacked[0]:
        return False
    for wanted, source in taken:
        missing.remove(wanted)
        sources.setdefault(wanted.key, []).append(source)
    return True


def _split(array, strange, missing, sources):
    """One wanted array in several, which follow one another."""
    for wanted in missing:
        parts, rows = [array], array.shape[0] if array.shape else 0
        for other in strange:
            if rows < wanted.shape[0] and other.shape[1:] == array.shape[1:]:
                parts.append(other)
                rows += other.shape[0]
        if wanted.shape[1:] == array.shape[1:] and rows == wanted.shape[0]:
            for part in parts[1:]:
                strange.remove(part)
            missing.remove(wanted)
            sources.setdefault(wanted.key, []).append(Source(tuple((part.name, None, None) for part in parts)))
            return True
    return False


def ranks(arrays, run):
    """For each learned array a value by which it sorts into its place, and the names of those without influence.

    Parameters
    ----------
    run : result of a short forward step with all numbers drawn: the order of calls and the largest gradients

    An array stands the further in front, the more others are behind it on the way to the output; of those with as
    many behind them, such as the ends of two branches, the one with fewer in front.
    """
    learned = [a.name for a in arrays if a.learned]
    largest = max((g or 0.0 for g in run["grads"].values()), default=0.0)
    tiny = 1e-10 if run["output"].dtype == np.float64 else 1e-5
    idle = {name for name in learned if (run["grads"].get(name) or 0.0) <= tiny * largest}
    order = {name: ({*front} - idle - {name}, place) for name, (front, place) in run["order"].items()}
    behind = Counter(other for name, (front, _) in order.items() if name not in idle for other in front)
    last = (1, 0, 0)
    rank = {name: (-behind[name], len(order[name][0]), order[name][1]) if name in order else last for name in learned}
    return rank | dict.fromkeys(idle, last), idle


def statistics(mine, theirs):
    """Which buffers of `mine` are which of `theirs`, by their values after one call in training mode (dicts of arrays).

    One wanted buffer may be spread over several. Returns a dict from wanted name to `Source`; buffers without a
    match are left out.
    """
    free, found = dict(mine), {}
    for name, wanted in theirs.items():
        parts, rest, size = [], wanted.reshape(-1), max(float(np.abs(wanted).max()), 1e-3)
        while rest.size:
            part = next((key for key, array in free.items() if _begins(rest, array.reshape(-1), 1e-4 * size)), None)
            if part is None:
                break
            parts.append((part, None, None))
            rest = rest[free.pop(part).size :]
        if not rest.size:
            found[name] = Source(tuple(parts))
    return found


def _begins(whole, part, tolerance):
    return 0 < part.size <= whole.size and np.allclose(part, whole[: part.size], 0, tolerance)


def shapes_difference(mine, theirs):
    """Say in what the arrays differ: a `Difference` whose slug names the first thing that strikes the eye."""
    text = f"Its arrays have the shapes {_say(mine)}; wanted: {_say(theirs)}."
    kernels, wanted = ([a.shape for a in side if a.learned and len(a.shape) >= 3] for side in (mine, theirs))
    has_norm, wants_norm = (any(not a.learned for a in side) for side in (mine, theirs))
    if not any(a.learned for a in mine):
        slug = "nothing-learned"
    elif wants_norm != has_norm:
        slug = "no-batch-norm" if wants_norm else "batch-norm-added"
    elif len(kernels) != len(wanted):
        slug = "too-few-convolutions" if len(kernels) < len(wanted) else "too-many-convolutions"
    elif sorted(shape[2:] for shape in kernels) != sorted(shape[2:] for shape in wanted):
        slug = "wrong-kernel-size"
    elif sorted(kernels) != sorted(wanted):
        slug = "wrong-widths"
    elif not wants_norm and sum(a.learned for a in mine) < sum(a.learned for a in theirs):
        slug = "no-bias"
    else:
        slug = "wrong-layers"
    return Difference(slug, text)


def _say(arrays):
    counts = Counter(str(a.shape) for a in arrays if a.shape)
    parts = [shape if n == 1 else f"{n} × {shape}" for shape, n in counts.items()]
    return ", ".join(parts)[:400] if parts else "of nothing at all"
