"""Task 03.receptive_field: how much of the input one output pixel sees."""

import math

from cnncourse.checks.task import Case, Mistake, Task


def receptive_field(layers):
    """Right answer: each layer adds (K − 1) steps, and a step is as long as all earlier strides make it."""
    size, jump = 1, 1
    for kernel_size, stride in layers:
        size += (kernel_size - 1) * jump
        jump *= stride
    return size


def cases(rng):
    """Without strides, with strides, and no layers at all."""

    def layers(count, largest_stride):
        return [(int(rng.integers(2, 8)), int(rng.integers(1, largest_stride + 1))) for _ in range(count)]

    yield Case("stride 1", [(3, 1)])
    yield Case("stride 1", [(3, 1), (3, 1), (3, 1)])
    yield Case("stride 1", [(2, 1), (5, 1), (1, 1), (4, 1)])
    yield Case("stride 1", layers(5, 1))
    yield Case("no layers", [])
    yield Case("strides", [(3, 2), (3, 1)])
    yield Case("strides", [(7, 2), (3, 2), (3, 1), (3, 1), (3, 2), (5, 1)])
    yield Case("strides", [(5, 1), (2, 2), (5, 1), (2, 2)])
    yield Case("strides", [(4, 3), (1, 2), (6, 1)])
    yield Case("strides", [(2, 5)])
    yield Case("strides", layers(4, 4) + [(3, 2), (4, 3)])
    yield Case("strides", [(2, 2)] + layers(3, 3))


def own_stride_first(layers):
    """Wrong answer: the layer's own stride is counted before its kernel."""
    size, jump = 1, 1
    for kernel_size, stride in layers:
        jump *= stride
        size += (kernel_size - 1) * jump
    return size


def adds_strides(layers):
    """Wrong answer: jump += stride."""
    size, jump = 1, 1
    for kernel_size, stride in layers:
        size += (kernel_size - 1) * jump
        jump += stride
    return size


def last_stride_only(layers):
    """Wrong answer: the jump is the previous layer's stride alone."""
    size, jump = 1, 1
    for kernel_size, stride in layers:
        size += (kernel_size - 1) * jump
        jump = stride
    return size


def grows_by_own_stride(layers):
    """Wrong answer: the formula for going backwards, used forwards and without its − 1."""
    size = 1
    for kernel_size, stride in layers:
        size = size * stride + kernel_size - 1
    return size


def whole_kernels(layers):
    """Wrong answer: K instead of K − 1."""
    size, jump = 1, 1
    for kernel_size, stride in layers:
        size += kernel_size * jump
        jump *= stride
    return size


def needs_a_layer(layers):
    """Wrong answer: starts from the first layer."""
    size, jump = layers[0][0], layers[0][1]
    for kernel_size, stride in layers[1:]:
        size += (kernel_size - 1) * jump
        jump *= stride
    return size


mistakes = [
    Mistake(
        "ignores-strides",
        lambda layers: 1 + sum(kernel_size - 1 for kernel_size, _ in layers),
        "The strides are not used. After a stride of 2, neighbours of the next layer are 2 input pixels apart, so its "
        "kernel reaches twice as far.",
    ),
    Mistake(
        "own-stride-first",
        own_stride_first,
        "A layer's own stride moves its *output*; it does not widen its own kernel. Add (K − 1) · jump first, then "
        "multiply the jump.",
    ),
    Mistake(
        "reversed-order",
        lambda layers: receptive_field(layers[::-1]),
        "You start from the last layer. The list has the layer next to the input first; only earlier strides spread a "
        "kernel.",
    ),
    Mistake(
        "adds-strides",
        adds_strides,
        "The strides are added. Two layers of stride 2 move by 4 input pixels: they multiply.",
    ),
    Mistake(
        "last-stride-only",
        last_stride_only,
        "The jump is the stride of the layer before alone. It is the product of *all* strides before.",
    ),
    Mistake(
        "own-stride-only",
        lambda layers: 1 + sum((kernel_size - 1) * stride for kernel_size, stride in layers),
        "Each kernel is spread by its own layer's stride. What spreads it is the product of the strides *before* it.",
    ),
    Mistake(
        "multiplies-size-by-stride",
        grows_by_own_stride,
        "A stride does not multiply what is seen already; it spreads the kernels that come later. Keep a jump "
        "beside the size.",
    ),
    Mistake(
        "largest-kernel-only",
        lambda layers: max([kernel_size for kernel_size, _ in layers], default=1),
        "You take the largest kernel. Kernels that follow each other see further together: each adds (K − 1) · jump.",
    ),
    Mistake(
        "starts-at-zero",
        lambda layers: receptive_field(layers) - 1,
        "You start from 0. With no layers an output is an input pixel: it sees 1.",
    ),
    Mistake(
        "adds-whole-kernels",
        whole_kernels,
        "Each layer adds K · jump in your sum. The windows of neighbours overlap: it adds (K − 1) · jump.",
    ),
    Mistake(
        "adds-kernels",
        lambda layers: sum(kernel_size for kernel_size, _ in layers),
        "The kernel sizes are added. The windows overlap: three 3×3 layers see 7 pixels, not 9.",
    ),
    Mistake(
        "multiplies-kernels",
        lambda layers: math.prod(kernel_size for kernel_size, _ in layers),
        "The kernel sizes are multiplied, as if windows did not overlap. Three 3×3 layers see 7 pixels, not 27.",
    ),
    Mistake(
        "last-kernel-only",
        lambda layers: layers[-1][0] if layers else 1,
        "That is what the last layer sees of the layer before it. Go on to the input.",
    ),
    Mistake(
        "returns-jump",
        lambda layers: math.prod(stride for _, stride in layers),
        "That is the jump, the distance of neighbouring outputs in the input. The receptive field is the size of "
        "what one output sees.",
    ),
    Mistake(
        "counts-area",
        lambda layers: receptive_field(layers) ** 2,
        "You count the pixels of the square. The task asks for the length of its side.",
    ),
    Mistake(
        "needs-a-layer",
        needs_a_layer,
        "With no layers there is no first one to start from. Start with size 1 and jump 1.",
    ),
    Mistake(
        "changes-input",
        lambda layers: (receptive_field(list(layers)), layers.clear())[0],
        "The list that was passed in is shorter after the call. Loop over it instead of taking layers out.",
    ),
]

task = Task(
    "03.receptive_field",
    {"stride 1": 1, "no layers": 1, "strides": 2},
    receptive_field,
    cases,
    mistakes,
    see="03#How far does a unit see?",
    place=3,
)
