"""RoI pooling and RoIAlign against torchvision's, forward and backward."""

import itertools

import numpy as np
import pytest
import torch
import torchvision.ops as tv

from cnncourse.numpy_nn import boxes as ours
from cnncourse.numpy_nn.gradcheck import gradcheck
from cnncourse.torch_nn import boxes as theirs

BOXES = [
    np.array([[0.0, 0, 20, 14], [3.3, 2.1, 9.7, 12.4], [4.0, 4, 4, 4], [5.5, 2.5, 7.5, 3.5], [-6.2, -3.1, 5, 30]]),
    np.zeros((0, 4)),
    np.array([[12.0, 8, 40, 40], [30.0, 30, 50, 60], [-20.0, -20, -9, -7], [1.0, 1, 2, 13]]),
]


def compare(name, output_size, dtype=np.float64, tolerance=1e-10, **options):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 2, 7, 10)).astype(dtype)
    boxes = [box.astype(dtype) for box in BOXES]
    tensors = [torch.from_numpy(box) for box in boxes]
    results = []
    for function in (getattr(tv, name), getattr(theirs, name)):
        leaf = torch.from_numpy(x).requires_grad_()
        results.append((leaf, function(leaf, tensors, output_size, **options)))
    got = getattr(ours, name)(x, boxes, output_size, **options)
    g = rng.normal(size=got.shape).astype(dtype)
    grad = getattr(ours, name + "_backward")(g, x, boxes, output_size, **options)
    assert got.dtype == grad.dtype == dtype
    for leaf, wanted in results:
        np.testing.assert_allclose(got, wanted.detach(), rtol=0, atol=tolerance)
        wanted.backward(torch.from_numpy(g))
        np.testing.assert_allclose(grad, leaf.grad, rtol=0, atol=10 * tolerance)


SIZES = (1, (2, 3), (7, 2))


@pytest.mark.parametrize(("output_size", "scale"), list(itertools.product(SIZES, (1.0, 0.5, 0.25))))
def test_roi_pool(output_size, scale):
    compare("roi_pool", output_size, spatial_scale=scale)


@pytest.mark.parametrize(
    ("output_size", "scale", "samples", "aligned"),
    list(itertools.product(SIZES, (1.0, 0.5), (-1, 1, 3), (False, True))),
)
def test_roi_align(output_size, scale, samples, aligned):
    compare("roi_align", output_size, spatial_scale=scale, sampling_ratio=samples, aligned=aligned)


def test_float32_stays_float32():
    compare("roi_align", (2, 3), np.float32, 1e-5, spatial_scale=0.5, sampling_ratio=2, aligned=True)
    compare("roi_pool", (2, 3), np.float32, 1e-6, spatial_scale=0.5)


def test_aligned_means_of_whole_boxes_are_means_of_their_pixels():
    """A half-open box around whole pixels, one sample for each: nothing is mixed, nothing is lost."""
    x = np.arange(48.0).reshape(1, 1, 6, 8)
    got = ours.roi_align(x, [np.array([[2.0, 1, 6, 5]])], 2, sampling_ratio=2, aligned=True)
    np.testing.assert_allclose(got[0, 0], x[0, 0, 1:5, 2:6].reshape(2, 2, 2, 2).mean(axis=(1, 3)))


def test_equal_maxima_give_their_gradient_to_one_place():
    x, box = np.zeros((1, 1, 4, 4)), [np.array([[0.0, 0, 3, 3]])]
    grad = ours.roi_pool_backward(np.full((1, 1, 1, 1), 5.0), x, box, 1)
    assert grad[0, 0, 0, 0] == 5
    assert grad.sum() == 5


def test_gradients_by_differences():
    x = np.random.default_rng(1).permutation(84).reshape(1, 2, 6, 7) / 10.0
    box = [np.array([[0.7, 1.2, 5.1, 4.9], [2.0, 2.0, 6.5, 3.5]])]
    gradcheck(lambda x: ours.roi_align(x, box, 2), lambda g, x: ours.roi_align_backward(g, x, box, 2), x)
    gradcheck(lambda x: ours.roi_pool(x, box, 2), lambda g, x: ours.roi_pool_backward(g, x, box, 2), x)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: ours.roi_pool(np.zeros((2, 3, 4)), [], 2), "input: .*4 dimensions"),
        (lambda: ours.roi_pool(np.zeros((2, 1, 4, 4)), BOXES, 2), "boxes: expected one array for each of 2"),
        (lambda: ours.roi_align(np.zeros((1, 1, 4, 4)), [np.zeros((1, 5))], 2), r"boxes\[0\]: "),
        (lambda: ours.roi_align(np.zeros((1, 1, 4, 4)), BOXES[:1], 0), "output_size: "),
        (lambda: ours.roi_align_backward(np.zeros((1, 1, 2, 2)), np.zeros((1, 1, 4, 4)), BOXES[:1], 2), "grad_output"),
        (lambda: theirs.roi_align(torch.zeros(2, 1, 4, 4), [], 2), "boxes: "),
    ],
)
def test_refusals_name_the_argument(call, says):
    with pytest.raises(ValueError, match=says):
        call()
