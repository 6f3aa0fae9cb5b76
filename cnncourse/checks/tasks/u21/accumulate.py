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
    "gradients-not-divided": ({"weigh": "loss only"},
        "The loss is divided by the number of pictures, the gradients are not: p.grad /= count."),
    "loss-not-divided": ({"weigh": "gradients only"}, "The gradients are right. The loss that is returned is not yet"
    " divided."),
    "mean-divided-again": ({"weigh": "twice"},
        "cross_entropy gives the batch's mean, and that is divided by the number of pictures once more: use "
        "reduction=\"sum\"."),
    "old-gradients-stay": ({"clear": "never"}, "The gradients from before are still in `.grad`: start with "
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
    "returns-mean-of-means": ({"result": "means"}, "The mean of the batches' losses is returned. Every picture "
    "counts alike."),
    "returns-nothing": ({"result": None}, "Nothing is returned. Return the mean loss."),
    "takes-a-step": ({"step": True}, "The weights are changed. The task ends with the gradients; a step is the "
    "optimiser's."),
    "evaluation-mode": ({"mode": False}, "The network is in evaluation mode afterwards. It keeps its mode."),
    "training-mode": ({"mode": True}, "The network is put into training mode. It keeps its mode."),
})  # fmt: skip


@task.mistake
def needs_a_length(network, batches):
    """The number of batches is asked for, and a generator has none; or the batches are gone through twice, and the
    second time a generator is empty. Count while you go."""
    if not hasattr(batches, "__len__"):
        raise TypeError("object of type 'generator' has no len()")
    return accumulate(network, batches)
