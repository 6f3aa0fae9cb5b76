"""AlexNet's convolutional part, right and with one thing wrong; PyTorch is loaded when one is built."""

WIDTHS = (96, 256, 384, 384, 256)


def features(groups, *, widths=WIDTHS, first=(11, 4, 0), kernels=(5, 3, 3, 3), padding=True, grouped=(1, 3, 4),
             pools=(0, 1, 4), pool="max", relu=(0, 1, 2, 3, 4), activation="ReLU", bias=True, extra=None,
             padding_mode="zeros"):  # fmt: skip
    """The layers in a row; `first` is kernel, stride and padding of the first convolution, `extra` a further layer."""
    from torch import nn

    pooling = {
        "max": lambda: nn.MaxPool2d(3, 2), "average": lambda: nn.AvgPool2d(3, 2),
        "padded": lambda: nn.MaxPool2d(3, 2, 1),
        "apart": lambda: nn.MaxPool2d(2, 2), "three": lambda: nn.MaxPool2d(3, 3),
    }  # fmt: skip
    further = {
        "lrn": lambda i: [nn.LocalResponseNorm(5, 5e-4, 0.75, 2.0)] if i < 2 else [],
        "norm": lambda i: [nn.BatchNorm2d(widths[i])], "dropout": lambda i: [nn.Dropout2d(0.3)] if i == 4 else [],
        "flatten": lambda i: [nn.Flatten()] if i == 4 else [],
    }  # fmt: skip
    layers, c_in = [], 3
    for i, width in enumerate(widths):
        K, S, P = first if i == 0 else (kernels[i - 1], 1, kernels[i - 1] // 2 if padding else 0)
        apart = groups if i in grouped else 1
        layers.append(nn.Conv2d(c_in, width, K, S, P, groups=apart, bias=bias, padding_mode=padding_mode))
        behind = [getattr(nn, activation)()] if i in relu else []
        more = further[extra](i) if extra and extra != "flatten" else []
        pooled = [pooling[pool]()] if i in pools else []
        layers += behind + more + pooled
        layers += further[extra](i) if extra == "flatten" else []
        c_in = width
    return nn.Sequential(*layers)


def side_by_side(groups, split=(1, 3, 4)):
    """The convolutions of `split` made of as many layers as there are groups, whose outputs are joined."""
    import torch
    from torch import nn

    class Columns(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers, c_in = nn.ModuleList(), 3
            for i, width in enumerate(WIDTHS):
                K, S, P = [(11, 4, 0), (5, 1, 2), (3, 1, 1), (3, 1, 1), (3, 1, 1)][i]
                apart = groups if i in split else 1
                sees = c_in if i in (0, 2) else c_in // apart
                self.layers.append(nn.ModuleList([nn.Conv2d(sees, width // apart, K, S, P) for _ in range(apart)]))
                c_in = width

        def forward(self, x):
            for i, convs in enumerate(self.layers):
                parts = [x] * len(convs) if i in (0, 2) else x.chunk(len(convs), 1)
                x = torch.cat([conv(part) for conv, part in zip(convs, parts, strict=True)], 1).relu()
                x = nn.functional.max_pool2d(x, 3, 2) if i in (0, 1, 4) else x
            return x

    return Columns()
