"""Multiply-adds of an ordinary convolution and of a depthwise separable one."""

from cnncourse.checks.author import Call, Task

task = Task(see="Depthwise separable convolution", names=("ordinary", "separable"))


@task.right
def separable_cost(c_in, c_out, kernel_size, h_out, w_out):
    """K²·C_in·C_out at each place; or K²·C_in for one kernel per channel and C_in·C_out for the 1×1 convolution."""
    places = h_out * w_out
    area = kernel_size**2
    return area * c_in * c_out * places, (area + c_out) * c_in * places


def layers(rng):
    """Layers of every size: one channel, one place, a kernel of one pixel, drawn ones."""
    yield Call(1, 1, 1, 1, 1)
    yield Call(32, 64, 3, 112, 112)
    yield Call(7, 7, 3, 5, 5)
    yield Call(c_in=1, c_out=12, kernel_size=5, h_out=9, w_out=4)
    yield Call(12, 1, 2, 3, 8)
    yield Call(6, 9, 1, 10, 3)
    for _ in range(40):
        yield Call(*(int(n) for n in rng.integers((2, 3, 2, 2, 32), (31, 70, 8, 32, 64))))


task.criterion(1, "ordinary")(layers)
task.criterion(2, "separable")(layers)


def counted(c_in, c_out, kernel_size, h_out, w_out, ordinary=None, separable=None):
    """One of the two numbers, or both, counted in another way: functions of C_in, C_out, K and the places."""
    numbers = c_in, c_out, kernel_size, h_out * w_out
    ordinary = ordinary or (lambda a, b, k, n: k * k * a * b * n)
    separable = separable or (lambda a, b, k, n: (k * k + b) * a * n)
    return ordinary(*numbers), separable(*numbers)


task.options(counted, {
    "depthwise-only": ({"separable": lambda a, b, k, n: k * k * a * n},
        "The separable number is the depthwise step's only. The 1×1 convolution, which mixes the channels, adds "
        "C_in·C_out at each place."),
    "pointwise-only": ({"separable": lambda a, b, k, n: a * b * n},
        "The separable number is the 1×1 convolution's only. The depthwise step adds K²·C_in at each place."),
    "steps-multiplied": ({"separable": lambda a, b, k, n: k * k * a * n * a * b * n},
        "The costs of the two steps are multiplied. One step comes after the other, so their costs add up."),
    "depthwise-reaches-all-channels": ({"separable": lambda a, b, k, n: (k * k * a * a + a * b) * n},
        "Each kernel of the first step reaches through all channels. A depthwise kernel sees one channel: K²·C_in."),
    "depthwise-on-the-outputs": ({"separable": lambda a, b, k, n: (k * k * b + a * b) * n},
        "The depthwise step is counted on C_out channels. It comes first, so it works on C_in channels."),
    "kernel-in-both-steps": ({"separable": lambda a, b, k, n: (k * k * a + k * k * a * b) * n},
        "The second step is counted with K×K kernels. Its kernels are 1×1: C_in·C_out at each place."),
    "one-kernel-for-all-channels": ({"separable": lambda a, b, k, n: (k * k + a * b) * n},
        "The depthwise step is counted for one channel. It has a kernel for each of the C_in channels."),
    "pointwise-at-one-place": ({"separable": lambda a, b, k, n: k * k * a * n + a * b},
        "The 1×1 convolution is counted at one place. It works at each of the h_out · w_out places."),
    "depthwise-at-one-place": ({"separable": lambda a, b, k, n: k * k * a + a * b * n},
        "The depthwise step is counted at one place. It works at each of the h_out · w_out places."),
    "separated-along-the-axes": ({"separable": lambda a, b, k, n: 2 * k * a * b * n},
        "That is a K×1 kernel after a 1×K kernel. Here space and channels are separated: a depthwise step, then 1×1."),
    "ordinary-without-inputs": ({"ordinary": lambda a, b, k, n: k * k * b * n},
        "An ordinary kernel reaches through all input channels: K²·C_in·C_out at each place."),
    "ordinary-without-outputs": ({"ordinary": lambda a, b, k, n: k * k * a * n},
        "The ordinary convolution is counted with one filter. It has C_out of them."),
    "counts-biases": ({"ordinary": lambda a, b, k, n: (k * k * a * b + b) * n,
                       "separable": lambda a, b, k, n: (k * k * a + a + a * b + b) * n},
        "The additions of biases are counted as well. The task asks for the multiply-adds of the weights."),
    "counts-multiply-and-add": ({"ordinary": lambda a, b, k, n: 2 * k * k * a * b * n,
                                 "separable": lambda a, b, k, n: 2 * (k * k + b) * a * n},
        "Multiplications and additions are counted one by one, as *flops* do. A multiply-add is one operation here."),
    "forgets-places": ({"ordinary": lambda a, b, k, n: k * k * a * b, "separable": lambda a, b, k, n: (k * k + b) * a},
        "Those are the numbers of weights. Each weight is used at every place of the output: times h_out · w_out."),
    "side-for-area": ({"ordinary": lambda a, b, k, n: k * a * b * n, "separable": lambda a, b, k, n: (k + b) * a * n},
        "A kernel has K · K places, not K."),
    "ratio-for-separable": ({"separable": lambda a, b, k, n: 1 / b + 1 / k**2},
        "The second number is the ratio of the two costs. The task asks for both costs themselves."),
})  # fmt: skip


@task.mistake
def height_for_both_sides(again, h_out):
    """You use h_out twice. The output has h_out · w_out places."""
    return again(w_out=h_out)


@task.mistake
def float_for_int(right):
    """The numbers are right, and floats: `/` makes them so. Counts are ints, use `//`."""
    return tuple(map(float, right))


@task.mistake
def separable_first(right):
    """Both are right, in the wrong order: the ordinary convolution comes first."""
    return right[::-1]
