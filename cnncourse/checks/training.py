"""Tasks whose answer trains a network: judged by its outputs on images that it has not seen."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cnncourse.checks.case import Case
from cnncourse.checks.compare import compare
from cnncourse.checks.judge import Behaviour
from cnncourse.checks.observe import Observer
from cnncourse.checks.task import Task

MORE_STEPS = 150  # of further training, by which it shows whether a network could have learned more
BATCH = 40  # images for which lists are asked for at once; sets of as many do not meet in one batch


def training_task(see, diagnose):
    """A task whose answer trains a network once; all its cases share what comes of it.

    Parameters
    ----------
    diagnose : function(case, trained) → slug of a known mistake that explains a low accuracy, or None
    """

    def problem(case, trained):
        return accuracy_problem(case, trained, diagnose)

    return Task(see=see, observe=Training(), judged=Behaviour(problem), banned=(), repeats=0, seconds=120.0)


def preparations(mean, std):
    """What people do to pictures in [0, 1] before they train, by name; `mean` and `std` are the pictures' own."""
    return {
        "0 to 255": lambda x: 255 * x,
        "-1 to 1": lambda x: 2 * x - 1,
        "mean 0, standard deviation 1": lambda x: (x - np.float32(mean)) / np.float32(std),
    }


class TrainingCall(Case):
    """One level of one training run: TrainingCall(images, labels, predict=test_images, truth=test_labels, level=0.75).

    Parameters
    ----------
    *args : the arrays to train on
    predict, truth : unseen images, and the classes that they have
    level : the share of them that must be right
    also : further images by name, whose outputs help to tell what went wrong
    """

    def __init__(self, *args, predict, truth, level, also=None):
        super().__init__("", *args)
        self.predict, self.truth, self.level, self.also = predict, truth, level, also or {}


@dataclass(eq=False)
class Trained:
    """Outputs of a trained network: for the unseen images, for further ones, and for the unseen ones after more steps.

    Outputs are an array, or a list with an entry for each image. `also` is None where they are something else: then
    `outputs` is what came. `later` is None where the network was not trained on.
    """

    outputs: np.ndarray | list
    also: dict | None = field(default_factory=dict)
    later: np.ndarray | None = None
    known: dict = field(default_factory=dict, repr=False)  # what was worked out from them, for all levels


def accuracy(outputs, truth):
    """The share of images whose largest output is that of their class."""
    return float((outputs.argmax(axis=1) == truth).mean())


@dataclass
class Training(Observer):
    """Observes one training run, which all cases share: they differ in the level alone.

    `measure` is the function(outputs, truth) whose result the level is about. With `lists` an answer gives a list for
    each batch of `BATCH` images, with an entry for each of them; then it may be a function, and is not trained on.
    `threads` is how many PyTorch has, where the exercise says it.
    """

    measure: Callable = accuracy
    lists: bool = False
    threads: int | None = None
    needs_torch = trains = True
    test_seeds = 1

    def together(self, task, student, cases):
        """Train once, predict; a network that misses a level is trained for some more steps."""
        case = cases[0]
        images = np.concatenate([case.predict, *case.also.values()])
        kwargs = {"predict": images, "seed": _seed_of(case), "watch": bool(task.banned), "threads": self.threads}
        kwargs |= {"lists": True, "batch_size": BATCH} if self.lists else {}
        outcome = student.call(task.name, "trained", case.args, kwargs, seconds=task.seconds)
        if outcome.error is None:
            outcome.value = self._trained(outcome.value, case, len(images))
            complete = outcome.value.also is not None and not self.lists
            if complete and any(task.compare(outcome.value, None, each) for each in cases):
                more = kwargs | {"predict": case.predict, "more": MORE_STEPS}
                later = student.call(task.name, "trained", case.args, more, seconds=task.seconds)
                outcome.value.later = later.value if later.error is None else None
        return {i: task.trial(case, outcome, task.wanted(case)) for i, case in enumerate(cases)}

    def _trained(self, value, case, count):
        """What came for all images, cut into what belongs to each set of them."""
        if self.lists:
            sizes = [min(BATCH, count - start) for start in range(0, count, BATCH)]
            parts = value if type(value) is list and len(value) == len(sizes) else [value]
            wrong = [p for p, n in zip(parts, sizes, strict=False) if not isinstance(p, (list, tuple)) or len(p) != n]
            if wrong:
                return Trained(wrong[0], None)
            value = [one for part in parts for one in part]
        elif np.shape(value)[:1] != (count,):
            return Trained(np.asarray(value), None)
        sets = [case.predict, *case.also.values()]
        ends = np.cumsum([len(one) for one in sets])
        outputs, *parts = (value[end - len(one) : end] for end, one in zip(ends, sets, strict=True))
        return Trained(outputs, dict(zip(case.also, parts, strict=True)))


def _seed_of(case):
    return int(np.abs(case.args[0][0]).sum() * 1e6) % 2**31


def accuracy_problem(case, trained, diagnose):
    """None where the level is reached, else (slug, sentence)."""
    outputs, classes = trained.outputs, int(case.truth.max()) + 1
    difference = compare(np.zeros_like(outputs), np.zeros((len(case.truth), classes), outputs.dtype))
    if difference:
        return difference.slug, difference.text
    if not np.isfinite(outputs).all():
        return "not-finite", "The outputs hold NaN or infinity: the training has diverged."
    right = accuracy(outputs, case.truth)
    if right >= case.level:
        return None
    text = f"{right:.1%} of the unseen images are classified right; wanted: {case.level:.0%}."
    return diagnose(case, trained) or "low-accuracy", text
