"""Boxes in both libraries: against torchvision, and against short definitions where it has none or another rule."""

import itertools

import numpy as np
import pytest
import torch
import torchvision.models.detection._utils as tv_detection
import torchvision.ops as tv
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList

from cnncourse.numpy_nn import boxes as ours
from cnncourse.torch_nn import boxes as theirs
from tests.numpy_nn.drawn_boxes import draw, scores

KINDS = ("float", "whole", "flat")
COUNTS = ((0, 3), (4, 0), (0, 0), (1, 1), (9, 14))


def t(array):
    return torch.from_numpy(np.array(array))


def both(name, *arrays, **options):
    """Return the NumPy function's result, after a look at its PyTorch twin's: the same values and kinds."""
    got = getattr(ours, name)(*arrays, **options)
    twin = getattr(theirs, name)(*(t(a) if isinstance(a, np.ndarray) else a for a in arrays), **options)
    for one, other in zip(*(x if isinstance(x, tuple) else (x,) for x in (got, twin)), strict=True):
        tolerance = 1e-6 if one.dtype == np.float32 else 1e-12
        np.testing.assert_allclose(other, one, rtol=tolerance, atol=tolerance)
        assert other.numpy().dtype == one.dtype
    return got


@pytest.mark.parametrize(("kind", "counts"), list(itertools.product(KINDS, COUNTS)))
def test_overlap(kind, counts):
    rng = np.random.default_rng(counts)
    a, b = (draw(rng, count, kind) for count in counts)
    np.testing.assert_allclose(both("box_area", a), tv.box_area(t(a)), rtol=1e-12)
    iou, giou = both("box_iou", a, b), both("generalized_box_iou", a, b)
    # torchvision says NaN of 0 / 0
    np.testing.assert_allclose(iou, tv.box_iou(t(a), t(b)).nan_to_num(0), rtol=1e-12)
    np.testing.assert_allclose(giou, tv.generalized_box_iou(t(a), t(b)).nan_to_num(0), rtol=1e-12, atol=1e-15)
    assert both("box_iou", a.astype(np.float32), b.astype(np.float32)).dtype == np.float32
    np.testing.assert_array_equal(both("box_iou", b, a), iou.T)


def test_overlap_by_hand_and_without_area():
    box, far, flat = [0.0, 0, 2, 2], [3.0, 0, 4, 2], [1.0, 0, 1, 2]
    found = both("box_iou", np.array([box, flat]), np.array([box, [1.0, 0, 3, 2], far, flat]))
    np.testing.assert_allclose(found, [[1, 1 / 3, 0, 0], [0, 0, 0, 0]])
    assert both("generalized_box_iou", np.array([box]), np.array([far])) == pytest.approx(-2 / 8)
    np.testing.assert_array_equal(ours.box_iou([[0, 0, 2, 2]], [[0, 0, 1, 2]]), [[0.5]])  # lists of ints
    a = torch.tensor([flat, box], dtype=torch.float64, requires_grad=True)
    (theirs.generalized_box_iou(a, a).sum() + theirs.box_iou(a, a).sum()).backward()
    assert a.grad.isfinite().all()


@pytest.mark.parametrize(("kind", "ties"), list(itertools.product(KINDS, (False, True))))
def test_suppression(kind, ties):
    for seed, threshold in itertools.product(range(8), (0.0, 0.3, 0.5, 1.0)):
        rng = np.random.default_rng(seed)
        count = (0, 1, 25)[seed % 3]
        a, s, labels = draw(rng, count, kind), scores(rng, count, ties), rng.integers(0, 3, count)
        got = both("nms", a, s, threshold)
        # torchvision's program leaves the order of equal scores open, so they are made different, in our order
        ranks = np.empty(count)
        ranks[np.argsort(-s, kind="stable")] = np.arange(count, 0, -1)
        np.testing.assert_array_equal(got, tv.nms(t(a), t(ranks), threshold))
        by_class = np.concatenate([np.zeros(0, int)] + [np.flatnonzero(labels == c)[both("nms", a[labels == c],
                                  s[labels == c], threshold)] for c in range(3)])  # fmt: skip
        np.testing.assert_array_equal(np.sort(both("nms", a, s, threshold, labels)), np.sort(by_class))


