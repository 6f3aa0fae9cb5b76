"""What a stack of equal convolutions holds."""

from cnncourse.checks.author import TORCH_ALLOWED, Call, Task

task = Task(see="Three 3×3 against one 7×7", banned=TORCH_ALLOWED, seconds=20.0)


@task.right
def stack_parameters(layers, kernel_size, channels):
    """L · K² · C²."""
    return layers * kernel_size**2 * channels**2


@task.criterion(1, "lesson's stacks")
def of_the_lesson(rng):
    """Three 3×3 convolutions and one 7×7, with drawn channels."""
    for channels in rng.integers(33, 64, 2):
        yield Call(3, 3, int(channels))
        yield Call(1, 7, int(channels))


@task.criterion(1)
def any_stack(rng):
    """Any number of layers, kernels of odd and even size, one channel, many channels."""
    yield Call(1, 1, int(rng.integers(3, 9)))
    yield Call(layers=4, kernel_size=2, channels=1)
    yield Call(2, 5, int(rng.integers(200, 300)))
    for channels in rng.integers(2, 40, 60):
        yield Call(int(rng.integers(1, 9)), int(rng.integers(1, 10)), int(channels))


def counted(layers, kernel_size, channels, count):
    """Another count of the same stack."""
    return count(layers, kernel_size, channels)


task.options(counted, {
    "counts-biases": ({"count": lambda L, K, C: L * (K**2 * C**2 + C)},
        "The biases are counted, too. Here only the weights count."),
    "channels-once": ({"count": lambda L, K, C: L * K**2 * C},
        "Each of the C filters reaches through all C input channels: K² · C · C weights a layer."),
    "one-layer": ({"count": lambda L, K, C: K**2 * C**2}, "That is one layer. There are `layers` of them."),
    "side-for-area": ({"count": lambda L, K, C: L * K * C**2}, "A kernel has K · K places, not K: square it."),
    "kernel-doubled": ({"count": lambda L, K, C: L * 2 * K * C**2}, "2K is not K²: a 3×3 kernel has 9 places."),
    "layers-as-a-power": ({"count": lambda L, K, C: (K**2 * C**2) ** L},
        "The layers' weights are multiplied with each other. They stand side by side: add them."),
    "channels-grow": ({"count": lambda L, K, C: sum(K**2 * C**2 * 4**i for i in range(L))},
        "The channels double from layer to layer. In this stack, every layer has C in and C out."),
    "counts-receptive-field": ({"count": lambda L, K, C: (L * (K - 1) + 1) ** 2 * C**2},
        "That is one kernel as large as the receptive field of the stack. The stack holds `layers` small kernels."),
    "channels-doubled": ({"count": lambda L, K, C: L * K**2 * 2 * C}, "C in and C out give C², not 2C, kernels."),
    "depthwise": ({"count": lambda L, K, C: L * (K**2 * C + C**2)},
        "That is a depthwise convolution and a 1×1 convolution. Here each kernel reaches through all channels."),
    "per-channel": ({"count": lambda L, K, C: L * K**2}, "The channels are left out."),
    "float-for-int": ({"count": lambda L, K, C: float(L * K**2 * C**2)},
        "The number is right, and it is a float. A count is a whole number: return an int."),
})  # fmt: skip
