"""Every output place adds its share to the bias's gradient."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, batch_sum, upstream

task = Task(see="The gradient of the bias")


@task.right
def conv2d_grad_bias(grad_output):
    """∂L/∂b[o] = Σ_n Σ_i Σ_j ∂L/∂y[n, o, i, j]."""
    return grad_output.sum(axis=(0, 2, 3))


@task.criterion(1)
def sum_over_places(rng):
    """One image, whose places add up."""
    yield Call(normal(rng, 1, 3, 4, 5))
    yield Call(normal(rng, 1, 1, 3, 2))
    yield Call(normal(rng, 1, 4, 1, 1))


@task.criterion(0.5)
def sum_over_the_batch(rng):
    """Several images, which add up too, also with all axes of one length."""
    yield Call(normal(rng, 3, 2, 4, 5))
    yield Call(normal(rng, 4, 4, 4, 4))
    yield Call(normal(rng, 5, 1, 2, 3))


@any_array(task, points=0.5)
def arrays(rng):
    yield Call(normal(rng, 2, 3, 5, 4))


def reduced(grad_output, reduce=np.sum, axes=(0, 2, 3), of=np.s_[:]):
    """Something else than the sum, over other axes, or of a part."""
    return reduce(grad_output[of], axis=axes)


task.options(reduced, {
    "mean-for-sum": ({"reduce": np.mean},
        "This is the mean. The bias enters every output place and every image with weight 1, so by the chain rule "
        "their gradients add up. If a mean is wanted, it belongs into the loss."),
    "largest-for-sum": ({"reduce": np.max}, "This is the largest entry; the gradient is the sum of all."),
    "places-not-summed": ({"axes": 0},
        "Only the images are summed. The bias is the same at every place, so its gradient sums over H and W too."),
    "sums-the-channels": ({"axes": (1, 2, 3)},
        "The channels are summed and the images are kept: it should be the other way round. The channel is axis 1."),
    "keeps-the-width": ({"axes": (0, 1, 2)},
        "The sum runs over axes 0, 1 and 2, and leaves the width. The channel, axis 1, is the one to keep."),
    "keeps-the-height": ({"axes": (0, 1, 3)},
        "The sum runs over axes 0, 1 and 3, and leaves the height. The channel, axis 1, is the one to keep."),
    "forgets-the-width": ({"of": np.s_[..., :1]}, "Only the first column of places counts."),
    "one-place-only": ({"of": np.s_[..., :1, :1]}, "Only the first place counts. The bias is added at every place."),
})  # fmt: skip

batch_sum(task, "grad_output")
upstream(task)


@task.mistake
def mean_over_places(right, grad_output):
    """The places' gradients are averaged. A shared parameter's gradient is the sum over all places where it is used."""
    return right / grad_output[0, 0].size


@task.mistake
def reshapes_channels_first(grad_output):
    """`reshape(C, -1)` cuts the numbers in the order in which they are stored, image after image, so that each part
    mixes channels. Sum over the axes 0, 2 and 3."""
    return grad_output.reshape(grad_output.shape[1], -1).sum(axis=1)


@task.mistake
def keeps_dimensions(right):
    """The result has shape (1, C_out, 1, 1). The bias has shape (C_out,), and so has its gradient."""
    return right[None, :, None, None]


@task.mistake
def sums_everything(right):
    """Each filter's bias gets the sum over all filters. Output channel o depends only on b[o]."""
    return np.full_like(right, right.sum())
