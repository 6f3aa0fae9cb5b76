"""One place, seen at four sizes."""

from itertools import permutations

from cnncourse.checks.modules import ModuleCall, images, module_task


def joint(order):
    """The constructor of a right block whose 1×1 layers of the input named in `order` are one layer."""

    def build(c_in, c1, c3, c5, c_pool):
        from cnncourse.checks.tasks.u13._branches import Joint

        return Joint(c_in, c1, c3, c5, c_pool, order)

    return build


ORDERS = [order for count in (2, 3) for order in permutations(("c1", "r3", "r5"), count)]
task = module_task(see="One place, seen at four sizes", alternatives=tuple(map(joint, ORDERS)))


@task.right
def Inception(c_in, c1, c3, c5, c_pool):
    """1×1; 1×1 then 3×3; 1×1 then 5×5; 3×3 max pooling then 1×1; each convolution with a ReLU; in this order."""
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.branches = nn.ModuleList([
                nn.Sequential(nn.Conv2d(c_in, c1, 1), nn.ReLU()),
                nn.Sequential(nn.Conv2d(c_in, c3[0], 1), nn.ReLU(), nn.Conv2d(*c3, 3, padding=1), nn.ReLU()),
                nn.Sequential(nn.Conv2d(c_in, c5[0], 1), nn.ReLU(), nn.Conv2d(*c5, 5, padding=2), nn.ReLU()),
                nn.Sequential(nn.MaxPool2d(3, 1, padding=1), nn.Conv2d(c_in, c_pool, 1), nn.ReLU()),
            ])  # fmt: skip

        def forward(self, x):
            return torch.cat([branch(x) for branch in self.branches], dim=1)

    return Block()


@task.criterion(4)
def different_widths(rng):
    """Branches of different widths, on maps of odd and even height and width, in both modes."""
    for training in (False, True):
        yield ModuleCall(4, 2, (3, 5), (2, 4), 6, input=images(rng, 2, 4, 7, 6), training=training)
    yield ModuleCall(3, 4, (2, 3), (5, 6), 1, input=images(rng, 1, 3, 8, 8), training=True)
    yield ModuleCall(5, 1, c3=(4, 2), c5=(1, 3), c_pool=2, input=images(rng, 3, 5, 5, 9))


@task.criterion(2)
def equal_widths(rng):
    """Branches or reductions as wide as each other and as the input, in both modes."""
    for training in (False, True):
        yield ModuleCall(3, 3, (2, 3), (2, 4), 3, input=images(rng, 2, 3, 6, 5), training=training)
    yield ModuleCall(4, 4, (4, 5), (3, 5), 2, input=images(rng, 4, 4, 5, 5))


@task.criterion(2)
def small_and_negative_maps(rng):
    """Maps smaller than the kernels, of one pixel, and with negative values only, in both modes."""
    yield ModuleCall(3, 2, (4, 3), (3, 2), 5, input=-abs(images(rng, 2, 3, 4, 5)) - 1)
    yield ModuleCall(2, 3, (2, 4), (3, 1), 2, input=images(rng, 5, 2, 1, 1), training=True)
    yield ModuleCall(4, 3, (2, 1), (4, 2), 3, input=images(rng, 3, 4, 2, 3))


def block(c_in, c1, c3, c5, c_pool, **options):
    """A block with one thing wrong."""
    from cnncourse.checks.tasks.u13._branches import Wrong

    return Wrong(c_in, c1, c3, c5, c_pool, **options)


def leaky(y):
    """Lets a tenth of negative values through."""
    return y.relu() - 0.1 * (-y).relu()


task.options(block, {
    "all-zeros": ({"join": "zeros"}, "Every output is zero."),
    "no-relu": ({"relu": "none"}, "There is no ReLU. Each convolution has one behind it, the reductions too."),
    "no-relu-in-reductions": ({"relu": "ends"}, "The reductions have no ReLU. Two convolutions in a row without one "
        "are a single convolution."),
    "no-relu-at-the-ends": ({"relu": "reductions"}, "Only the reductions have a ReLU. The last convolution of each "
        "branch has one, too."),
    "no-relu-behind-the-pooling": ({"relu": "not pooling"}, "The fourth branch has no ReLU. The 1×1 convolution behind "
        "the pooling has one, too."),
    "other-activation": ({"activation": leaky}, "The activation is not ReLU: negative values come through."),
    "no-bias": ({"bias": False}, "The convolutions have no bias. Without a batch norm behind them they need one."),
    "batch-norm-added": ({"norm": True}, "There are batch norm layers. The first GoogLeNet has none."),
    "dropout-added": ({"dropout": True}, "In training mode values are dropped at random. The block has no dropout."),
    "three-for-five": ({"large": 3}, "The third branch ends in a 3×3 convolution, as torchvision's does by mistake. "
        "Here it is 5×5, padding 2."),
    "average-pooling": ({"pool": "average"}, "The fourth branch takes means. It takes maxima."),
    "pooling-padded-with-zeros": ({"pool": "zeros"}, "The pooling is padded with zeros, which win where all values are "
        "negative. nn.MaxPool2d(3, 1, padding=1) pads with −∞."),
    "pooling-missing": ({"pool": "none"}, "The fourth branch has no pooling in front of its convolution."),
    "pooling-2x2": ({"pool": "two"}, "The pooling's windows are 2×2. They are 3×3."),
    "pooling-5x5": ({"pool": "five"}, "The pooling's windows are 5×5. They are 3×3."),
    "pooling-strided": ({"pool": "strided"}, "The pooling halves the map. Its stride is 1, which must be said: "
        "nn.MaxPool2d(3) alone has stride 3."),
    "pools-last": ({"pool_last": True}, "The fourth branch has its convolution first. It pools first."),
    "no-reductions": ({"reduce": False}, "The 3×3 and 5×5 convolutions see the whole input. A 1×1 convolution reduces "
        "it to c3[0] or c5[0] channels first."),
    "reductions-3x3": ({"reduction": 3}, "The reductions are 3×3. They are 1×1, which is what makes them cheap."),
    "branches-in-a-chain": ({"chain": True}, "The 5×5 convolution sees the output of the 3×3. Each branch starts from "
        "the block's input."),
    "adds-the-branches": ({"join": "sum"}, "The branches are added. They are joined along the channels: torch.cat."),
    "no-padding": ({"pad": False}, "The convolutions are not padded, and the branches' maps do not fit together. 3×3 "
        "has padding 1, 5×5 has 2."),
    "padding-reflected": ({"mode": "replicate"}, "The convolutions repeat the edge of the map. They are padded with "
        "zeros."),
    "five-before-three": ({"order": (0, 2, 1, 3)}, "The 5×5 branch comes before the 3×3. The order is 1×1, 3×3, 5×5, "
        "pooling."),
    "pooling-first": ({"order": (3, 0, 1, 2)}, "The pooling branch comes first. It comes last."),
    "pooling-before-five": ({"order": (0, 1, 3, 2)}, "The pooling branch comes before the 5×5. It comes last."),
    "order-reversed": ({"order": (3, 2, 1, 0)}, "The branches are in the reverse order: pooling comes last."),
})  # fmt: skip


@task.mistake
def pairs_the_wrong_way_round(c_in, c1, c3, c5, c_pool):
    """c3 and c5 are read as (out, reduced). The first number is the reduction's."""
    return block(c_in, c1, c3[::-1], c5[::-1], c_pool)
