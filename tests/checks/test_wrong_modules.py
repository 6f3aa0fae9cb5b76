"""Modules that are right except in one way must lose points, in every task whose answer is a module."""

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from cnncourse.checks import load_task  # noqa: E402
from cnncourse.checks.student import LocalStudent  # noqa: E402

pytestmark = pytest.mark.sampled(share=1 / 4, reason="each case looks through a module")
TASKS = {name: load_task(name) for name in (
    "10.LeNet5", "11.alexnet_features", "12.vgg_block", "12.VGG", "13.Inception", "14.BasicBlock", "14.Bottleneck",
    "14.ResNet20", "15.SqueezeExcitation", "15.InvertedResidual", "19.UNet",
)}  # fmt: skip


class Around(nn.Module):
    """A right module, of which something is changed."""

    def __init__(self, task, args, kwargs, change):
        super().__init__()
        self.inner, self.change = task.reference(*args, **kwargs), change

    def forward(self, x):
        return self.change(self.inner, x)


def only_in_training(inner, x):
    return inner(x) if inner.training else 0.9 * inner(x)


def only_in_eval(inner, x):
    return 0.9 * inner(x) if inner.training else inner(x)


def mixes_pictures(inner, x):
    y = inner(x)
    return y + 0.1 * (y - y.mean(0, keepdim=True)) if len(x) > 1 else y


def mixes_what_goes_in(inner, x):
    return inner(x + 0.1 * x.mean(0, keepdim=True)) if len(x) > 1 else inner(x)


def reads_another_picture(inner, x):
    return inner(x.flip(0)) if len(x) == 2 else inner(x.roll(1, 0))


def changes_its_input(inner, x):
    y = inner(x)
    x.data.mul_(2)
    return y


def detached(inner, x):
    return inner(x).detach()


def adds_noise_in_training(inner, x):
    return inner(x + 0.01 * torch.randn_like(x)) if inner.training else inner(x)


FORWARD = [
    only_in_training, only_in_eval, mixes_pictures, mixes_what_goes_in, reads_another_picture, changes_its_input,
    detached, adds_noise_in_training,
]  # fmt: skip
# What a network with a head of one's own may do: its training mode and its logits are the learner's affair, as long as
# the way back to the image goes through the wanted layers. So is a factor in LeNet's training mode.
FREE = {
    "12.VGG": (only_in_training, only_in_eval),
    "10.LeNet5": (only_in_training, only_in_eval, adds_noise_in_training),
}


@pytest.mark.parametrize("change", FORWARD, ids=lambda change: change.__name__)
@pytest.mark.parametrize("name", TASKS)
def test_a_module_that_is_right_except_in_one_way(name, change):
    if change in FREE.get(name, ()):
        pytest.skip("the learner's choice")
    task = TASKS[name]
    report = task.evaluate(LocalStudent(lambda *args, **kwargs: Around(task, args, kwargs, change)))
    assert not report.passed, report.to_text()


def started(task, start):
    """The reference with other numbers at the start."""

    def build(*args, **kwargs):
        module = task.reference(*args, **kwargs)
        with torch.no_grad():
            for tensor in module.parameters():
                if tensor.ndim > 1:
                    start(tensor)
        return module

    return build


@pytest.mark.parametrize("name", TASKS)
def test_a_start_that_leads_nowhere_is_named(name):
    task = TASKS[name]
    starts = [(lambda t: t.zero_(), "starts-at-zero")]
    if name != "15.SqueezeExcitation":  # rows of matrices that start alike may still part
        starts.append((lambda t: t.fill_(0.1), "filters-equal"))
    for start, slug in starts:
        report = task.evaluate(LocalStudent(started(task, start)))
        assert (report.passed, report.mistake) == (False, slug), report.to_text()
    start = nn.init.kaiming_normal_
    report = task.evaluate(LocalStudent(started(task, lambda t: start(t.unsqueeze(-1)) if t.ndim < 2 else start(t))))
    assert report.passed, report.to_text()


@pytest.mark.parametrize("name", TASKS)
def test_one_object_for_every_call_is_named(name):
    task, made = TASKS[name], {}

    def once(*args, **kwargs):
        return made.setdefault((repr(args), repr(kwargs)), task.reference(*args, **kwargs))

    report = task.evaluate(LocalStudent(once))
    assert (report.passed, report.mistake) == (False, "shared-between-objects"), report.to_text()


def keeps_the_first_picture(inner, x):
    """Right for the picture that it saw first, and wrong for all others of its shape."""
    first = inner.__dict__.setdefault("seen", {}).setdefault(tuple(x.shape), x.detach().clone())
    return inner(x + 0.1 * (first - x.detach()))


@pytest.mark.parametrize("name", TASKS)
def test_pictures_that_stay_from_an_earlier_call_are_named(name):
    task = TASKS[name]
    report = task.evaluate(LocalStudent(lambda *a, **k: Around(task, a, k, keeps_the_first_picture)))
    assert (report.passed, report.mistake) == (False, "keeps-what-it-saw"), report.to_text()


