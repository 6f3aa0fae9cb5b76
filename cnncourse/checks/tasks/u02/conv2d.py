"""Task 02.conv2d: batches, channels, filters, biases; stride 1 and no padding."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task


def conv2d(input, weight, bias=None):
    """Right answer: one matrix product over the channels for each kernel entry."""
    n, _, height, width = input.shape
    c_out, _, k_h, k_w = weight.shape
    h_out, w_out = height - k_h + 1, width - k_w + 1
    output = np.zeros((n, c_out, h_out, w_out), dtype=input.dtype)
    for i in range(k_h):
        for j in range(k_w):
            output += np.einsum("oc,nchw->nohw", weight[:, :, i, j], input[:, :, i : i + h_out, j : j + w_out])
    return output if bias is None else output + bias[:, None, None]


def cases(rng):
    """As many filters as channels, as columns, as images: where a wrong axis raises no error."""
    yield Case("one image, one filter", normal(rng, 1, 1, 5, 6), normal(rng, 1, 1, 3, 2))
    yield Case("one image, one filter", normal(rng, 1, 3, 4, 6), normal(rng, 1, 3, 3, 3))
    yield Case("one image, one filter", normal(rng, 1, 2, 3, 4), normal(rng, 1, 2, 3, 4))
    yield Case("batches and filters", normal(rng, 2, 3, 6, 5), normal(rng, 4, 3, 3, 3))
    yield Case("batches and filters", normal(rng, 3, 4, 5, 7), normal(rng, 4, 4, 2, 3))
    yield Case("batches and filters", normal(rng, 4, 1, 4, 4), normal(rng, 3, 1, 1, 1))
    yield Case("batches and filters", normal(rng, 2, 2, 5, 4), normal(rng, 5, 2, 4, 1))
    yield Case("bias", normal(rng, 2, 3, 4, 6), normal(rng, 4, 3, 3, 3), normal(rng, 4))
    yield Case("bias", normal(rng, 3, 2, 5, 5), normal(rng, 3, 2, 3, 3), normal(rng, 3))
    yield Case("bias", normal(rng, 2, 1, 3, 4), normal(rng, 1, 1, 2, 2), bias=normal(rng, 1))
    single = (normal(rng, *shape, dtype=np.float32) for shape in [(2, 3, 6, 5), (4, 3, 3, 2), (4,)])
    yield Case("precision and memory", *single)
    yield Case("precision and memory", strided(normal(rng, 2, 3, 5, 4)), fortran(normal(rng, 2, 3, 2, 3)))
    image, kernel = fortran(normal(rng, 2, 2, 5, 4)), readonly(normal(rng, 3, 2, 3, 3))
    yield Case("precision and memory", image, kernel, normal(rng, 3))


def add(output, bias, *shape):
    """Add a bias laid out along `shape`, where there is one."""
    return output if bias is None else output + bias.reshape(shape)


def depthwise(input, weight, bias=None):
    """Wrong answer: filter o sees input channel o only."""
    c_in = input.shape[1]
    parts = [conv2d(input[:, [o % c_in]], weight[[o]][:, [o % c_in]]) for o in range(len(weight))]
    return add(np.concatenate(parts, axis=1), bias, -1, 1, 1)


def bias_per_channel(input, weight, bias=None):
    """Wrong answer: the bias is inside the loop over input channels."""
    return conv2d(input, weight, None if bias is None else bias * input.shape[1])


def swapped_channels(input, weight, bias=None):
    """Wrong answer: takes the weight as (C_in, C_out, K_h, K_w)."""
    return conv2d(input, weight.transpose(1, 0, 2, 3), bias)


def truth_value(input, weight, bias=None):
    """Wrong answer: asks an array whether it is true."""
    return conv2d(input, weight) + bias[:, None, None] if bias else conv2d(input, weight)


def square_windows(input, weight, bias=None):
    """Wrong answer: windows of the kernel's height in both directions."""
    side = weight.shape[2]
    h_out, w_out = input.shape[2] - side + 1, input.shape[3] - side + 1
    output = np.zeros((len(input), len(weight), h_out, w_out), dtype=input.dtype)
    for n, o, i, j in np.ndindex(output.shape):
        output[n, o, i, j] = (input[n, :, i : i + side, j : j + side] * weight[o]).sum()
    return add(output, bias, -1, 1, 1)


