"""Right modules in every structure get every point: other names, orders, shortcuts, heads, idle biases, functions."""

from functools import partial

import pytest

torch = pytest.importorskip("torch")
import torchvision  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from cnncourse.checks import check  # noqa: E402
from cnncourse.torch_nn.models.googlenet import Inception as PackagesInception  # noqa: E402
from cnncourse.torch_nn.models.lenet import LeNet5  # noqa: E402


class ShortcutFirst(nn.Module):
    """Everything defined and called in another order; convolutions with idle biases; last gamma zero."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        self.zz = nn.BatchNorm2d(c_out)
        nn.init.zeros_(self.zz.weight)
        self.down = None
        if stride != 1 or c_in != c_out:
            self.down_norm = nn.BatchNorm2d(c_out)
            self.down = nn.Conv2d(c_in, c_out, 1, stride)
        self.second = nn.Conv2d(c_out, c_out, 3, 1, "same")
        self.first_norm = nn.BatchNorm2d(c_out)
        self.first = nn.Conv2d(c_in, c_out, (3, 3), (stride, stride), (1, 1))

    def forward(self, x):
        skip = x if self.down is None else self.down_norm(self.down(x))
        out = F.relu(self.first_norm(self.first(x)), inplace=True)
        out = self.zz(self.second(out))
        out += skip
        return F.relu(out, inplace=True)


class Lists(nn.Module):
    """Layers in a ModuleDict and a ModuleList, lazy ones among them."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        self.convs = nn.ModuleList([nn.LazyConv2d(c_out, 3, s, 1, bias=False) for s in (stride, 1)])
        self.norms = nn.ModuleDict({"a": nn.LazyBatchNorm2d(), "b": nn.BatchNorm2d(c_out)})
        same = stride == 1 and c_in == c_out
        self.skip = nn.Identity() if same else nn.Sequential(
            nn.LazyConv2d(c_out, 1, stride, bias=False), nn.LazyBatchNorm2d()
        )

    def forward(self, x):
        y = self.norms["b"](self.convs[1](torch.clamp(self.norms["a"](self.convs[0](x)), min=0)))
        return torch.maximum(torch.add(self.skip(x), y), torch.zeros(()))


