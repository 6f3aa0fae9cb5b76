"""A layer's maps, each weighted by its mean gradient."""

import numpy as np

from cnncourse.checks.author import Call, Task, after_relu, normal
from cnncourse.checks.families import any_array, images_apart

task = Task(see="Class activation maps")


@task.right
def grad_cam(activations, gradients):
    """relu(Σ_c α_c A_c), where α_c is the mean of channel c's gradients over the places."""
    alpha = gradients.mean(axis=(2, 3), keepdims=True)
    return np.maximum((alpha * activations).sum(axis=1), 0)


@task.criterion(2)
def values(rng):
    """Maps of any size, square or not, one image and several, one channel and many."""
    for shape in [(2, 5, 3, 4), (4, 4, 4, 4), (1, 8, 2, 6), (3, 1, 5, 2), (3, 7, 1, 1), (2, 2, 6, 6), (5, 3, 3, 5)]:
        yield Call(normal(rng, *shape), normal(rng, *shape))
    yield Call(after_relu(rng, 2, 6, 5, 3), normal(rng, 2, 6, 5, 3))


@task.criterion(1)
def evidence_against(rng):
    """Where the sum is negative the map is 0, although single terms are positive there."""
    yield Call(np.abs(normal(rng, 2, 4, 3, 5)), -1.0 + normal(rng, 2, 4, 3, 5))
    yield Call(np.abs(normal(rng, 1, 6, 4, 4)), -0.2 + normal(rng, 1, 6, 4, 4))
    yield Call(1 + np.abs(normal(rng, 3, 2, 2, 3)), 1 + np.abs(normal(rng, 3, 2, 2, 3)))


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 2, 4, 3, 5), normal(rng, 2, 4, 3, 5))


def relu(x):
    """max(x, 0)"""
    return np.maximum(x, 0)


def by_its_maximum(m):
    """Each map over its maximum, 0/0 included."""
    with np.errstate(all="ignore"):
        return relu(m) / relu(m).max((1, 2), keepdims=True)


def cam(activations, gradients, *, weigh=lambda g: g.mean((2, 3), keepdims=True), inner=lambda t: t,
        join=lambda t: t.sum(1), outer=relu, maps=lambda a: a):  # fmt: skip
    """Right with the options as they are."""
    return outer(join(inner(weigh(gradients) * maps(activations))))


task.options(cam, {
    "no-relu": ({"outer": lambda m: m},
        "The ReLU at the end is missing: places that speak against the class stay negative."),
    "relu-of-each-term": ({"inner": relu},
        "The ReLU is applied to each channel's term. It comes once, after the sum, so that terms can cancel."),
    "relu-of-the-activations": ({"maps": relu},
        "Negative activations are set to 0 before the sum. The ReLU comes once, after the sum."),
    "relu-of-the-gradients": ({"weigh": lambda g: relu(g).mean((2, 3), keepdims=True)},
        "Negative gradients are set to 0 before the mean. The weight α_c may be negative; the ReLU comes after the "
        "sum."),
    "relu-of-the-weights": ({"weigh": lambda g: relu(g.mean((2, 3), keepdims=True))},
        "Negative weights are set to 0. A channel may speak against the class; the ReLU comes after the sum."),
    "absolute-value": ({"outer": np.abs},
        "The absolute value is taken at the end. Evidence against the class becomes 0."),
    "gradients-summed": ({"weigh": lambda g: g.sum((2, 3), keepdims=True)},
        "α_c is the sum of the gradients over the places. It is their mean: divide by h·w."),
    "largest-gradient": ({"weigh": lambda g: g.max((2, 3), keepdims=True)},
        "α_c is the largest gradient of its channel. It is the mean."),
    "gradients-not-averaged": ({"weigh": lambda g: g},
        "Each place has a weight of its own: gradient times activation. Grad-CAM has one weight per channel, the "
        "mean."),
    "averages-one-axis": ({"weigh": lambda g: g.mean(3, keepdims=True)},
        "The gradients are averaged along the width only. Average over both axes of places: (2, 3)."),
    "averages-the-batch": ({"weigh": lambda g: g.mean((0, 2, 3), keepdims=True)},
        "The weights are averaged over the images, too. Each image has its own α."),
    "averages-the-channels": ({"weigh": lambda g: g.mean(1, keepdims=True)},
        "The gradients are averaged over the channels. α_c is a mean over places, one number per channel."),
    "mean-over-channels": ({"join": lambda t: t.mean(1)}, "The channels are averaged. Their terms are summed."),
    "largest-channel": ({"join": lambda t: t.max(1)}, "The largest term is taken. The channels' terms are summed."),
    "scaled-to-one": ({"outer": lambda m: relu(m) / np.maximum(relu(m).max((1, 2), keepdims=True), 1e-12)},
        "Each map is divided by its maximum. That is done for drawing; here the values themselves are wanted."),
    "first-weights-for-all": ({"weigh": lambda g: g[:1].mean((2, 3), keepdims=True)},
        "All images get the first image's weights. Each has its own α."),
    "scaled-by-its-maximum": ({"outer": by_its_maximum},
        "Each map is divided by its maximum, which may be 0. That is done for drawing; here the values themselves are "
        "wanted."),
    "batch-summed": ({"join": lambda t: t.sum((0, 1))}, "The images are summed. Each has its own map: (N, h, w)."),
    "channels-kept": ({"join": lambda t: t}, "The channels are not summed. The result has the shape (N, h, w)."),
    "axis-kept": ({"join": lambda t: t.sum(1, keepdims=True)},
        "The axis of the channels is still there, with length 1. The result has the shape (N, h, w)."),
    "summed-over-places": ({"join": lambda t: t.sum((2, 3))},
        "The places are summed, so no map is left. Sum over the channels, axis 1."),
})  # fmt: skip
images_apart(task, "activations", "gradients")


@task.mistake
def weights_unused(activations):
    """The channels are summed without weights. α_c says how much the class's logit grows with channel c."""
    return relu(activations.sum(axis=1))


@task.mistake
def arguments_swapped(again, activations, gradients):
    """Activations and gradients are taken for each other: the gradients are averaged, and weight the activations."""
    return again(activations=gradients, gradients=activations)
