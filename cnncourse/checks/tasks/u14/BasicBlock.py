"""Two 3×3 convolutions and a shortcut."""

from cnncourse.checks.modules import ModuleCall, images, module_task
from cnncourse.checks.tasks.u14._blocks import SHARED, Block

task = module_task(see="Blocks: new shapes, and the bottleneck")


@task.right
def BasicBlock(c_in, c_out, stride=1):
    """y = relu(BN(w₂ * relu(BN(w₁ * x))) + shortcut(x)); both convolutions are 3×3, the first one has the stride."""
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(c_out)
            self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(c_out)
            self.shortcut = nn.Sequential()
            if stride != 1 or c_in != c_out:
                self.shortcut.append(nn.Conv2d(c_in, c_out, 1, stride, bias=False))
                self.shortcut.append(nn.BatchNorm2d(c_out))

        def forward(self, x):
            y = self.norm1(self.conv1(x)).relu()
            return (self.norm2(self.conv2(y)) + self.shortcut(x)).relu()

    return Block()


@task.criterion(3)
def identity_shortcut(rng):
    """The shape stays, and the input itself is added: maps of any size, square or not, in both modes."""
    for training in (True, False):
        yield ModuleCall(4, 4, input=images(rng, 2, 4, 5, 7), training=training)
    yield ModuleCall(3, 3, stride=1, input=images(rng, 3, 3, 6, 4), training=True)
    yield ModuleCall(2, 2, input=images(rng, 3, 2, 4, 4), training=True)
    yield ModuleCall(3, 3, input=images(rng, 1, 3, 3, 3))
    yield ModuleCall(3, 3, input=images(rng, 8, 3, 1, 1))


@task.criterion(2)
def more_channels(rng):
    """The number of channels changes: the shortcut is 1×1 – BN, in both modes."""
    for training in (True, False):
        yield ModuleCall(3, 5, input=images(rng, 2, 3, 6, 5), training=training)
    yield ModuleCall(2, 3, input=images(rng, 3, 2, 4, 4), training=True)
    yield ModuleCall(5, 2, input=images(rng, 1, 5, 4, 7))


@task.criterion(3)
def stride(rng):
    """A stride of 2 or 3, on maps of odd and even height and width, in both modes."""
    for training in (True, False):
        yield ModuleCall(3, 6, stride=2, input=images(rng, 2, 3, 7, 10), training=training)
    yield ModuleCall(4, 4, 2, input=images(rng, 2, 4, 9, 6), training=True)
    yield ModuleCall(2, 4, 2, input=images(rng, 2, 2, 8, 8), training=True)
    yield ModuleCall(3, 3, 2, input=images(rng, 1, 3, 6, 7))
    yield ModuleCall(6, 4, stride=3, input=images(rng, 2, 6, 8, 10))


def block(c_in, c_out, stride, **options):
    """A basic block with one thing wrong."""
    return Block([(c_in, c_out, 3, stride), (c_out, c_out, 3, 1)], stride, **options)


task.options(block, SHARED)


@task.mistake
def stride_on_second_convolution(c_in, c_out, stride):
    """The second 3×3 convolution has the stride. It is the first that halves the map, so that the second works on fewer
    places already."""
    return Block([(c_in, c_out, 3, 1), (c_out, c_out, 3, stride)], stride)


@task.mistake
def stride_twice(c_in, c_out, stride):
    """Both 3×3 convolutions have the stride; then the map shrinks twice. Only the first has it."""
    return Block([(c_in, c_out, 3, stride), (c_out, c_out, 3, stride)], stride)


@task.mistake
def stride_ignored(c_in, c_out):
    """The stride is not used: the first 3×3 convolution and the shortcut's 1×1 have it."""
    return Block([(c_in, c_out, 3, 1), (c_out, c_out, 3, 1)], 1)


@task.mistake
def second_convolution_1x1(c_in, c_out, stride):
    """The second convolution is 1×1. Both of a basic block are 3×3."""
    return Block([(c_in, c_out, 3, stride), (c_out, c_out, 1, 1)], stride)


@task.mistake
def widens_in_the_second(c_in, c_out, stride):
    """The second convolution changes the number of channels. The first does, and the second keeps it."""
    return Block([(c_in, c_in, 3, stride), (c_in, c_out, 3, 1)], stride)


@task.mistake
def one_convolution(c_in, c_out, stride):
    """There is one convolution on the main path; a basic block has two."""
    return Block([(c_in, c_out, 3, stride)], stride)
