"""Task 01.conv_parameters: what a convolutional layer costs, whatever the image's size."""

from cnncourse.checks.task import Case, Mistake, Task


def sides(kernel_size):
    """Height and width of a kernel given as an int or a pair."""
    return (kernel_size, kernel_size) if isinstance(kernel_size, int) else tuple(kernel_size)


def conv_parameters(c_in, c_out, kernel_size, bias=True):
    """Right answer."""
    k_h, k_w = sides(kernel_size)
    return c_out * (c_in * k_h * k_w) + (c_out if bias else 0)


def cases(rng):
    """The lesson's layers, then drawn ones."""
    a, b, k = (int(n) for n in rng.integers(2, 9, 3))
    yield Case("square kernels", 3, 8, 5)
    yield Case("square kernels", 1, 1, 3)
    yield Case("square kernels", 3, 5, 8)
    yield Case("square kernels", 10 + a, 20 + b, 1)
    yield Case("square kernels", 10 + a, 20 + b, 1 + k)
    yield Case("pairs", 2 + a, 11 + b, (3, 5))
    yield Case("pairs", 12 + b, 2 + a, (1, 1 + k))
    yield Case("pairs", 3, 7, (4, 2), bias=False)
    yield Case("without biases", 3 + a, 14 + b, 3, bias=False)
    yield Case("without biases", 1, 6, 1 + k, bias=False)
    yield Case("without biases", 4, 9 + b, 2, bias=True)


def weights(c_in, c_out, kernel_size):
    """The weights alone."""
    return conv_parameters(c_in, c_out, kernel_size, bias=False)


mistakes = [
    Mistake(
        "forgets-biases",
        lambda c_in, c_out, kernel_size, bias=True: weights(c_in, c_out, kernel_size),
        "The weights are right. Unless `bias=False`, each filter has a bias too: c_out more.",
    ),
    Mistake(
        "ignores-bias-argument",
        lambda c_in, c_out, kernel_size, bias=True: conv_parameters(c_in, c_out, kernel_size),
        "You count biases even where `bias=False`.",
    ),
    Mistake(
        "inverts-bias-argument",
        lambda c_in, c_out, kernel_size, bias=True: conv_parameters(c_in, c_out, kernel_size, not bias),
        "You count biases where there are none, and none where there are some: look at your `if`.",
    ),
    Mistake(
        "bias-off-by-default",
        lambda c_in, c_out, kernel_size, bias=False: conv_parameters(c_in, c_out, kernel_size, bias),
        "A call without `bias` should count biases: the default is `bias=True`.",
    ),
    Mistake(
        "one-bias",
        lambda c_in, c_out, kernel_size, bias=True: weights(c_in, c_out, kernel_size) + int(bias),
        "You count one bias for the layer. Each of the c_out filters has its own.",
    ),
    Mistake(
        "bias-per-input-channel",
        lambda c_in, c_out, kernel_size, bias=True: weights(c_in, c_out, kernel_size) + (c_in if bias else 0),
        "A bias belongs to a filter, so there are c_out of them, not c_in.",
    ),
    Mistake(
        "bias-per-kernel",
        lambda c_in, c_out, kernel_size, bias=True: weights(c_in, c_out, kernel_size) + (c_in * c_out if bias else 0),
        "You count a bias for each pair of channels. The sums over the input channels are added first, then comes one "
        "bias a filter.",
    ),
    Mistake(
        "bias-per-kernel-entry",
        lambda c_in, c_out, kernel_size, bias=True: weights(c_in + bool(bias), c_out, kernel_size),
        "You count the bias as one more input channel, with a weight at every place of the window. It is one number a "
        "filter.",
    ),
    Mistake(
        "forgets-input-channels",
        lambda c_in, c_out, kernel_size, bias=True: conv_parameters(1, c_out, kernel_size, bias),
        "A filter reaches through all input channels: it has K·K·c_in weights.",
    ),
    Mistake(
        "forgets-output-channels",
        lambda c_in, c_out, kernel_size, bias=True: weights(c_in, 1, kernel_size) + (c_out if bias else 0),
        "That is one filter's weights. There are c_out filters.",
    ),
    Mistake(
        "forgets-square",
        lambda c_in, c_out, kernel_size, bias=True: conv_parameters(c_in, c_out, (sides(kernel_size)[0], 1), bias),
        "A kernel has two sides: K·K weights for each input channel, or K_h·K_w.",
    ),
    Mistake(
        "height-for-both-sides",
        lambda c_in, c_out, kernel_size, bias=True: conv_parameters(c_in, c_out, sides(kernel_size)[0], bias),
        "Of a pair (K_h, K_w) you use the first number twice.",
    ),
    Mistake(
        "adds-sides",
        lambda c_in, c_out, kernel_size, bias=True: conv_parameters(c_in, c_out, (sum(sides(kernel_size)), 1), bias),
        "The kernel's sides are added. Its number of weights is their product.",
    ),
    Mistake(
        "square-kernels-only",
        lambda c_in, c_out, kernel_size, bias=True: c_out * (c_in * kernel_size**2) + (c_out if bias else 0),
        "`kernel_size` may be a pair (height, width) too.",
    ),
    Mistake(
        "float-for-int",
        lambda c_in, c_out, kernel_size, bias=True: float(conv_parameters(c_in, c_out, kernel_size, bias)),
        "The number is right, and it is a float. A count is a whole number: return an int.",
    ),
]

task = Task(
    "01.conv_parameters",
    {"square kernels": 1, "pairs": 1, "without biases": 1},
    conv_parameters,
    cases,
    mistakes,
    see="02#How many parameters?",
    place=5,
)
