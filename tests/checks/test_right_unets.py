"""U-Nets that are right, written in several ways, get every point; networks that are right except in one way do not."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from cnncourse.checks import check, load_task  # noqa: E402
from cnncourse.checks.student import LocalStudent  # noqa: E402
from cnncourse.checks.tasks.u19 import _segmented as segmented  # noqa: E402
from cnncourse.checks.training import Trained  # noqa: E402
from cnncourse.torch_nn.models import UNet as PackagesUNet  # noqa: E402


class Recursive(nn.Module):
    """Each level holds the next one."""

    def __init__(self, c_in, num_classes, width=16, depth=2):
        super().__init__()
        self.inside = Level(c_in, width, depth)
        self.head = nn.Conv2d(width, num_classes, 1)

    def forward(self, x):
        return self.head(self.inside(x))


class Level(nn.Module):
    """Two convolutions, what lies below, two convolutions."""

    def __init__(self, c_in, c, below):
        super().__init__()
        self.first, self.second = nn.Conv2d(c_in, c, 3, 1, 1), nn.Conv2d(c, c, 3, 1, 1)
        self.below = None
        if below:
            self.third, self.fourth = nn.Conv2d(2 * c, c, 3, 1, 1), nn.Conv2d(c, c, 3, 1, 1)
            self.below, self.up = Level(c, 2 * c, below - 1), nn.ConvTranspose2d(2 * c, c, 2, 2, bias=False)

    def forward(self, x):
        x = self.second(self.first(x).relu()).relu()
        if self.below is None:
            return x
        up = self.up(self.below(F.max_pool2d(x, 2)))
        return self.fourth(self.third(torch.cat((x, up), 1)).relu()).relu()


class Flat(nn.Module):
    """All layers in lists, the head first; the maps padded by hand; no bias in the head."""

    def __init__(self, c_in, num_classes, width=16, depth=2):
        super().__init__()
        c = [width << k for k in range(depth + 1)]
        self.head = nn.Conv2d(width, num_classes, 1, bias=False)
        pairs = [pair for a, b in zip([c_in, *c], c, strict=False) for pair in ((a, b), (b, b))]
        self.down = nn.ModuleList([nn.Conv2d(a, b, 3) for a, b in pairs])
        pairs = [pair for w in c[-2::-1] for pair in ((2 * w, w), (w, w))]
        self.back = nn.ModuleList([nn.Conv2d(a, b, 3) for a, b in pairs])
        self.up = nn.ModuleList([nn.ConvTranspose2d(2 * w, w, 2, stride=2) for w in c[-2::-1]])
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        kept = []
        for i, conv in enumerate(self.down):
            if i and i % 2 == 0:
                kept.append(x)
                x = self.pool(x)
            x = F.relu(conv(F.pad(x, (1, 1, 1, 1))))
        for i, conv in enumerate(self.back):
            if i % 2 == 0:
                x = torch.concatenate([kept.pop(), self.up[i // 2](x)], dim=1)
            x = F.relu(conv(F.pad(x, (1, 1, 1, 1))))
        return self.head(x)


class Bare(nn.Module):
    """Bare parameters in one list, used in the order in which they are made."""

    def __init__(self, c_in, num_classes, width=16, depth=2):
        super().__init__()
        self.held, self.depth = nn.ParameterList(), depth
        c = [width * 2**k for k in range(depth + 1)]
        for a, b in zip([c_in, *c], c, strict=False):
            self.make(b, a, 3, 3)
            self.make(b, b, 3, 3)
        for b in c[-2::-1]:
            self.held.append(nn.Parameter(0.1 * torch.randn(2 * b, b, 2, 2)))
            self.make(b, 2 * b, 3, 3)
            self.make(b, b, 3, 3)
        self.make(num_classes, width, 1, 1)

    def make(self, *shape):
        self.held.append(nn.Parameter(torch.randn(shape) * (2 / shape[1] / shape[2] ** 2) ** 0.5))
        self.held.append(nn.Parameter(torch.zeros(shape[0])))

    def forward(self, x):
        left, kept = iter(self.held), []

        def conv(x):
            return F.conv2d(x, next(left), next(left), padding="same")

        for k in range(self.depth + 1):
            x = conv(conv(x).relu()).relu()
            if k < self.depth:
                kept.append(x)
                x = F.max_pool2d(x, (2, 2))
        for skip in kept[::-1]:
            x = torch.hstack([skip, F.conv_transpose2d(x, next(left), stride=2)])
            x = conv(conv(x).relu()).relu()
        return conv(x)


class Lazy(nn.Module):
    """Layers that learn their number of input channels from the first picture, under names made by numbers."""

    def __init__(self, c_in, num_classes, width=16, depth=2):
        super().__init__()
        self.depth = depth
        for i in range(depth + 1):
            self.add_module(f"down{i}", self.block(width << i))
        for i in range(depth):
            self.add_module(f"up{i}", nn.LazyConvTranspose2d(width << i, 2, stride=2))
            self.add_module(f"back{i}", self.block(width << i))
        self.head = nn.LazyConv2d(num_classes, 1)

    def block(self, c):
        return nn.Sequential(*[layer for _ in "12" for layer in (nn.LazyConv2d(c, 3, padding=1), nn.ReLU(True))])

    def forward(self, x, level=0):
        x = getattr(self, f"down{level}")(x)
        if level < self.depth:
            below = getattr(self, f"up{level}")(self.forward(nn.MaxPool2d(2)(x), level + 1))
            x = getattr(self, f"back{level}")(torch.cat([x, below], 1))
        return x if level else self.head(x)


class Products(nn.Module):
    """Up by einsum, down by the largest of four, the head a linear layer."""

    def __init__(self, c_in, num_classes, width=16, depth=2):
        super().__init__()
        c = [width * 2**k for k in range(depth + 1)]
        self.down = nn.ModuleList([self.block(a, b) for a, b in zip([c_in, *c], c, strict=False)])
        self.back = nn.ModuleList([self.block(2 * b, b) for b in c[-2::-1]])
        self.up = nn.ParameterList([nn.Parameter(0.1 * torch.randn(2 * b, b, 2, 2)) for b in c[-2::-1]])
        self.head = nn.Linear(width, num_classes)

    def block(self, a, b):
        return nn.Sequential(nn.Conv2d(a, b, 3, padding="same"), nn.ReLU(), nn.Conv2d(b, b, 3, 1, 1), nn.ReLU())

    def forward(self, x):
        kept = []
        for level in self.down[:-1]:
            kept.append(level(x))
            x = kept[-1].unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).amax((3, 5))
        x = self.down[-1](x)
        for kernel, level in zip(self.up, self.back, strict=True):
            x = torch.einsum("ncij,couv->noiujv", x, kernel).flatten(4, 5).flatten(2, 3)
            x = level(torch.cat([kept.pop(), x], 1))
        return self.head(x.movedim(1, -1)).movedim(-1, 1)


def packages(c_in, num_classes, width=16, depth=2):
    return PackagesUNet(c_in, num_classes, width, depth)


@pytest.mark.parametrize("answer", [Recursive, Flat, Bare, Lazy, Products, packages])
def test_right_unet_gets_every_point(answer):
    report = check("19.UNet", answer)
    assert report.passed, report.to_text()
    assert report.mistake is None


class SometimesWithout(Recursive):
    """Without its finest skip where a condition on the picture holds."""

    condition = staticmethod(lambda x: False)

    def forward(self, x):
        top = self.inside
        y = top.second(top.first(x).relu()).relu()
        up = top.up(top.below(F.max_pool2d(y, 2)))
        kept = y * (not self.condition(x))
        return self.head(top.fourth(top.third(torch.cat((kept, up), 1)).relu()).relu())


@pytest.mark.parametrize(
    "condition",
    [
        lambda x: x.shape[2] == x.shape[3],
        lambda x: x.shape[2] > x.shape[3],
        lambda x: x.shape[2] < x.shape[3],
        lambda x: len(x) == 1,
        lambda x: len(x) > 1,
        lambda x: x.shape[1] == 1,
    ],
    ids=["square", "tall", "wide", "one picture", "several pictures", "one channel"],
)
def test_a_skip_that_is_dropped_for_some_pictures(condition):
    answer = type("Answer", (SometimesWithout,), {"condition": staticmethod(condition)})
    assert not load_task("19.UNet").evaluate(LocalStudent(answer)).passed


@pytest.fixture(scope="module")
def case():
    return load_task("19.train_segmenter").draw(0)[-1]


def scores(masks, share, rng):
    """Scores that are right at a share of the pixels, by chance at the others."""
    given = np.where(rng.random(masks.shape) < share, masks, rng.integers(0, 2, masks.shape))
    return np.stack([1.0 - given, given], axis=1)


@pytest.mark.parametrize(
    ("slug", "raw", "prepared"), [("low-accuracy", 0.4, 0.3), ("prepares-images-outside", 0.3, 0.9)]
)
def test_the_cause_follows_from_what_differs(case, slug, raw, prepared):
    rng, FEW = np.random.default_rng(0), segmented.FEW
    also = {name: scores(case.truth[:FEW], 0.1, rng) for name in segmented.PREPARATIONS}
    also["0 to 255"] = scores(case.truth[:FEW], prepared, rng)
    found = segmented.problem(case, Trained(scores(case.truth, raw, rng), also))
    assert found[0] == slug
    assert segmented.problem(case, Trained(scores(case.truth, 1.0, rng), also)) is None


def test_exchanged_classes_and_one_class_everywhere(case):
    rng = np.random.default_rng(0)
    nothing = {name: np.zeros((segmented.FEW, 2, 32, 32)) for name in segmented.PREPARATIONS}
    turned = scores(1 - case.truth, 0.9, rng)
    assert segmented.problem(case, Trained(turned, nothing))[0] == "classes-exchanged"
    empty = np.zeros_like(turned)
    assert segmented.problem(case, Trained(empty, nothing))[0] == "background-everywhere"
    full = np.zeros_like(turned)
    full[:, 1] = 1.0
    assert segmented.problem(case, Trained(full, nothing))[0] == "garment-everywhere"
    assert segmented.problem(case, Trained(empty[:, :, ::2], nothing)) is not None
