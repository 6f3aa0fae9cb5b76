"""Tasks whose answer trains a network: judged by its outputs on images that it has not seen."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cnncourse.checks.compare import Difference, compare
from cnncourse.checks.diagnose import Finding, find_mistake
from cnncourse.checks.report import TaskReport
from cnncourse.checks.task import Case, Task, Trial


class TrainingCase(Case):
    """One training run: TrainingCase(images, labels, predict=test_images, truth=test_labels).

    Parameters
    ----------
    *args : the arrays to train on
    predict, truth : unseen images, and the classes that they have
    also : further images by name, whose outputs help to tell what went wrong
    """

    def __init__(self, *args, predict, truth, also=None):
        super().__init__("", *args)
        self.predict, self.truth, self.also = predict, truth, also or {}


@dataclass
class TrainingTask(Task):
    """A function that trains on arrays and returns a module.

    The function is called once with torch tensors; its module, in eval mode, predicts. `points` maps
    criteria to points and `levels` the same criteria to the accuracy (0 to 1) that earns them.
    `diagnose(case, outputs, also)` names the slug of a known mistake that explains a low accuracy, or None;
    `also` holds the outputs for the case's further images by name.
    """

    reference: object = None  # there is nothing to compare with but the truth
    cases: object = None
    levels: dict = field(default_factory=dict)
    diagnose: Callable = None
    banned: tuple = ()
    seconds: float = 120.0
    test_seeds: int = 1

    def evaluate(self, student, seed=0):
        """Train once, predict, and give the points of every level reached.

        Returns
        -------
        TaskReport
        """
        (case,) = self.draw(seed)
        images = np.concatenate([case.predict, *case.also.values()])
        kwargs = {"predict": images, "seed": abs(int(seed)) % 2**31, "watch": bool(self.banned)}
        outcome = student.call(self.name, "trained", case.args, kwargs, seconds=self.seconds)
        also = {}
        if outcome.error is None and len(outcome.value) == len(images):
            ends = np.cumsum([len(case.predict), *(len(more) for more in case.also.values())])
            outcome.value, *parts = np.split(outcome.value, ends[:-1])
            also = dict(zip(case.also, parts, strict=True))
        trials = []
        for criterion, level in self.levels.items():
            own = Case(criterion, *case.args)
            trials.append(Trial(own, outcome, None, self._judge(outcome, case, level, also)))
        return TaskReport.from_trials(self, trials, self.find(trials))

    def _judge(self, outcome, case, level, also):
        if outcome.error is not None:
            return Difference(outcome.error.kind, "")
        logits = outcome.value
        classes = int(case.truth.max()) + 1
        difference = compare(np.zeros_like(logits), np.zeros((len(case.truth), classes), logits.dtype))
        if difference:
            return difference
        if not np.isfinite(logits).all():
            return Difference("not-finite", "The outputs hold NaN or infinity: the training has diverged.")
        accuracy = float((logits.argmax(axis=1) == case.truth).mean())
        if accuracy >= level:
            return None
        slug = self.diagnose(case, logits, also) if self.diagnose else None
        chance = accuracy < 1.5 / classes
        slug = slug or ("no-better-than-chance" if chance else "low-accuracy")
        return Difference(slug, f"{accuracy:.1%} of the unseen images are classified right; wanted: {level:.0%}.")

    def find(self, trials):
        """The known mistake whose slug the difference has, else a general one."""
        slug = next((t.difference.slug for t in trials if t.difference is not None), None)
        known = next((m for m in self.mistakes if m.slug == slug), None)
        return Finding(slug, known.explanation, known.see or self.see) if known else find_mistake(self, trials)
