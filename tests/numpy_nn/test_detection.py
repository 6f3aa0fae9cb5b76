"""What the places of a detector's map shall say, boxes from maps and back, and faults sorted by hand."""

import numpy as np
import pytest

from cnncourse.numpy_nn.average_precision import mean_average_precision
from cnncourse.numpy_nn.detection import (
    FAULTS,
    detection_targets,
    detections,
    mended,
    place_centres,
    sort_faults,
)

BOXES = np.array([[0.0, 0.0, 20.0, 16.0], [4.0, 4.0, 12.0, 12.0]])
LABELS = np.array([3, 1])


def test_each_place_stands_for_the_smallest_box_near_whose_centre_it_lies():
    targets = detection_targets(BOXES, LABELS, 4, 6, 4)
    x, y = place_centres(4, 6, 4)
    assert x[0].tolist() == [2, 6, 10, 14, 18, 22]
    assert y[:, 0].tolist() == [2, 6, 10, 14]
    wanted = np.full((4, 6), -1)
    wanted[1:3, 1:4] = 3  # centre (10, 8), less than 6 away, and inside
    wanted[1:3, 1:3] = 1
    assert targets[0, 1:3].tolist() == wanted[1:3].tolist()
    assert targets[1:, 1, 1].tolist() == [2, 2, 6, 6]
    assert targets[1:, 2, 3].tolist() == [14, 10, 6, 6]
    assert detection_targets(BOXES[:0], LABELS[:0], 2, 3, 8)[0].tolist() == [[-1] * 3] * 2


def test_perfect_maps_give_the_boxes_back():
    targets = detection_targets(BOXES, LABELS, 4, 6, 4)
    output = np.full((1, 9, 4, 6), -20.0)
    for i, j in np.argwhere(targets[0] >= 0):
        output[0, int(targets[0, i, j]), i, j] = 3 - 0.01 * i
        output[0, 5:, i, j] = np.log(targets[1:, i, j] / 4)
    ((boxes, labels, scores),) = detections(output, 4)
    assert labels.tolist() == [1, 3]
    np.testing.assert_allclose(boxes, BOXES[::-1], atol=1e-5)
    np.testing.assert_allclose(scores, 1 / (1 + np.exp(-2.99)))
    assert len(detections(output, 4, lowest=0.99)[0][0]) == 0
    assert len(detections(output, 4, most=1)[0][0]) == 1
    with pytest.raises(ValueError, match="output: expected shape"):
        detections(output[0], 4)


TRUTH = (
    np.array([[0.0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10], [60, 0, 70, 10], [80, 0, 90, 10]]),
    np.array([0, 0, 1, 1, 2]),
)
FOUND = (
    np.array([[0.0, 0, 10, 10], [1, 0, 11, 10], [24, 0, 34, 10], [40, 0, 50, 10], [65, 0, 75, 10], [0, 50, 9, 60]]),
    np.array([0, 0, 0, 2, 0, 0]),
    np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4]),
)


def test_one_fault_of_each_kind():
    faults = sort_faults(FOUND, TRUTH)
    assert faults.kinds.tolist() == ["correct", "duplicate", "place", "class", "both", "background"]
    assert faults.nearest.tolist() == [0, 0, 1, 2, 3, -1]
    assert faults.missed.tolist() == [False, False, False, True, True]
    order = np.array([3, 5, 0, 2, 1, 4])
    again = sort_faults(tuple(part[order] for part in FOUND), TRUTH)
    assert again.kinds.tolist() == faults.kinds[order].tolist()
    empty = sort_faults(tuple(part[:0] for part in FOUND), TRUTH)
    assert empty.missed.all()
    assert (sort_faults(FOUND, (TRUTH[0][:0], TRUTH[1][:0])).kinds == "background").all()


@pytest.mark.parametrize("kind", [*FAULTS, "missed"])
def test_mending_a_kind_leaves_none_of_it_and_does_not_lower_ap(kind):
    found, truth = mended(FOUND, TRUTH, kind)
    faults = sort_faults(found, truth)
    assert not faults.missed.any() if kind == "missed" else kind not in faults.kinds
    before = mean_average_precision([FOUND], [TRUTH])
    after = mean_average_precision([found], [truth])
    assert after > before if kind in ("place", "class", "missed") else after >= before
    assert FOUND[1].tolist() == [0, 0, 0, 2, 0, 0]


def test_a_mended_class_that_is_found_already_is_left_out():
    truth = (TRUTH[0][:1], TRUTH[1][:1])
    found = (np.repeat(truth[0], 2, axis=0), np.array([0, 1]), np.array([0.5, 0.9]))
    assert sort_faults(found, truth).kinds.tolist() == ["correct", "class"]
    assert len(mended(found, truth, "class")[0][0]) == 1
    with pytest.raises(ValueError, match="kind: expected one of place, class"):
        mended(found, truth, "size")
