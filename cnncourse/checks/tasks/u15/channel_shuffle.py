"""Channels dealt out, so that the next grouped convolution sees all groups."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="Groups and channel shuffle")


@task.right
def channel_shuffle(input, groups):
    """The first channel of each group, then the second of each group, and so on."""
    n, c, h, w = input.shape
    return input.reshape(n, groups, c // groups, h, w).swapaxes(1, 2).reshape(n, c, h, w)


@task.criterion(2)
def two_and_more_groups(rng):
    """Few large groups, many small ones, as many groups as channels in a group; images square and not."""
    for shape, groups in [
        ((2, 6, 3, 4), 2), ((2, 6, 4, 3), 3), ((1, 12, 2, 5), 3), ((3, 12, 2, 2), 4), ((2, 9, 3, 3), 3),
        ((4, 4, 4, 4), 2), ((1, 10, 1, 1), 5), ((12, 12, 1, 12), 2), ((2, 15, 3, 2), 5),
    ]:  # fmt: skip
        yield Call(normal(rng, *shape), groups)


@task.criterion(1)
def nothing_to_do(rng):
    """One group, or groups of one channel: every channel stays where it is; beside groups that are dealt out."""
    yield Call(normal(rng, 2, 5, 3, 4), 1)
    yield Call(normal(rng, 2, 5, 3, 4), groups=5)
    yield Call(normal(rng, 1, 4, 2, 3), 2)


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 2, 6, 3, 4), 3)
    yield Call(normal(rng, 2, 8, 2, 3), 2)


def dealt(input, groups, split=lambda c, g: (g, c // g), axes=(0, 2, 1, 3, 4), order="C"):
    """Right with the options as they are."""
    n, c, h, w = input.shape
    return input.reshape(n, *split(c, groups), h, w).transpose(axes).reshape(n, c, h, w, order=order)


def listed(input, groups, order):
    """The channels in an order that is computed from their number and the groups."""
    return input[:, order(input.shape[1], groups)]


task.options(dealt, {
    "dealt-out-the-other-way": ({"split": lambda c, g: (c // g, g)},
        "That is the inverse: the channels are split into C / groups groups. Split axis 1 into (groups, C / groups), "
        "swap the two, join them again."),
    "not-transposed": ({"axes": (0, 1, 2, 3, 4)},
        "The channels come back in their order: splitting the axis and joining it again does nothing. Swap the two "
        "axes in between."),
    "pixels-torn-apart": ({"axes": (0, 2, 3, 1, 4)},
        "Other axes than the two of the channels are moved, so pixels of different channels mix. Each channel moves "
        "as a whole."),
})  # fmt: skip
task.options(listed, {
    "channels-reversed": ({"order": lambda c, g: np.arange(c)[::-1]},
        "The channels come in reverse order. Wanted: the first of each group, then the second of each group."),
    "groups-reversed": ({"order": lambda c, g: np.arange(c).reshape(g, -1)[::-1].ravel()},
        "The groups come in reverse order, each of them whole. Their channels must alternate."),
    "reversed-within-groups": ({"order": lambda c, g: np.arange(c).reshape(g, -1)[:, ::-1].ravel()},
        "Each group is turned round within itself. The channels of different groups must alternate."),
    "groups-moved-on": ({"order": lambda c, g: np.roll(np.arange(c), c // g)},
        "Whole groups move to the next place. Their channels must alternate."),
    "channels-moved-on": ({"order": lambda c, g: np.roll(np.arange(c), 1)},
        "Every channel moves on by one place. Wanted: the first of each group, then the second of each group."),
    "last-group-first": ({"order": lambda c, g: np.arange(c).reshape(g, -1)[::-1].T.ravel()},
        "The channels alternate, but the last group comes first."),
    "last-channels-first": ({"order": lambda c, g: np.arange(c).reshape(g, -1)[:, ::-1].T.ravel()},
        "The channels alternate, but the last of each group comes first."),
    "first-of-each-group": ({"order": lambda c, g: np.arange(0, c, c // g)},
        "Only the first channel of each group is there. All C channels come out."),
    "first-group-only": ({"order": lambda c, g: np.arange(c // g)}, "Only the first group is there."),
})  # fmt: skip


@task.mistake
def always_two_groups(again, input):
    """The argument groups is not used: there are always two groups."""
    return again(groups=2) if input.shape[1] % 2 == 0 else input


@task.mistake
def axes_not_joined(right, input, groups):
    """The two axes of the channels are swapped, but not joined again: reshape to (N, C, H, W) at the end."""
    n, c, h, w = input.shape
    return right.reshape(n, c // groups, groups, h, w)


@task.mistake
def batch_split_as_well(input, groups):
    """The split leaves out the axis of the images, so channels of several images mix. Keep it: (N, groups, C / groups,
    H, W)."""
    shape = input.shape
    return input.reshape(groups, -1, *shape[2:]).swapaxes(0, 1).reshape(shape)


@task.mistake
def batch_shuffled(input, groups):
    """The images are shuffled, not the channels: those are axis 1."""
    if len(input) % groups:
        raise ValueError("cannot reshape array")
    return input.reshape(groups, len(input) // groups, *input.shape[1:]).swapaxes(0, 1).reshape(input.shape)
