"""A table of the published inputs earns nothing: every criterion meets inputs that the published checks do not show."""

import pickle

import pytest

from cnncourse.checks.observe import Draws
from cnncourse.checks.registry import tasks_of_unit, units
from cnncourse.checks.task import pack

SEEN = ("input", "inputs", "training", "network", "more")  # of a case, beside its arguments
PUBLISHED, HIDDEN = 0, (20240229, 1 << 40)


def shown(case):
    extra = {key: value for key, value in vars(case).items() if key in SEEN}
    return pickle.dumps((pack(case), extra))


@pytest.mark.parametrize("unit", units())
def test_no_criterion_can_be_earned_with_the_published_inputs(unit):
    for task in tasks_of_unit(unit):
        if not hasattr(task, "draw") or task.observe.trains:
            continue  # a question has one answer; a training is judged on images
        if isinstance(getattr(task, "observe", None), Draws):
            continue  # the generator's seed is drawn, and not among the arguments
        published = {shown(case) for case in task.draw(PUBLISHED)}
        for seed in HIDDEN:
            cases = task.draw(seed)
            for criterion in {case.criterion for case in cases}:
                mine = [shown(case) for case in cases if case.criterion == criterion]
                assert not published.issuperset(mine), f"{task.id}: all inputs of {criterion!r} are published"
