"""18.train_detector: right detectors of any kind get every point, causes follow from lists, nothing else earns one."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from cnncourse import data  # noqa: E402
from cnncourse.checks import load_task  # noqa: E402
from cnncourse.checks.student import LocalStudent  # noqa: E402
from cnncourse.checks.tasks.u18 import _causes as causes  # noqa: E402
from cnncourse.checks.tasks.u18._detected import MANY, MOST, counted  # noqa: E402
from cnncourse.checks.tasks.u18.train_detector import altered, detect, fitted, problem  # noqa: E402
from cnncourse.checks.training import BATCH, Trained  # noqa: E402
from cnncourse.numpy_nn import boxes as B  # noqa: E402
from cnncourse.torch_nn import boxes as TB  # noqa: E402

TASK = load_task("18.train_detector")
EMPTY = (np.zeros((0, 4)), np.zeros(0, int), np.zeros(0))


@pytest.fixture(scope="module")
def case():
    return TASK.draw(0)[-1]


def judge(answer, seed=0):
    return TASK.evaluate(LocalStudent({TASK.name: answer}), seed)


# ---- other right answers


def with_anchors(images, boxes, labels, steps=500):
    """Six anchors at each place, which are matched to boxes, and offsets; a module whose forward gives the lists."""
    anchors = B.grid_anchors(8, 8, 4, sizes=[9, 13, 18], ratios=[1.0, 2.0])
    matches = np.stack([B.match_anchors(anchors, one.numpy(), 0.5, 0.4) for one in boxes])
    wanted, offsets = torch.tensor(np.minimum(matches, 0)), torch.zeros(*matches.shape, 4)
    for n, match in enumerate(matches):
        own = match >= 0
        wanted[n, own] = labels[n][match[own]]
        offsets[n, own] = torch.tensor(B.encode_boxes(boxes[n].double().numpy()[match[own]], anchors[own])).float()
    network = Anchored(anchors)
    optimizer = torch.optim.Adam(network.parameters(), 0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=steps)
    for _ in range(steps):
        index = torch.randint(len(images), (16,))
        logits, shifts = network.maps(images[index])
        match, there = wanted[index], wanted[index] >= 0
        target = F.one_hot(match.clamp(min=0), 10) * there[..., None]
        loss = 3 * TB.focal_loss(logits[match > -2], target[match > -2].float()) / there.sum()
        loss = loss + F.smooth_l1_loss(shifts[there], offsets[index][there])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network


class Anchored(nn.Module):
    """Ten logits and four offsets for each anchor."""

    def __init__(self, anchors, width=48):
        super().__init__()
        self.anchors, layers, c_in = anchors, [nn.BatchNorm2d(3, affine=False)], 3
        for c_out, stride in ((width // 2, 2), (width // 2, 1), (width, 2), (width, 1), (width, 1), (width, 1)):
            layers += [nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU()]
            c_in = c_out
        self.body, self.head = nn.Sequential(*layers), nn.Conv2d(c_in, 6 * 14, 1)
        nn.init.constant_(self.head.bias, -4.0)
        with torch.no_grad():
            self.head.bias.view(6, 14)[:, 10:] = 0

    def maps(self, x):
        """(B, anchors, 10) and (B, anchors, 4)."""
        y = self.head(self.body(x)).unflatten(1, (6, 14)).permute(0, 3, 4, 1, 2).flatten(1, 3)
        return y[..., :10], y[..., 10:]

    def forward(self, x):
        found = []
        for logits, shifts in zip(*self.maps(x), strict=True):
            scores, own = logits.sigmoid().max(dim=1)
            boxes = torch.tensor(B.decode_boxes(shifts.double().numpy(), self.anchors))
            kept = torch.tensor(B.nms(boxes.numpy(), scores.numpy(), 0.5, own.numpy()))
            found.append({"boxes": boxes, "labels": own, "scores": scores, "kept": kept})
        return [tuple(one[name][one["kept"]] for name in ("boxes", "labels", "scores")) for one in found]


def as_plain_lists(images, boxes, labels):
    """Everything as Python's own lists and numbers; a picture without a box has empty lists."""
    network = fitted(images, boxes, labels, steps=600)

    def answer(pictures):
        return tuple([part.tolist() for part in one] for one in detect(network, pictures))

    return answer


@pytest.mark.slow
@pytest.mark.sampled(share=0.1, reason="each case trains a detector")
@pytest.mark.parametrize("answer", [with_anchors, as_plain_lists])
def test_right_detectors_get_every_point(answer):
    report = judge(answer)
    assert report.passed, report.to_text()
    assert report.mistake is None


# ---- what lists show, without any training


