"""Segmentation's measures against torchmetrics and SciPy, its loss against PyTorch's autograd."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_confusion_matrix,
    multiclass_f1_score,
    multiclass_jaccard_index,
)

from cnncourse.numpy_nn import gradcheck
from cnncourse.numpy_nn import segmentation as S
from cnncourse.torch_nn.segmentation import dice_loss

KINDS = [np.int64, np.uint8, np.int32]


def draw(rng, shape=(3, 9, 11), ignored=True, dtype=np.int64):
    """Return target and prediction; class 4 is never true, class 3 never predicted, 255 only in the target."""
    target, prediction = rng.integers(0, 4, shape), rng.choice([0, 1, 2, 4], shape)
    prediction = np.where((rng.random(shape) < 0.5) & (target < 3), target, prediction)
    if ignored:
        target[rng.random(shape) < 0.2] = 255
    return target.astype(dtype), prediction.astype(dtype)


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("ignored", [False, True])
def test_measures_are_those_of_torchmetrics(dtype, ignored):
    target, prediction = draw(np.random.default_rng(0), ignored=ignored, dtype=dtype)
    t, p = (torch.from_numpy(array.astype(np.int64)) for array in (target, prediction))
    options = {"num_classes": 6, "ignore_index": 255}
    confusion = S.confusion_matrix(target, prediction, 6)
    np.testing.assert_array_equal(confusion, multiclass_confusion_matrix(p, t, **options))
    assert confusion.sum() == (target != 255).sum()
    for measure, theirs in ((S.class_iou, multiclass_jaccard_index), (S.class_dice, multiclass_f1_score)):
        found = measure(confusion)
        np.testing.assert_array_equal(np.isnan(found), [False] * 5 + [True])  # class 5 is nowhere; torchmetrics says 0
        np.testing.assert_allclose(np.nan_to_num(found), theirs(p, t, average=None, **options), rtol=1e-6)
    mean = multiclass_jaccard_index(p, t, average="macro", **options)
    assert S.mean_iou(confusion) == pytest.approx(mean.item(), rel=1e-6)
    accuracy = multiclass_accuracy(p, t, average="micro", **options)
    assert S.pixel_accuracy(confusion) == pytest.approx(accuracy.item(), rel=1e-6)
    iou = S.class_iou(confusion)
    np.testing.assert_allclose(S.class_dice(confusion), 2 * iou / (1 + iou))


def test_what_a_prediction_says_where_the_target_is_ignored_does_not_matter():
    target = np.array([255, 255, 0, 1], np.uint8)
    np.testing.assert_array_equal(S.confusion_matrix(target, np.array([255, 7, 1, 1]), 2), [[0, 1], [0, 1]])
    np.testing.assert_array_equal(S.confusion_matrix([0, 1], [0, 0], 2, ignore_index=1), [[1, 0], [0, 0]])
    np.testing.assert_array_equal(S.confusion_matrix(np.zeros(0, int), np.zeros(0, int), 2), np.zeros((2, 2)))


def test_all_background_has_a_high_accuracy_and_no_overlap():
    target = np.zeros((10, 10), int)
    target[:3, :10] = 1
    confusion = S.confusion_matrix(target, np.zeros((10, 10), int), 2)
    assert S.pixel_accuracy(confusion) == 0.7
    assert S.class_iou(confusion)[1] == S.class_dice(confusion)[1] == 0
    assert S.mean_iou(confusion) == 0.35


def masks():
    rng = np.random.default_rng(3)
    blob = ndimage.gaussian_filter(rng.normal(size=(30, 41)), 3) > 0
    yield blob
    yield rng.random((17, 9)) < 0.8
    yield np.ones((8, 12), bool)
    yield np.zeros((5, 4), bool)
    yield np.ones((1, 7), bool)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_a_boundary_is_what_erosion_takes_away(width):
    for mask in masks():
        inner = ndimage.binary_erosion(mask, np.ones((3, 3)), iterations=width)
        np.testing.assert_array_equal(S.boundary(mask, width), mask & ~inner)


def test_boundary_iou_sees_edges_that_iou_does_not():
    mask, wavy = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
    mask[5:35, 5:35] = True
    wavy[4:36, 5:35] = True
    iou = S.class_iou(S.confusion_matrix(mask, wavy, 2))[1]
    assert S.boundary_iou(mask, mask, 2) == 1
    assert S.boundary_iou(mask, wavy, 2) < 0.65 < 0.9 < iou
    assert S.boundary(mask, 2).sum() == 30 * 30 - 26 * 26
    assert np.isnan(S.boundary_iou(np.zeros((3, 3), bool), np.zeros((3, 3), bool)))
    assert S.boundary_iou(mask, ~mask, 1) == 0


SHAPES = [(3, 1, 5, 7), (2, 3, 4, 4), (1, 1, 1, 1), (2, 2, 6)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("eps", [1.0, 1e-3])
def test_dice_loss(shape, eps):
    rng = np.random.default_rng(0)
    x, target = rng.normal(0, 3, shape), rng.integers(0, 2, shape)
    p = 1 / (1 + np.exp(-x))
    rows = [(p[index], target[index]) for index in np.ndindex(shape[:2])]
    wanted = np.mean([1 - (2 * (p * t).sum() + eps) / (p.sum() + t.sum() + eps) for p, t in rows])
    assert S.dice_loss(x, target, eps) == pytest.approx(wanted, rel=1e-12)
    leaf = torch.from_numpy(x).requires_grad_()
    loss = dice_loss(leaf, torch.from_numpy(target), eps)
    assert loss.item() == pytest.approx(wanted, rel=1e-12)
    (-1.7 * loss).backward()
    grad, none = S.dice_loss_backward(-1.7, x, target, eps)
    np.testing.assert_allclose(grad, leaf.grad, rtol=1e-9, atol=1e-14)
    assert none is None
    gradcheck(lambda x: np.asarray(S.dice_loss(x, target, eps)),
              lambda g, x: S.dice_loss_backward(g, x, target, eps)[0], x)  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dice_loss_of_huge_logits_and_of_nothing(dtype):
    x = np.array([-1000, 1000, -100, 100], dtype).reshape(1, 1, 2, 2)
    target = np.array([0, 1, 0, 1]).reshape(x.shape)
    for wanted, loss in ((target, 0.0), (1 - target, 1 - 1 / 5)):
        got, (grad, _) = S.dice_loss(x, wanted), S.dice_loss_backward(1.0, x, wanted)
        assert got == pytest.approx(loss, abs=1e-6)
        assert got.dtype == grad.dtype == dtype
        assert np.isfinite(grad).all()
    nothing = S.dice_loss(np.full((2, 1, 3, 3), -1000, dtype), np.zeros((2, 1, 3, 3)))
    assert nothing == 0


X = np.zeros((2, 1, 3, 3))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: S.confusion_matrix([0, 1], [0], 2), r"prediction: expected the target's shape \(2,\)"),
        (lambda: S.confusion_matrix([0, 2], [0, 1], 2), "target: expected classes 0 … 1, got 0 … 2"),
        (lambda: S.confusion_matrix([0, 1], [0, -1], 2), "prediction: expected classes"),
        (lambda: S.mean_iou(np.zeros((2, 2), int)), "confusion: "),
        (lambda: S.boundary(np.ones((2, 2)), 0), "width"),
        (lambda: S.boundary(np.ones(4)), "mask"),
        (lambda: S.boundary_iou(np.ones((2, 2)), np.ones((2, 3))), "prediction: "),
        (lambda: S.dice_loss(X, X[0]), "target: "),
        (lambda: S.dice_loss(X, X, eps=0), "eps: .*0"),
        (lambda: S.dice_loss_backward(np.ones(2), X, X), "grad_output: "),
        (lambda: dice_loss(torch.zeros(2, 3), torch.zeros(2, 3)), "target: "),
        (lambda: dice_loss(torch.zeros(2, 1, 3), torch.zeros(2, 1, 3), 0), "eps: "),
    ],
)
def test_refusals_name_the_argument(call, says):
    with pytest.raises(ValueError, match=says):
        call()
