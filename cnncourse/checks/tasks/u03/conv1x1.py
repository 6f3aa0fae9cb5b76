"""Task 03.conv1x1: a matrix product at every pixel."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task


def conv1x1(input, weight):
    """Right answer."""
    return np.einsum("oc,nchw->nohw", weight[:, :, 0, 0], input)


def cases(rng):
    """As many filters as channels, too: there a transposed weight raises no error."""
    yield Case("values", normal(rng, 1, 2, 3, 4), normal(rng, 3, 2, 1, 1))
    yield Case("values", normal(rng, 2, 3, 4, 5), normal(rng, 3, 3, 1, 1))
    yield Case("values", normal(rng, 3, 4, 2, 3), normal(rng, 2, 4, 1, 1))
    yield Case("values", normal(rng, 2, 5, 4, 4), normal(rng, 4, 5, 1, 1))
    yield Case("values", normal(rng, 4, 4, 4, 4), normal(rng, 4, 4, 1, 1))
    yield Case("smallest sizes", normal(rng, 1, 1, 1, 1), normal(rng, 1, 1, 1, 1))
    yield Case("smallest sizes", normal(rng, 2, 1, 3, 2), normal(rng, 4, 1, 1, 1))
    yield Case("smallest sizes", normal(rng, 3, 4, 1, 1), normal(rng, 1, 4, 1, 1))
    yield Case("precision and memory", *(normal(rng, *s, dtype=np.float32) for s in [(2, 3, 4, 5), (4, 3, 1, 1)]))
    yield Case("precision and memory", strided(normal(rng, 2, 3, 3, 4)), fortran(normal(rng, 2, 3, 1, 1)))
    yield Case("precision and memory", fortran(normal(rng, 2, 2, 5, 3)), readonly(normal(rng, 3, 2, 1, 1)))


def matrix(weight):
    """(C_out, C_in)."""
    return weight[:, :, 0, 0]


def reshaped_input(input, weight):
    """Wrong answer: cuts the memory into rows of C_in numbers, whatever they are."""
    n, c, h, w = input.shape
    return (input.reshape(n * h * w, c) @ matrix(weight).T).reshape(n, h, w, -1).transpose(0, 3, 1, 2)


def reshaped_output(input, weight):
    """Wrong answer: (N, H, W, C_out) reshaped to (N, C_out, H, W)."""
    n, _, h, w = input.shape
    return (input.transpose(0, 2, 3, 1) @ matrix(weight).T).reshape(n, -1, h, w)


def reshaped_both(input, weight):
    """Wrong answer: the two mistakes above together."""
    n, c, h, w = input.shape
    return (input.reshape(n * h * w, c) @ matrix(weight).T).reshape(n, -1, h, w)


def batch_in_pixels(input, weight):
    """Wrong answer: (C_in, everything else), which mixes images and channels."""
    n, c, h, w = input.shape
    return (matrix(weight) @ input.reshape(c, n * h * w)).reshape(n, -1, h, w)


def elementwise(input, weight):
    """Wrong answer: one weight for each channel, no sum."""
    c_out, c_in = weight.shape[:2]
    return input[:, np.arange(c_out) % c_in] * matrix(weight)[np.arange(c_out), np.arange(c_out) % c_in][:, None, None]


mistakes = [
    Mistake(
        "transposes-weight",
        lambda input, weight: np.einsum("co,nchw->nohw", matrix(weight), input),
        "You take the weight as (C_in, C_out). Its first axis counts the outputs: output o is the sum of "
        "weight[o, c] · input[c]. With as many inputs as outputs nothing complains.",
    ),
    Mistake(
        "reshapes-input",
        reshaped_input,
        "`reshape` keeps the order in memory, so your rows hold neighbouring *pixels* instead of one pixel's "
        "channels. Move the channel axis with `transpose` first.",
        "01#Which axis comes first",
    ),
    Mistake(
        "reshapes-output",
        reshaped_output,
        "The product is right, (N, H, W, C_out). To bring the channels to the front use `transpose`: `reshape` "
        "mixes pixels.",
        "01#Which axis comes first",
    ),
    Mistake(
        "reshapes-both",
        reshaped_both,
        "`reshape` keeps the order in memory: your rows hold neighbouring pixels instead of one pixel's channels. "
        "Move the channel axis with `transpose`, before and after the product.",
        "01#Which axis comes first",
    ),
    Mistake(
        "reshapes-batch-away",
        batch_in_pixels,
        "`reshape(C, -1)` of an (N, C, H, W) array mixes images and channels where N > 1. Keep the batch axis: "
        "`reshape(N, C, H * W)`.",
        "01#Which axis comes first",
    ),
    Mistake(
        "channels-last",
        lambda input, weight: input.transpose(0, 2, 3, 1) @ matrix(weight).T,
        "Your output is (N, H, W, C_out). Wanted: (N, C_out, H, W).",
    ),
    Mistake(
        "forgets-sum",
        elementwise,
        "Each output channel sees one input channel only. A 1×1 convolution mixes all channels: sum over them.",
    ),
    Mistake(
        "averages-channels",
        lambda input, weight: conv1x1(input, weight) / input.shape[1],
        "You take the mean over the input channels. Wanted is their weighted sum.",
    ),
    Mistake(
        "one-filter-for-all",
        lambda input, weight: np.repeat(conv1x1(input, weight[:1]), len(weight), axis=1),
        "All output channels are made by the first filter. Output channel o belongs to weight[o].",
    ),
    Mistake(
        "first-channel-only",
        lambda input, weight: conv1x1(input[:, :1], weight[:, :1]),
        "Only the first input channel counts. Sum over all of them.",
    ),
    Mistake(
        "sums-weights-first",
        lambda input, weight: matrix(weight).sum(1)[:, None, None] * input.mean(1, keepdims=True),
        "You add up the weights before multiplying. Each channel has its own weight: multiply first, then add.",
    ),
    Mistake(
        "repeats-first-image",
        lambda input, weight: np.repeat(conv1x1(input[:1], weight), len(input), axis=0),
        "Every image gets the first one's result.",
    ),
    Mistake(
        "first-image-only",
        lambda input, weight: conv1x1(input[:1], weight),
        "Only the first image of the batch comes out.",
    ),
    Mistake(
        "swaps-height-and-width",
        lambda input, weight: conv1x1(input, weight).swapaxes(2, 3),
        "Height and width have changed places.",
    ),
    Mistake(
        "averages-pixels",
        lambda input, weight: conv1x1(input, weight).mean((2, 3), keepdims=True),
        "You average over the pixels. A 1×1 convolution leaves every pixel where it is.",
    ),
    Mistake(
        "applies-relu",
        lambda input, weight: np.maximum(conv1x1(input, weight), 0),
        "Negative values have become zero. ReLU is a layer of its own.",
    ),
    Mistake(
        "low-precision",
        lambda input, weight: conv1x1(input, weight).astype(np.float32),
        "float64 came in, and the sums were stored as float32. Create the output with the input's dtype.",
    ),
]

task = Task(
    "03.conv1x1",
    {"values": 1, "smallest sizes": 1, "precision and memory": 1},
    conv1x1,
    cases,
    mistakes,
    see="03#Groups, depthwise, 1×1: which channels meet",
    place=5,
)
