"""1×1, 3×3 and 1×1 convolution, and a shortcut."""

from cnncourse.checks.modules import ModuleCall, images, module_task
from cnncourse.checks.tasks.u14._blocks import SHARED, Block

task = module_task(see="Blocks: new shapes, and the bottleneck")


@task.right
def Bottleneck(c_in, planes, stride=1):
    """1×1 to `planes` channels, 3×3 with the stride, 1×1 to 4 · planes, each with BN; plus the shortcut."""
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.reduce = nn.Conv2d(c_in, planes, 1, bias=False)
            self.norm1 = nn.BatchNorm2d(planes)
            self.conv = nn.Conv2d(planes, planes, 3, stride, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(planes)
            self.expand = nn.Conv2d(planes, 4 * planes, 1, bias=False)
            self.norm3 = nn.BatchNorm2d(4 * planes)
            self.shortcut = nn.Sequential()
            if stride != 1 or c_in != 4 * planes:
                self.shortcut.append(nn.Conv2d(c_in, 4 * planes, 1, stride, bias=False))
                self.shortcut.append(nn.BatchNorm2d(4 * planes))

        def forward(self, x):
            y = self.norm1(self.reduce(x)).relu()
            y = self.norm2(self.conv(y)).relu()
            return (self.norm3(self.expand(y)) + self.shortcut(x)).relu()

    return Block()


@task.criterion(3)
def identity_shortcut(rng):
    """c_in is 4 · planes, and the input itself is added: maps of any size, in both modes."""
    for training in (True, False):
        yield ModuleCall(8, 2, input=images(rng, 2, 8, 5, 7), training=training)
    yield ModuleCall(12, 3, input=images(rng, 2, 12, 4, 4), training=True)
    yield ModuleCall(8, 2, input=images(rng, 1, 8, 3, 3))


@task.criterion(2)
def more_channels(rng):
    """The number of channels changes: the shortcut is 1×1 – BN, in both modes."""
    yield ModuleCall(3, 2, input=images(rng, 2, 3, 6, 5), training=True)
    yield ModuleCall(4, 4, stride=1, input=images(rng, 2, 4, 4, 5))
    yield ModuleCall(2, 2, input=images(rng, 1, 2, 4, 4))


@task.criterion(3)
def stride(rng):
    """A stride of 2, on maps of odd and even height and width, in both modes."""
    for training in (True, False):
        yield ModuleCall(5, 3, stride=2, input=images(rng, 2, 5, 7, 10), training=training)
    yield ModuleCall(8, 2, 2, input=images(rng, 2, 8, 9, 6), training=True)
    yield ModuleCall(3, 2, 2, input=images(rng, 2, 3, 8, 8), training=True)
    yield ModuleCall(4, 3, 2, input=images(rng, 1, 4, 6, 7))


def main_path(c_in, planes, strides, out=4, kernels=(1, 3, 1)):
    """The three convolutions, as `Block` takes them."""
    widths = [c_in, planes, planes, out * planes]
    return [(widths[i], widths[i + 1], kernels[i], strides[i]) for i in range(3)]


def block(c_in, planes, stride, **options):
    """A bottleneck with one thing wrong."""
    return Block(main_path(c_in, planes, (1, stride, 1)), stride, **options)


task.options(block, SHARED)


def path(c_in, planes, stride, out=4, kernels=(1, 3, 1), strided=1):
    """A bottleneck whose convolutions have another size, width or place of the stride."""
    strides = [stride if i == strided else 1 for i in range(3)]
    return Block(main_path(c_in, planes, strides, out, kernels), stride)


task.options(path, {
    "stride-on-first-convolution": ({"strided": 0}, "The first 1×1 convolution has the stride, and three quarters of "
        "the pixels are never looked at. Here the 3×3 convolution has it."),
    "stride-on-last-convolution": ({"strided": 2}, "The last 1×1 convolution has the stride. The 3×3 convolution has "
        "it: then the last one works on fewer places."),
    "does-not-expand": ({"out": 1}, "The last convolution gives `planes` channels. It expands to 4 · planes."),
    "expands-twofold": ({"out": 2}, "The last convolution gives 2 · planes channels. The factor is 4."),
    "all-convolutions-3x3": ({"kernels": (3, 3, 3)}, "All convolutions are 3×3. The first and the last are 1×1: they "
        "change the number of channels cheaply."),
})  # fmt: skip


@task.mistake
def planes_is_the_output(c_in, planes, stride):
    """`planes` is taken for the output's channels. It is the width of the narrow part; the output has 4 · planes."""
    narrow = max(planes // 4, 1)
    return Block([(c_in, narrow, 1, 1), (narrow, narrow, 3, stride), (narrow, planes, 1, 1)], stride)


@task.mistake
def basic_block(c_in, planes, stride):
    """That is a basic block, two 3×3 convolutions. A bottleneck has 1×1, 3×3 and 1×1."""
    return Block([(c_in, 4 * planes, 3, stride), (4 * planes, 4 * planes, 3, 1)], stride)
