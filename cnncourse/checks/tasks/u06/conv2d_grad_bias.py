"""Task 06.conv2d_grad_bias: every output place adds its share."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task


def conv2d_grad_bias(grad_output):
    """∂L/∂b[o] = Σ_n Σ_i Σ_j ∂L/∂y[n, o, i, j]."""
    return grad_output.sum(axis=(0, 2, 3))


def cases(rng):
    """All axes of one size too: there a wrong axis shows in the numbers alone."""
    yield Case("sum over places", normal(rng, 1, 3, 4, 5))
    yield Case("sum over places", normal(rng, 1, 1, 3, 2))
    yield Case("sum over places", normal(rng, 1, 4, 1, 1))
    yield Case("sum over the batch", normal(rng, 3, 2, 4, 5))
    yield Case("sum over the batch", normal(rng, 4, 4, 4, 4))
    yield Case("sum over the batch", normal(rng, 5, 1, 2, 3))
    yield Case("any array", normal(rng, 2, 3, 5, 4, dtype=np.float32))
    yield Case("any array", strided(normal(rng, 3, 2, 3, 4)))
    yield Case("any array", fortran(normal(rng, 2, 3, 4, 2)))
    yield Case("any array", readonly(normal(rng, 2, 2, 3, 3)))


task = Task(
    "06.conv2d_grad_bias",
    {"sum over places": 1, "sum over the batch": 0.5, "any array": 0.5},
    conv2d_grad_bias,
    cases,
    [
        Mistake(
            "mean-for-sum",
            lambda grad_output: grad_output.mean(axis=(0, 2, 3)),
            "This is the mean. The bias enters every output place and every image with weight 1, so by the chain rule "
            "their gradients add up; whoever wants a mean puts it into the loss.",
        ),
        Mistake(
            "mean-over-the-batch",
            lambda grad_output: grad_output.sum(axis=(2, 3)).mean(axis=0),
            "The images' gradients are averaged. If L is a mean over the batch, its gradient holds the 1/N already.",
        ),
        Mistake(
            "mean-over-places",
            lambda grad_output: grad_output.mean(axis=(2, 3)).sum(axis=0),
            "The places' gradients are averaged. A shared parameter's gradient is the sum over all places it is used.",
        ),
        Mistake(
            "batch-not-summed",
            lambda grad_output: grad_output.sum(axis=(2, 3)),
            "There is one row per image. The bias is the same for all images, so its gradient sums over N too.",
        ),
        Mistake(
            "places-not-summed",
            lambda grad_output: grad_output.sum(axis=0),
            "Only the images are summed. The bias is the same at every place, so its gradient sums over H and W too.",
        ),
        Mistake(
            "first-image-only",
            lambda grad_output: grad_output[0].sum(axis=(1, 2)),
            "Only the first image counts. Every image adds to the gradient.",
        ),
        Mistake(
            "last-image-only",
            lambda grad_output: grad_output[-1].sum(axis=(1, 2)),
            "Only the last image counts. Every image adds to the gradient: += in a loop, on zeros.",
        ),
        Mistake(
            "sums-the-channels",
            lambda grad_output: grad_output.sum(axis=(1, 2, 3)),
            "The channels are summed and the images are kept: it should be the other way round. The channel is axis 1.",
        ),
        Mistake(
            "keeps-the-width",
            lambda grad_output: grad_output.sum(axis=(0, 1, 2)),
            "The sum runs over axes 0, 1 and 2, and leaves the width. The channel, axis 1, is the one to keep.",
        ),
        Mistake(
            "keeps-the-height",
            lambda grad_output: grad_output.sum(axis=(0, 1, 3)),
            "The sum runs over axes 0, 1 and 3, and leaves the height. The channel, axis 1, is the one to keep.",
        ),
        Mistake(
            "keeps-dimensions",
            lambda grad_output: grad_output.sum(axis=(0, 2, 3), keepdims=True),
            "The result has shape (1, C_out, 1, 1). The bias has shape (C_out,), and so has its gradient.",
        ),
        Mistake(
            "sums-everything",
            lambda grad_output: np.broadcast_to(grad_output.sum(), grad_output.shape[1]).copy(),
            "Each filter's bias gets the sum over all filters. Output channel o depends on b[o] only.",
        ),
        Mistake(
            "forgets-the-width",
            lambda grad_output: grad_output[..., 0].sum(axis=(0, 2)),
            "Only the first column of places counts.",
        ),
        Mistake(
            "largest-for-sum",
            lambda grad_output: grad_output.max(axis=(0, 2, 3)),
            "This is the largest entry; the gradient is the sum of all.",
        ),
        Mistake(
            "one-place-only",
            lambda grad_output: grad_output[:, :, 0, 0].sum(axis=0),
            "Only the first place counts. The bias is added at every place.",
        ),
        Mistake(
            "ones-for-upstream",
            lambda grad_output: np.full(
                grad_output.shape[1], grad_output.size / grad_output.shape[1], grad_output.dtype
            ),
            "The result is the number of places: the upstream gradient is not used.",
        ),
    ],
    see="06#The gradient of the bias",
    place=1,
)
