"""Train a network that finds garments, judged on scenes that it has not seen."""

from functools import lru_cache

import numpy as np
import torch
from torch.nn import functional as F

from cnncourse import data
from cnncourse.checks.compare import describe
from cnncourse.checks.judge import Behaviour
from cnncourse.checks.task import Task
from cnncourse.checks.tasks.u18._causes import diagnose, further_images, resized
from cnncourse.checks.tasks.u18._detected import Malformed, measure
from cnncourse.checks.training import BATCH, Training, TrainingCall
from cnncourse.numpy_nn.detection import detection_targets, detections
from cnncourse.torch_nn.detection import detect, detection_loss, fit_detector
from cnncourse.torch_nn.models import Detector

COUNT, UNSEEN = 2000, 200  # scenes to learn from, and to be judged on
FORM = "For pictures (B, 3, 32, 32) a list of B is wanted: (boxes, labels, scores) of each, (M, 4), (M,) and (M,)."


def problem(case, trained):
    """None where the level is reached, else (slug, sentence)."""
    if trained.also is None:
        wanted = f"a list of {BATCH}, with (boxes, labels, scores) for each"
        return "wrong-form", f"For {BATCH} pictures it gives {describe(trained.outputs)}; wanted: {wanted}."
    known = trained.known
    try:
        if "reached" not in known:
            known["reached"] = measure(trained.outputs, case.truth)
    except Malformed as malformed:
        return malformed.args
    if known["reached"] >= case.level:
        return None
    if "cause" not in known:
        known["cause"] = diagnose(case, trained)
    text = f"The average precision on unseen scenes is {known['reached']:.2f}; wanted: {case.level:.2f}."
    return known["cause"] or "low-accuracy", text


task = Task(
    see="A detector without anchors", observe=Training(measure, lists=True, threads=1),
    judged=Behaviour(problem, {"wrong-form": FORM}), banned=(), repeats=0, seconds=240.0,
)  # fmt: skip


def wanted_maps(boxes, labels):
    """What each place shall say, for each picture."""
    pairs = zip(boxes, labels, strict=True)
    maps = [detection_targets(b.numpy(), own.numpy(), 8, 8, Detector.stride) for b, own in pairs]
    return torch.tensor(np.stack(maps))


def fitted(images, boxes, labels, steps=300, width=16):
    """A detector after some steps."""
    network = Detector(width=width)
    fit_detector(network, images, wanted_maps(boxes, labels), steps)
    return network


@task.right
def train_detector(images, boxes, labels):
    """600 small batches are enough."""
    network = fitted(images, boxes, labels, steps=600, width=24)
    return lambda pictures: detect(network, pictures, lowest=0.1)


@lru_cache(maxsize=1)
def pictures(rng):
    """Images, boxes and labels to learn from; unseen images, and further ones whose lists tell something."""
    seed = int(rng.integers(1, 2**31))
    seen, unseen = (data.scenes(n, seed, split, objects=(1, 4)) for n, split in ((COUNT, "train"), (UNSEEN, "test")))
    x, x_unseen = (scenes.images.astype(np.float32) / 255 for scenes in (seen, unseen))
    (boxes, labels), truth = zip(*things(seen), strict=True), things(unseen)
    also = further_images(x, x_unseen, rng)
    return (x, [*boxes], [*labels]), {"predict": x_unseen, "truth": truth, "also": also}


def things(scenes):
    """(boxes, labels) of each scene."""
    return [(boxes[own >= 0], own[own >= 0]) for boxes, own in zip(scenes.boxes, scenes.labels, strict=True)]


def call(rng, level):
    """One level of the one training run."""
    seen, unseen = pictures(rng)
    return TrainingCall(*seen, **unseen, level=level)


@task.criterion(1, "average precision 0.05")
def some_garments(rng):
    """Some garments are found."""
    yield call(rng, 0.05)


@task.criterion(1, "average precision 0.12")
def garments(rng):
    """Garments are found, and boxes on background have lower scores."""
    yield call(rng, 0.12)


@task.criterion(2, "average precision 0.18")
def garments_and_classes(rng):
    """Places and classes are often right."""
    yield call(rng, 0.18)


_kept = {}


def half_trained(images, boxes, labels):
    """A detector after few steps. The last one is kept, because most mistakes begin with the same one."""
    key = images[0].numpy().tobytes()
    if key not in _kept:
        _kept.clear()
        _kept[key] = fitted(images, boxes, labels)
    return _kept[key]


def altered(images, boxes, labels, *, of_boxes=np.copy, of_labels=np.copy, of_scores=np.copy, **options):
    """A right detector whose boxes, labels or scores are changed in the end."""
    network = half_trained(images, boxes, labels)

    def answer(pictures):
        found = detect(network, pictures, **{"lowest": 0.2} | options)
        return [(of_boxes(b), of_labels(own), of_scores(scores)) for b, own, scores in found]

    return answer


