"""Task 12.stack_parameters: what a stack of equal convolutions holds."""

from cnncourse.checks.task import Case, Mistake, Task


def stack_parameters(layers, kernel_size, channels):
    """Right answer."""
    return layers * kernel_size**2 * channels**2


def cases(rng):
    """The two stacks of the lesson with drawn channels, others, and some whose count needs more than 32 bits."""
    wide = int(rng.integers(33, 64))
    yield Case("lesson's stacks", 3, 3, wide)
    yield Case("lesson's stacks", 1, 7, wide)
    for channels in rng.integers(5, 40, 4):
        yield Case("any stack", int(rng.integers(2, 6)), int(rng.integers(1, 5)) * 2 + 1, int(channels))
    yield Case("any stack", 1, 1, int(rng.integers(3, 9)))
    yield Case("any stack", layers=4, kernel_size=2, channels=1)
    yield Case("any stack", 50, 5, 4096 + int(rng.integers(9)))


def _counting(count):
    return lambda layers, kernel_size, channels: count(layers, kernel_size, channels)


task = Task(
    "12.stack_parameters",
    {"lesson's stacks": 1, "any stack": 1},
    stack_parameters,
    cases,
    [
        Mistake(
            "counts-biases",
            _counting(lambda L, K, C: L * (K**2 * C**2 + C)),
            "The biases are counted, too. Here only the weights count.",
        ),
        Mistake(
            "channels-once",
            _counting(lambda L, K, C: L * K**2 * C),
            "Each of the C filters reaches through all C input channels: K² · C · C weights a layer.",
        ),
        Mistake("one-layer", _counting(lambda L, K, C: K**2 * C**2), "That is one layer. There are `layers` of them."),
        Mistake(
            "side-for-area", _counting(lambda L, K, C: L * K * C**2), "A kernel has K · K places, not K: square it."
        ),
        Mistake(
            "kernel-doubled", _counting(lambda L, K, C: L * 2 * K * C**2), "2K is not K²: a 3×3 kernel has 9 places."
        ),
        Mistake(
            "layers-as-a-power",
            _counting(lambda L, K, C: (K**2 * C**2) ** L),
            "The layers' weights are multiplied with each other. They stand side by side: add them.",
        ),
        Mistake(
            "channels-grow",
            _counting(lambda L, K, C: sum(K**2 * C**2 * 4**i for i in range(L))),
            "The channels double from layer to layer. In this stack, every layer has C in and C out.",
        ),
        Mistake(
            "counts-receptive-field",
            _counting(lambda L, K, C: (L * (K - 1) + 1) ** 2 * C**2),
            "That is one kernel as large as the receptive field of the stack. The stack holds `layers` small kernels.",
        ),
        Mistake(
            "channels-doubled", _counting(lambda L, K, C: L * K**2 * 2 * C), "C in and C out give C², not 2C, kernels."
        ),
        Mistake(
            "depthwise",
            _counting(lambda L, K, C: L * (K**2 * C + C**2)),
            "That is a depthwise convolution and a 1×1 convolution. Here each kernel reaches through all channels.",
        ),
        Mistake("per-channel", _counting(lambda L, K, C: L * K**2), "The channels are left out."),
        Mistake(
            "float-for-int",
            _counting(lambda L, K, C: float(L * K**2 * C**2)),
            "The number is right, and it is a float. A count is a whole number: return an int.",
        ),
    ],
    see="12#Three 3×3 against one 7×7",
    place=1,
)