def around(weight):
    """How many zeros keep the size, (before, after) for height and width."""
    return [((k - 1) // 2, k - 1 - (k - 1) // 2) for k in weight.shape[2:]]


mistakes = [
    Mistake(
        "flips-kernel",
        lambda input, weight, bias=None: conv2d(input, weight[:, :, ::-1, ::-1], bias),
        "You computed true convolution. What deep learning calls convolution is cross-correlation: the kernel is "
        "laid on as it is.",
        "02#Cross-correlation and convolution",
    ),
    Mistake(
        "transposes-kernel",
        lambda input, weight, bias=None: conv2d(input, weight.transpose(0, 1, 3, 2), bias),
        "Rows and columns of the kernel have changed places.",
        "02#The sliding window, by hand",
    ),
    Mistake(
        "forgets-bias",
        lambda input, weight, bias=None: conv2d(input, weight),
        "The bias is never added. Each filter adds its own number to every place of its output map.",
    ),
    Mistake(
        "bias-along-width",
        lambda input, weight, bias=None: add(conv2d(input, weight), bias, -1),
        "NumPy lines up shapes from the right, so a bias of shape (C_out,) lands on the *width*. Give it the shape "
        "(C_out, 1, 1).",
    ),
    Mistake(
        "bias-along-height",
        lambda input, weight, bias=None: add(conv2d(input, weight), bias, -1, 1),
        "A bias of shape (C_out, 1) lands on the height. Give it the shape (C_out, 1, 1).",
    ),
    Mistake(
        "bias-along-batch",
        lambda input, weight, bias=None: add(conv2d(input, weight), bias, -1, 1, 1, 1),
        "A bias of shape (C_out, 1, 1, 1) lands on the batch. Give it the shape (C_out, 1, 1).",
    ),
    Mistake("bias-per-input-channel", bias_per_channel,
            "The bias is added once for each input channel. Add it once, after the sum over the channels."),
    Mistake(
        "one-bias-for-all",
        lambda input, weight, bias=None: conv2d(input, weight) + (0 if bias is None else bias[0]),
        "All output channels get the first filter's bias. Output channel o gets bias[o].",
    ),
    Mistake(
        "adds-up-biases",
        lambda input, weight, bias=None: conv2d(input, weight) + (0 if bias is None else bias.sum()),
        "All biases are added everywhere. Output channel o gets bias[o] alone.",
    ),
    Mistake(
        "multiplies-by-bias",
        lambda input, weight, bias=None: conv2d(input, weight) * (1 if bias is None else bias[:, None, None]),
        "You multiply by the bias. It is added.",
    ),
    Mistake(
        "subtracts-bias",
        lambda input, weight, bias=None: conv2d(input, weight, None if bias is None else -bias),
        "The bias is subtracted; it is added.",
    ),
    Mistake(
        "bias-required",
        lambda input, weight, bias=None: conv2d(input, weight) + bias[:, None, None],
        "`bias=None` means that there is none; your function uses it all the same.",
    ),
    Mistake("bias-truth-value", truth_value,
            "`if bias:` asks whether an array is true, which NumPy refuses for more than one number, and a bias of "
            "zero counts as no bias. Ask `if bias is not None:`."),
    Mistake(
        "first-channel-only",
        lambda input, weight, bias=None: conv2d(input[:, :1], weight[:, :1], bias),
        "Only the first input channel counts. A filter reaches through all channels, and adds up what they give.",
    ),
    Mistake(
        "last-channel-only",
        lambda input, weight, bias=None: conv2d(input[:, -1:], weight[:, -1:], bias),
        "Only the last input channel counts: each channel's result overwrites the one before. Add them up.",
    ),
    Mistake(
        "averages-channels",
        lambda input, weight, bias=None: add(conv2d(input, weight) / input.shape[1], bias, -1, 1, 1),
        "You take the mean over the input channels. The dot product is their sum.",
    ),
    Mistake("one-channel-per-filter", depthwise,
            "Each filter sees one input channel only. That is a depthwise convolution; here every filter sees all "
            "channels."),
    Mistake("swaps-weight-channels", swapped_channels,
            "The weight is (C_out, C_in, K_h, K_w): the first axis counts the filters. You take the second for it."),
    Mistake(
        "one-filter-for-all",
        lambda input, weight, bias=None: conv2d(input, np.repeat(weight[:1], len(weight), axis=0), bias),
        "All output channels are made by the first filter. Output channel o belongs to weight[o].",
    ),
    Mistake(
        "adds-up-filters",
        lambda input, weight, bias=None: conv2d(input, weight, bias).sum(axis=1, keepdims=True),
        "You add up over the filters. Each filter makes an output channel of its own.",
    ),
    Mistake(
        "first-image-only",
        lambda input, weight, bias=None: conv2d(input[:1], weight, bias),
        "Only the first image of the batch comes out.",
    ),
    Mistake(
        "repeats-first-image",
        lambda input, weight, bias=None: np.repeat(conv2d(input[:1], weight, bias), len(input), axis=0),
        "Every image gets the first one's result: look at which image the loop reads.",
    ),
    Mistake(
        "stops-too-early",
        lambda input, weight, bias=None: conv2d(input, weight, bias)[:, :, :-1, :-1],
        "The last row and column of places are missing: H − K_h + 1 and W − K_w + 1.",
        "02#The sliding window, by hand",
    ),
    Mistake(
        "square-kernels-only",
        square_windows,
        "You use the kernel's height for its width as well.",
        "02#The sliding window, by hand",
    ),
    Mistake(
        "same-size-output",
        lambda input, weight, bias=None: conv2d(np.pad(input, [(0, 0), (0, 0), *around(weight)]), weight, bias),
        "Your output has the size of the input, so the input was padded. This task wants no padding.",
        "02#The sliding window, by hand",
    ),
    Mistake(
        "channels-last",
        lambda input, weight, bias=None: conv2d(input, weight, bias).transpose(0, 2, 3, 1),
        "Your output is (N, H, W, C_out). Wanted: (N, C_out, H, W).",
    ),
    Mistake(
        "applies-relu",
        lambda input, weight, bias=None: np.maximum(conv2d(input, weight, bias), 0),
        "Negative values have become zero. ReLU is a layer of its own; here the plain sums are wanted.",
    ),
    Mistake(
        "low-precision",
        lambda input, weight, bias=None: conv2d(input.astype(np.float32), weight, bias).astype(np.float32),
        "float64 came in, and the sums were stored as float32. Create the output with the input's dtype.",
    ),
]


task = Task(
    "02.conv2d",
    {"one image, one filter": 1, "batches and filters": 2, "bias": 1, "precision and memory": 1},
    conv2d,
    cases,
    mistakes,
    see="02#Channels, filters, bias: the convolution layer",
    place=3,
)
