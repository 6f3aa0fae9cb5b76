"""Down, up again, and skips across."""

from cnncourse.checks.modules import ModuleCall, images, module_task


def network(c_in, num_classes, width=16, depth=2, **options):
    """A U-Net with the options of `_torch_unet.Net`; loads PyTorch."""
    from cnncourse.checks.tasks.u19._torch_unet import Net

    return Net(c_in, num_classes, width, depth, **options)


def without_up_bias(c_in, num_classes, width=16, depth=2):
    """The transposed convolutions have no bias, which is right as well."""
    return network(c_in, num_classes, width, depth, up_bias=False)


def without_head_bias(c_in, num_classes, width=16, depth=2):
    """The head has no bias, which is right as well."""
    return network(c_in, num_classes, width, depth, head_bias=False)


def without_both(c_in, num_classes, width=16, depth=2):
    """Neither has one."""
    return network(c_in, num_classes, width, depth, up_bias=False, head_bias=False)


task = module_task(see="U-Net", alternatives=(without_up_bias, without_head_bias, without_both))


@task.right
def UNet(c_in, num_classes, width=16, depth=2):
    """Two 3×3 – ReLU on each level; 2×2 max pooling down, 2×2 transposed convolution up; skips in front; 1×1 head."""
    import torch
    from torch import nn

    def block(a, b):
        return nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.Conv2d(b, b, 3, padding=1), nn.ReLU())

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            c = [width * 2**level for level in range(depth + 1)]
            self.down = nn.ModuleList([block(*pair) for pair in zip([c_in, *c], c, strict=False)])
            self.up = nn.ModuleList([nn.ConvTranspose2d(2 * wide, wide, 2, 2) for wide in c[:depth]])
            self.back = nn.ModuleList([block(2 * wide, wide) for wide in c[:depth]])
            self.head = nn.Conv2d(width, num_classes, 1)

        def forward(self, x):
            skips = []
            for level in self.down[:depth]:
                skips.append(level(x))
                x = nn.functional.max_pool2d(skips[-1], 2)
            x = self.down[depth](x)
            for i in reversed(range(depth)):
                x = self.back[i](torch.cat([skips[i], self.up[i](x)], dim=1))
            return self.head(x)

    return Net()


@task.criterion(3)
def one_pooling(rng):
    """Depth 1, maps square and not, one picture and several, in both modes."""
    for training in (False, True):
        yield ModuleCall(2, 3, 3, 1, input=images(rng, 2, 2, 6, 4), training=training)
    yield ModuleCall(3, 1, width=2, depth=1, input=images(rng, 1, 3, 4, 4))


@task.criterion(4)
def two_poolings(rng):
    """Depth 2, in both modes."""
    for training in (False, True):
        yield ModuleCall(2, 4, width=2, input=images(rng, 2, 2, 8, 4), training=training)
    yield ModuleCall(1, 2, 3, 2, input=images(rng, 3, 1, 4, 8), training=True)
    yield ModuleCall(1, 2, input=images(rng, 1, 1, 4, 4))


@task.criterion(1)
def three_poolings(rng):
    """Depth 3."""
    yield ModuleCall(1, 2, 2, depth=3, input=images(rng, 1, 1, 8, 16), training=True)


