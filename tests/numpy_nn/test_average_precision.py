"""Average precision: COCO's two forms against pycocotools and torchmetrics, the others against short definitions."""

import contextlib
import io
import itertools
from fractions import Fraction

import numpy as np
import pytest
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torchmetrics.detection import MeanAveragePrecision

from cnncourse.numpy_nn import average_precision as ap
from cnncourse.numpy_nn.boxes import box_iou
from tests.numpy_nn.drawn_boxes import draw, scores

FORMS = ("raw", "11 points", "envelope", "101 points")


def dataset(seed, pictures=5, classes=3, kind="whole", ties=True, size=18):
    """Return detections and truth of a few pictures: several without the one or the other, and near misses."""
    rng = np.random.default_rng(seed)
    detections, truth = [], []
    for _ in range(pictures):
        true, stray = draw(rng, rng.integers(0, 6), kind, size), draw(rng, rng.integers(0, 4), kind, size)
        labels, other = rng.integers(0, classes, len(true)), rng.integers(0, classes, len(stray))
        near = true + rng.choice([0.0, 0.0, 0.5, 1.0], (len(true), 1)) * [0, 0, 1, 1]
        found, taken = np.concatenate([near, near[::2], stray]), np.concatenate([labels, labels[::2], other])
        kept = np.flatnonzero(rng.random(len(found)) < rng.choice([0.0, 0.9]))
        truth.append((true, labels))
        detections.append((found[kept], taken[kept], scores(rng, len(kept), ties)))
    return detections, truth


