"""The detector in both libraries, its loss, and that it learns."""

import numpy as np
import pytest
import torch

from cnncourse.numpy_nn import models as ours
from cnncourse.numpy_nn.detection import detection_targets
from cnncourse.torch_nn import models as theirs
from cnncourse.torch_nn.boxes import box_iou, focal_loss
from cnncourse.torch_nn.detection import detect, detection_loss, fit_detector
from tests.torch_nn.twins import check_values_and_gradients, twins

pytestmark = pytest.mark.usefixtures("one_torch_thread")

BOXES, LABELS = np.array([[4.0, 2.0, 22.0, 27.0], [20.0, 16.0, 31.0, 30.0]]), np.array([1, 0])


@pytest.mark.parametrize(
    ("options", "shape"),
    [({"width": 3, "num_classes": 2, "depth": 2}, (2, 3, 17, 24)), ({"c_in": 1, "width": 2}, (1, 1, 32, 32))],
)
def test_same_values_and_gradients(options, shape):
    check_values_and_gradients(*twins("Detector", **options), shape)


def test_it_begins_without_opinion_and_with_boxes_of_four_places():
    for network in (ours.Detector(width=2, rng=np.random.default_rng(0)), theirs.Detector(width=2)):
        bias = np.asarray(network.state_dict()["head.bias"])
        np.testing.assert_allclose(1 / (1 + np.exp(-bias[:10])), 0.01, rtol=1e-6)
        np.testing.assert_allclose(np.exp(bias[10:]), 2, rtol=1e-6)
        weight = np.asarray(network.state_dict()["head.weight"])
        assert 0.003 < weight.std() < 0.03


def test_the_loss_is_focal_loss_and_one_minus_iou_over_the_places_with_a_thing():
    targets = torch.from_numpy(detection_targets(BOXES, LABELS, 8, 8, 4))[None].double()
    output = torch.randn(1, 6, 8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    of_classes, of_boxes = detection_loss(output, targets, 4)
    there = targets[0, 0] >= 0
    onehot = torch.stack([targets[0, 0] == k for k in range(2)])[None].double()
    torch.testing.assert_close(of_classes, focal_loss(output[:, :2], onehot) / there.sum())
    total = 0.0
    for i, j in there.nonzero().tolist():
        sides = [part[:, i, j] for part in (4 * output[0, 2:].exp(), targets[0, 1:])]
        one, other = (torch.cat([-d[:2], d[2:]])[None] for d in sides)
        total += 1 - box_iou(one, other)[0, 0]
    torch.testing.assert_close(of_boxes, total / there.sum())
    nothing = targets.clone()
    nothing[:, 0] = -1
    assert detection_loss(output, nothing, 4)[1] == 0


def test_it_learns_one_picture_by_heart():
    torch.manual_seed(0)
    images = torch.rand(1, 3, 32, 32)
    targets = torch.from_numpy(detection_targets(BOXES, LABELS, 8, 8, 4))[None]
    model, seen = theirs.Detector(num_classes=2, width=8), []
    four = images.repeat(4, 1, 1, 1), targets.repeat(4, 1, 1, 1)
    losses = fit_detector(model, *four, 150, batch_size=4, watch=seen.append)
    assert losses.shape == (150, 2)
    assert seen == list(range(150))
    assert losses[-1].sum() < 0.2 * losses[0].sum()
    ((boxes, labels, scores),) = detect(model, images, lowest=0.3)
    assert not model.training
    assert labels[:2].tolist() in ([0, 1], [1, 0])
    iou = box_iou(torch.from_numpy(boxes[:2]), torch.from_numpy(BOXES[::-1].copy() if labels[0] == 0 else BOXES))
    assert iou.diagonal().min() > 0.6
    assert (np.diff(scores) <= 0).all()
