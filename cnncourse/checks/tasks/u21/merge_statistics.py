"""Mean and variance of everything, from those of the parts: what synchronised batch norm needs."""

import numpy as np

from cnncourse.checks.author import Call, Task, Values, normal
from cnncourse.checks.compare import same
from cnncourse.checks.families import any_array


class Merged(Values):
    """Where digits are lost, what is left of a variance is chance: two that are wrong are one wrong answer there."""

    def alike(self, task, one, other, case):
        """Whether two results are the same answer."""
        if case.criterion != "far from zero" or not isinstance(one, (tuple, list)):
            return super().alike(task, one, other, case)
        wrong = [self.difference(task, result, task.wanted(case), case) is not None for result in (one, other)]
        return same(list(one)[:1], list(other)[:1]) and (all(wrong) or super().alike(task, one, other, case))


task = Task(see="Where batch norm breaks it", names=("mean", "variance"), judged=Merged())


@task.right
def merge_statistics(counts, means, variances):
    """The weighted mean of the means; that of the variances plus that of the means' squared distances from the mean."""
    share = (counts / counts.sum()).astype(means.dtype)[:, None]
    mean = (share * means).sum(axis=0)
    return mean, (share * (variances + (means - mean) ** 2)).sum(axis=0)


def parts(rng, P, C, counts=None, far=1.0):
    """Counts, means and variances of P parts with C channels."""
    counts = rng.integers(1, 9, P) if counts is None else np.array(counts)
    return counts, far * normal(rng, P, C), rng.uniform(0.1, 2, (P, C))


def calls(rng):
    """Parts of any number and size."""
    yield Call(*parts(rng, 2, 3))
    yield Call(*parts(rng, 4, 4))
    yield Call(*parts(rng, 3, 2, [1, 1, 30]))
    yield Call(*parts(rng, 5, 1))
    yield Call(*parts(rng, 2, 5, [6, 6]))


@task.criterion(1)
def mean(rng):
    """The mean of all values together."""
    yield from calls(rng)
    yield Call(*parts(rng, 1, 3))


@task.criterion(2)
def variance(rng):
    """The biased variance of all values together."""
    yield from calls(rng)
    yield Call(*parts(rng, 1, 4))
    counts, means, variances = parts(rng, 3, 3)
    yield Call(counts, means, np.zeros_like(variances))
    yield Call(counts, np.repeat(means[:1], 3, axis=0), variances)


@task.criterion(1)
def empty_parts(rng):
    """A part with a count of 0 has no say, whatever stands in its row."""
    yield Call(*parts(rng, 3, 2, [4, 0, 3], far=9))
    yield Call(*parts(rng, 2, 2, [0, 5]))
    yield Call(*parts(rng, 4, 3, [0, 0, 7, 0]))


@task.criterion(1)
def far_from_zero(rng):
    """Means that are large beside the spread."""
    for C in (3, 5, 4):
        counts, means, variances = parts(rng, 3, C)
        yield Call(counts, 1e12 + 1000 * means, 1e6 * variances)


@task.mistake
def one_pass(right, counts, means, variances):
    """mean(x²) − mean² loses its digits where the mean is large: average the squared distances from the mean "
    "instead."""
    share = (counts / counts.sum())[:, None]
    return right[0], (share * (variances + means**2)).sum(axis=0) - right[0] ** 2


@any_array(task)
def arrays(rng):
    yield Call(*parts(rng, 3, 4))
    yield Call(*parts(rng, 2, 2))


def merged(counts, means, variances, *, weigh=lambda n: n / n.sum(), between=1.0, within=True, square=lambda d: d**2,
           roots=False, middle=None):  # fmt: skip
    """Right with the options as they are."""
    share = weigh(np.asarray(counts, dtype=float))[:, None]
    mean = (share * means).sum(axis=0)
    distance = means - (mean if middle is None else middle(means))
    inner = (np.sqrt(variances) if roots else variances) if within else 0 * variances
    whole = (share * (inner + between * square(distance))).sum(axis=0)
    return mean, whole**2 if roots else whole


