"""Looks at many choices of a few pictures per class: are they what was asked for, and is each as likely?"""

from itertools import combinations

import numpy as np

from cnncourse.checks.tasks.u09._statistics import generator_problem, share_is_off


def problem(case, value):
    """None, or (slug, sentence)."""
    labels, per_class = case.args
    draws = [value["draws"], [value["again"]], value["other"]]
    draws, again, other = ([np.asarray(d) if _flat(d) else d for d in part] for part in draws)
    kinds = [_kind(draw, labels, per_class) for draw in [*draws, *again, *other]]
    if found := next((kind for kind in kinds if kind), None):
        counts = {len(draw) for draw in draws if isinstance(draw, np.ndarray)}
        few = max(counts) <= per_class * len(np.unique(labels))
        return ("repeats-dropped", found[1]) if few and len(counts) > 1 else found
    if case.criterion == "generator":
        return generator_problem(value | {"draws": draws, "again": again[0], "other": other})
    if case.criterion == "ascending":
        unsorted = any((np.diff(draw) < 0).any() for draw in draws)
        return ("not-sorted", "The indices are not in ascending order.") if unsorted else None
    return _chance(np.stack(draws), labels, per_class) if case.criterion == "chance" else None


def _flat(draw):
    return isinstance(draw, (list, tuple)) and all(isinstance(i, int) for i in draw)


def _kind(draw, labels, per_class):
    """What is wrong with one choice, whatever chance does."""
    classes = np.unique(labels)
    if draw is None:
        return "returns-none", "The result is None: is a `return` missing?"
    if not isinstance(draw, np.ndarray) or draw.ndim != 1:
        return "wrong-kind", "The result is no list of indices and no array of one axis."
    if draw.dtype == bool:
        return "mask-for-indices", "The result is a boolean mask; wanted: indices."
    if draw.dtype.kind not in "iu":
        return "wrong-dtype", f"The result has dtype {draw.dtype}; wanted: integers."
    count = f"{len(draw)} indices for {len(classes)} classes and per_class = {per_class}."
    if len(draw) and not 0 <= draw.min() <= draw.max() < len(labels):
        return "no-index", f"{draw.max()} is no index of {len(labels)} labels."
    if len(np.unique(draw)) < len(draw):
        return _twice(draw, labels, per_class), "An index comes twice."
    if len(draw) == per_class and len(classes) > 1:
        return "few-in-all", count
    if len(draw) == per_class * (len(classes) - 1):
        return "one-class-missing", count
    found = [int((labels[draw] == c).sum()) for c in classes]
    if found == [per_class] * len(classes):
        return None
    if len(draw) == per_class * len(classes):
        return "not-per-class", f"The classes have {found} pictures; wanted: {per_class} of each."
    if len(draw) == (per_class - 1) * len(classes):
        return "one-too-few", count
    return "one-too-many" if len(draw) > per_class * len(classes) else "wrong-number", count


def _twice(draw, labels, per_class):
    """The slug of a choice in which an index comes twice."""
    names, counts = np.unique(labels, return_counts=True)
    if all((labels[draw] == c).sum() == per_class for c in names) or len(draw) != per_class * len(names):
        return "with-replacement"
    if all((draw == c).sum() == per_class for c in names):
        return "labels-for-indices"
    return "places-in-the-class" if draw.max() < counts.max() else "with-replacement"


def _chance(draws, labels, per_class):
    """Whether each picture of a class is as likely as the others, and classes are drawn independently."""
    chosen = (draws[:, :, None] == np.arange(len(labels))).any(axis=1)  # (calls, N)
    calls = len(chosen)
    if (chosen == chosen[:1]).all():
        return "same-every-time", "All calls chose the same pictures."
    members = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    for own in members:
        share = per_class / len(own)
        if any(share_is_off(hits, calls, share) for hits in chosen[:, own].sum(axis=0)):
            return "not-equally-likely", f"Of a class of {len(own)} some are chosen more often than others."
        if len(own) > 2:  # neighbours within a class: together as often as chance has it
            both = share * (per_class - 1) / (len(own) - 1)
            pairs = zip(own, np.roll(own, 1), strict=True)
            if any(share_is_off((chosen[:, i] & chosen[:, j]).sum(), calls, both) for i, j in pairs):
                return "members-depend", "Which pictures of a class are chosen together is not left to chance."
    for one, other in combinations(members, 2):
        both = per_class / len(one) * per_class / len(other)
        for i in range(min(len(one), len(other))):
            if share_is_off((chosen[:, one[i]] & chosen[:, other[i]]).sum(), calls, both):
                return "classes-depend", "Which pictures of one class are chosen decides on those of another."
    return None
