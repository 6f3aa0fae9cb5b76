"""What a convolutional layer costs, whatever the image's size."""

from cnncourse.checks.author import Call, Task

task = Task(see="02#How many parameters?")


def sides(kernel_size):
    """Height and width of a kernel given as an int or a pair."""
    return (kernel_size, kernel_size) if isinstance(kernel_size, int) else tuple(kernel_size)


@task.right
def conv_parameters(c_in, c_out, kernel_size, bias=True):
    """A weight for each entry of each filter, and a bias per filter."""
    k_h, k_w = sides(kernel_size)
    return c_out * (c_in * k_h * k_w) + (c_out if bias else 0)


def layers(rng, count):
    """(c_in, c_out) of drawn layers, never alike."""
    for _ in range(count):
        yield (int(n) for n in rng.choice(range(2, 70), 2, replace=False))


@task.criterion(1)
def square_kernels(rng):
    """Kernels with one side, K·K, from 1×1 to 11×11."""
    yield Call(3, 8, 5)
    yield Call(1, 1, 3)
    for c_in, c_out in layers(rng, 80):
        yield Call(c_in, c_out, int(rng.integers(1, 12)))


@task.criterion(1)
def pairs(rng):
    """kernel_size as a pair (K_h, K_w), with and without biases."""
    yield Call(3, 7, (4, 2), bias=False)
    yield Call(2, 11, (3, 5))
    for c_in, c_out in layers(rng, 80):
        kernel = tuple(int(k) for k in rng.choice(range(1, 10), 2, replace=False))
        yield Call(c_in, c_out, kernel, bool(rng.random() < 0.7))


@task.criterion(1)
def without_biases(rng):
    """bias=False, and bias=True said by name."""
    for c_in, c_out in layers(rng, 40):
        yield Call(c_in, c_out, int(rng.integers(1, 9)), bias=False)
        yield Call(c_in, c_out, int(rng.integers(1, 9)), bias=True)


task.options(conv_parameters, {
    "forgets-biases": ({"bias": False},
        "The weights are right. Unless `bias=False`, each filter has a bias too: c_out more."),
    "ignores-bias-argument": ({"bias": True}, "You count biases even where `bias=False`."),
    "forgets-input-channels": ({"c_in": 1}, "A filter reaches through all input channels: it has K·K·c_in weights."),
})  # fmt: skip


@task.mistake
def inverts_bias_argument(again, bias):
    """You count biases where there are none, and none where there are some: look at your `if`."""
    return again(bias=not bias)


def weights_and(again, bias, c_in, c_out, count):
    """The weights, and another number of biases."""
    return again(bias=False) + (count(c_in, c_out) if bias else 0)


task.options(weights_and, {
    "one-bias": ({"count": lambda c_in, c_out: 1},
        "You count one bias for the layer. Each of the c_out filters has its own."),
    "bias-per-input-channel": ({"count": lambda c_in, c_out: c_in},
        "A bias belongs to a filter, so there are c_out of them, not c_in."),
    "bias-per-kernel": ({"count": lambda c_in, c_out: c_in * c_out},
        "You count a bias for each pair of channels. The sums over the input channels are added first, then comes one "
        "bias per filter."),
})  # fmt: skip


@task.mistake
def bias_off_by_default(again, bias=False):
    """A call without `bias` should count biases: the default is `bias=True`."""
    return again(bias=bias)


@task.mistake
def bias_per_kernel_entry(again, c_in, bias):
    """You count the bias as one more input channel, with a weight at every place of the window. It is one number per
    filter."""
    return again(c_in=c_in + bool(bias), bias=False)


@task.mistake
def forgets_output_channels(right, c_in, c_out, kernel_size):
    """That is one filter's weights. There are c_out filters."""
    return right - conv_parameters(c_in, c_out - 1, kernel_size, bias=False)


@task.mistake
def forgets_square(again, kernel_size):
    """A kernel has two sides: K·K weights for each input channel, or K_h·K_w."""
    return again(kernel_size=(sides(kernel_size)[0], 1))


@task.mistake
def height_for_both_sides(again, kernel_size):
    """Of a pair (K_h, K_w) you use the first number twice."""
    return again(kernel_size=sides(kernel_size)[0])


@task.mistake
def adds_sides(again, kernel_size):
    """The kernel's sides are added. Its number of weights is their product."""
    return again(kernel_size=(sum(sides(kernel_size)), 1))


@task.mistake
def square_kernels_only(right, kernel_size):
    """`kernel_size` may be a pair (height, width) too."""
    return right + 0 * kernel_size**2


@task.mistake
def float_for_int(right):
    """The number is right, and it is a float. A count is a whole number: return an int."""
    return float(right)