def soft_by_definition(boxes, s, decay, lowest):
    """Figure 2 of the paper, word for word: B loses its best box M until it is empty."""
    B, taken = [(score, -i) for i, score in enumerate(s) if score >= lowest], []
    while B:
        score, i = M = max(B)
        B.remove(M)
        taken.append((-i, score))
        iou = [ours.box_iou(boxes[[-i]], boxes[[-j]])[0, 0] for _, j in B]
        B = [(old * decay(o), j) for (old, j), o in zip(B, iou, strict=True)]
        B = [pair for pair in B if pair[0] >= lowest]
    return taken


@pytest.mark.parametrize("threshold", [None, 0.0, 0.4])
def test_soft_suppression(threshold):
    for seed in range(9):
        rng = np.random.default_rng(seed)
        count = (0, 1, 15)[seed % 3]
        a, s = draw(rng, count, "whole", 12), scores(rng, count)
        indices, left = both("soft_nms", a, s, 0.4, threshold, 0.05)
        decay = (lambda o: np.exp(-(o**2) / 0.4)) if threshold is None else (lambda o: 1 - o if o > threshold else 1)
        wanted = soft_by_definition(a, s, decay, 0.05)
        assert indices.tolist() == [i for i, _ in wanted]
        np.testing.assert_allclose(left, [score for _, score in wanted], rtol=1e-12)
        assert (np.diff(left) <= 1e-15).all()


def test_anchors_are_torchvisions_moved_to_the_middle_of_their_places():
    # ratios whose roots are whole, and even sides: torchvision rounds
    generator = AnchorGenerator(sizes=((4, 8),), aspect_ratios=((0.25, 1.0, 4.0),))
    images = ImageList(torch.zeros(1, 3, 24, 40), [(24, 40)])
    (wanted,) = generator(images, [torch.zeros(1, 1, 3, 5)])
    got = ours.grid_anchors(3, 5, 8, [4, 8], [0.25, 1.0, 4.0])
    np.testing.assert_allclose(got - 4, wanted)
    twin = theirs.grid_anchors(3, 5, 8, [4, 8], [0.25, 1.0, 4.0], dtype=torch.float64)
    np.testing.assert_allclose(twin, got)
    assert theirs.grid_anchors(0, 5, 8, [4]).shape == ours.grid_anchors(0, 5, 8, [4]).shape == (0, 4)
    odd = ours.grid_anchors(1, 1, 6, [3.0], [2.0])[0]
    np.testing.assert_allclose([odd[3] - odd[1], odd[2] - odd[0]], [3 * 2**0.5, 3 / 2**0.5])


@pytest.mark.parametrize("count", [0, 1, 20])
def test_offsets_and_back(count):
    rng = np.random.default_rng(count)
    a, anchors = draw(rng, count), draw(rng, count)
    offsets = both("encode_boxes", a, anchors)
    np.testing.assert_allclose(both("decode_boxes", offsets, anchors), a, atol=1e-9)
    coder = tv_detection.BoxCoder((1.0, 1.0, 1.0, 1.0))
    np.testing.assert_allclose(offsets, coder.encode_single(t(a), t(anchors)), rtol=1e-9, atol=1e-12)
    drawn = rng.normal(size=(count, 4))
    wanted = coder.decode_single(t(drawn), t(anchors)).reshape(-1, 4)
    np.testing.assert_allclose(both("decode_boxes", drawn, anchors), wanted, rtol=1e-9, atol=1e-9)


