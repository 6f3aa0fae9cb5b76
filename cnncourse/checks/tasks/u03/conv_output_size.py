"""How many places a window has."""

import math

from cnncourse.checks.author import Call, Task

task = Task(see="How many windows fit?")


@task.right
def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    """⌊(I + 2P − D(K − 1) − 1) / S⌋ + 1."""
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


def drawn(rng, count, *, stride=(1, 2), padding=(0, 1), dilation=(1, 2)):
    """Calls with drawn numbers; each option is drawn from its (first, behind the last) and left out where fixed."""
    ranges = {"stride": stride, "padding": padding, "dilation": dilation}
    for _ in range(count):
        options = {name: int(rng.integers(*ends)) for name, ends in ranges.items() if ends[1] - ends[0] > 1}
        kernel_size = int(rng.integers(1, 8))
        reach = options.get("dilation", 1) * (kernel_size - 1) + 1
        smallest = max(1, reach - 2 * options.get("padding", 0))  # as small as the kernel just fits
        yield Call(smallest + int(rng.integers(0, 40)), kernel_size, **options)


@task.criterion(1)
def plain(rng):
    """Stride 1, no padding, no dilation, up to a kernel as large as the image."""
    yield Call(28, 5)
    yield Call(7, 7)
    yield Call(9, 1)
    yield from drawn(rng, 20)


@task.criterion(1)
def stride(rng):
    """Strides that divide the number of steps and strides that do not."""
    for size, kernel_size, step in ((7, 3, 2), (8, 3, 2), (224, 11, 4), (10, 3, 3), (5, 5, 3), (16, 2, 3)):
        yield Call(size, kernel_size, stride=step)
    yield from drawn(rng, 30, stride=(2, 8))


@task.criterion(1)
def padding(rng):
    """Padding on both sides, also around an image that is smaller than the kernel."""
    yield Call(32, 5, padding=2)
    yield Call(2, 5, padding=3)
    yield from drawn(rng, 30, padding=(1, 6))


@task.criterion(1)
def dilation(rng):
    """Taps that are several pixels apart."""
    for size, kernel_size, distance in ((20, 3, 2), (9, 3, 4), (12, 1, 5)):
        yield Call(size, kernel_size, dilation=distance)
    yield from drawn(rng, 30, dilation=(2, 6))


@task.criterion(1)
def everything_together(rng):
    """All numbers at once, also by position."""
    yield Call(224, 7, stride=2, padding=3)
    yield Call(23, 3, 2, 1, 3)
    yield Call(31, 4, 3, 2, 2)
    yield from drawn(rng, 60, stride=(1, 6), padding=(0, 6), dilation=(1, 5))


task.options(conv_output_size, {
    "ignores-padding": ({"padding": 0}, "The padding is not used: it makes the image 2P larger."),
    "ignores-stride": ({"stride": 1},
        "The stride is not used: the window moves by S pixels at a time, so divide the number of steps by S."),
    "ignores-dilation": ({"dilation": 1},
        "The dilation is not used: a kernel of K taps, D pixels apart, spans D(K − 1) + 1 pixels."),
})  # fmt: skip


def formula(size, kernel_size, stride, padding, dilation, *, pads=2, reach=lambda K, D: D * (K - 1) + 1,
            divide=lambda steps, S: steps // S + 1):  # fmt: skip
    """divide(I + pads·P − reach(K, D), S)."""
    return divide(size + pads * padding - reach(kernel_size, dilation), stride)


task.options(formula, {
    "forgets-plus-one": ({"divide": lambda steps, S: steps // S},
        "The fraction counts the *steps* that the window can make. Places are one more: the first needs no step."),
    "adds-one-before-dividing": ({"divide": lambda steps, S: (steps + 1) // S},
        "The + 1 is inside your division. Count the steps first, (…) // S, then add the first place."),
    "rounds-up": ({"divide": lambda steps, S: math.ceil(steps / S) + 1},
        "You round up, and count a place where the window would stick out. Round down: `//`."),
    "rounds-to-nearest": ({"divide": lambda steps, S: round(steps / S) + 1},
        "You round to the nearest whole number, which may be one too many. Round down: `//`."),
    "float-for-int": ({"divide": lambda steps, S: steps / S + 1},
        "`/` gives a float, and where the stride does not divide, not even a whole one. A size is an int: `//`."),
    "pads-one-side": ({"pads": 1}, "Padding is added on both sides: 2P, not P."),
    "pads-twice": ({"pads": 4}, "You add 4P. P pixels on each side make 2P."),
    "dilates-whole-kernel": ({"reach": lambda K, D: D * K},
        "You take the kernel's reach to be D·K. Between K taps are K − 1 gaps: it is D(K − 1) + 1."),
    "dilates-once": ({"reach": lambda K, D: K + D - 1},
        "You take the kernel's reach to be K + D − 1. *Each* of the K − 1 gaps is D wide: it is D(K − 1) + 1."),
    "counts-zeros-between-taps": ({"reach": lambda K, D: (D + (D > 1)) * (K - 1) + 1},
        "You put D pixels between neighbouring taps. Dilation D means a step of D from tap to tap, D − 1 pixels "
        "between."),
    "one-place-too-many": ({"reach": lambda K, D: D * (K - 1)},
        "One pixel too many: the first window already covers D(K − 1) + 1 pixels, so subtract that 1 as well."),
})  # fmt: skip


@task.mistake
def swaps_stride_and_padding(again, stride, padding):
    """Stride and padding have changed places."""
    return again(stride=padding or 1, padding=stride)


@task.mistake
def divides_size_by_stride(size, stride):
    """size // stride holds for one special padding and sizes that divide. In general count the places of the window."""
    return size // stride
