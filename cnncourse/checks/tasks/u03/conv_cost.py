"""Parameters and multiply-adds of a convolutional layer."""

from cnncourse.checks.author import Call, Task
from cnncourse.checks.families import pair

task = Task(see="What a layer costs", names=("parameters", "multiply-adds"))
GROUPS = "Groups, depthwise, 1×1: which channels meet"


@task.right
def conv_cost(c_in, c_out, kernel_size, h_out, w_out, groups=1):
    """(parameters with biases, multiply-adds without)."""
    k_h, k_w = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    weights = c_out * (c_in // groups) * k_h * k_w
    return weights + c_out, weights * h_out * w_out


def layers(rng):
    """Square kernels with and without groups: the lesson's layer, small and large ones, drawn ones."""
    yield Call(3, 10, 5, 32, 32)
    yield Call(1, 1, 1, 1, 1)
    yield Call(512, 512, 3, 1024, 1024)
    for _ in range(15):
        yield Call(*(int(n) for n in rng.integers((2, 3, 1, 2, 32), (32, 40, 8, 32, 64))))
    for groups in (2, 3, 4, 5):
        a, b, k, h, w = (int(n) for n in rng.integers((2, 2, 2, 2, 12), (9, 9, 6, 12, 24)))
        yield Call(a * groups, b * groups, k, h, w, groups=groups)
        yield Call(a * groups, a * groups, k, h, w, a * groups)
        yield Call(a, a * groups, 1, h, w, groups=a)
        yield Call(a, b, 1, h, w)


def oblong(rng):
    """Kernels given as a pair (height, width)."""
    for side in (1, 2, 3, 4):
        a, b, k, h, w = (int(n) for n in rng.integers((2, 2, 5, 2, 12), (9, 9, 9, 12, 24)))
        yield Call(a, b, (side, k), h, w)
        yield Call(4 * a, 4 * b, (k, side), h, w, groups=4)


task.criterion(1.5, "parameters")(layers)
task.criterion(1.5, "multiply-adds")(layers)
task.criterion(1, "pairs")(oblong)


def counted(right, c_in, c_out, h_out, w_out, groups, parameters=None, operations=None):
    """One of the two numbers, or both, changed; the changes look at c_in, c_out, h_out, w_out, groups and weights."""
    weights = right[0] - c_out
    known = {"weights": weights, "C_in": c_in, "C_out": c_out, "H": h_out, "W": w_out, "G": groups}
    changed = (known[n] if isinstance(n, str) else n(**known) if n else None for n in (parameters, operations))
    return tuple(old if new is None else new for old, new in zip(right, changed, strict=True))


task.options(counted, {
    "forgets-biases": ({"parameters": "weights"}, "The biases are missing: one per filter, C_out in all."),
    "one-bias": ({"parameters": lambda weights, **_: weights + 1},
        "You count one bias for the layer. Each filter has its own."),
    "bias-per-input-channel": ({"parameters": lambda weights, C_in, **_: weights + C_in},
        "A bias belongs to a filter: there are C_out of them, not C_in."),
    "counts-bias-additions": ({"operations": lambda weights, C_out, H, W, **_: (weights + C_out) * H * W},
        "You count adding the bias as well. The task asks only for the multiply-adds of the weights."),
    "counts-multiply-and-add": ({"operations": lambda weights, H, W, **_: 2 * weights * H * W},
        "You count multiplication and addition apart, as *flops* do. A multiply-add is one operation here."),
    "multiplies-by-groups": (
        {"parameters": lambda weights, G, C_out, **_: weights * G**2 + C_out,
         "operations": lambda weights, G, H, W, **_: weights * G**2 * H * W},
        "Groups make a layer cheaper: divide by them.", GROUPS),
    "divides-by-groups-twice": (
        {"parameters": lambda weights, G, C_out, **_: weights // G + C_out,
         "operations": lambda weights, G, H, W, **_: weights // G * H * W},
        "You divide both C_in and C_out by the groups. There are still C_out filters; each sees C_in / groups "
        "channels.", GROUPS),
    "groups-in-parameters-only": ({"operations": lambda weights, G, H, W, **_: weights * G * H * W},
        "The groups are used for the parameters and not for the multiply-adds. Each weight is used once at each place.",
        GROUPS),
    "groups-in-multiply-adds-only": ({"parameters": lambda weights, G, C_out, **_: weights * G + C_out},
        "The groups are used for the multiply-adds and not for the parameters. A filter holds weights for the C_in / "
        "groups channels of its group only.", GROUPS),
    "divides-biases-by-groups": ({"parameters": lambda weights, G, C_out, **_: weights + C_out // G},
        "The biases are divided by the groups as well. Every filter keeps its bias.", GROUPS),
    "forgets-input-channels-in-multiply-adds": (
        {"operations": lambda weights, G, C_in, H, W, **_: weights * G // C_in * H * W},
        "The parameters are right; the multiply-adds count one input channel only. Each weight is used at each place."),
    "forgets-positions": ({"operations": "weights"},
        "Each weight is used at every place of the output: multiply by h_out · w_out."),
})  # fmt: skip


task.options(conv_cost, {
    "ignores-groups": ({"groups": 1},
        "The groups are not used: each filter sees only C_in / groups channels.", GROUPS),
    "forgets-input-channels": ({"c_in": 1, "groups": 1},
        "A filter reaches through C_in / groups channels: multiply by them."),
})  # fmt: skip


@task.mistake
def height_for_both_sides(again, h_out):
    """You use h_out twice. The output has h_out · w_out places."""
    return again(w_out=h_out)


@task.mistake
def square_kernels_only(right, kernel_size):
    """`kernel_size` may be a pair (height, width) too."""
    return kernel_size + 0 and right


@task.mistake
def kernel_height_for_both(again, kernel_size):
    """Of a pair (K_h, K_w) you use the first number twice."""
    return again(kernel_size=pair(kernel_size)[0])


@task.mistake
def forgets_square(again, kernel_size):
    """A kernel has two sides: K·K weights for each channel."""
    return again(kernel_size=(pair(kernel_size)[0], 1))


@task.mistake
def float_for_int(right):
    """The numbers are right, and floats: `/` makes them so. Counts are ints, use `//`."""
    return tuple(float(n) for n in right)


@task.mistake
def multiply_adds_first(right):
    """Both are right, in the wrong order: the parameters come first."""
    return right[::-1]