task.options(network, {
    "all-zeros": ({"end": "zeros"}, "Every output is zero."),
    "no-skips": ({"skips": "none"}, "There are no skips: the fine maps never reach the way up."),
    "first-skip-only": ({"skips": "fine"}, "Only the finest level has a skip. Each level above the lowest has one."),
    "first-skip-missing": ({"skips": "coarse"}, "The finest level has no skip. It brings most of the edges."),
    "skip-behind": ({"join": "x-first"}, "The maps from below come first in the concatenation. The skip does."),
    "skips-added": ({"join": "sum"}, "The skips are added, as in ResNet. U-Net joins them along the channels."),
    "skips-detached": ({"join": "detached"}, "The outputs are right, but no gradient comes back through the skips: "
        "hand them on without detach()."),
    "no-relu": ({"relu": "none"}, "There is no ReLU. Each 3×3 convolution has one behind it."),
    "no-relu-between": ({"relu": "last"}, "The first of the two convolutions has no ReLU: the two are then one linear "
        "map."),
    "no-relu-at-the-end-of-a-level": ({"relu": "first"}, "The second of the two convolutions has no ReLU."),
    "no-relu-at-the-end-on-the-way-up": ({"relu": "first-up"}, "On the way up the second of the two convolutions "
        "has no ReLU."),
    "other-activation": ({"relu": "leaky"}, "The activation is not ReLU: negative values come through."),
    "gelu": ({"relu": "gelu"}, "The activation is GELU. Here it is ReLU."),
    "elu": ({"relu": "elu"}, "The activation is ELU. Here it is ReLU."),
    "silu": ({"relu": "silu"}, "The activation is SiLU (Swish). Here it is ReLU."),
    "relu-after-upsampling": ({"up_relu": True}, "There is a ReLU behind the transposed convolution. There is none."),
    "no-bias": ({"bias": False}, "The 3×3 convolutions have no bias. Without a batch norm behind them they need one."),
    "batch-norm-added": ({"norm": True}, "There are batch norm layers. The network of 2015 has none."),
    "dropout-added": ({"dropout": True}, "In training mode values are dropped at random. There is no dropout here."),
    "one-convolution-a-level": ({"convs": 1}, "Each level has one convolution. It has two."),
    "three-convolutions-a-level": ({"convs": 3}, "Each level has three convolutions. It has two."),
    "kernel-5": ({"kernel": 5}, "The kernels are 5×5. They are 3×3."),
    "padding-reflected": ({"mode": "replicate"}, "The convolutions repeat the edge of the map. They are padded with "
        "zeros."),
    "widths-constant": ({"widths": "same"}, "All levels are equally wide. The width doubles with each pooling."),
    "widths-linear": ({"widths": "linear"}, "The width grows by the same number with each pooling. It doubles."),
    "average-pooling": ({"pool": "average"}, "The way down takes means. It takes maxima."),
    "overlapping-pooling": ({"pool": "overlapping"}, "The pooling windows are 3×3 and overlap. They are 2×2."),
    "resized-and-convolved-1x1": ({"up": "resized-1"}, "The maps are resized, and a 1×1 convolution follows. Here the "
        "way up is a 2×2 transposed convolution with stride 2."),
    "repeated-and-convolved": ({"up": "nearest"}, "Pixels are repeated, and a 1×1 convolution follows. Here the way up "
        "is a 2×2 transposed convolution with stride 2."),
    "resized-and-convolved": ({"up": "resized-3"}, "The maps are resized, and a 3×3 convolution follows. Here the way "
        "up is a 2×2 transposed convolution with stride 2."),
    "overlapping-upsampling": ({"up": "overlapping"}, "The transposed convolution is 4×4. It is 2×2, stride 2."),
    "head-3x3": ({"head": "three"}, "The head is a 3×3 convolution. It is 1×1."),
    "softmax-in-the-network": ({"end": "softmax"}, "The output is probabilities. Return logits: cross-entropy has the "
        "softmax in it."),
    "sigmoid-in-the-network": ({"end": "sigmoid"}, "The output has passed a sigmoid. Return logits."),
    "relu-on-logits": ({"end": "relu"}, "The logits pass a ReLU. They may be negative."),
    "a-level-too-few": ({"levels": -1}, "There is one level too few. `depth` counts the poolings: there are "
        "depth + 1 levels."),
    "a-level-too-many": ({"levels": 1}, "There is one level too many. `depth` counts the poolings, and the lowest "
        "level has none."),
})  # fmt: skip


@task.mistake
def two_classes_always(c_in, width, depth):
    """The network has two outputs whatever num_classes says."""
    return network(c_in, 2, width, depth)


@task.mistake
def width_always_16(c_in, num_classes, depth):
    """The first level has 16 channels, whatever `width` is."""
    return network(c_in, num_classes, 16, depth)


@task.mistake
def depth_always_2(c_in, num_classes, width):
    """There are two poolings, whatever `depth` is."""
    return network(c_in, num_classes, width, 2)