def matches_by_definition(anchors, boxes, high, low):
    """Every pair with its IoU; then the claims, one box after the other."""
    iou = ours.box_iou(anchors, boxes)
    found = []
    for row in iou:
        best = max(row, default=0.0)
        found.append(list(row).index(best) if best >= high else -1 if best < low else -2)
    claims = {}
    for box, column in enumerate(iou.T):
        anchor = list(column).index(max(column))
        if column[anchor] > 0 and column[anchor] > claims.get(anchor, (0, None))[0]:
            claims[anchor] = (column[anchor], box)
    for anchor, (_, box) in claims.items():
        found[anchor] = box
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_matching(kind):
    for seed in range(30):
        rng = np.random.default_rng(seed)
        anchors = draw(rng, (0, 1, 40, 40)[seed % 4], "whole", 15)
        a = draw(rng, (3, 0, 4, 12)[seed // 4 % 4], kind, 15)
        got = both("match_anchors", anchors, a, 0.5, 0.3)
        if len(anchors) and len(a):
            assert got.tolist() == matches_by_definition(anchors, a, 0.5, 0.3)
            matcher = tv_detection.Matcher(0.5, 0.3, allow_low_quality_matches=False)
            index = matcher(tv.box_iou(t(a), t(anchors)).nan_to_num(0))
            differ = got != index.numpy()
            best = ours.box_iou(anchors, a)
            assert set(got[differ]) <= set(range(len(a))), "only claims differ"
            assert (best[differ, got[differ]] == best.max(axis=0)[got[differ]]).all() or kind != "float"
        else:
            assert (got == -1).all()


def test_of_two_claims_the_larger_overlap_wins_and_the_loser_gets_no_substitute():
    anchors = np.array([[0.0, 0, 10, 10], [100.0, 0, 110, 10]])
    small, smaller = [0.0, 0, 4, 4], [1.0, 1, 3, 3]
    assert both("match_anchors", anchors, np.array([smaller, small]), 0.7, 0.3).tolist() == [1, -1]
    assert both("match_anchors", anchors, np.array([small, small]), 0.7, 0.3).tolist() == [0, -1]
    assert both("match_anchors", anchors, np.array([[50.0, 0, 60, 10]]), 0.7, 0.3).tolist() == [-1, -1]


@pytest.mark.parametrize(("alpha", "gamma"), [(0.25, 2.0), (0.5, 0.0), (0.0, 1.0), (1.0, 0.5), (0.9, 5.0)])
@pytest.mark.parametrize("reduction", ["sum", "mean", "none"])
def test_focal_loss(alpha, gamma, reduction):
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(0, 4, (3, 5, 2)), rng.integers(0, 2, (3, 5, 2)).astype(float)
    options = {"alpha": alpha, "gamma": gamma, "reduction": reduction}
    x = t(logits).requires_grad_()
    wanted = tv.sigmoid_focal_loss(x, t(targets), **options)
    got = both("focal_loss", logits, targets, **options)
    np.testing.assert_allclose(got, wanted.detach(), rtol=1e-10)
    g = rng.normal(size=wanted.shape) if reduction == "none" else np.array(-1.7)
    wanted.backward(t(g))
    grad, none = ours.focal_loss_backward(g, logits, targets, **options)
    np.testing.assert_allclose(grad, x.grad, rtol=1e-9, atol=1e-12)
    assert none is None
    y = t(logits).requires_grad_()
    theirs.focal_loss(y, t(targets), **options).backward(t(g))
    np.testing.assert_allclose(y.grad, grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_loss_of_huge_logits(dtype, gamma):
    logits = np.array([-1000, -100, -20, 0, 20, 100, 1000], dtype)
    for target in (0, 1):
        targets = np.full(7, target)
        got = both("focal_loss", logits, targets, gamma=gamma, reduction="none")
        grad, _ = ours.focal_loss_backward(np.ones(7, dtype), logits, targets, gamma=gamma, reduction="none")
        x = t(logits).requires_grad_()
        theirs.focal_loss(x, t(targets), gamma=gamma).backward()
        np.testing.assert_allclose(x.grad, grad, rtol=1e-5)
        assert got.dtype == grad.dtype == dtype
        # long doubles reach down to e^−11,000
        z = np.longdouble(logits) * (2 * target - 1)
        weight = 0.25 if target else 0.75
        rest, p = 1 / (1 + np.exp(z)), 1 / (1 + np.exp(-z))
        surprise = np.log1p(np.exp(-np.abs(z))) + np.maximum(-z, 0)
        with np.errstate(under="ignore"):
            wanted = (weight * rest**gamma * surprise).astype(dtype)
            slope = -(2 * target - 1) * weight * rest**gamma * (gamma * p * surprise + rest)
            relative = 2e-5 if dtype == np.float32 else 1e-12
            np.testing.assert_allclose(got, wanted, rtol=relative, atol=1e-44)
            np.testing.assert_allclose(grad, slope.astype(dtype), rtol=relative, atol=1e-44)


B = np.array([[0.0, 0, 2, 2]])
REFUSALS = [
    (lambda L, a: L.box_iou(a(np.zeros((2, 3))), a(B)), "boxes1: .*shape"),
    (lambda L, a: L.box_iou(a(B), a(B[:, [2, 1, 0, 3]])), "boxes2: .*x0 ≤ x1"),
    (lambda L, a: L.box_iou(a(B * np.nan), a(B)), "boxes1: "),
    (lambda L, a: L.nms(a(B), a(np.zeros(2)), 0.5), r"scores: expected shape \(1,\)"),
    (lambda L, a: L.nms(a(B), a(np.zeros(1)), 1.5), "threshold: .*1.5"),
    (lambda L, a: L.soft_nms(a(B), a(np.zeros(1)), sigma=0.0), "sigma: .*0.0"),
    (lambda L, a: L.grid_anchors(2, 2, 4, [0.0]), "sizes"),
    (lambda L, a: L.encode_boxes(a(B), a(np.zeros((1, 4)))), "anchors: .*without area"),
    (lambda L, a: L.encode_boxes(a(B), a(np.repeat(B, 2, axis=0))), "anchors: .*one for each of 1"),
    (lambda L, a: L.decode_boxes(a(np.zeros((2, 4))), a(B)), r"offsets: .*\(1, 4\)"),
    (lambda L, a: L.match_anchors(a(B), a(B), 0.3, 0.5), "high and low: "),
    (lambda L, a: L.match_anchors(a(B), a(B), 0.3, 0.0), "high and low: "),
    (lambda L, a: L.focal_loss(a(np.zeros(2)), a(np.full(2, 0.5))), "targets: "),
    (lambda L, a: L.focal_loss(a(np.zeros(2)), a(np.zeros(3))), "targets: "),
    (lambda L, a: L.focal_loss(a(np.zeros(2)), a(np.zeros(2)), alpha=1.5), "alpha"),
    (lambda L, a: L.focal_loss(a(np.zeros(2)), a(np.zeros(2)), gamma=-1), "gamma"),
    (lambda L, a: L.focal_loss(a(np.zeros(2)), a(np.zeros(2)), reduction="avg"), "reduction: .*'avg'"),
]  # fmt: skip


@pytest.mark.parametrize(("library", "array"), [(ours, np.asarray), (theirs, torch.from_numpy)])
@pytest.mark.parametrize(("call", "says"), REFUSALS)
def test_refusals_name_the_argument(library, array, call, says):
    with pytest.raises(ValueError, match=says):
        call(library, array)


def test_the_twins_have_the_same_functions():
    backwards = {"focal_loss_backward", "roi_align_backward", "roi_pool_backward"}
    assert set(ours.__all__) - set(theirs.__all__) == backwards
    assert set(theirs.__all__) <= set(ours.__all__)
