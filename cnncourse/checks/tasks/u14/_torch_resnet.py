"""ResNet-20, right and with one thing wrong; imported only when one is built."""

from torch import nn
from torch.nn import functional as F

from cnncourse.checks.tasks.u14._torch_blocks import NORMS


class SmallResNet(nn.Module):
    """A residual network for 32×32 images; the defaults are right."""

    def __init__(
        self, widths=(16, 32, 64), blocks=3, strides=(1, 2, 2, 2), stem_kernel=3, stem_stride=1, stem_pool=False,
        stem_relu=True, head="average", classes=10, dropout=False, **options,
    ):  # fmt: skip
        super().__init__()
        self.stem_pool, self.stem_relu, self.head = stem_pool, stem_relu, head
        bias, norm = not options.get("norms", True), _norm_of(options)
        self.stem = nn.Conv2d(3, widths[0], stem_kernel, stem_stride, stem_kernel // 2, bias=bias)
        self.norm = norm(widths[0])
        self.blocks, width = nn.ModuleList(), widths[0]
        for wider, stride in zip(widths, strides, strict=False):
            for i in range(blocks):
                self.blocks.append(SmallBlock(width, wider, stride if i == 0 else 1, **options))
                width = wider
        self.drop = nn.Dropout(0.2) if dropout else nn.Identity()
        self.linear = nn.Linear(width * (64 if head == "flatten" else 1), classes)

    def forward(self, x):
        y = self.norm(self.stem(x))
        y = y.relu() if self.stem_relu else y
        y = F.max_pool2d(y, 3, 2, 1) if self.stem_pool else y
        for block in self.blocks:
            y = block(y)
        pooled = {"max": lambda: y.amax((2, 3)), "flatten": lambda: y.flatten(1)}
        logits = self.linear(self.drop(pooled.get(self.head, lambda: y.mean((2, 3)))()))
        ends = {"softmax": lambda: logits.softmax(1), "relu": logits.relu, "zeros": lambda: logits * 0}
        return ends.get(self.head, lambda: logits)()


class SmallBlock(nn.Module):
    """A basic block with one of several shortcuts."""

    def __init__(
        self, c_in, c_out, stride, *, shortcut="zeros-behind", norm="right", norms=True, stride_on=0, last_relu=True,
        relu_first=False, inner_relu=True,
    ):  # fmt: skip
        super().__init__()
        make_norm = _norm_of({"norm": norm, "norms": norms})
        steps = [stride if stride_on == i else 1 for i in range(2)]
        self.conv1 = nn.Conv2d(c_in, c_out, 3, steps[0], 1, bias=not norms)
        self.norm1 = make_norm(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, steps[1], 1, bias=not norms)
        self.norm2 = make_norm(c_out)
        self.same, self.kind, self.stride, self.more = c_in == c_out and stride == 1, shortcut, stride, c_out - c_in
        if shortcut == "project" and not self.same:
            self.project = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), make_norm(c_out))
        self.last_relu, self.relu_first, self.inner_relu = last_relu, relu_first, inner_relu

    def forward(self, x):
        y = self.norm1(self.conv1(x))
        y = self.norm2(self.conv2(y.relu() if self.inner_relu else y))
        y = (y.relu() if self.relu_first else y) + self.shortcut(x)
        return y.relu() if self.last_relu and not self.relu_first else y

    def shortcut(self, x):
        """What is added to the main path."""
        if self.kind == "none" or (self.kind == "same-shape-only" and not self.same):
            return 0
        if self.same:
            return x
        if self.kind == "project":
            return self.project(x)
        fewer = F.avg_pool2d(x, self.stride) if self.kind == "average" else x[:, :, :: self.stride, :: self.stride]
        before = {"zeros-before": self.more, "zeros-around": self.more // 2}.get(self.kind, 0)
        return F.pad(fewer, (0, 0, 0, 0, before, self.more - before))


def _norm_of(options):
    if not options.get("norms", True):
        return lambda channels: nn.Identity()
    return NORMS.get(options.get("norm"), nn.BatchNorm2d)
