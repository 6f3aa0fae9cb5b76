"""One step of eps along the sign of the loss's gradient."""

import numpy as np

from cnncourse.checks.author import TORCH_ALLOWED, Task
from cnncourse.checks.tasks.u16._left_behind import LEFT_BEHIND, leaves_all_as_it_was
from cnncourse.checks.with_model import PARTS, LooksAndLeaves, WithModel, model_call

task = Task(
    see="Adversarial examples", observe=WithModel(), judged=LooksAndLeaves(), names=("attack", *PARTS),
    banned=TORCH_ALLOWED, repeats=0, seconds=20.0,
)  # fmt: skip


@task.right
def fgsm(model, images, labels, eps):
    """x + eps · sign(∂ cross-entropy / ∂x), within [0, 1], in evaluation mode."""
    import torch

    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    x = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(torch.nn.functional.cross_entropy(model(x), labels), x)
    for module, mode in modes:
        module.training = mode
    return (images + eps * gradient.sign()).clamp(0, 1)


def call(rng, N, C, H, W, eps, low=0.0, high=1.0, **options):
    """A call on images in [0, 1]."""
    return model_call(rng, N, C, H, W, eps, pixels=rng.uniform(low, high, (N, C, H, W)), **options)


def calls(rng, **options):
    """A network that averages and one that does not; maps that are square and not."""
    yield call(rng, 3, 3, 6, 5, 0.03, **options)
    yield call(rng, 4, 2, 7, 7, 0.1, classes=3, mean=False, **options)


@task.criterion(2, "attack")
def values(rng):
    """The attack itself: several images and one, colour and grey, networks that are in training mode when they come."""
    yield from calls(rng)
    yield call(rng, 1, 1, 5, 8, 0.05, classes=5, mean=False)
    yield call(rng, 5, 4, 5, 5, 0.2, 0.3, 0.7, classes=5, training=False)
    yield call(rng, 2, 3, 6, 6, 0.25, training="mixed", dtype=np.float32)
    yield call(rng, 3, 3, 5, 6, 0.02, frozen=True, gradients=True)
    yield call(rng, 2, 2, 8, 6, 0.15, 0.4, 0.6)  # of even sides: the last row and column are seen by fewer windows


leaves_all_as_it_was(task, calls)


def attack(model, images, labels, eps, loss="cross-entropy", step=lambda x, g, e: x + e * g.sign(),
           clip=lambda y, x: y.clamp(0, 1), **options):  # fmt: skip
    """Right with the options as they are."""
    from cnncourse.checks.tasks.u16._torch_looks import gradient_of

    gradient = gradient_of(model, images, labels, loss, **options)
    return clip(step(images.detach(), gradient, eps), images)


def one_sided(x, g, e):
    """sign(0) = 1."""
    return x + e * (2 * (g >= 0).to(x.dtype) - 1)


def other_sided(x, g, e):
    """sign(0) = −1."""
    return x + e * (2 * (g > 0).to(x.dtype) - 1)