class TallBottleneck(nn.Module):
    """The shortcut first, both when it is defined and when it is called."""

    def __init__(self, c_in, planes, stride=1):
        super().__init__()
        out = planes * 4
        self.skip = nn.Sequential()
        if c_in != out or stride > 1:
            self.skip = nn.Sequential(nn.Conv2d(c_in, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        self.body = nn.Sequential(
            nn.Conv2d(c_in, planes, 1), nn.BatchNorm2d(planes), nn.ReLU(True),
            nn.Conv2d(planes, planes, 3, stride, 1), nn.BatchNorm2d(planes), nn.ReLU(True),
            nn.Conv2d(planes, out, 1), nn.BatchNorm2d(out),
        )  # fmt: skip

    def forward(self, x):
        return (self.skip(x) + self.body(x)).relu()


class Padded(nn.Module):
    """A shortcut without parameters: every second pixel, channels of zeros, perhaps made in float32."""

    def __init__(self, c_in, c_out, stride=1, around=False, dtype=None):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False), nn.BatchNorm2d(c_out)
        self.c2, self.b2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False), nn.BatchNorm2d(c_out)
        self.stride, self.more, self.around, self.dtype = stride, c_out - c_in, around, dtype

    def forward(self, x):
        y = self.b2(self.c2(F.relu(self.b1(self.c1(x)))))
        x = x[..., :: self.stride, :: self.stride]
        if self.around:
            return F.relu(y + F.pad(x, (0, 0, 0, 0, self.more // 2, self.more // 2)))
        wide = torch.zeros(len(x), x.shape[1] + self.more, *x.shape[2:], dtype=self.dtype)
        wide[:, : x.shape[1]] = x
        return F.relu(y + wide)


class Bare(nn.Module):
    """Parameters without layers; γ and β of all norms perhaps in one array; one convolution made of two halves."""

    def __init__(self, c_in, c_out, stride=1, joint=True):
        super().__init__()
        half = c_out // 2
        self.first = nn.Parameter(torch.randn(c_out, c_in, 3, 3) / 5)
        self.upper = nn.Parameter(torch.randn(half, c_out, 3, 3) / 5)
        self.lower = nn.Parameter(torch.randn(c_out - half, c_out, 3, 3) / 5)
        self.project = None if stride == 1 and c_in == c_out else nn.Parameter(torch.randn(c_out, c_in, 1, 1))
        affine = torch.rand(4 if self.project is None else 6, c_out)
        self.affine = nn.Parameter(affine) if joint else nn.ParameterList(affine.unbind())
        for i in range(len(self.affine) // 2):
            self.register_buffer(f"mean{i}", torch.zeros(c_out))
            self.register_buffer(f"var{i}", torch.ones(c_out))
        self.stride = stride

    def norm(self, x, i):
        mean, var = getattr(self, f"mean{i}"), getattr(self, f"var{i}")
        return F.batch_norm(x, mean, var, self.affine[2 * i], self.affine[2 * i + 1], self.training)

    def forward(self, x):
        y = self.norm(F.conv2d(x, self.first, None, self.stride, 1), 0).relu()
        y = torch.cat([F.conv2d(y, self.upper, padding=1), F.conv2d(y, self.lower, padding=1)], 1)
        skip = x if self.project is None else self.norm(F.conv2d(x, self.project, None, self.stride), 2)
        return (self.norm(y, 1) + skip).relu()


class ScriptedBlock(nn.Module):
    """A block that can be scripted."""

    def __init__(self, c_in: int, c_out: int, stride: int = 1):
        super().__init__()
        self.a, self.c = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False), nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
        self.b, self.d = nn.BatchNorm2d(c_out), nn.BatchNorm2d(c_out)
        self.skip = nn.Sequential()
        if stride != 1 or c_in != c_out:
            self.skip = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))

    def forward(self, x):
        return torch.relu(self.d(self.c(torch.relu(self.b(self.a(x))))) + self.skip(x))


def scripted(c_in, c_out, stride=1):
    return torch.jit.script(ScriptedBlock(c_in, c_out, stride))


def lazy_lenet():
    return nn.Sequential(
        nn.LazyConv2d(6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.LazyConv2d(16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.LazyLinear(120), nn.ReLU(), nn.LazyLinear(84), nn.ReLU(), nn.LazyLinear(10),
    )  # fmt: skip


class BareLeNet(nn.Module):
    """Parameters without layers, matrices the other way round, C3 in two halves side by side."""

    def __init__(self):
        super().__init__()
        kernels = [(6, 1, 5, 5), (6,), (8, 6, 5, 5), (8, 6, 5, 5), (16,)]
        shapes = [*kernels, (400, 120), (120,), (120, 84), (84,), (84, 10), (10,)]
        self.p = nn.ParameterList(nn.Parameter(torch.randn(s) / (5 if len(s) > 2 else 20)) for s in shapes)

    def forward(self, x):
        k1, b1, upper, lower, b3, w5, b5, w6, b6, w, b = self.p
        x = F.max_pool2d(F.conv2d(x, k1, b1).tanh(), 2)
        x = torch.cat([F.conv2d(x, upper), F.conv2d(x, lower)], 1) + b3[:, None, None]
        x = F.max_pool2d(x.tanh(), 2).flatten(1)
        return ((x @ w5 + b5).tanh() @ w6 + b6).tanh() @ w + b


def resnet(block, pool=None, **options):
    def stage(c_in, c_out):
        others = (block(c_out, c_out, **options) for _ in range(2))
        return nn.Sequential(block(c_in, c_out, 2, **options), *others)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.pool = nn.Linear(64, 10), pool or nn.AdaptiveAvgPool2d(1)
            self.layer3 = stage(32, 64)
            self.layer2 = stage(16, 32)
            self.layer1 = nn.Sequential(*(block(16, 16, **options) for _ in range(3)))
            self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1), nn.BatchNorm2d(16), nn.ReLU(inplace=True))

        def forward(self, x):
            x = self.layer3(self.layer2(self.layer1(self.stem(x))))
            return self.fc(torch.flatten(self.pool(x), 1))

    return Net


def pool_then_relu(convs, c_in, c_out):
    """ReLU and max pooling may change places."""
    layers = []
    for i in range(convs):
        layers.append(nn.Conv2d(c_in if i == 0 else c_out, c_out, 3, padding="same"))
        layers += [nn.ReLU(inplace=True)] if i < convs - 1 else [nn.MaxPool2d(2, 2), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def vgg(head, inplace=True):
    def build(config, num_classes):
        layers, width, side = [], 3, 32
        for item in config:
            if item == "M":
                layers, side = [*layers, nn.MaxPool2d(2, 2)], side // 2
            else:
                layers += [nn.Conv2d(width, item, 3, padding=1), nn.ReLU(inplace=inplace)]
                width = item
        return nn.Sequential(nn.Sequential(*layers), *head(width, side, num_classes))

    return build


class BareBlock(nn.Module):
    """Kernels and biases of a VGG block as parameters in a list, those of equal shape joined in one."""

    def __init__(self, convs, c_in, c_out):
        super().__init__()
        self.first = nn.Parameter(torch.randn(c_out, c_in, 3, 3) / 5)
        self.others = nn.Parameter(torch.randn(convs - 1, c_out, c_out, 3, 3) / 5)
        self.biases = nn.Parameter(torch.randn(convs, c_out))

    def forward(self, x):
        x = F.conv2d(x, self.first, self.biases[0], padding=1).relu()
        for kernel, bias in zip(self.others, self.biases[1:], strict=True):
            x = F.conv2d(x, kernel, bias, padding=1).relu()
        return F.max_pool2d(x, 2)


def lazy_block(convs, c_in, c_out):
    layers = [(nn.LazyConv2d(c_out, 3, padding=1), nn.ReLU()) for _ in range(convs)]
    return nn.Sequential(*(layer for pair in layers for layer in pair), nn.MaxPool2d(2))


class BareVGG(nn.Module):
    """Everything as parameters, the head in front of the convolutions."""

    def __init__(self, config, num_classes):
        super().__init__()
        widths = [3, *(item for item in config if item != "M")]
        self.head = nn.Parameter(torch.randn(widths[-1], num_classes))
        self.offset = nn.Parameter(torch.randn(num_classes))
        pairs = list(zip(widths, widths[1:], strict=False))
        self.biases = nn.ParameterList(torch.randn(b) for _, b in pairs)
        self.kernels = nn.ParameterList(torch.randn(b, a, 3, 3) / 5 for a, b in pairs)
        self.config = config

    def forward(self, x):
        layers = iter(zip(self.kernels, self.biases, strict=True))
        for item in self.config:
            x = F.max_pool2d(x, 2) if item == "M" else F.conv2d(x, *next(layers), padding=1).relu()
        return x.mean((2, 3)) @ self.head + self.offset


class TwoTowers(nn.Module):
    """The two graphics cards as two lists of layers, one behind the other; they exchange in front of the third."""

    def __init__(self, groups=2):
        super().__init__()
        self.groups = groups
        shapes = [(3, 96, 11, 4, 0), (96, 256, 5, 1, 2), (256, 384, 3, 1, 1), (384, 384, 3, 1, 1), (384, 256, 3, 1, 1)]
        self.towers = nn.ModuleList(
            nn.ModuleList(
                nn.Conv2d(a if i in (0, 2) else a // groups, b // groups, k, s, p)
                for i, (a, b, k, s, p) in enumerate(shapes)
            )
            for _ in range(groups)
        )

    def forward(self, x):
        parts = [x] * self.groups
        for i in range(5):
            if i == 2:
                parts = [torch.cat(parts, 1)] * self.groups
            parts = [tower[i](part).relu() for tower, part in zip(self.towers, parts, strict=True)]
            parts = [F.max_pool2d(part, 3, 2) for part in parts] if i in (0, 1, 4) else parts
        return torch.cat(parts, 1)


class HalvesInGroups(nn.Module):
    """The layers in groups made of two, defined from back to front; the others whole; bare biases; a pool of 6×6."""

    def __init__(self, groups=2):
        super().__init__()
        self.five = nn.ModuleList(nn.Conv2d(384 // groups, 256 // groups, 3, padding=1) for _ in range(groups))
        self.four = nn.ModuleList(nn.Conv2d(384 // groups, 384 // groups, 3, padding="same") for _ in range(groups))
        self.three = nn.Conv2d(256, 384, (3, 3), 1, 1, bias=False)
        self.offset = nn.Parameter(torch.randn(384, 1, 1))
        self.two = nn.ModuleList(nn.Conv2d(96 // groups, 256 // groups, 5, padding=2) for _ in range(groups))
        self.one = nn.LazyConv2d(96, 11, 4)

    def apart(self, convs, x):
        return torch.cat([conv(part) for conv, part in zip(convs, x.chunk(len(convs), 1), strict=True)], 1)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.one(x), 3, 2))
        x = F.relu(F.max_pool2d(self.apart(self.two, x), 3, 2))
        x = F.relu(self.three(x) + self.offset, inplace=True)
        x = F.relu(self.apart(self.five, F.relu(self.apart(self.four, x))))
        return F.adaptive_avg_pool2d(F.max_pool2d(x, 3, 2), 6)


class BareColumns(nn.Module):
    """Kernels and biases without layers."""

    def __init__(self, groups=2):
        super().__init__()
        self.groups = groups
        shapes = [(96, 3, 11), (256, 96 // groups, 5), (384, 256, 3), (384, 384 // groups, 3), (256, 384 // groups, 3)]
        self.kernels = nn.ParameterList(torch.randn(b, a, k, k) / (a * k * k) ** 0.5 for b, a, k in shapes)
        self.biases = nn.ParameterList(torch.randn(b) for b, *_ in shapes)

    def forward(self, x):
        for i, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            groups = 1 if i in (0, 2) else self.groups
            x = torch.conv2d(x, kernel, bias, 4 if i == 0 else 1, kernel.shape[2] // 2 if i else 0, 1, groups)
            x = F.max_pool2d(x, 3, 2, ceil_mode=True) if i in (0, 1, 4) else x
            x = x.clamp(min=0)
        return x


class BackToFront(nn.Module):
    """Branches defined and called from the last to the first; one ReLU for all that is joined."""

    def __init__(self, c_in, c1, c3, c5, c_pool):
        super().__init__()
        self.zz = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), nn.Conv2d(c_in, c_pool, 1))
        self.yy = nn.ModuleDict({"b": nn.Conv2d(c5[0], c5[1], 5, padding="same"), "a": nn.Conv2d(c_in, c5[0], 1)})
        self.xx = nn.ModuleList([nn.LazyConv2d(c3[1], 3, 1, 1), nn.LazyConv2d(c3[0], 1)])
        self.first = nn.Conv2d(c_in, c1, (1, 1))

    def forward(self, x):
        d = self.zz(x)
        c = self.yy["b"](F.relu(self.yy["a"](x), inplace=True))
        b = self.xx[0](torch.relu(self.xx[1](x)))
        return torch.cat((self.first(x), b, c, d), dim=1).relu_()


class JointInception(nn.Module):
    """One 1×1 layer in front of three branches, cut in an order of its own; bare kernels behind it."""

    def __init__(self, c_in, c1, c3, c5, c_pool, first="r5", bare=True):
        super().__init__()
        widths = {"c1": c1, "r3": c3[0], "r5": c5[0]}
        self.widths = dict(sorted(widths.items(), key=lambda pair: pair[0] != first))
        self.three, self.five = nn.Conv2d(*c3, 3, padding=1), nn.Conv2d(*c5, 5, padding=2)
        self.weight = nn.Parameter(torch.randn(sum(widths.values()), c_in))
        self.bias = nn.Parameter(torch.randn(sum(widths.values())))
        self.pool = nn.Linear(c_in, c_pool) if bare else nn.Conv2d(c_in, c_pool, 1)
        self.bare = bare

    def forward(self, x):
        y = (torch.einsum("oc,nchw->nohw", self.weight, x) + self.bias[:, None, None]).clamp_min(0)
        maps = dict(zip(self.widths, y.split(list(self.widths.values()), 1), strict=True))
        pooled = -F.max_pool2d(x, 3, 1, 1).neg()
        pooled = self.pool(pooled.movedim(1, -1)).movedim(-1, 1) if self.bare else self.pool(pooled)
        parts = [maps["c1"], self.three(maps["r3"]).relu(), F.relu(self.five(maps["r5"])), pooled.relu()]
        return torch.concatenate(parts, 1)


class PairInception(nn.Module):
    """The two reductions as one layer."""

    def __init__(self, c_in, c1, c3, c5, c_pool):
        super().__init__()
        self.reduce = nn.Conv2d(c_in, c5[0] + c3[0], 1)
        self.ends = nn.ModuleList([nn.Conv2d(c_in, c_pool, 1), nn.Conv2d(*c5, 5, 1, 2), nn.Conv2d(*c3, 3, 1, 1)])
        self.point, self.at = nn.Conv2d(c_in, c1, 1), c5[0]

    def forward(self, x):
        r5, r3 = self.reduce(x).relu().tensor_split([self.at], dim=1)
        wide = F.pad(x, (1, 1, 1, 1), value=-float("inf"))
        ends = [self.point(x), self.ends[2](r3), self.ends[1](r5), self.ends[0](F.max_pool2d(wide, 3, 1))]
        return torch.cat([F.relu(y) for y in ends], 1)


class BareInception(nn.Module):
    """Kernels and biases without layers, all kernels first."""

    def __init__(self, c_in, c1, c3, c5, c_pool):
        super().__init__()
        shapes = [(c1, c_in, 1), (c3[0], c_in, 1), (c3[1], c3[0], 3), (c5[0], c_in, 1), (c5[1], c5[0], 5),
                  (c_pool, c_in, 1)]  # fmt: skip
        self.w = nn.ParameterList(torch.randn(b, a, k, k) / (a * k * k) ** 0.5 for b, a, k in shapes)
        self.b = nn.ParameterList(torch.randn(b) for b, *_ in shapes)

    def forward(self, x):
        def unit(i, x):
            return F.relu(F.conv2d(x, self.w[i], self.b[i], padding=self.w[i].shape[2] // 2))

        return torch.cat([unit(0, x), unit(2, unit(1, x)), unit(4, unit(3, x)), unit(5, F.max_pool2d(x, 3, 1, 1))], 1)


def torchvisions(width, side, classes):
    return [
        nn.AdaptiveAvgPool2d((7, 7)), nn.Flatten(), nn.Linear(width * 49, 64), nn.ReLU(True), nn.Dropout(),
        nn.Linear(64, 64), nn.ReLU(True), nn.Dropout(), nn.Linear(64, classes),
    ]  # fmt: skip


HEADS = {
    "flatten": lambda width, side, classes: [nn.Flatten(), nn.Linear(width * side**2, classes)],
    "lazy": lambda width, side, classes: [nn.Flatten(), nn.LazyLinear(20), nn.ReLU(), nn.LazyLinear(classes)],
    "convolution": lambda width, side, classes: [nn.Conv2d(width, classes, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()],
    "global maximum": lambda width, side, classes: [nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(width, classes)],
    "torchvision": torchvisions,
}


class Gate(nn.Module):
    """Squeeze and excite from bare parameters, defined in any order, matrices turned or not, biases perhaps joint."""

    def __init__(self, channels, reduction, turned=(False, False), joint=False, reverse=False):
        super().__init__()
        middle, self.turned = channels // reduction, turned
        arrays = {
            "w1": torch.randn((channels, middle) if turned[0] else (middle, channels)), "b1": torch.randn(middle),
            "w2": torch.randn((middle, channels) if turned[1] else (channels, middle)), "b2": torch.randn(channels),
        }  # fmt: skip
        if joint:
            arrays["b"] = torch.cat([arrays.pop("b1"), arrays.pop("b2")])
        for name in sorted(arrays, reverse=reverse):
            self.register_parameter(name, nn.Parameter(arrays[name]))
        self.middle, self.joint = middle, joint

    def forward(self, x):
        w1, w2 = self.w1.T if self.turned[0] else self.w1, self.w2.T if self.turned[1] else self.w2
        b1, b2 = (self.b[: self.middle], self.b[self.middle :]) if self.joint else (self.b1, self.b2)
        hidden = torch.clamp_min(torch.addmm(b1, x.flatten(2).mean(2), w1.t()), 0)
        return torch.einsum("nchw,nc->nchw", x, 1 / (1 + torch.exp(-F.linear(hidden, w2, b2))))


class JointGate(nn.Module):
    """Both matrices in one array, the second the other way round."""

    def __init__(self, channels, reduction):
        super().__init__()
        self.matrices = nn.Parameter(torch.randn(2, channels // reduction, channels))
        self.b2, self.b1 = nn.Parameter(torch.zeros(channels)), nn.Parameter(torch.zeros(channels // reduction))

    def forward(self, x):
        hidden = F.linear(F.adaptive_avg_pool2d(x, 1).flatten(1), self.matrices[0], self.b1).relu()
        return x * (hidden @ self.matrices[1] + self.b2).sigmoid()[..., None, None]


class LayersOfAGate(nn.Module):
    """Layers of some kind, the last one defined first; perhaps in float32."""

    def __init__(self, last, first, axes, single=False):
        super().__init__()
        self.last, self.first, self.axes, self.single = last, first, axes, single

    def forward(self, x):
        m = F.avg_pool2d(x, x.shape[2:])
        s = self.last(F.relu(self.first(m.reshape(m.shape[:2] + (1,) * self.axes)), inplace=True)).sigmoid()
        s = s.float() if self.single else s
        return x.mul(s.reshape(*s.shape[:2], 1, 1).expand_as(x))


def linear_gate(channels, reduction, **options):
    middle = channels // reduction
    return LayersOfAGate(nn.Linear(middle, channels), nn.Linear(channels, middle), 0, **options)


def one_dimensional_gate(channels, reduction):
    middle = channels // reduction
    return LayersOfAGate(nn.Conv1d(middle, channels, 1), nn.Conv1d(channels, middle, 1), 1)


def lazy_gate(channels, reduction):
    return LayersOfAGate(nn.LazyConv2d(channels, 1), nn.LazyConv2d(channels // reduction, 1), 2)


class SequentialGate(nn.Module):
    def __init__(self, channels: int, reduction: int):
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, channels // reduction, 1), nn.ReLU(inplace=True),
            nn.Conv2d(channels // reduction, channels, 1), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x):
        return self.gate(x) * x


class Inverted(nn.Module):
    """Bare parameters, matrices either way round, one 3×3 kernel after the other; γ and β of the wide norms joint."""

    def __init__(self, c_in, c_out, stride, expand, turned=(False, False), joint=True):
        super().__init__()
        wide, self.stride, self.turned = c_in * expand, stride, turned
        self.narrow = nn.Parameter(torch.randn((wide, c_out) if turned[1] else (c_out, wide)))
        self.widen = None
        if expand != 1:
            self.widen = nn.Parameter(torch.randn((c_in, wide) if turned[0] else (wide, c_in)))
        self.norms = nn.ModuleList([nn.BatchNorm2d(c_out), *(Norm(wide) for _ in range(1 + (expand != 1)))])
        affine = torch.rand(2 + 2 * (expand != 1), wide)
        self.affine = nn.Parameter(affine) if joint else nn.ParameterList(affine.unbind())
        self.kernels = nn.Parameter(torch.randn(wide, 3, 3) / 3)
        self.adds = (c_in, 1) == (c_out, stride)

    def matrix(self, x, weight, turned):
        weight = weight.T if turned else weight
        return F.conv2d(x, weight[..., None, None])

    def forward(self, x):
        y = x
        if self.widen is not None:
            y = self.norms[2](self.matrix(y, self.widen, self.turned[0]), self.affine[0], self.affine[1]).clamp(0, 6)
        y = F.conv2d(y, self.kernels[:, None], None, self.stride, 1, 1, len(self.kernels))
        y = F.hardtanh(self.norms[1](y, self.affine[-2], self.affine[-1]), 0, 6)
        y = self.norms[0](self.matrix(y, self.narrow, self.turned[1]))
        return torch.add(y, x) if self.adds else y


class Norm(nn.Module):
    """The running statistics of a batch norm whose γ and β come from elsewhere."""

    def __init__(self, channels):
        super().__init__()
        self.register_buffer("var", torch.ones(channels))
        self.register_buffer("mean", torch.zeros(channels))

    def forward(self, x, weight, bias):
        return F.batch_norm(x, self.mean, self.var, weight, bias, self.training)


class LinearInverted(nn.Module):
    """Channels last: linear layers for the 1×1 convolutions, norms over rows, a convolution per channel."""

    def __init__(self, c_in, c_out, stride, expand):
        super().__init__()
        wide, self.same = c_in * expand, stride == 1 and c_in == c_out
        self.head = nn.Sequential() if expand == 1 else nn.ModuleList([nn.Linear(c_in, wide), nn.BatchNorm1d(wide)])
        self.each = nn.ModuleList(nn.Conv2d(1, 1, 3, stride, 1, bias=False) for _ in range(wide))
        self.norm, self.tail = nn.BatchNorm2d(wide), nn.ModuleList([nn.Linear(wide, c_out), nn.BatchNorm1d(c_out)])

    def rows(self, layers, x):
        n, _, h, w = x.shape
        rows = x.permute(0, 2, 3, 1).flatten(0, 2)
        for layer in layers:
            rows = layer(rows)
        return rows.reshape(n, h, w, rows.shape[1]).permute(0, 3, 1, 2)

    def forward(self, x):
        y = F.relu6(self.rows(self.head, x)) if len(self.head) else x
        y = torch.cat([conv(y[:, [c]]) for c, conv in enumerate(self.each)], 1)
        y = self.rows(self.tail, torch.minimum(self.norm(y).relu(), torch.tensor(6.0)))
        return x + y if self.same else y


def lazy_inverted(c_in, c_out, stride, expand):
    wide = c_in * expand
    first = [] if expand == 1 else [nn.LazyConv2d(wide, 1), nn.LazyBatchNorm2d(), nn.ReLU6(inplace=True)]
    body = nn.Sequential(
        *first, nn.ZeroPad2d(1), nn.LazyConv2d(wide, 3, stride, groups=wide, bias=False), nn.LazyBatchNorm2d(),
        nn.Hardtanh(0.0, 6.0), nn.LazyConv2d(c_out, 1, bias=False), nn.LazyBatchNorm2d(),
    )  # fmt: skip
    return Plus(body, stride == 1 and c_in == c_out)


class Plus(nn.Module):
    def __init__(self, body, adds: bool):
        super().__init__()
        self.body, self.adds = body, adds

    def forward(self, x):
        y = self.body(x)
        if self.adds:
            y += x
        return y


def torchvisions_gate(channels, reduction):
    return torchvision.ops.SqueezeExcitation(channels, channels // reduction)


def torchvisions_inverted(c_in, c_out, stride, expand):
    return torchvision.models.mobilenetv2.InvertedResidual(c_in, c_out, stride, expand)


def scripted_inverted(c_in, c_out, stride, expand):
    first = [nn.Conv2d(c_in, c_in * expand, 1), nn.BatchNorm2d(c_in * expand), nn.ReLU6()]
    wide = c_in * expand
    body = nn.Sequential(
        *(first if expand > 1 else []), nn.Conv2d(wide, wide, 3, stride, 1, groups=wide), nn.BatchNorm2d(wide),
        nn.ReLU6(), nn.Conv2d(wide, c_out, 1), nn.BatchNorm2d(c_out),
    )  # fmt: skip
    return torch.jit.script(Plus(body, stride == 1 and c_in == c_out))


TURNS = [(a, b) for a in (False, True) for b in (False, True)]
RIGHT = [
    *(("15.SqueezeExcitation", f"bare, turned {turned}", partial(Gate, turned=turned)) for turned in TURNS),
    *(("15.SqueezeExcitation", f"reverse, {turned}", partial(Gate, turned=turned, reverse=True)) for turned in TURNS),
    ("15.SqueezeExcitation", "joint biases", partial(Gate, joint=True)),
    ("15.SqueezeExcitation", "joint biases, turned", partial(Gate, turned=(True, False), joint=True)),
    ("15.SqueezeExcitation", "joint matrices", JointGate),
    ("15.SqueezeExcitation", "linear", linear_gate),
    ("15.SqueezeExcitation", "linear, float32", partial(linear_gate, single=True)),
    ("15.SqueezeExcitation", "one-dimensional", one_dimensional_gate),
    ("15.SqueezeExcitation", "lazy", lazy_gate),
    ("15.SqueezeExcitation", "sequential", SequentialGate),
    ("15.SqueezeExcitation", "scripted", lambda *args, **kwargs: torch.jit.script(SequentialGate(*args, **kwargs))),
    ("15.SqueezeExcitation", "torchvision", torchvisions_gate),
    *(("15.InvertedResidual", f"bare, turned {turned}", partial(Inverted, turned=turned)) for turned in TURNS),
    ("15.InvertedResidual", "bare, norms apart", partial(Inverted, joint=False)),
    ("15.InvertedResidual", "linear", LinearInverted),
    ("15.InvertedResidual", "lazy", lazy_inverted),
    ("15.InvertedResidual", "scripted", scripted_inverted),
    ("15.InvertedResidual", "torchvision", torchvisions_inverted),
    ("14.BasicBlock", "shortcut first", ShortcutFirst),
    ("14.BasicBlock", "lists, lazy", Lists),
    ("14.BasicBlock", "bare, joint and split", Bare),
    ("14.BasicBlock", "scripted", scripted),
    ("10.LeNet5", "lazy", lazy_lenet),
    ("10.LeNet5", "scripted", lambda: torch.jit.script(LeNet5())),
    ("10.LeNet5", "bare, turned and split", BareLeNet),
    ("14.Bottleneck", "shortcut first", TallBottleneck),
    ("14.ResNet20", "projections", resnet(ShortcutFirst)),
    ("14.Bottleneck", "scripted", lambda *args, **kwargs: torch.jit.script(TallBottleneck(*args, **kwargs))),
    ("14.ResNet20", "zeros behind", resnet(Padded)),
    ("14.ResNet20", "zeros behind, made in float32", resnet(Padded, dtype=torch.float32)),
    ("14.ResNet20", "lists, lazy, average of 8×8", resnet(Lists, nn.AvgPool2d(8))),
    ("14.ResNet20", "bare and split", resnet(Bare, joint=False)),
    ("14.ResNet20", "scripted", lambda: torch.jit.script(resnet(ScriptedBlock)())),
    ("14.ResNet20", "zeros around", resnet(Padded, around=True)),
    ("12.vgg_block", "pool, then ReLU", pool_then_relu),
    ("12.vgg_block", "bare and joint", BareBlock),
    ("12.vgg_block", "lazy", lazy_block),
    ("12.vgg_block", "scripted", lambda *args: torch.jit.script(pool_then_relu(*args))),
    ("12.VGG", "bare, head first", BareVGG),
    ("11.alexnet_features", "two towers", TwoTowers),
    ("11.alexnet_features", "halves, back to front", HalvesInGroups),
    ("11.alexnet_features", "bare", BareColumns),
    ("13.Inception", "the package's", PackagesInception),
    ("13.Inception", "back to front", BackToFront),
    ("13.Inception", "joint, bare", JointInception),
    ("13.Inception", "joint, 3×3's reduction first", lambda *a, **k: JointInception(*a, **k, first="r3", bare=False)),
    ("13.Inception", "joint, 1×1 first", lambda *a, **k: JointInception(*a, **k, first="c1")),
    ("13.Inception", "reductions joint", PairInception),
    ("13.Inception", "bare", BareInception),
    *(("12.VGG", name, vgg(head)) for name, head in HEADS.items()),
]


@pytest.mark.sampled(share=1 / 3, reason="each case looks through a module")
@pytest.mark.parametrize(("task_id", "what", "answer"), RIGHT, ids=lambda item: item if isinstance(item, str) else "")
def test_right_module_gets_every_point(task_id, what, answer):
    for seed in range({"14.ResNet20": 2, "11.alexnet_features": 1}.get(task_id, 3)):
        report = check(task_id, answer, seed=seed)
        assert report.passed, f"{what}: {report.to_text()}"
        assert report.mistake is None
