"""VGG's blocks and networks with one thing wrong, for the known mistakes; PyTorch is loaded when one is built."""

# slug: (options of `features`, explanation); for a block and a whole network alike
SHARED = {
    "no-relu": ({"relu": "never"}, "There is no ReLU. Without it, the convolutions in a row are one linear map."),
    "relu-once-a-block": ({"relu": "before-pool"}, "Only the last convolution before the pooling has a ReLU. Each "
        "one has."),
    "no-relu-before-pooling": ({"relu": "not-before-pool"}, "The last convolution before the pooling has no ReLU. "
        "Each one has."),
    "other-activation": ({"relu": "leaky"}, "The activation is not ReLU: negative values come through."),
    "no-padding": ({"padding": 0}, "The convolutions have no padding, so the map shrinks by 2 with each. With "
        "padding 1 a 3×3 convolution keeps the size."),
    "padding-reflected": ({"padding_mode": "reflect"}, "The border is padded with mirrored pixels. Here it is "
        "padded with zeros, PyTorch's default."),
    "no-pooling": ({"pool": "none"}, "The 2×2 max pooling is missing: the map keeps its size."),
    "average-pooling": ({"pool": "average"}, "The windows are averaged. VGG takes their maxima."),
    "strided-instead-of-pooling": ({"pool": "stride"}, "The last convolution has stride 2 in the place of the "
        "pooling. All convolutions have stride 1, and max pooling halves the map."),
    "overlapping-pooling": ({"pool": "overlap"}, "The pooling windows are 3×3 and overlap, as AlexNet's do. VGG's "
        "are 2×2, stride 2."),
    "pooling-stride-1": ({"pool": "slow"}, "The pooling window moves on by one pixel. Its stride is 2."),
    "pooling-rounds-up": ({"pool": "ceil"}, "Rows and columns that are left over get a window of their own "
        "(ceil_mode). By default they are dropped."),
    "batch-norm-added": ({"norm": True}, "There are batch norm layers. VGG is older than batch norm, and this task "
        "asks for none."),
    "no-bias": ({"bias": False}, "The convolutions have no bias. Without a batch norm behind them they need one."),
    "kernel-5": ({"kernel_size": 5}, "The kernels are 5×5. VGG's idea is 3×3 everywhere."),
    "dropout-added": ({"dropout": True}, "In training mode feature maps are dropped at random. The convolutional "
        "part has no dropout."),
}  # fmt: skip


def features(config, c_in, *, relu="each", padding=1, padding_mode="zeros", pool="max", norm=False, bias=True,
             kernel_size=3, dropout=False):  # fmt: skip
    """The layers of `config` (widths and "M"), as a list."""
    from torch import nn

    layers = []
    for i, width in enumerate(config):
        last = i + 1 < len(config) and config[i + 1] == "M"
        if width == "M":
            layers += _pooling(pool)
            continue
        pad = padding and kernel_size // 2
        step = 2 if pool == "stride" and last else 1
        layers.append(nn.Conv2d(c_in, width, kernel_size, step, pad, bias=bias, padding_mode=padding_mode))
        layers += [nn.BatchNorm2d(width)] if norm else []
        if {"each": True, "never": False, "before-pool": last, "not-before-pool": not last, "leaky": True}[relu]:
            layers.append(nn.LeakyReLU(0.1) if relu == "leaky" else nn.ReLU())
        layers += [nn.Dropout(0.3)] if dropout else []
        c_in = width
    return layers


def _pooling(kind):
    from torch import nn

    kinds = {
        "none": [], "stride": [], "max": [nn.MaxPool2d(2)], "average": [nn.AvgPool2d(2)],
        "overlap": [nn.MaxPool2d(3, 2, 1)], "slow": [nn.MaxPool2d(2, 1)], "ceil": [nn.MaxPool2d(2, ceil_mode=True)],
    }  # fmt: skip
    return kinds[kind]