class SometimesWithout(nn.Module):
    """A basic block that forgets its shortcut, or its main path, where `forgets(x)`; or pads in another way."""

    def __init__(self, c_in, c_out, stride=1, shortcut=lambda x: False, path=lambda x: False, pad=lambda x: 1):
        super().__init__()
        self.a, self.b = nn.Conv2d(c_in, c_out, 3, stride, bias=False), nn.BatchNorm2d(c_out)
        self.c, self.d = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False), nn.BatchNorm2d(c_out)
        self.skip = nn.Sequential()
        if stride != 1 or c_in != c_out:
            self.skip = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))
        self.without = shortcut, path
        self.pad = pad

    def forward(self, x):
        first = self.a(F.pad(x, self.pad(x)) if isinstance(self.pad(x), tuple) else F.pad(x, (1,) * 4))
        y, shortcut = self.d(self.c(self.b(first).relu())), self.skip(x)
        return (y * (not self.without[1](x)) + shortcut * (not self.without[0](x))).relu()


CONDITIONS = {
    "square": lambda x: x.shape[2] == x.shape[3],
    "not square": lambda x: x.shape[2] != x.shape[3],
    "one picture": lambda x: len(x) == 1,
    "several pictures": lambda x: len(x) > 1,
    "one pixel": lambda x: x.shape[2] * x.shape[3] == 1,
    "odd height": lambda x: x.shape[2] % 2 == 1,
    "odd width": lambda x: x.shape[3] % 2 == 1,
    "even height": lambda x: x.shape[2] % 2 == 0,
    "even width": lambda x: x.shape[3] % 2 == 0,
}


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("part", ["shortcut", "path"])
def test_a_branch_that_is_dropped_at_some_sizes(condition, part):
    task = TASKS["14.BasicBlock"]
    options = {part: CONDITIONS[condition]}
    report = task.evaluate(LocalStudent(lambda *args, **kwargs: SometimesWithout(*args, **kwargs, **options)))
    assert not report.passed, report.to_text()


@pytest.mark.parametrize("axis", [2, 3])
@pytest.mark.parametrize("rest", [0, 1])
def test_a_padding_that_differs_for_odd_or_even_sizes(axis, rest):
    def pad(x):
        """Beyond the end alone, where the size leaves this remainder: as "same" padding does for a stride of 2."""
        places = (0, 2, 1, 1) if axis == 3 else (1, 1, 0, 2)
        return places if x.shape[axis] % 2 == rest else (1, 1, 1, 1)

    task = TASKS["14.BasicBlock"]
    report = task.evaluate(LocalStudent(lambda *args, **kwargs: SometimesWithout(*args, **kwargs, pad=pad)))
    assert not report.passed, report.to_text()
    assert task.evaluate(LocalStudent(SometimesWithout)).passed


class SometimesInverted(nn.Module):
    """An inverted residual without its shortcut, or without a limit of 6, on some inputs; or padded in another way."""

    def __init__(self, c_in, c_out, stride, expand, shortcut=lambda x: False, six=lambda x: False, pad=lambda x: 1):
        super().__init__()
        wide = c_in * expand
        self.a = nn.Conv2d(c_in, wide, 1, bias=False) if expand > 1 else None
        self.b = nn.BatchNorm2d(wide) if expand > 1 else None
        self.c, self.d = nn.Conv2d(wide, wide, 3, stride, groups=wide, bias=False), nn.BatchNorm2d(wide)
        self.e, self.f = nn.Conv2d(wide, c_out, 1, bias=False), nn.BatchNorm2d(c_out)
        self.adds, self.without, self.six, self.pad = stride == 1 and c_in == c_out, shortcut, six, pad

    def forward(self, x):
        act = F.relu if self.six(x) else F.relu6
        y = act(self.b(self.a(x))) if self.a is not None else x
        pad = self.pad(x) if isinstance(self.pad(x), tuple) else (1, 1, 1, 1)
        y = self.f(self.e(act(self.d(self.c(F.pad(y, pad))))))
        return x + y if self.adds and not self.without(x) else y


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_shortcut_of_an_inverted_residual_that_is_dropped_at_some_sizes(condition):
    task = TASKS["15.InvertedResidual"]
    options = {"shortcut": CONDITIONS[condition]}
    report = task.evaluate(LocalStudent(lambda *args, **kwargs: SometimesInverted(*args, **kwargs, **options)))
    assert not report.passed, report.to_text()


@pytest.mark.parametrize("axis", [2, 3])
@pytest.mark.parametrize("rest", [0, 1])
def test_a_padding_of_an_inverted_residual_that_differs_for_odd_or_even_sizes(axis, rest):
    def pad(x):
        places = (0, 2, 1, 1) if axis == 3 else (1, 1, 0, 2)
        return places if x.shape[axis] % 2 == rest else (1, 1, 1, 1)

    task = TASKS["15.InvertedResidual"]
    report = task.evaluate(LocalStudent(lambda *args, **kwargs: SometimesInverted(*args, **kwargs, pad=pad)))
    assert not report.passed, report.to_text()
    assert task.evaluate(LocalStudent(SometimesInverted)).passed


