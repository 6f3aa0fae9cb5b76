"""The largest absolute derivative of the label's logit, at each pixel."""

import numpy as np

from cnncourse.checks.author import TORCH_ALLOWED, Task
from cnncourse.checks.tasks.u16._left_behind import LEFT_BEHIND, leaves_all_as_it_was
from cnncourse.checks.with_model import PARTS, LooksAndLeaves, WithModel, model_call

task = Task(
    see="The gradient as a map", observe=WithModel(), judged=LooksAndLeaves(), names=("map", *PARTS),
    banned=TORCH_ALLOWED, repeats=0, seconds=20.0,
)  # fmt: skip


@task.right
def saliency(model, images, labels):
    """max over c of |∂z_label / ∂x_c|, in evaluation mode."""
    import torch

    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    x = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[range(len(x)), labels].sum(), x)
    for module, mode in modes:
        module.training = mode
    return gradient.abs().amax(dim=1)


def calls(rng, **options):
    """A network that averages and one that does not; maps that are square and not."""
    yield model_call(rng, 3, 3, 6, 5, **options)
    yield model_call(rng, 4, 2, 7, 7, classes=3, mean=False, **options)


@task.criterion(2, "map")
def values(rng):
    """The map itself: several images and one, colour and grey, networks that are in training mode when they come."""
    yield from calls(rng)
    yield model_call(rng, 1, 1, 5, 8, classes=5, mean=False)
    yield model_call(rng, 5, 4, 5, 5, classes=5, training=False)
    yield model_call(rng, 2, 3, 6, 6, training="mixed", dtype=np.float32)
    yield model_call(rng, 3, 3, 5, 6, frozen=True, gradients=True)


leaves_all_as_it_was(task, calls)


def look(model, images, labels, loss="logit", reduce=lambda g: g.abs().amax(dim=1), **options):
    """Right with the options as they are."""
    from cnncourse.checks.tasks.u16._torch_looks import gradient_of

    return reduce(gradient_of(model, images, labels, loss, **options))


task.options(look, LEFT_BEHIND)
task.options(look, {
    "loss-for-logit": ({"loss": "cross-entropy"}, "The cross-entropy is differentiated. Wanted is the label's logit."),
    "probability-for-logit": ({"loss": "probability"},
        "The label's probability is differentiated: the softmax brings in all other classes. Wanted is its logit."),
    "log-probability": ({"loss": "log-probability"},
        "The log-probability is differentiated. Wanted is the label's logit."),
    "best-class": ({"loss": "best"}, "The largest logit is differentiated. Wanted is that of the label."),
    "all-classes": ({"loss": "all"}, "All logits are summed. Wanted is the label's alone."),
    "first-label-for-all": ({"loss": "first-label"}, "Every image gets the first label. Each has its own."),
    "every-label-for-all": ({"loss": "all-labels"},
        "logits[:, labels] has the logits of all labels for each image. Each has its own: logits[range(N), labels]."),
    "mean-over-the-batch": ({"loss": "mean"},
        "The logits are averaged over the batch, so each map is divided by N. Sum them: no image sees another."),
    "no-absolute-value": ({"reduce": lambda g: g.amax(dim=1)},
        "The largest derivative is taken, with its sign. Take the absolute value first."),
    "absolute-value-last": ({"reduce": lambda g: g.amax(dim=1).abs()},
        "The absolute value comes after the maximum, so large negative derivatives are lost. It comes first."),
    "over-the-batch": ({"reduce": lambda g: g.abs().amax(dim=0)},
        "The maximum is over the images, axis 0. It is over the channels, axis 1."),
    "first-channel-only": ({"reduce": lambda g: g[:, 0].abs()},
        "Only the first channel is looked at. Wanted is the largest of all."),
    "sum-over-channels": ({"reduce": lambda g: g.abs().sum(dim=1)},
        "The channels are summed. Wanted is the largest of them."),
    "mean-over-channels": ({"reduce": lambda g: g.abs().mean(dim=1)},
        "The channels are averaged. Wanted is the largest of them."),
    "sum-before-absolute": ({"reduce": lambda g: g.sum(dim=1).abs()},
        "The derivatives of the channels are summed, and may cancel. Wanted is the largest absolute value."),
    "euclidean-length": ({"reduce": lambda g: g.norm(dim=1)},
        "The length over the channels is taken. Wanted is the largest absolute value."),
    "channels-kept": ({"reduce": lambda g: g.abs()},
        "The channels are still there. The result has the shape (N, H, W)."),
    "axis-kept": ({"reduce": lambda g: g.abs().amax(dim=1, keepdim=True)},
        "The axis of the channels is still there, with length 1. The result has the shape (N, H, W)."),
    "scaled-to-one": ({"reduce": lambda g: g.abs().amax(dim=1) / g.abs().amax(dim=(1, 2, 3), keepdim=True)[:, 0]},
        "Each map is divided by its maximum. That is done for drawing; here the values themselves are wanted."),
    "squared": ({"reduce": lambda g: g.square().amax(dim=1)}, "The derivatives are squared. Wanted is |∂z/∂x|."),
})  # fmt: skip


@task.mistake
def times_the_image(model, images, labels):
    """The gradient is multiplied by the image. Wanted is the gradient alone."""
    return look(model, images, labels, reduce=lambda g: (g * images).abs().amax(dim=1))
