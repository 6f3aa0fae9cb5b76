"""Each branch gets back its own channels."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, upstream

task = Task(see="The gradient of a concatenation")


@task.right
def concat_backward(grad_output, channels):
    """The channels of grad_output, cut where one branch ends and the next begins."""
    ends = np.cumsum(channels)
    return [grad_output[:, end - count : end] for end, count in zip(ends, channels, strict=True)]


def drawn(rng, N, H, W, *channels):
    """An upstream gradient of as many channels as all branches have together."""
    return Call(normal(rng, N, sum(channels), H, W), list(channels))


@task.criterion(2)
def values(rng):
    """Two to five branches of different widths; all sides different, and batches of as many images as channels."""
    yield drawn(rng, 2, 3, 4, 1, 2, 4)
    yield drawn(rng, 3, 5, 2, 6, 3)
    yield drawn(rng, 1, 2, 5, 2, 5, 1, 3, 4)
    yield drawn(rng, 6, 6, 6, 1, 3, 2)
    yield drawn(rng, 10, 10, 10, 4, 1, 3, 2)


@task.criterion(1)
def one_branch_and_equal_branches(rng):
    """One branch, branches of one channel, branches of equal width."""
    yield drawn(rng, 2, 3, 2, 4)
    yield drawn(rng, 2, 2, 3, 1, 1, 1)
    yield drawn(rng, 3, 4, 1, 3, 3)


@any_array(task)
def arrays(rng):
    yield drawn(rng, 2, 3, 5, 3, 1, 2)


def starts(channels):
    """Where each branch begins."""
    return np.cumsum([0, *channels[:-1]])


def parts(grad_output, channels, axis=1, begin=starts, finish=list):
    """Right with the options as they are."""
    slices = zip(begin(channels), channels, strict=True)
    return finish([grad_output[(slice(None),) * axis + (slice(a, a + n),)] for a, n in slices])


def equal_parts(grad_output, channels):
    """As many parts as branches, as equal as they can be."""
    return np.array_split(grad_output, len(channels), axis=1)


def reversed_starts(channels):
    """The branches counted from the last channel."""
    return sum(channels) - np.cumsum(channels)


task.options(parts, {
    "cuts-the-batch": ({"axis": 0}, "The batch is cut (axis 0). The branches were joined along the channels, axis 1."),
    "cuts-the-rows": ({"axis": 2}, "The rows are cut (axis 2). The branches were joined along the channels, axis 1."),
    "cuts-the-columns": ({"axis": 3}, "The columns are cut. The branches were joined along the channels, axis 1."),
    "from-the-end": ({"begin": reversed_starts}, "The first branch gets the last channels. It has the first ones."),
    "always-from-the-start": ({"begin": lambda channels: [0] * len(channels)},
        "Every branch begins at channel 0. Each begins where the one in front ends: add up the widths."),
    "starts-at-the-last-width": ({"begin": lambda channels: [0, *channels[:-1]]},
        "Each branch begins at the width of the one in front. The widths of all in front add up: start += width."),
    "one-channel-late": ({"begin": lambda channels: starts(channels) + 1},
        "Each branch begins one channel too late."),
    "order-reversed": ({"finish": lambda all_: all_[::-1]}, "The gradients are right, in the reverse order."),
    "averages": ({"finish": lambda all_: [part / len(all_) for part in all_]},
        "The gradients are divided by the number of branches. Concatenation changes no number, and neither does the "
        "way back."),
    "last-missing": ({"finish": lambda all_: all_[:-1]}, "The last branch is missing."),
    "keeps-one-image": ({"finish": lambda all_: [part[0] for part in all_]},
        "Only the first image's gradient comes back: the batch's axis is lost."),
})  # fmt: skip


@task.mistake
def equal_widths(grad_output, channels):
    """The channels are cut into equal parts. The sizes are in `channels`."""
    return equal_parts(grad_output, channels)


@task.mistake
def widths_for_places(grad_output, channels):
    """`channels` is taken for the places where to cut, as np.split wants them. The places are the running sum of the
    widths, without the last."""
    return np.split(grad_output, channels, axis=1)


@task.mistake
def widths_for_places_without_the_last(grad_output, channels):
    """`channels[:-1]` is taken for the places to cut at. Those are the running sum, np.cumsum(channels)[:-1]."""
    return np.split(grad_output, channels[:-1], axis=1)


@task.mistake
def empty_part_at_the_end(grad_output, channels):
    """There is an empty part at the end: np.split gets the running sum of *all* widths. Leave the last one out."""
    return np.split(grad_output, np.cumsum(channels), axis=1)


@task.mistake
def whole_for_each(grad_output, channels):
    """Every branch gets the whole gradient, as for a sum. A concatenation hands each its own channels."""
    return [grad_output for _ in channels]


@task.mistake
def zeros_around(grad_output, channels):
    """Each gradient has all channels, zero outside of the branch's own. Cut them out."""
    return [grad_output * ((np.arange(grad_output.shape[1]) >= a) & (np.arange(grad_output.shape[1]) < a + n))
            [:, None, None] for a, n in zip(starts(channels), channels, strict=True)]  # fmt: skip


upstream(task, sign=False)


@task.mistake
def wrong_sign(right):
    """The sign is wrong. Concatenation changes no number, and neither does the way back."""
    return [-part for part in right]


@task.mistake
def joined(right):
    """The parts are joined again. Wanted is a list with one array for each branch."""
    return np.concatenate(right, axis=1)