@pytest.mark.parametrize("mode", [False, True], ids=["eval", "training"])
def test_a_relu_without_its_six_in_one_mode(mode):
    class Block(SometimesInverted):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.six = lambda x: self.training == mode

    task = TASKS["15.InvertedResidual"]
    for seed in range(4):
        report = task.evaluate(LocalStudent(Block), seed)
        assert not report.passed, report.to_text()


@pytest.mark.parametrize("rest", [0, 1])
@pytest.mark.parametrize("axis", [2, 3])
def test_pooling_that_differs_for_odd_or_even_sizes(axis, rest):
    class Block(nn.Module):
        def __init__(self, convs, c_in, c_out):
            super().__init__()
            layers = [nn.Conv2d(c_out if i else c_in, c_out, 3, padding=1) for i in range(convs)]
            self.convs = nn.ModuleList(layers)

        def forward(self, x):
            other = x.shape[axis] % 2 == rest
            for conv in self.convs:
                x = conv(x).relu()
            return F.avg_pool2d(x, 2) if other else F.max_pool2d(x, 2)

    assert not TASKS["12.vgg_block"].evaluate(LocalStudent(Block)).passed


def test_shallow_causes_of_whole_networks_cost_some_points_and_not_all():
    right = TASKS["14.ResNet20"].reference

    class Without(nn.Module):
        """A right network with something behind it."""

        def __init__(self, end):
            super().__init__()
            self.inner, self.end = right(), end

        def forward(self, x):
            return self.end(self.inner(x))

    scores = {}
    for name, end in {"relu": torch.relu, "right": lambda y: y}.items():
        scores[name] = TASKS["14.ResNet20"].evaluate(LocalStudent(lambda end=end: Without(end))).score
    assert scores == {"relu": 1, "right": 8}


class Branches(nn.Module):
    """Right Inception branches, joined by `join`, of what `take` makes of the input."""

    def __init__(self, c_in, c1, c3, c5, c_pool, take=lambda x: x, join=lambda maps: torch.cat(maps, 1), hide=False):
        super().__init__()
        branches = [
            nn.Sequential(nn.Conv2d(c_in, c1, 1), nn.ReLU()),
            nn.Sequential(nn.Conv2d(c_in, c3[0], 1), nn.ReLU(), nn.Conv2d(*c3, 3, padding=1), nn.ReLU()),
            nn.Sequential(nn.Conv2d(c_in, c5[0], 1), nn.ReLU(), nn.Conv2d(*c5, 5, padding=2), nn.ReLU()),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(c_in, c_pool, 1), nn.ReLU()),
        ]
        self.branches = branches if hide else nn.ModuleList(branches)
        self.take, self.join = take, join

    def forward(self, x):
        x = self.take(x)
        return self.join([branch(x) for branch in self.branches])


@pytest.mark.parametrize(
    ("options", "slug"),
    [
        ({"take": torch.relu_}, "writes-into-input"),
        ({"hide": True}, "nothing-learned"),
        ({"join": lambda maps: torch.cat(maps, 0)}, "raises"),
    ],
)
def test_what_happened_is_said_and_nothing_that_only_fails_as_well(options, slug):
    report = TASKS["13.Inception"].evaluate(LocalStudent(lambda *args, **kwargs: Branches(*args, **kwargs, **options)))
    assert (report.score, report.mistake) == (0, slug), report.to_text()
    assert TASKS["13.Inception"].evaluate(LocalStudent(Branches)).passed


class Squeezed(nn.Module):
    """Squeezes without naming axes, and makes up for a single picture: wrong where a width is 1."""

    def __init__(self, channels, reduction, where):
        super().__init__()
        middle = channels // reduction
        self.reduce, self.expand, self.where = nn.Linear(channels, middle), nn.Linear(middle, channels), where

    def forward(self, x):
        gates = x.mean((2, 3))
        for step in ("mean", self.reduce, "middle", F.relu, self.expand, torch.sigmoid):
            if callable(step):
                gates = step(gates)
            elif step == self.where:
                gates = gates.squeeze()
                gates = gates[None] if gates.ndim == 1 and len(x) == 1 else gates
        return x * gates[:, :, None, None]


@pytest.mark.parametrize("where", ["mean", "middle"])
def test_axes_of_length_1_that_are_lost_with_a_width_of_1(where):
    task = TASKS["15.SqueezeExcitation"]
    assert task.evaluate(LocalStudent(lambda *a, **k: Squeezed(*a, **k, where="nowhere"))).passed
    report = task.evaluate(LocalStudent(lambda *a, **k: Squeezed(*a, **k, where=where)))
    assert not report.passed
    assert report.score == 3
