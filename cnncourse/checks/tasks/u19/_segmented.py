"""New scenes, and what a network that marks garments badly has gone through."""

from functools import lru_cache

import numpy as np

from cnncourse.checks.compare import compare
from cnncourse.checks.judge import Behaviour
from cnncourse.checks.task import Task
from cnncourse.checks.tasks.u19._camouflaged import camouflaged
from cnncourse.checks.training import Training, TrainingCall, preparations

COUNT, UNSEEN, FEW = 480, 120, 40  # scenes to learn from, to be judged on, and looked at prepared in other ways
CLEAR = 0.06  # of mean IoU: where nothing was done, two such sets of scenes differ by less
PREPARATIONS = preparations(0.45, 0.25) | {"inverted": lambda x: 1 - x}


def segmenting_task(see):
    """A task whose answer trains a network that gives a class for each pixel, judged by mean IoU."""
    judged = Behaviour(problem)
    return Task(see=see, observe=Training(mean_iou), judged=judged, banned=(), repeats=0, seconds=180.0)


@lru_cache(maxsize=1)
def pictures(rng):
    """Images and masks to learn from, the unseen ones, and further ones whose outputs tell something."""
    seed = int(rng.integers(1, 2**31))
    seen, (images, masks) = camouflaged(COUNT, seed, "train"), camouflaged(UNSEEN, seed, "test")
    also = {name: prepare(images[:FEW]) for name, prepare in PREPARATIONS.items()}
    return seen, {"predict": images, "truth": masks, "also": also}


def call(rng, level):
    """One level of the one training run."""
    seen, unseen = pictures(rng)
    return TrainingCall(*seen, **unseen, level=level)


def mean_iou(outputs, truth):
    """Mean IoU of background and garment over all pixels of all pictures; `outputs` are logits or classes."""
    given = outputs.argmax(axis=1) if outputs.ndim == 4 else outputs
    shares = []
    for c in (0, 1):
        union = ((truth == c) | (given == c)).sum()
        shares.append(((truth == c) & (given == c)).sum() / max(union, 1))
    return float(np.mean(shares))


def problem(case, trained):
    """None where the level is reached, else (slug, sentence)."""
    N, H, W = case.truth.shape
    difference = compare(np.zeros_like(trained.outputs), np.zeros((N, 2, H, W), trained.outputs.dtype))
    if difference:
        return difference.slug, difference.text
    if not np.isfinite(trained.outputs).all():
        return "not-finite", "The outputs hold NaN or infinity: the training has diverged."
    reached = mean_iou(trained.outputs, case.truth)
    if reached >= case.level:
        return None
    text = f"The mean IoU on unseen scenes is {reached:.2f}; wanted: {case.level:.2f}."
    return diagnose(case, trained, reached) or "low-accuracy", text


def diagnose(case, trained, reached):
    """The slug of what was done, None where the outputs show nothing."""
    given = trained.outputs.argmax(axis=1)
    few = mean_iou(trained.outputs[:FEW], case.truth[:FEW])
    prepared = [mean_iou(trained.also[name], case.truth[:FEW]) for name in PREPARATIONS]
    if max(prepared) > few + CLEAR and max(prepared) > 0.5:
        return "prepares-images-outside"
    if mean_iou(1 - given, case.truth) > max(reached, 0.5) + CLEAR:
        return "classes-exchanged"
    if given.mean() > 0.9:
        return "garment-everywhere"
    return "background-everywhere" if given.mean() < 0.005 else None