task.options(merged, {
    "parts-count-alike": ({"weigh": lambda n: (n > 0) / (n > 0).sum()},
        "Each part counts alike. One with more values must count for more: weight it by its count."),
    "empty-parts-count": ({"weigh": lambda n: np.full(len(n), 1 / len(n))},
        "All rows count alike, empty ones too. Weight each by its count."),
    "weights-not-normalised": ({"weigh": lambda n: n}, "The sums are not divided by the number of values in all."),
    "divides-by-the-parts": ({"weigh": lambda n: n / len(n)},
        "The sums are divided by the number of parts. Divide by the number of values: counts.sum()."),
    "weights-squared": ({"weigh": lambda n: n**2 / (n**2).sum()}, "The counts enter squared. Each value counts once."),
    "weights-upside-down": ({"weigh": lambda n: np.where(n > 0, 1 / np.maximum(n, 1), 0) / (1 / n[n > 0]).sum()},
        "Small parts count for more than large ones. Weight each part by its count."),
    "means-spread-forgotten": ({"between": 0.0},
        "The variances are averaged, and that the parts' means differ is left out. Parts that are constant, but not "
        "equal, have a "
        "variance together: add the weighted mean of (mean of the part − mean)²."),
    "only-the-means-spread": ({"within": False}, "Only the spread of the means is there. Add the variances inside "
    "the parts."),
    "means-spread-subtracted": ({"between": -1.0},
        "The spread of the means is subtracted. Parts that lie apart make the whole wider: add it."),
    "means-spread-twice": ({"between": 2.0}, "The spread of the means is added twice."),
    "distance-not-squared": ({"square": np.abs}, "The distances of the means are not squared."),
    "averages-deviations": ({"roots": True}, "Standard deviations are averaged. Variances add up, standard "
    "deviations do not."),
    "around-the-first-mean": ({"middle": lambda m: m[0]},
        "The means' distances are taken from the first part's mean. Take them from the mean of all values."),
    "around-the-plain-mean": ({"middle": lambda m: m.mean(axis=0)},
        "The means' distances are taken from their unweighted mean. Take them from the mean of all values."),
})  # fmt: skip


@task.mistake
def second_moment(right, counts, means, variances):
    """That is the mean of the squares. The square of the mean of all is not taken off."""
    return right[0], (counts / counts.sum()) @ (variances + means**2)


@task.mistake
def means_spread_unweighted(right, counts, means, variances):
    """The spread of the means is that of the parts, whatever their counts. Weight it by the counts."""
    return right[0], (counts / counts.sum()) @ variances + means.var(axis=0)


@task.mistake
def one_less_in_each_part(right, counts, means, variances):
    """Each part's variance is multiplied by n − 1. It is the biased one: its values' squared distances add up to n
    times it."""
    squares = np.maximum(counts - 1, 0) @ variances + counts @ (means - right[0]) ** 2
    with np.errstate(all="ignore"):
        return right[0], squares / (counts.sum() - 1)


@task.mistake
def unbiased(right, counts):
    """The variance is divided by n − 1. Batch norm normalises with the biased one: divide by n."""
    with np.errstate(all="ignore"):
        return right[0], right[1] * (counts.sum() / (counts.sum() - 1))


@task.mistake
def mean_not_weighted(right, counts, means, variances):
    """The mean is that of the parts' means, whatever their counts. Weight it by the counts."""
    mean = means.mean(axis=0)
    return mean, (counts / counts.sum()) @ (variances + (means - mean) ** 2)


@task.mistake
def variance_not_weighted(right, means, variances):
    """The variance is a plain mean over the parts, whatever their counts. Weight it by the counts."""
    return right[0], (variances + (means - right[0]) ** 2).mean(axis=0)


@task.mistake
def standard_deviation(right):
    """The second result is the standard deviation. The variance is wanted."""
    return right[0], np.sqrt(right[1])


@task.mistake
def over_channels(again, counts, means, variances):
    """The sums run over the channels instead of the parts: axis 0 counts the parts."""
    P, C = means.shape
    return again(counts=np.ones(C), means=means.T, variances=variances.T) if P != C else again(
        means=means.T, variances=variances.T)  # fmt: skip
