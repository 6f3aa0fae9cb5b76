"""Task 03.conv_output_size: how many places a window has."""

import math

from cnncourse.checks.task import Case, Mistake, Task


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    """Right answer: ⌊(I + 2P − D(K − 1) − 1) / S⌋ + 1."""
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


def cases(rng):
    """Sizes that divide and that do not; each number alone, then all together."""
    yield Case("plain", 28, 5)
    yield Case("plain", int(rng.integers(8, 60)), int(rng.integers(2, 8)))
    yield Case("plain", 7, 7)
    yield Case("plain", int(rng.integers(8, 60)), 1)
    yield Case("stride", 7, 3, stride=2)
    yield Case("stride", 8, 3, stride=2)
    yield Case("stride", 224, 11, stride=4)
    yield Case("stride", 10, 3, stride=3)
    yield Case("stride", int(rng.integers(20, 60)), int(rng.integers(2, 6)), stride=int(rng.integers(3, 7)))
    yield Case("stride", 5, 5, stride=3)
    yield Case("padding", 32, 5, padding=2)
    yield Case("padding", int(rng.integers(9, 60)), int(rng.integers(2, 8)), padding=int(rng.integers(1, 6)))
    yield Case("padding", 2, 5, padding=3)
    yield Case("dilation", 20, 3, dilation=2)
    yield Case("dilation", int(rng.integers(40, 60)), int(rng.integers(2, 6)), dilation=int(rng.integers(3, 6)))
    yield Case("dilation", 9, 3, dilation=4)
    yield Case("dilation", 12, 1, dilation=5)
    yield Case("everything together", 224, 7, stride=2, padding=3)
    yield Case("everything together", 23, 3, 2, 1, 3)
    yield Case("everything together", 31, 4, 3, 2, 2)
    numbers = (int(rng.integers(*ends)) for ends in [(40, 90), (2, 8), (2, 6), (1, 6), (2, 5)])
    yield Case("everything together", *numbers)


def places(size, kernel_size, stride=1, padding=0, dilation=1):
    """The numerator: how far the window can move."""
    return size + 2 * padding - dilation * (kernel_size - 1) - 1


def forgets(**fixed):
    """A wrong answer that does not use some of its arguments."""

    def answer(size, kernel_size, stride=1, padding=0, dilation=1):
        arguments = {"stride": stride, "padding": padding, "dilation": dilation} | fixed
        return conv_output_size(size, kernel_size, **arguments)

    return answer


def one_sided(size, kernel_size, stride=1, padding=0, dilation=1):
    """Wrong answer: P instead of 2P."""
    return (size + padding - dilation * (kernel_size - 1) - 1) // stride + 1


def dilates_whole_kernel(size, kernel_size, stride=1, padding=0, dilation=1):
    """Wrong answer: D·K instead of D(K − 1) + 1."""
    return (size + 2 * padding - dilation * kernel_size) // stride + 1


def zeros_between(size, kernel_size, stride=1, padding=0, dilation=1):
    """Wrong answer: D zeros between taps instead of D − 1."""
    return (size + 2 * padding - ((kernel_size - 1) * (dilation + 1) + 1)) // stride + 1


def adds_one_first(size, kernel_size, stride=1, padding=0, dilation=1):
    """Wrong answer: the + 1 stands inside the division."""
    return (places(size, kernel_size, 1, padding, dilation) + 1) // stride


def same_rule(size, kernel_size, stride=1, padding=0, dilation=1):
    """Wrong answer: the rule for "same" padding, whatever the padding is."""
    return size // stride


mistakes = [
    Mistake(
        "forgets-plus-one",
        lambda *args, **kwargs: conv_output_size(*args, **kwargs) - 1,
        "The fraction counts the *steps* that the window can make. Places are one more: the first needs no step.",
    ),
    Mistake(
        "adds-one-before-dividing",
        adds_one_first,
        "The + 1 stands inside your division. Count the steps first, (…) // S, then add the first place.",
    ),
    Mistake(
        "rounds-up",
        lambda size, kernel_size, stride=1, padding=0, dilation=1: (
            math.ceil(places(size, kernel_size, 1, padding, dilation) / stride) + 1
        ),
        "You round up, and count a place where the window would stick out. Round down: `//`.",
    ),
    Mistake(
        "rounds-to-nearest",
        lambda size, kernel_size, stride=1, padding=0, dilation=1: (
            round(places(size, kernel_size, 1, padding, dilation) / stride) + 1
        ),
        "You round to the nearest whole number, which may be one too many. Round down: `//`.",
    ),
    Mistake(
        "float-for-int",
        lambda size, kernel_size, stride=1, padding=0, dilation=1: (
            places(size, kernel_size, 1, padding, dilation) / stride + 1
        ),
        "`/` gives a float, and where the stride does not divide, not even a whole one. A size is an int: `//`.",
    ),
    Mistake(
        "pads-one-side",
        one_sided,
        "Padding is added on both sides: 2P, not P.",
    ),
    Mistake(
        "pads-twice",
        lambda size, kernel_size, stride=1, padding=0, dilation=1: (
            conv_output_size(size, kernel_size, stride, 2 * padding, dilation)
        ),
        "You add 4P. P pixels on each side make 2P.",
    ),
    Mistake("ignores-padding", forgets(padding=0), "The padding is not used: it makes the image 2P larger."),
    Mistake(
        "ignores-stride",
        forgets(stride=1),
        "The stride is not used: the window moves by S pixels at a time, so divide the number of steps by S.",
    ),
    Mistake(
        "ignores-dilation",
        forgets(dilation=1),
        "The dilation is not used: a kernel of K taps, D pixels apart, spans D(K − 1) + 1 pixels.",
    ),
    Mistake(
        "dilates-whole-kernel",
        dilates_whole_kernel,
        "You take the kernel's reach to be D·K. Between K taps are K − 1 gaps: it is D(K − 1) + 1.",
    ),
    Mistake(
        "counts-zeros-between-taps",
        zeros_between,
        "You put D pixels between neighbouring taps. Dilation D means a step of D from tap to tap, D − 1 pixels "
        "between.",
    ),
    Mistake(
        "swaps-stride-and-padding",
        lambda size, kernel_size, stride=1, padding=0, dilation=1: (
            places(size, kernel_size, 1, stride, dilation) // max(padding, 1) + 1
        ),
        "Stride and padding have changed places.",
    ),
    Mistake(
        "divides-size-by-stride",
        same_rule,
        "size // stride holds for one special padding and sizes that divide. In general count the places of the "
        "window.",
    ),
    Mistake(
        "one-place-too-many",
        lambda size, kernel_size, stride=1, padding=0, dilation=1: (
            (size + 2 * padding - dilation * (kernel_size - 1)) // stride + 1
        ),
        "One pixel too many: the first window already covers D(K − 1) + 1 pixels, so subtract that 1 as well.",
    ),
]

task = Task(
    "03.conv_output_size",
    {"plain": 1, "stride": 1, "padding": 1, "dilation": 1, "everything together": 1},
    conv_output_size,
    cases,
    mistakes,
    see="03#How many windows fit?",
    place=1,
)