def lists(truth, rng, share=0.6, junk=12):
    """A share of the garments, nearly in place and with high scores, and boxes of chance with low ones."""
    found = []
    for boxes, labels in truth:
        seen = rng.random(len(labels)) < share
        corner, size = rng.uniform(0, 20, (junk, 2)), rng.uniform(8, 12, (junk, 2))
        found.append((
            np.vstack([boxes[seen] + rng.normal(0, 0.3, boxes[seen].shape), np.hstack([corner, corner + size])]),
            np.hstack([labels[seen], rng.integers(0, 10, junk)]),
            np.hstack([rng.uniform(0.4, 0.9, seen.sum()), rng.uniform(0.05, 0.3, junk)]),
        ))  # fmt: skip
    return found


def trained(case, outputs, **sets):
    """Outputs for unseen pictures, and nothing found in the other sets, save those that are given."""
    return Trained(outputs, {name: [EMPTY] * causes.FEW for name in case.also} | sets)


@pytest.fixture(scope="module")
def good(case):
    return lists(case.truth, np.random.default_rng(0), share=0.4)


def test_good_lists_have_no_problem(case, good):
    assert problem(case, trained(case, good)) is None


IN_THE_END = {"of_boxes", "of_labels", "of_scores"}
CHANGED = [m for m in TASK.mistakes if m.answer.function is altered and m.answer.options.keys() & IN_THE_END]


@pytest.mark.parametrize("mistake", CHANGED, ids=lambda mistake: mistake.slug)
def test_the_cause_follows_from_the_lists(case, good, mistake):
    changes = [mistake.answer.options.get(f"of_{name}", np.copy) for name in ("boxes", "labels", "scores")]
    wrong = [tuple(change(part) for change, part in zip(changes, one, strict=True)) for one in good]
    assert problem(case, trained(case, wrong))[0] == mistake.slug


@pytest.mark.parametrize(
    ("slug", "change"),
    [
        ("x-and-y-exchanged", lambda b: causes.resized(b, 1, (1, 0))),
        ("other-units", lambda b: b / 32),
        ("other-units", lambda b: b / 16),
        ("moved", lambda b: b + 4),
        ("moved", lambda b: b + 2.5),
    ],
)
def test_other_boxes_of_the_same_cause(case, good, slug, change):
    assert problem(case, trained(case, [(change(boxes), *rest) for boxes, *rest in good]))[0] == slug


def test_causes_that_other_sets_of_pictures_show(case, good):
    few, rng = causes.FEW, np.random.default_rng(1)
    poor = lists(case.truth, rng, share=0.1)
    assert problem(case, trained(case, poor))[0] == "low-accuracy"
    prepared = {"0 to 255": good[:few]}
    assert problem(case, trained(case, poor, **prepared))[0] == "prepares-images-outside"
    true = [*zip(*case.args[1:], strict=True)]
    known = {"first": lists(true[:few], rng, 0.9), "last": lists(true[-few:], rng, 0.1)}
    assert problem(case, trained(case, poor, **known))[0] == "sees-few-images"
    assert problem(case, trained(case, [EMPTY] * len(good)))[0] == "nothing-found"


def test_a_garment_that_is_found_many_times(case, good):
    many = [tuple(np.repeat(part, 6, axis=0) for part in one) for one in good]
    assert problem(case, trained(case, many))[0] == "several-for-one"


def test_background_that_has_scores_as_high_as_garments(case, good):
    rng = np.random.default_rng(2)
    high = [(boxes, own, rng.uniform(0.4, 0.9, len(own))) for boxes, own, _ in good]
    assert problem(case, trained(case, high, bare=high[: causes.FEW]))[0] == "background-reported"
    assert problem(case, trained(case, high))[0] == "low-accuracy", "the bare pictures show nothing"


# ---- lists of a wrong form, and worse


def constant(one):
    """An answer that gives this for every picture."""
    return lambda images, boxes, labels: lambda pictures: [one] * len(pictures)


