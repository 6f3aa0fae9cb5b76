"""Tasks whose answer trains a network: judged by its outputs on images that it has not seen."""

from dataclasses import dataclass, field

import numpy as np

from cnncourse.checks.compare import Difference, compare
from cnncourse.checks.diagnose import Finding, find_mistake
from cnncourse.checks.report import TaskReport
from cnncourse.checks.task import Case, Task, Trial


class TrainingCase(Case):
    """One training run: TrainingCase(images, labels, predict=test_images, truth=test_labels)."""

    def __init__(self, *args, predict, truth):
        super().__init__("", *args)
        self.predict, self.truth = predict, truth


@dataclass
class TrainingTask(Task):
    """A function that trains on arrays and returns a module.

    The function is called once with torch tensors; its module, in eval mode, predicts. `points` maps
    criteria to points and `levels` the same criteria to the accuracy (0 to 1) that earns them.
    """

    reference: object = None  # there is nothing to compare with but the truth
    cases: object = None
    levels: dict = field(default_factory=dict)
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
        kwargs = {"predict": case.predict, "seed": abs(int(seed)) % 2**31}
        outcome = student.call(self.name, "trained", case.args, kwargs, seconds=self.seconds)
        trials = []
        for criterion, level in self.levels.items():
            own = Case(criterion, *case.args)
            trials.append(Trial(own, outcome, None, self._judge(outcome, case, level)))
        return TaskReport.from_trials(self, trials, self.find(trials))

    def _judge(self, outcome, case, level):
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
        chance = accuracy < 1.5 / classes
        slug = "no-better-than-chance" if chance else "low-accuracy"
        return Difference(slug, f"{accuracy:.1%} of the unseen images are classified right; wanted: {level:.0%}.")

    def find(self, trials):
        """The known mistake whose slug the difference has, else a general one."""
        slug = next((t.difference.slug for t in trials if t.difference is not None), None)
        known = next((m for m in self.mistakes if m.slug == slug), None)
        return Finding(slug, known.explanation, known.see or self.see) if known else find_mistake(self, trials)