task.options(attack, {
    "wrong-way": ({"step": lambda x, g, e: x - e * g.sign()},
        "The step goes down, so that the loss falls. An attack raises it: + eps · sign."),
    "no-sign": ({"step": lambda x, g, e: x + e * g},
        "The gradient itself is added. Every pixel moves by eps: take its sign."),
    "scaled-to-the-largest": ({"step": lambda x, g, e: x + e * g / g.abs().amax(dim=(1, 2, 3), keepdim=True)},
        "The gradient is divided by its largest value. Take its sign, so that every pixel moves by eps."),
    "scaled-to-its-length": ({"step": lambda x, g, e: x + e * g / g.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1)},
        "The gradient is divided by its length. Take its sign, so that every pixel moves by eps."),
    "sign-of-zero": ({"step": one_sided},
        "Where the gradient is exactly 0, the pixel moves all the same. sign(0) = 0."),
    "moves-up-only": ({"step": lambda x, g, e: x + e * (g > 0)},
        "Pixels with a negative gradient stay. They move by −eps."),
    "only-the-change": ({"step": lambda x, g, e: e * g.sign()}, "Only the change comes out. Add it to the images."),
    "not-clipped": ({"clip": lambda y, x: y}, "The result leaves [0, 1]. Pixels end there: clamp."),
    "clipped-below-only": ({"clip": lambda y, x: y.clamp(min=0)}, "Values above 1 are not clipped."),
    "clipped-above-only": ({"clip": lambda y, x: y.clamp(max=1)}, "Values below 0 are not clipped."),
    "scaled-back": ({"clip": lambda y, x: (y - y.min()) / (y.max() - y.min())},
        "The result is stretched to [0, 1]. Clip it: pixels that are inside stay as they are."),
    "one-sign-per-pixel": ({"step": lambda x, g, e: x + e * g.mean(dim=1, keepdim=True).sign()},
        "All channels of a pixel move alike. Each number of the image has its own sign."),
    "logit-for-loss": ({"loss": "logit"},
        "The label's logit is differentiated, so the step raises it. Use the cross-entropy."),
    "softmax-twice": ({"loss": "twice"},
        "A softmax comes before the cross-entropy, which takes logits and has its own."),
    "best-class": ({"loss": "best"}, "The largest logit is differentiated. Wanted is the cross-entropy of the labels."),
})  # fmt: skip
task.options(attack, LEFT_BEHIND)
task.options(attack, {  # rarer ones: of pairs, those with the others are tried first
    "sign-of-zero-is-minus-one": ({"step": other_sided},
        "Where the gradient is exactly 0, the pixel moves all the same. sign(0) = 0."),
    "scaled-to-the-largest-of-all": ({"step": lambda x, g, e: x + e * g / g.abs().max()},
        "The gradient is divided by its largest value. Take its sign, so that every pixel moves by eps."),
    "eps-not-used": ({"step": lambda x, g, e: x + 0.03 * g.sign()}, "eps is not used: the step is always 0.03."),
    "eps-over-255": ({"step": lambda x, g, e: x + e / 255 * g.sign()},
        "eps is divided by 255. The images lie in [0, 1], and so does eps."),
    "one-sign-for-all-images": ({"step": lambda x, g, e: x + e * g.mean(dim=0, keepdim=True).sign()},
        "All images move alike. Each has a gradient of its own."),
    "clipped-to-the-images'-range": ({"clip": lambda y, x: y.clamp(x.min(), x.max())},
        "The result is clipped to the range of these images. Pixels may be anything from 0 to 1."),
    "predicted-labels": ({"loss": "predicted"},
        "The cross-entropy is that of the classes which the network finds. Use the labels that are given."),
    "first-label-for-all": ({"loss": "first-label's"}, "Every image gets the first label. Each has its own."),
    "binary-cross-entropy": ({"loss": "binary"},
        "Each class is judged for itself, by a sigmoid. Use the cross-entropy of a softmax: F.cross_entropy."),
})  # fmt: skip
task.options(attack, {"twice-eps": ({"step": lambda x, g, e: x + 2 * e * g.sign()}, "The step is 2·eps. It is eps.")})


@task.mistake
def images_overwritten(model, images, labels, eps):
    """The caller's images are changed in place, by `+=` or through `.data`. Make new ones: images + eps · sign."""
    found = attack(model, images, labels, eps)
    images.copy_(found)
    return found


@task.mistake
def images_moved(model, images, labels, eps):
    """The caller's images are changed in place, by `+=`. Make new ones: images + eps · sign."""
    images.copy_(attack(model, images, labels, eps, clip=lambda y, x: y))
    return images.clamp(0, 1)


@task.mistake
def two_half_steps(model, images, labels, eps):
    """There are two steps of eps / 2, with a gradient for each. The fast method takes one step of eps."""
    return attack(model, attack(model, images, labels, eps / 2), labels, eps / 2)
