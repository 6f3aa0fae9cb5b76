"""19.train_segmenter: what marks garments without having learned earns nothing."""

import numpy as np
import pytest

from cnncourse.checks import load_task
from cnncourse.checks.tasks.u19._camouflaged import camouflaged, formulas
from cnncourse.checks.tasks.u19._segmented import COUNT, UNSEEN, mean_iou, problem
from cnncourse.checks.training import Trained

TASK = load_task("19.train_segmenter")
LEVELS = [case.level for case in TASK.draw(0)]


def best(score, truth, unseen):
    """Classes of unseen scores above the threshold that is best for those with a truth."""
    thresholds = np.quantile(score, np.linspace(0.4, 0.98, 30))
    return (unseen > max(thresholds, key=lambda t: mean_iou((score > t).astype(int), truth))).astype(int)


def without_learning(images, masks, unseen):
    """Names and classes (N, 32, 32) of the unseen images."""
    for n, (seen, new) in enumerate(zip(formulas(images), formulas(unseen), strict=True)):
        yield f"formula {n}", best(seen, masks, new)
    mean = masks.mean(axis=0)
    everywhere = best(np.broadcast_to(mean, masks.shape), masks, np.broadcast_to(mean, unseen[:, 0].shape))
    yield "mean mask", everywhere
    distances = ((unseen[:, None] - images[None]) ** 2).reshape(len(unseen), len(images), -1).sum(axis=2)
    yield "mask of the nearest picture", masks[distances.argmin(axis=1)]


@pytest.mark.sampled(share=1 / 3, reason="scenes are drawn and searched")
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_what_has_learned_nothing_stays_below_every_level(seed):
    images, masks = camouflaged(COUNT, seed, "train")
    unseen, truth = camouflaged(UNSEEN, seed, "test")
    reached = {name: mean_iou(given, truth) for name, given in without_learning(images[:200], masks[:200], unseen)}
    print({name: round(value, 3) for name, value in reached.items()})
    assert max(reached.values()) < min(LEVELS) - 0.01, reached


def test_scenes_are_new_with_each_seed_and_the_same_with_the_same():
    (a, m), (b, n), (c, _) = camouflaged(8, 3, "test"), camouflaged(8, 3, "test"), camouflaged(8, 4, "test")
    assert a.tobytes() == b.tobytes()
    assert m.tobytes() == n.tobytes()
    assert not (a == c).all(axis=(1, 2, 3)).any()
    assert (a.dtype, m.dtype, a.shape, m.shape) == (np.float32, np.int64, (8, 3, 32, 32), (8, 32, 32))
    assert a.min() >= 0
    assert a.max() <= 1


def test_each_level_falls_to_outputs_that_are_right_enough():
    """The exact masks earn every point; masks of other scenes none."""
    for case in TASK.draw(0):
        right = np.stack([1 - case.truth, case.truth], axis=1).astype(np.float32)
        also = {name: right[:40] for name in case.also}
        assert problem(case, Trained(right, also)) is None
        assert problem(case, Trained(right[::-1], {name: a[::-1] for name, a in also.items()})) is not None