def sides(boxes):
    """(w, h)"""
    return boxes[:, 2:] - boxes[:, :2]


def centres(boxes):
    """(x, y)"""
    return (boxes[:, :2] + boxes[:, 2:]) / 2


task.options(altered, {
    "nothing-found": ({"lowest": 0.999}, "No picture has a box. Is the score from which a box counts too high? Before "
        "the training every place says background, and it takes a few hundred steps until some do not."),
    "x-and-y-exchanged": ({"of_boxes": lambda b: b[:, [1, 0, 3, 2]]}, "The boxes are far better with x and y "
        "exchanged. A box is (x0, y0, x1, y1), and x goes to the right. In an array of maps the row, which is y, "
        "comes first."),
    "centre-and-sides": ({"of_boxes": lambda b: np.hstack([centres(b), sides(b)])}, "The boxes are far better when "
        "they are read as centre and sides. Two corners are wanted: (x0, y0, x1, y1)."),
    "corner-and-sides": ({"of_boxes": lambda b: np.hstack([b[:, :2], sides(b)])}, "The boxes are far better when they "
        "are read as corner and sides. Two corners are wanted: (x0, y0, x1, y1)."),
    "other-units": ({"of_boxes": lambda b: b / 4}, "The boxes are far better when all their numbers are multiplied by "
        "one factor. Are they in places of the map, or in shares of the image? Pixels are wanted."),
    "half-the-sides": ({"of_boxes": lambda b: resized(b, 0.5)}, "The boxes are far better when they are made twice as "
        "wide and high. From the centre it is half a side to each end."),
    "twice-the-sides": ({"of_boxes": lambda b: resized(b, 2)}, "The boxes are far better when they are made half as "
        "wide and high. From the centre it is half a side to each end."),
    "moved": ({"of_boxes": lambda b: b - 4}, "The boxes are far better when all of them are moved by the same few "
        "pixels. The middle of place j of a map with stride S is at (j + ½)·S, in training and afterwards."),
    "scores-alike": ({"of_scores": np.ones_like}, "All boxes have the same score. Average precision takes boxes by "
        "falling score, so a score must say how sure the network is."),
    "scores-turned": ({"of_scores": np.negative}, "The boxes are far better in the opposite order: the box of which "
        "the network is surest must have the highest score."),
    "several-for-one": ({"threshold": 1.0}, "Several boxes of one class are on the same garment, and only one of them "
        "is correct. Thin them out with `nms`, each class by itself."),
    "classes-renumbered": ({"of_labels": lambda own: own + 1}, "The classes are told apart, and called by other "
        "numbers than in `labels`. If background is number 0 in your network, subtract 1 in the end."),
    "one-class-for-all": ({"of_labels": np.zeros_like}, "All boxes have the same class, and they are far better when "
        "the class does not count. The label of a box is the class with the largest score there."),
})  # fmt: skip


@task.mistake
def background_reported(images, boxes, labels, steps=120):
    """Photographs without a garment get scores that are as high as those of scenes: the network has not learned what
    background is. Most places are background, and they belong into the loss of the classes, too."""
    network, maps = Detector(width=16), wanted_maps(boxes, labels)
    optimizer = torch.optim.Adam(network.parameters(), 0.005)
    for _ in range(steps):
        index = torch.randint(len(images), (16,))
        output, wanted = network(images[index]), maps[index]
        there = wanted[:, 0] >= 0
        of_classes = F.cross_entropy(output[:, :10].movedim(1, -1)[there], wanted[:, 0][there].long())
        _, of_boxes = detection_loss(output, wanted, Detector.stride)
        optimizer.zero_grad()
        (of_classes + of_boxes).backward()
        optimizer.step()

    def answer(pictures):
        output = network.eval()(pictures)
        probabilities = torch.logit(output[:, :10].softmax(dim=1))
        return detections(torch.cat([probabilities, output[:, 10:]], dim=1).numpy(), Detector.stride, lowest=0.1)

    return answer


@task.mistake
def prepares_images_outside(images, boxes, labels):
    """The network is good on images that are scaled or normalised, and is tested on images in [0, 1]. What prepares the
    images belongs into the function or module that you return."""
    network = fitted((images - 0.45) / 0.25, boxes, labels)
    return lambda pictures: detect(network, pictures, lowest=0.2)


@task.mistake
def sees_few_images(images, boxes, labels):
    """The network knows the first scenes far better than the last ones, and both were given to it: it learns a few by
    heart. Does each batch come from all scenes?"""
    network = fitted(images[:80], boxes[:80], labels[:80])
    return lambda pictures: detect(network, pictures, lowest=0.2)


@task.mistake
def not_finite(images, boxes, labels):
    """There is NaN or infinity in the lists. Either the training has diverged, or a side is e to the power of a large
    number. Take a smaller learning rate, and look at the loss while it trains."""
    return lambda pictures: [(np.zeros((1, 4)), np.zeros(1, int), np.full(1, np.nan)) for _ in pictures]
