"""Parameters and multiply-adds of an Inception block with reductions."""

from cnncourse.checks.author import Call, Task

task = Task(see="What the block costs", names=("parameters", "multiply-adds"))


@task.right
def inception_cost(c_in, c1, c3, c5, c_pool, height, width):
    """(parameters with biases, multiply-adds without); c3 and c5 are pairs (reduced, out)."""
    (r3, o3), (r5, o5) = c3, c5
    weights = c_in * (c1 + r3 + r5 + c_pool) + 9 * r3 * o3 + 25 * r5 * o5
    return weights + c1 + r3 + o3 + r5 + o5 + c_pool, weights * height * width


def blocks(rng):
    """GoogLeNet's first block, blocks of one channel, and drawn ones on maps high and wide."""
    yield Call(192, 64, (96, 128), (16, 32), 32, 28, 28)
    yield Call(1, 1, (1, 1), (1, 1), 1, 1, 1)
    for _ in range(30):
        c_in, c1, r3, o3, r5, o5, c_pool = (int(n) for n in rng.integers(2, 60, 7))
        height, width = (int(n) for n in rng.integers(3, 30, 2))
        yield Call(c_in, c1, (r3, o3), (r5, o5), c_pool, height, width)
    yield Call(c_in=8, c1=3, c3=(5, 7), c5=(2, 4), c_pool=6, height=9, width=12)


task.criterion(2, "parameters")(blocks)
task.criterion(2, "multiply-adds")(blocks)


def counted(c_in, c1, c3, c5, c_pool, height, width, parts=None, biases=None, places=None, more=None):
    """Right with the options as they are: `parts` are the weights of the six convolutions, by name."""
    (r3, o3), (r5, o5) = c3, c5
    weights = {"c1": c_in * c1, "r3": c_in * r3, "o3": 9 * r3 * o3, "r5": c_in * r5, "o5": 25 * r5 * o5,
               "pool": c_in * c_pool}  # fmt: skip
    given = {"c_in": c_in, "c1": c1, "r3": r3, "o3": o3, "r5": r5, "o5": o5, "c_pool": c_pool}
    weights |= parts(**given) if parts else {}
    total = sum(weights.values())
    offsets = biases(**given) if biases else c1 + r3 + o3 + r5 + o5 + c_pool
    operations = total * (places(height, width) if places else height * width)
    return total + offsets, operations + (more(c_in, offsets, height, width) if more else 0)


task.options(counted, {
    "forgets-biases": ({"biases": lambda **_: 0}, "The biases are missing: one per filter of each of the six "
        "convolutions."),
    "biases-of-the-output-only": ({"biases": lambda c1, o3, o5, c_pool, **_: c1 + o3 + o5 + c_pool},
        "Only the block's outputs have a bias. The filters of the two reductions have one each, too."),
    "one-bias-per-convolution": ({"biases": lambda **_: 6}, "Each convolution has one bias. Each *filter* has one."),
    "no-reductions": ({"parts": lambda c_in, o3, o5, **_: {"r3": 0, "r5": 0, "o3": 9 * c_in * o3, "o5": 25 * c_in * o5},
                       "biases": lambda c1, o3, o5, c_pool, **_: c1 + o3 + o5 + c_pool},
        "The 3×3 and 5×5 convolutions see all of c_in. They see what the reductions leave: c3[0] and c5[0] channels."),
    "reductions-not-counted": ({"parts": lambda **_: {"r3": 0, "r5": 0},
                                "biases": lambda c1, o3, o5, c_pool, **_: c1 + o3 + o5 + c_pool},
        "The two 1×1 convolutions that reduce are not counted."),
    "sees-all-and-reduces": ({"parts": lambda c_in, o3, o5, **_: {"o3": 9 * c_in * o3, "o5": 25 * c_in * o5}},
        "The reductions are counted, and the 3×3 and 5×5 convolutions see c_in channels all the same. They see c3[0] "
        "and c5[0]."),
    "pooling-branch-forgotten": ({"parts": lambda **_: {"pool": 0},
                                  "biases": lambda c1, r3, o3, r5, o5, **_: c1 + r3 + o3 + r5 + o5},
        "The 1×1 convolution behind the pooling is missing."),
    "first-branch-forgotten": ({"parts": lambda **_: {"c1": 0},
                                "biases": lambda r3, o3, r5, o5, c_pool, **_: r3 + o3 + r5 + o5 + c_pool},
        "The 1×1 convolution of the first branch is missing."),
    "pooling-branch-3x3": ({"parts": lambda c_in, c_pool, **_: {"pool": 9 * c_in * c_pool}},
        "The convolution behind the pooling is counted as 3×3. The pooling has this window; the convolution is 1×1."),
    "side-for-area": ({"parts": lambda r3, o3, r5, o5, **_: {"o3": 3 * r3 * o3, "o5": 5 * r5 * o5}},
        "A kernel of 3×3 has 9 places and one of 5×5 has 25: square the sides."),
    "three-for-five": ({"parts": lambda r5, o5, **_: {"o5": 9 * r5 * o5}},
        "The third branch is counted with 3×3 kernels. They are 5×5."),
    "two-threes-for-five": ({"parts": lambda r5, o5, **_: {"o5": 9 * r5 * o5 + 9 * o5 * o5},
                             "biases": lambda c1, r3, o3, r5, o5, c_pool, **_: c1 + r3 + o3 + r5 + 2 * o5 + c_pool},
        "Two 3×3 convolutions stand for the 5×5. That is a later version; here it is one 5×5."),
    "counts-bias-additions": ({"more": lambda c_in, offsets, H, W: offsets * H * W},
        "You count adding the biases among the multiply-adds. Only the weights count."),
    "counts-pooling": ({"more": lambda c_in, offsets, H, W: 9 * c_in * H * W},
        "You count the pooling's comparisons. It has no multiply-adds."),
    "counts-multiply-and-add": ({"places": lambda H, W: 2 * H * W},
        "You count multiplication and addition apart. A multiply-add is both at once."),
    "forgets-places": ({"places": lambda H, W: 1},
        "Each weight is used at every place: multiply by height · width."),
    "height-for-both-sides": ({"places": lambda H, W: H * H},
        "You use the height twice. There are height · width places."),
    "without-padding": ({"places": lambda H, W: (H - 2) * (W - 2)},
        "The map is taken to shrink. All branches are padded, so that their maps have the input's size."),
})  # fmt: skip


@task.mistake
def pairs_the_wrong_way_round(again, c3, c5):
    """c3 and c5 are read as (out, reduced). The first number is the reduction's."""
    return again(c3=c3[::-1], c5=c5[::-1])


@task.mistake
def multiply_adds_first(right):
    """Both are right, in the wrong order: the parameters come first."""
    return right[::-1]


@task.mistake
def float_for_int(right):
    """The numbers are right, and floats. Counts are whole numbers."""
    return tuple(float(n) for n in right)
