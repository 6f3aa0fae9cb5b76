"""Neither a table of the published inputs, nor their results in order, nor doing nothing earns a point."""

import dataclasses
import inspect
import pickle

import numpy as np
import pytest

from cnncourse.checks.judge import Values
from cnncourse.checks.observe import Calls, Draws
from cnncourse.checks.registry import load_task, tasks_of_unit, units
from cnncourse.checks.student import LocalStudent
from cnncourse.checks.task import pack

SEEN = ("input", "inputs", "training", "network", "more")  # of a case, beside its arguments
PUBLISHED, HIDDEN = 0, (20240229, 1 << 40)


def draws(task):
    """Whether a task's answer gets a generator."""
    return isinstance(getattr(task, "observe", None), Draws)


def shown(case):
    extra = {key: value for key, value in vars(case).items() if key in SEEN}
    return pickle.dumps((pack(case), extra))


@pytest.mark.parametrize("unit", units())
def test_no_criterion_can_be_earned_with_the_published_inputs(unit):
    for task in tasks_of_unit(unit):
        if not hasattr(task, "draw") or task.observe.trains:
            continue  # a question has one answer; a training is judged on images
        if draws(task):
            continue  # the generator's seed is drawn, and not among the arguments
        published = {shown(case) for case in task.draw(PUBLISHED)}
        for seed in HIDDEN:
            cases = task.draw(seed)
            for criterion in {case.criterion for case in cases}:
                mine = [shown(case) for case in cases if case.criterion == criterion]
                assert not published.issuperset(mine), f"{task.id}: all inputs of {criterion!r} are published"


def arguments(task, case):
    """The arguments of a case, defaults included."""
    given = case.arguments(task.reference)
    return [given.get(name, one.default) for name, one in inspect.signature(task.reference).parameters.items()]


def filled(wanted, number):
    """What is wanted, with one number everywhere."""
    if isinstance(wanted, tuple):
        return tuple(filled(part, number) for part in wanted)
    return np.full_like(wanted, number) if isinstance(wanted, np.ndarray) else number


# function(arguments, wanted, what the published case at this place wanted) → result
FOR_NOTHING = {
    "the published results in their order": lambda given, wanted, published: published,
    **{
        f"{number!r} everywhere": lambda given, wanted, published, number=number: filled(wanted, number)
        for number in (0, 1, -1, 0.0, 1.0, True, False)
    },
    **{
        f"argument {place + 1}": lambda given, wanted, published, place=place: given[place] for place in range(5)
    },
    **{
        f"{take.__name__} of argument {place + 1}": lambda given, wanted, published, place=place, take=take: take(
            given[place]
        )
        for place in range(3)
        for take in (len, np.size, np.zeros_like)
    },
}  # fmt: skip


def earned(task, answer, seed):
    """The criteria of which every case has the result that `answer` gives."""
    pairs = zip(task.draw(seed), map(task.wanted, task.draw(PUBLISHED)), strict=False)
    right = {}
    for case, published in pairs:
        if right.get(case.criterion, True):
            wanted = task.wanted(case)
            try:
                result = answer(arguments(task, case), wanted, published)
            except (TypeError, IndexError, ValueError, AttributeError):
                result = None
            right[case.criterion] = result is not None and task.compare(result, wanted, case) is None
    return {name for name, is_right in right.items() if is_right}


@pytest.mark.parametrize("unit", units())
def test_no_criterion_can_be_earned_for_nothing(unit):
    for task in tasks_of_unit(unit):
        if not hasattr(task, "draw") or type(task.observe) is not Calls or not isinstance(task.judged, Values):
            continue
        for name, answer in FOR_NOTHING.items():
            found = set.intersection(*(earned(task, answer, seed) for seed in HIDDEN))
            assert not found, f"{task.id}: {found} can be earned with {name}"


@pytest.mark.parametrize("task_id", ["16.saliency", "16.fgsm"])
@pytest.mark.parametrize("answer", [lambda *given: None, lambda model, images, *given: 0.9 * images])
def test_who_does_nothing_leaves_all_as_it_was_and_earns_nothing(task_id, answer):
    report = load_task(task_id).evaluate(LocalStudent(answer), 5)
    assert report.score == 0, report


@pytest.mark.parametrize("task_id", ["16.saliency", "16.fgsm"])
def test_who_makes_a_known_mistake_and_leaves_all_as_it_was_keeps_these_points(task_id):
    task = load_task(task_id)
    (mistake,) = (m for m in task.mistakes if m.slug == "all-classes" or m.slug == "best-class" and "fgsm" in task_id)
    report = dataclasses.replace(task, banned=()).evaluate(LocalStudent(mistake.answer), 5)
    assert (report.score, report.mistake) == (5, mistake.slug), report


@pytest.mark.parametrize("task", [task for unit in units() for task in tasks_of_unit(unit) if draws(task)], ids=str)
def test_a_generator_of_ones_own_behind_each_rng_is_not_rng(task):
    """It goes on from call to call, and each rng finds it at its start."""
    own, alive = {}, []

    def answer(*given):
        alive.append(given[-1])
        return task.reference(*given[:-1], own.setdefault(id(given[-1]), np.random.default_rng(42)))

    report = dataclasses.replace(task, banned=()).evaluate(LocalStudent(answer), 5)
    assert report.mistake == "ignores-rng", report
