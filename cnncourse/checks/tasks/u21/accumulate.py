"""The gradient of one large batch, from pieces that are never in memory together."""

from cnncourse.checks.author import TORCH_ALLOWED, Task
from cnncourse.checks.with_batches import BatchesCall, WithBatches

task = Task(see="A batch in pieces", observe=WithBatches(), banned=TORCH_ALLOWED, repeats=0, seconds=20.0)


@task.right
def accumulate(network, batches):
    """Gradients of sums add up; at the end they and the loss are divided by the number of pictures."""
    from torch.nn import functional as F

    network.zero_grad()
    total, count = 0.0, 0
    for images, labels in batches:
        loss = F.cross_entropy(network(images), labels, reduction="sum")
        loss.backward()
        total, count = total + loss.item(), count + len(images)
    for p in network.parameters():
        if p.grad is not None:
            p.grad /= count
    return total / count


@task.criterion(2)
def batches_of_one_size(rng):
    """Batches of equal size, and a single one."""
    yield BatchesCall(rng, [4, 4, 4])
    yield BatchesCall(rng, [3, 3], classes=3)
    yield BatchesCall(rng, [5])
    yield BatchesCall(rng, [1])


@task.criterion(3)
def batches_of_different_sizes(rng):
    """Every picture counts alike, whatever the size of its batch."""
    yield BatchesCall(rng, [5, 2])
    yield BatchesCall(rng, [1, 6, 3], classes=5)
    yield BatchesCall(rng, [7, 1, 1, 2], classes=2)


@task.criterion(1)
def old_gradients(rng):
    """Gradients from before are replaced."""
    yield BatchesCall(rng, [3, 2], gradients=True)
    yield BatchesCall(rng, [4], gradients=True)


@task.criterion(1)
def any_iterable(rng):
    """Batches from a generator, which can be gone through once only and has no length, or in a tuple."""
    yield BatchesCall(rng, [2, 5, 3], come_as="generator")
    yield BatchesCall(rng, [4, 1], come_as="tuple")
    yield BatchesCall(rng, [3, 3, 1], come_as="generator", gradients=True)


@task.criterion(1)
def everything_else(rng):
    """The network's mode and numbers stay, and parameters that ask for no gradient get none."""
    yield BatchesCall(rng, [4, 2], training=False)
    yield BatchesCall(rng, [3, 4], frozen=True)
    yield BatchesCall(rng, [2, 2, 1], frozen=True, come_as="generator")


def wrong(network, batches, **options):
    """A wrong answer; loads PyTorch."""
    from cnncourse.checks.tasks.u21._accumulated import accumulated

    return accumulated(network, batches, **options)


task.options(wrong, {
    "mean-of-batch-means": ({"weigh": "batches"},
        "Each batch counts alike: the mean losses are averaged. A batch of 6 must count six times as much as one of "
        "1: sum over "
        "the pictures, and divide by their number at the end."),
    "sum-of-batch-means": ({"weigh": "sum of means"},
        "The batches' mean losses are added up and never divided, so the step grows with the number of batches."),
    "sum-over-pictures": ({"weigh": "sum"}, "Losses and gradients are sums over the pictures. Divide both by the "
    "number of pictures."),
    "divides-by-the-batches": ({"weigh": "pieces"},
        "Sums over the pictures are divided by the number of batches. Divide by the number of pictures."),
    "gradients-of-batch-means": ({"weigh": "gradients of means"},
        "The loss is right, the gradient is not: it is that of the mean of the batches' means. Every picture counts "
        "alike, there too."),
    "gradients-not-divided": ({"weigh": "loss only"},
        "The loss is divided by the number of pictures, the gradients are not: p.grad /= count."),
    "loss-not-divided": ({"weigh": "gradients only"}, "The gradients are right. The loss that is returned is not yet"
    " divided."),
    "mean-divided-again": ({"weigh": "twice"},
        "cross_entropy gives the batch's mean, and that is divided by the number of pictures once more: use "
        "reduction=\"sum\"."),
    "mean-gradients-divided-again": ({"weigh": "means divided"},
        "The loss is right. The gradients are those of the batches' means, and are divided by the number of pictures "
        "once more: use reduction=\"sum\"."),
    "old-gradients-stay": ({"clear": "never"}, "The gradients from before are still in `.grad`: start with "
    "network.zero_grad()."),
    "old-gradients-divided": ({"clear": "divided"}, "The gradients from before are still in `.grad`: start with "
    "network.zero_grad()."),
    "last-batch-only": ({"clear": "each"},
        "Only the last batch's gradients are there. Is zero_grad() called for every batch, or backward() after the "
        "loop? Clear once, "
        "before the loop, and call backward() for every batch."),
    "no-gradients": ({"clear": "after"}, "No gradients are left. Is backward() never called, or does zero_grad() "
    "come last?"),
    "first-batch-only": ({"backward": "first"}, "Only the first batch is used: does the function return inside the "
    "loop?"),
    "one-large-batch": ({"join": True},
        "The batches are put together and go through the network at once. That gives the gradient, but needs the "
        "memory that "
        "accumulating saves: put each through by itself."),
    "returns-last-loss": ({"result": "last"}, "The last batch's loss is returned. Wanted is the mean over all "
    "pictures."),
    "returns-last-sum": ({"result": "last sum"}, "The last batch's sum is returned. Wanted is the mean over all "
    "pictures."),
    "returns-mean-of-means": ({"result": "means"}, "The mean of the batches' losses is returned. Every picture "
    "counts alike."),
    "returns-nothing": ({"result": None}, "Nothing is returned. Return the mean loss."),
    "takes-a-step": ({"step": True}, "The weights are changed. The task ends with the gradients; a step is the "
    "optimiser's."),
    "evaluation-mode": ({"mode": False}, "The network is in evaluation mode afterwards. It keeps its mode."),
    "training-mode": ({"mode": True}, "The network is put into training mode. It keeps its mode."),
    "divides-in-the-loop": ({"divide": "in the loop", "weigh": "loss only"}, "The gradients are divided after every "
    "batch, so those of the first batches are divided several times. Divide once, after the loop."),
})  # fmt: skip


@task.mistake
def frozen_have_none(network, batches, again):
    """A parameter that asks for no gradient has None in `.grad`, and that cannot be divided. Leave it out."""
    result = again()
    for parameter in network.parameters():
        parameter.grad * 1.0
    return result


@task.mistake
def frozen_asked_again(network, batches, again):
    """All parameters are asked for gradients. Those that asked for none get none."""
    for parameter in network.parameters():
        parameter.requires_grad_(True)
    return again()


@task.mistake
def softmax_before_the_loss(network, batches, again):
    """The probabilities go into the cross-entropy. It takes logits: the softmax is in it."""
    from cnncourse.checks.tasks.u21._accumulated import Softmaxed

    return again(network=Softmaxed(network))


@task.mistake
def frozen_get_zeros(network, batches, again):
    """Parameters that ask for no gradient get one of zeros. They get none: their `.grad` stays None."""
    import torch

    result = again()
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
    return result


@task.mistake
def goes_through_twice(network, batches, again):
    """The batches are gone through twice, and the second time a generator is empty: no picture is left. Count while
    you go."""
    if hasattr(batches, "__len__"):
        return again()
    network.zero_grad()
    return 0.0


@task.mistake
def needs_a_length(network, batches, again):
    """The number of batches is asked for, and a generator has none. Count while you go."""
    if not hasattr(batches, "__len__"):
        raise TypeError("object of type 'generator' has no len()")
    return again()