def coco(detections, truth):
    """Return COCO's AP and AP50 by its own program."""

    def sides(box):
        return [*map(float, box[:2]), *map(float, box[2:] - box[:2])]

    images = [{"id": n + 1} for n in range(len(truth))]
    wanted = [
        {"image_id": n + 1, "category_id": int(c), "bbox": sides(b), "area": float(np.prod(b[2:] - b[:2]))}
        for n, (boxes, labels) in enumerate(truth)
        for b, c in zip(boxes, labels, strict=True)
    ]
    found = [
        {"image_id": n + 1, "category_id": int(c), "bbox": sides(b), "score": float(s)}
        for n, (boxes, labels, own) in enumerate(detections)
        for b, c, s in zip(boxes, labels, own, strict=True)
    ]
    categories = [{"id": c} for c in range(4)]
    with contextlib.redirect_stdout(io.StringIO()):
        data = COCO()
        annotations = [{"id": k + 1, "iscrowd": 0, **one} for k, one in enumerate(wanted)]
        data.dataset = {"images": images, "categories": categories, "annotations": annotations}
        data.createIndex()
        judge = COCOeval(data, data.loadRes(found), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return judge.stats[0], judge.stats[1]


@pytest.mark.parametrize(("kind", "ties"), list(itertools.product(("float", "whole", "flat"), (False, True))))
def test_cocos_two_forms_are_those_of_pycocotools(kind, ties):
    values = []
    for seed in range(12):
        detections, truth = dataset(seed, kind=kind, ties=ties)
        if not sum(len(boxes) for boxes, *_ in detections):
            continue  # its loader refuses that
        mean, half = coco(detections, truth)
        values.append(mean)
        assert ap.mean_average_precision(detections, truth, ap.COCO_THRESHOLDS, "101 points") == pytest.approx(
            mean, rel=0, abs=1e-9)  # fmt: skip
        assert ap.mean_average_precision(detections, truth, 0.5, "101 points") == pytest.approx(half, rel=0, abs=1e-9)
    assert len(set(values)) > 8
    assert max(values) > 0.1


def test_only_the_best_hundred_of_a_picture_count():
    rng = np.random.default_rng(0)
    true = draw(rng, 60, "float")
    found = np.concatenate([draw(rng, 90, "float"), true])
    detections, truth = [(found, np.zeros(150, int), np.arange(150, 0, -1) / 150)], [(true, np.zeros(60, int))]
    mean, half = coco(detections, truth)
    assert ap.mean_average_precision(detections, truth, 0.5, "101 points") == pytest.approx(half, abs=1e-9)
    assert ap.mean_average_precision(detections, truth, 0.5, "101 points", most=150) > half + 0.01
    assert mean < half


def test_torchmetrics_agrees_as_far_as_it_goes():
    detections, truth = dataset(3, kind="float", ties=False)
    # its own hundredths of recall are rounded to float32, and a recall of 0.3 falls on either side
    judge = MeanAveragePrecision(iou_thresholds=[0.5, 0.6], rec_thresholds=np.linspace(0, 1, 101).tolist())
    names = ("boxes", "labels", "scores")
    found, true = (
        [dict(zip(names, map(torch.from_numpy, one), strict=False)) for one in side] for side in (detections, truth)
    )
    judge.update(found, true)
    wanted = judge.compute()
    assert ap.mean_average_precision(detections, truth, [0.5, 0.6], "101 points") == pytest.approx(
        wanted["map"].item(), abs=1e-6)  # fmt: skip
    assert 0.05 < wanted["map"] < 1


def by_definition(scores, correct, count, form):
    """Every form in exact fractions, detection by detection."""
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    points, found = [], 0
    for rank, i in enumerate(order, 1):
        found += int(correct[i])
        points.append((Fraction(found, count), Fraction(found, rank), bool(correct[i])))

    def best(recall):
        return max((p for r, p, _ in points if r >= recall), default=Fraction(0))

    if form == "raw":  # the mean, over all true boxes, of the precision where each is found
        return sum((p for _, p, new in points if new), Fraction(0)) / count
    if form == "envelope":
        return sum((best(r) for r, _, new in points if new), Fraction(0)) / count
    steps = int(form.split()[0]) - 1
    return sum(best(Fraction(k, steps)) for k in range(steps + 1)) / (steps + 1)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("ties", [False, True])
def test_forms_are_their_definitions(form, ties):
    for seed in range(60):
        rng = np.random.default_rng(seed)
        N = (0, 1, 7, 40)[seed % 4]
        own, correct = scores(rng, N, ties), rng.random(N) < 0.6
        # a number of true boxes of which COCO's rounded hundredths are exact: see the next test
        count = int(correct.sum()) + int(rng.integers(0, 5)) or 1
        if form == "101 points":
            count = next(c for c in (16, 32, 64) if c >= count)
        got = ap.average_precision(own, correct, count, form)
        assert got == pytest.approx(float(by_definition(own, correct, count, form)), abs=1e-12)


def test_tenths_are_reached_and_hundredths_as_coco_rounds_them():
    """3 of 10 is a recall of 0.3: rounded up to 0.30000000000000004 it would not be reached."""
    assert ap.average_precision([3, 2, 1], [True] * 3, 10, "11 points") == pytest.approx(4 / 11)
    for found in range(1, 101):
        got = ap.average_precision(np.zeros(found), np.ones(found, bool), 100, "101 points")
        reached = (np.linspace(0, 1, 101) <= found / 100).sum()
        assert got == pytest.approx(reached / 101, abs=1e-12)


def test_five_numbers_of_one_detector():
    """Two true boxes, three detections; the second one is the only wrong one."""
    truth = [(np.array([[0.0, 0, 10, 10], [20.0, 0, 30, 10]]), np.array([7, 7]))]
    boxes = np.array([[0.0, 0, 10, 8], [50.0, 0, 60, 10], [20.0, 0, 30, 10]])
    detections = [(boxes, np.array([7, 7, 7]), np.array([0.9, 0.8, 0.7]))]
    found = [ap.mean_average_precision(detections, truth, 0.5, form) for form in FORMS]
    np.testing.assert_allclose(found, [5 / 6, (6 + 5 * 2 / 3) / 11, 5 / 6, (51 + 50 * 2 / 3) / 101])
    mean = ap.mean_average_precision(detections, truth, ap.COCO_THRESHOLDS, "101 points")
    assert mean == pytest.approx((7 * found[3] + 3 * 51 / 3 / 101) / 10)  # above IoU 0.8 only the last is correct


def matched_by_definition(boxes, own, truth, threshold, last):
    correct, free = [False] * len(boxes), list(range(len(truth)))
    for i in sorted(range(len(boxes)), key=lambda i: (-own[i], i)):
        iou = {j: box_iou(boxes[[i]], truth[[j]])[0, 0] for j in free}
        best = max(iou.values(), default=0.0)
        if best >= threshold:
            correct[i] = True
            free.remove([j for j in free if iou[j] == best][-1 if last else 0])
    return correct


@pytest.mark.parametrize("last", [False, True])
def test_matching(last):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        boxes, truth = draw(rng, (0, 8, 12)[seed % 3], "whole", 12), draw(rng, (4, 0, 6, 9)[seed % 4], "whole", 12)
        own = scores(rng, len(boxes))
        got = ap.match_detections(boxes, own, truth, 0.3, last)
        assert got.dtype == bool
        assert got.tolist() == matched_by_definition(boxes, own, truth, 0.3, last)


def test_which_of_equally_good_boxes_is_taken_matters():
    """The first detection lies between two true boxes; the second can only have the left one."""
    true, found = np.array([[0.0, 0, 4, 4], [4.0, 0, 8, 4]]), np.array([[2.0, 0, 6, 4], [-1.0, 0, 3, 4]])
    assert ap.match_detections(found, [0.9, 0.8], true, 0.3).tolist() == [True, False]
    assert ap.match_detections(found, [0.9, 0.8], true, 0.3, last=True).tolist() == [True, True]
    wide, true = np.array([[0.0, 0, 4, 10], [0.0, 0, 4, 4]]), np.array([[0.0, 0, 4, 7], [0.0, 3, 4, 10]])
    detections = [(wide, np.zeros(2, int), np.array([0.9, 0.8]))]
    _, half = coco(detections, [(true, np.zeros(2, int))])
    got = ap.mean_average_precision(detections, [(true, np.zeros(2, int))], 0.5, "101 points")
    assert got == pytest.approx(half, abs=1e-9)
    assert half == pytest.approx(1)


def test_nothing_to_find_and_nothing_found():
    none, box = (np.zeros((0, 4)), np.zeros(0, int)), (np.array([[0.0, 0, 1, 1]]), np.array([2]))
    for form in FORMS:
        assert ap.average_precision([], [], 3, form) == 0
        assert ap.average_precision([0.5], [False], 0, form) == 0
        assert ap.mean_average_precision([(*none, np.zeros(0))], [box], 0.5, form) == 0
        assert ap.mean_average_precision([(*box, np.ones(1))], [none], 0.5, form) == 0
        assert ap.mean_average_precision([], [], 0.5, form) == 0
        assert ap.mean_average_precision([(*box, np.ones(1))], [box], 0.5, form) == pytest.approx(1)
    precision, recall = ap.precision_recall([], [], 2)
    assert precision.shape == recall.shape == ap.envelope(precision).shape == (0,)


BOX = np.array([[0.0, 0, 1, 1]])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: ap.average_precision([0.5], [True], 1, "area"), "form: .*'raw'.*got 'area'"),
        (lambda: ap.average_precision([0.5, 0.4], [True], 1), r"scores: expected shape \(1,\)"),
        (lambda: ap.average_precision([0.5, 0.4], [True, True], 1), "count: expected at least the 2"),
        (lambda: ap.average_precision([np.nan], [True], 1), "scores: .*NaN"),
        (lambda: ap.match_detections(BOX, [0.5], BOX, 0), "threshold: .*0"),
        (lambda: ap.match_detections(BOX, [], BOX, 0.5), "scores: "),
        (lambda: ap.mean_average_precision([], [(BOX, [1])]), "truth: expected one for each of 0"),
        (lambda: ap.mean_average_precision([(BOX, [1, 2], [0.5])], [(BOX, [1])]), r"labels: expected shape \(1,\)"),
        (lambda: ap.mean_average_precision([(BOX[:, ::-1], [1], [0.5])], [(BOX, [1])]), "detections: "),
    ],
)
def test_refusals_name_the_argument(call, says):
    with pytest.raises(ValueError, match=says):
        call()
