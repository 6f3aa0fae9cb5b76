"""Task 03.conv_cost: parameters and multiply-adds of a convolutional layer."""

from cnncourse.checks.task import Case, Mistake, Task


def conv_cost(c_in, c_out, kernel_size, h_out, w_out, groups=1):
    """Right answer: (parameters with biases, multiply-adds without)."""
    k_h, k_w = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    weights = c_out * (c_in // groups) * k_h * k_w
    return weights + c_out, weights * h_out * w_out


def layers(rng):
    """The lesson's layer, then drawn ones, with pairs and groups."""
    a, b, h, w = (int(n) for n in rng.integers(2, 30, 4))
    yield (3, 10, 5, 32, 32), {}
    yield (2 + a, 3 + b, 3, 1 + h, 31 + w), {}
    yield (1, 1, 1, 1, 1), {}
    yield (4 + a, 7 + b, (3, 5), 2 + h, 2 + w), {}
    yield (5, 3 + b, (4, 1), 7, 2 + w), {}
    yield (512, 512, 3, 1024, 1024), {}
    yield (2 * a, 6 * b, 3, 3 + h, 5 + w), {"groups": 2}
    yield (12, 24, (2, 3), 9, 4 + w), {"groups": 4}
    yield (3 + a, 3 + a, 5, 8, 7 + w), {"groups": 3 + a}


def cases(rng):
    """Every layer twice: once for each number."""
    for args, options in layers(rng):
        yield Case("parameters", *args, **options)
        yield Case("multiply-adds", *args, **options)


def changed(parameters=None, operations=None):
    """A wrong answer with one of the two numbers changed: function(right number, arguments) -> wrong number."""

    def answer(c_in, c_out, kernel_size, h_out, w_out, groups=1):
        p, m = conv_cost(c_in, c_out, kernel_size, h_out, w_out, groups)
        given = {"c_in": c_in, "c_out": c_out, "h": h_out, "w": w_out, "groups": groups, "weights": p - c_out}
        return (parameters(p, given) if parameters else p), (operations(m, given) if operations else m)

    return answer


def on_arguments(change):
    """A wrong answer that uses changed arguments."""

    def answer(c_in, c_out, kernel_size, h_out, w_out, groups=1):
        return conv_cost(*change(c_in, c_out, kernel_size, h_out, w_out, groups))

    return answer


def side(kernel_size):
    """The first side of a kernel."""
    return kernel_size if isinstance(kernel_size, int) else kernel_size[0]


mistakes = [
    Mistake(
        "forgets-biases",
        changed(lambda p, g: g["weights"]),
        "The biases are missing: one a filter, C_out in all.",
    ),
    Mistake(
        "one-bias",
        changed(lambda p, g: g["weights"] + 1),
        "You count one bias for the layer. Each filter has its own.",
    ),
    Mistake(
        "bias-per-input-channel",
        changed(lambda p, g: g["weights"] + g["c_in"]),
        "A bias belongs to a filter: C_out of them, not C_in.",
    ),
    Mistake(
        "counts-bias-additions",
        changed(None, lambda m, g: m + g["c_out"] * g["h"] * g["w"]),
        "You count adding the bias as well. The task asks for the multiply-adds of the weights alone.",
    ),
    Mistake(
        "counts-multiply-and-add",
        changed(None, lambda m, g: 2 * m),
        "You count multiplication and addition apart, as *flops* do. A multiply-add is one operation here.",
    ),
    Mistake(
        "ignores-groups",
        on_arguments(lambda c_in, c_out, k, h, w, groups: (c_in, c_out, k, h, w, 1)),
        "The groups are not used: each filter sees C_in / groups channels only.",
        "03#Groups, depthwise, 1×1: which channels meet",
    ),
    Mistake(
        "multiplies-by-groups",
        changed(lambda p, g: g["weights"] * g["groups"] ** 2 + g["c_out"], lambda m, g: m * g["groups"] ** 2),
        "Groups make a layer cheaper: divide by them.",
        "03#Groups, depthwise, 1×1: which channels meet",
    ),
    Mistake(
        "divides-by-groups-twice",
        changed(lambda p, g: g["weights"] // g["groups"] + g["c_out"], lambda m, g: m // g["groups"]),
        "You divide both C_in and C_out by the groups. There are still C_out filters; each sees C_in / groups "
        "channels.",
        "03#Groups, depthwise, 1×1: which channels meet",
    ),
    Mistake(
        "groups-in-parameters-only",
        changed(None, lambda m, g: m * g["groups"]),
        "The groups are used for the parameters and not for the multiply-adds. Each weight is used once at each place.",
        "03#Groups, depthwise, 1×1: which channels meet",
    ),
    Mistake(
        "divides-biases-by-groups",
        changed(lambda p, g: g["weights"] + g["c_out"] // g["groups"]),
        "The biases are divided by the groups as well. Every filter keeps its bias.",
        "03#Groups, depthwise, 1×1: which channels meet",
    ),
    Mistake(
        "forgets-input-channels",
        on_arguments(lambda c_in, c_out, k, h, w, groups: (1, c_out, k, h, w, 1)),
        "A filter reaches through C_in / groups channels: multiply by them.",
    ),
    Mistake(
        "forgets-input-channels-in-multiply-adds",
        changed(None, lambda m, g: m * g["groups"] // g["c_in"]),
        "The parameters are right; the multiply-adds count one input channel only. Each weight is used at each place.",
    ),
    Mistake(
        "forgets-positions",
        changed(None, lambda m, g: g["weights"]),
        "Each weight is used at every place of the output: multiply by h_out · w_out.",
    ),
    Mistake(
        "height-for-both-sides",
        on_arguments(lambda c_in, c_out, k, h, w, groups: (c_in, c_out, k, h, h, groups)),
        "You use h_out twice. The output has h_out · w_out places.",
    ),
    Mistake(
        "square-kernels-only",
        lambda c_in, c_out, kernel_size, h_out, w_out, groups=1: conv_cost(
            c_in, c_out, kernel_size + 0, h_out, w_out, groups
        ),
        "`kernel_size` may be a pair (height, width) too.",
    ),
    Mistake(
        "kernel-height-for-both",
        on_arguments(lambda c_in, c_out, k, h, w, groups: (c_in, c_out, side(k), h, w, groups)),
        "Of a pair (K_h, K_w) you use the first number twice.",
    ),
    Mistake(
        "forgets-square",
        on_arguments(lambda c_in, c_out, k, h, w, groups: (c_in, c_out, (side(k), 1), h, w, groups)),
        "A kernel has two sides: K·K weights for each channel.",
    ),
    Mistake(
        "float-for-int",
        changed(lambda p, g: float(p), lambda m, g: float(m)),
        "The numbers are right, and floats: `/` makes them so. Counts are ints, use `//`.",
    ),
    Mistake(
        "multiply-adds-first",
        lambda *args, **kwargs: conv_cost(*args, **kwargs)[::-1],
        "Both are right, in the wrong order: the parameters come first.",
    ),
]

task = Task(
    "03.conv_cost",
    {"parameters": 2, "multiply-adds": 2},
    conv_cost,
    cases,
    mistakes,
    names=("parameters", "multiply-adds"),
    see="03#What a layer costs",
    place=4,
)
