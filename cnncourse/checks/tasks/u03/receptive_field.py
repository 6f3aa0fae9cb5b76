"""How much of the input one output pixel sees."""

import math

from cnncourse.checks.author import Call, Task

task = Task(see="How far does a unit see?")


@task.right
def receptive_field(layers):
    """Each layer adds (K − 1) steps, and a step is as long as all earlier strides make it."""
    size, jump = 1, 1
    for kernel_size, stride in layers:
        size += (kernel_size - 1) * jump
        jump *= stride
    return size


def drawn(rng, largest_stride, count):
    """Networks of one to seven layers."""
    for _ in range(count):
        depth = int(rng.integers(1, 8))
        kernels, strides = rng.integers(1, 8, depth), rng.integers(1, largest_stride + 1, depth)
        yield Call([(int(K), int(S)) for K, S in zip(kernels, strides, strict=True)])


@task.criterion(1, "stride 1")
def stride_1(rng):
    """Layers with stride 1."""
    yield Call([(3, 1)])
    yield Call([(3, 1), (3, 1), (3, 1)])
    yield Call([(2, 1), (5, 1), (1, 1), (4, 1)])
    yield from drawn(rng, 1, 20)


@task.criterion(1)
def no_layers(rng):
    """An empty list, where an output is an input pixel, beside others, so that no constant is enough."""
    yield Call([])
    yield from drawn(rng, 1, 3)


@task.criterion(2)
def strides(rng):
    """Layers with strides, in the first, in the last, in all layers."""
    for layers in (
        [(3, 2), (3, 1)],
        [(7, 2), (3, 2), (3, 1), (3, 1), (3, 2), (5, 1)],
        [(5, 1), (2, 2), (5, 1), (2, 2)],
        [(4, 3), (1, 2), (6, 1)],
        [(2, 5)],
    ):
        yield Call(layers)
    yield from drawn(rng, 4, 40)


def stepwise(layers, grow, size=1, jump=1):
    """Go through the layers with grow(size, jump, K, S), which gives the next size and jump."""
    for kernel_size, stride in layers:
        size, jump = grow(size, jump, kernel_size, stride)
    return size


task.options(stepwise, {
    "ignores-strides": ({"grow": lambda r, j, K, S: (r + K - 1, 1)},
        "The strides are not used. After a stride of 2, neighbours of the next layer are 2 input pixels apart, so its "
        "kernel reaches twice as far."),
    "own-stride-first": ({"grow": lambda r, j, K, S: (r + (K - 1) * j * S, j * S)},
        "A layer's own stride moves its *output*; it does not widen its own kernel. Add (K − 1) · jump first, then "
        "multiply the jump."),
    "adds-strides": ({"grow": lambda r, j, K, S: (r + (K - 1) * j, j + S)},
        "The strides are added. Two layers of stride 2 move by 4 input pixels: they multiply."),
    "last-stride-only": ({"grow": lambda r, j, K, S: (r + (K - 1) * j, S)},
        "The jump is only the stride of the previous layer. It is the product of *all* strides before."),
    "own-stride-only": ({"grow": lambda r, j, K, S: (r + (K - 1) * S, 1)},
        "Each kernel is spread by its own layer's stride. What spreads it is the product of the strides *before* it."),
    "multiplies-size-by-stride": ({"grow": lambda r, j, K, S: (r * S + K - 1, 1)},
        "A stride does not multiply what is seen already; it spreads the kernels that come later. Keep a jump beside "
        "the size."),
    "adds-whole-kernels": ({"grow": lambda r, j, K, S: (r + K * j, j * S)},
        "Each layer adds K · jump in your sum. The windows of neighbours overlap: it adds (K − 1) · jump."),
    "starts-at-zero": ({"grow": lambda r, j, K, S: (r + (K - 1) * j, j * S), "size": 0},
        "You start from 0. With no layers an output is an input pixel: it sees 1."),
    "adds-kernels": ({"grow": lambda r, j, K, S: (r + K, 1), "size": 0},
        "The kernel sizes are added. The windows overlap: three 3×3 layers see 7 pixels, not 9."),
    "multiplies-kernels": ({"grow": lambda r, j, K, S: (r * K, 1)},
        "The kernel sizes are multiplied, as if windows did not overlap. Three 3×3 layers see 7 pixels, not 27."),
    "last-kernel-only": ({"grow": lambda r, j, K, S: (K, 1)},
        "That is what the last layer sees of the layer before it. Go on to the input."),
    "largest-kernel-only": ({"grow": lambda r, j, K, S: (max(r, K), 1)},
        "You take the largest kernel. Kernels that follow each other see further together: each adds (K − 1) · jump."),
})  # fmt: skip


@task.mistake
def reversed_order(again, layers):
    """That is the receptive field of the layers in reverse order. Going from the input on, as the list does, only
    *earlier* strides spread a kernel: keep a jump beside the size. The formula r ← (r − 1)·S + K belongs to a walk that
    starts at the last layer."""
    return again(layers=layers[::-1])


@task.mistake
def returns_jump(layers):
    """That is the jump, the distance of neighbouring outputs in the input. The receptive field is the size of what one
    output sees."""
    return math.prod(stride for _, stride in layers)


@task.mistake
def counts_area(right):
    """You count the pixels of the square. The task asks for the length of its side."""
    return right**2


@task.mistake
def needs_a_layer(layers):
    """With no layers there is no first one to start from. Start with size 1 and jump 1."""
    return receptive_field([layers[0], *layers[1:]])


@task.mistake
def changes_input(right, layers):
    """The list that was passed in is shorter after the call. Loop over it instead of taking layers out."""
    layers.clear()
    return right