GARMENT = np.array([[4.0, 4, 20, 28], [2, 2, 9, 9]])
FORMS = {
    "a dict": (constant({"boxes": GARMENT}), "For picture 0 it gives a dict of 1; wanted: (boxes, labels, scores)."),
    "two parts": (constant((GARMENT, [1, 2])), "For picture 0 it gives a tuple of 2"),
    "boxes on end": (constant((GARMENT.T, [1, 2], [0.5, 0.6])), "boxes of shape (4, 2); wanted: (2, 4)"),
    "one score": (constant((GARMENT, [1, 2], [0.5])), "gives 1 scores, and boxes of shape (2, 4); wanted: (1, 4)"),
    "a column of labels": (constant((GARMENT, [[1], [2]], [0.5, 0.6])), "labels of shape (2, 1); wanted: (2,)"),
    "half a label": (constant((GARMENT, [1, 2.5], [0.5, 0.6])), "label of picture 0 is 2.5; wanted: 0 to 9"),
    "words": (constant((GARMENT, ["shirt", "bag"], [0.5, 0.6])), "labels of picture 0 are a list of 2"),
    "ragged rows": (constant(([[1, 2, 3, 4], [1]], [1, 2], [0.5, 0.6])), "boxes of picture 0 are a list of 2"),
    "no list": (lambda *args: lambda pictures: pictures.mean(), f"For {BATCH} pictures it gives the float"),
    "one for all": (lambda *args: lambda x: (GARMENT, [1, 2], [0.5, 0.6]), "a tuple of 3; wanted: a list of 40, with"),
    "maps": (lambda *args: nn.Conv2d(3, 14, 4, 4), "it gives a float32 array of shape (40, 14, 8, 8); wanted: a list"),
    "no function": (lambda *args: 3, "It returned a int where a function or a torch.nn.Module is wanted"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_what_comes_in_another_form_is_named(name):
    answer, sentence = FORMS[name]
    report = judge(answer)
    assert report.score == 0
    assert sentence in report.message, report.message
    assert "a number is wanted" not in report.message


class Strange(nn.Module):
    """Its methods do what they should not."""

    def eval(self):
        return None

    def __len__(self):
        raise ValueError

    def __call__(self, pictures):
        return [Odd([GARMENT, np.zeros(2), np.ones(2)])] * len(pictures)


class Odd(list):
    def __len__(self):
        return 3

    def __eq__(self, other):
        return True

    __hash__ = None


class Number(float):
    def __gt__(self, other):
        return True


rng = np.random.default_rng(0)
corners = rng.uniform(0, 20, (5000, 2))
CROWD = np.hstack([corners, corners + rng.uniform(6, 20, (5000, 2))])
HOSTILE = {
    "thousands of boxes": constant((CROWD, rng.integers(0, 10, 5000), rng.random(5000))),
    "NaN for a score": constant((GARMENT, [1, 2], [0.5, np.nan])),
    "NaN for a box": constant((np.full((2, 4), np.nan), [1, 2], [0.5, 0.6])),
    "infinite boxes": constant((np.array([[-np.inf, -np.inf, np.inf, np.inf]]), [1], [0.5])),
    "huge boxes": constant((np.array([[-1e300, -1e300, 1e300, 1e300]]), [1], [1e300])),
    "boxes that end before they begin": constant((GARMENT[:, [2, 3, 0, 1]], [1, 2], [0.5, 0.6])),
    "too many boxes": constant((np.zeros((MANY + 1, 4)), np.zeros(MANY + 1), np.zeros(MANY + 1))),
    "endless boxes": constant((np.zeros(60_000_000, np.int8), [1], [1])),
    "a list that holds itself": constant((loop := [], loop.append(loop), loop)),
    "huge labels": constant((GARMENT, [10**300, -(10**300)], [0.5, 0.6])),
    "complex numbers": constant((GARMENT * 1j, [1, 2], [0.5, 0.6])),
    "numbers of its own": constant((GARMENT, [Number(1), Number(2)], [Number(0.5), Number(0.6)])),
    "strange methods": lambda images, boxes, labels: Strange(),
    "the whole picture": constant((np.tile([0.0, 0, 32, 32], (10, 1)), np.arange(10), np.ones(10))),
}


def remembers(images, boxes, labels):
    """The boxes of the training picture that is nearest, pixel by pixel."""
    flat = images.flatten(1)
    lists = [(b, own, torch.ones(len(own))) for b, own in zip(boxes, labels, strict=True)]
    return lambda pictures: [lists[i] for i in torch.cdist(pictures.flatten(1), flat).argmin(dim=1)]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", [*HOSTILE, "a store of training pictures"])
def test_lists_that_are_no_detection_earn_nothing(name):
    report = judge(HOSTILE.get(name, remembers))
    assert report.score == 0, report.to_text()
    assert report.status in ("wrong", "error")


def test_a_grid_of_guesses_earns_nothing():
    """As many boxes as count, of the commonest sizes, at every place."""
    anchors = B.grid_anchors(5, 5, 6.4, sizes=[11, 14], ratios=[1.0, 2.0])
    assert len(anchors) == MOST
    for label in (0, 5):
        assert judge(constant((anchors, np.full(MOST, label), np.ones(MOST)))).score == 0


def test_only_the_best_boxes_count():
    order = rng.permutation(5000)
    (one,) = counted([(CROWD, np.zeros(5000), order / 5000)])
    assert one[0].shape == (MOST, 4)
    np.testing.assert_array_equal(one[2], np.arange(4999, 4999 - MOST, -1) / 5000)


def test_pictures_are_new_and_the_unseen_ones_are_others(case):
    images, others = case.args[0], TASK.draw(1)[-1].args[0]
    known = {picture.tobytes() for picture in images}
    assert not any(picture.tobytes() in known for picture in (*case.predict, *others))
    kept = data.scenes(50, split="test", objects=(1, 4)).images.astype(np.float32) / 255
    assert not {picture.tobytes() for picture in kept} & {picture.tobytes() for picture in case.predict}
    TASK.draw(0)  # so that the next test finds it drawn
