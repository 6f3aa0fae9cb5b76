"""Answers that give right values and are careless with memory lose points in every task where that can happen."""

import copy
import functools
import inspect
from pathlib import Path

import numpy as np
import pytest

from cnncourse.checks.case import holds_array
from cnncourse.checks.observe import Calls
from cnncourse.checks.student import LocalStudent
from cnncourse.checks.task import Task
from tests.checks.test_known_mistakes import TASKS

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions" / "source"
FUNCTIONS = [t for t in TASKS if type(t) is Task and isinstance(t.observe, Calls) and t.probe == "function"]
WITH_ARRAYS = [t for t in FUNCTIONS if any(holds_array(t.wanted(case)) for case in t.draw(0))]
# A result that was kept for the same numbers is right: what goes stale is kept by the shapes of arrays.
FROM_ARRAYS = [t for t in WITH_ARRAYS if any(holds_array(case.args) for case in t.draw(0))]


def careless(task, change):
    """The reference, with change(arguments by name, result) -> result after each call."""

    @functools.wraps(task.reference)
    def answer(*args, **kwargs):
        bound = inspect.signature(task.reference).bind(*args, **kwargs)
        bound.apply_defaults()
        return change(bound.arguments, task.reference(*args, **kwargs))

    return answer


def judge(task, answer, seed=0):
    return task.evaluate(LocalStudent({task.name: answer}), seed)


def arrays_in(value):
    """The arrays that a value is or holds."""
    if isinstance(value, (list, tuple)):
        return [array for item in value for array in arrays_in(item)]
    return [value] if isinstance(value, np.ndarray) else []


def shape_of(value):
    """What a value looks like, numbers in arrays aside."""
    if isinstance(value, (list, tuple)):
        return tuple(map(shape_of, value))
    return value.shape if isinstance(value, np.ndarray) else value if value is None else str(value)


@pytest.mark.parametrize("task", FROM_ARRAYS, ids=lambda task: task.id)
def test_results_kept_from_call_to_call(task):
    kept = {}

    def by_shape(given, result):
        return kept.setdefault(str([shape_of(value) for value in given.values()]), result)

    report = judge(task, careless(task, by_shape))
    assert not report.passed
    assert report.mistake == "remembers-calls"


def like(value, arrays):
    """A value of the same make, of other arrays."""
    if isinstance(value, (list, tuple)):
        return type(value)(like(item, arrays) for item in value)
    return next(arrays) if isinstance(value, np.ndarray) else value


def shapes_repeat(task):
    """Whether two calls have different results of one shape; where none have, one array for each shape is right."""
    seen = {}
    for result in map(task.wanted, task.draw(0)):
        parts = arrays_in(result)
        key = str(shape_of(result)), str([part.dtype for part in parts])
        first = seen.setdefault(key, parts)
        if not all(map(np.array_equal, first, parts)):
            return True
    return False


@pytest.mark.parametrize("task", filter(shapes_repeat, WITH_ARRAYS), ids=lambda task: task.id)
def test_one_array_for_all_results(task):
    kept = {}

    def same_array(given, result):
        parts = arrays_in(result)
        buffers = kept.setdefault((str(shape_of(result)), str([p.dtype for p in parts])), [p.copy() for p in parts])
        for buffer, part in zip(buffers, parts, strict=True):
            buffer[...] = part
        return like(result, iter(buffers))

    report = judge(task, careless(task, same_array))
    assert not report.passed
    assert report.mistake in ("shares-results", "remembers-calls")


def branches(task):
    """(argument, words, condition on it or another argument) that some calls meet, whatever the values there."""
    calls = [inspect.signature(task.reference).bind(*c.args, **c.kwargs) for c in task.draw(0)]
    for call in calls:
        call.apply_defaults()
    for name, words, condition in conditions(task):
        given = [call.arguments for call in calls]
        if any(condition(each, array) for each in given for array in arrays_in(each[name])):
            yield name, words, condition


def conditions(task):
    """What may decide between two branches: how an array lies in memory, its dtype, an option given or not."""
    for name in inspect.signature(task.reference).parameters:
        yield name, "always", lambda given, array: True
        yield name, "not contiguous", lambda given, array: not array.flags.c_contiguous
        yield name, "float32", lambda given, array: array.dtype == np.float32
        yield name, "float64", lambda given, array: array.dtype == np.float64
        for other, parameter in inspect.signature(task.reference).parameters.items():
            if parameter.default is not inspect.Parameter.empty:
                default = parameter.default
                yield name, f"{other} given", lambda given, array, o=other, d=default: not _equal(given[o], d)
                yield name, f"{other} not given", lambda given, array, o=other, d=default: _equal(given[o], d)


def _equal(a, b):
    return a is b or (not isinstance(a, np.ndarray) and a == b)


BRANCHES = [(task, *branch) for task in FUNCTIONS for branch in branches(task)]


@pytest.mark.sampled(share=1 / 3, reason="every argument under every condition")
@pytest.mark.parametrize(
    ("task", "name", "words", "condition"), BRANCHES,
    ids=[f"{task.id}-{name}-{words}".replace(" ", "-") for task, name, words, _ in BRANCHES],
)  # fmt: skip
def test_an_argument_changed_in_place_on_one_branch_only(task, name, words, condition):
    def write(given, result):
        result = copy.deepcopy(result)  # which may be the argument itself
        for array in arrays_in(given[name]):
            if array.flags.writeable and condition(given, array):
                array += array.dtype.type(1)  # True in an array of booleans
        return result

    report = judge(task, careless(task, write))
    assert not report.passed, f"{name} may be changed where: {words}"
    assert report.mistake == "changes-input"


LISTS = [
    (task, name) for task in FUNCTIONS for name in inspect.signature(task.reference).parameters
    if any(isinstance(case.arguments(task.reference).get(name), list) for case in task.draw(0))
]  # fmt: skip


def test_tasks_on_lists_are_called_with_lists():
    assert {task.id for task, _ in LISTS} >= {"01.mlp_parameters", "03.receptive_field", "09.sgd_step"}


@pytest.mark.parametrize(("task", "name"), LISTS, ids=lambda item: getattr(item, "id", item))
def test_lists_that_come_back_empty(task, name):
    def use_up(given, result):
        if isinstance(given[name], list):
            given[name].clear()
        return result

    report = judge(task, careless(task, use_up))
    assert not report.passed
    assert report.mistake == "changes-input"


NEW = [(task, name) for task in FUNCTIONS for name in task.new_arrays]


def test_a_new_array_is_wanted_where_the_exercise_says_so():
    assert [(task.id, name) for task, name in NEW] == [("01.normalize", "images")]
    source = next(SOLUTIONS.glob("01_*.py")).read_text(encoding="utf-8")
    assert "new array" in source.partition("def normalize")[2].partition("### BEGIN SOLUTION")[0]


@pytest.mark.parametrize("view", [lambda array: array, lambda array: array[:]])
@pytest.mark.parametrize(("task", "name"), NEW, ids=lambda item: getattr(item, "id", item))
def test_results_that_are_an_argument_where_a_new_array_is_wanted(task, name, view):
    def hand_back(given, result):
        return view(given[name]) if np.array_equal(given[name], result) else result

    for seed in range(5):
        report = judge(task, careless(task, hand_back), seed)
        assert report.mistake == "shares-argument"
        assert task.max_score / 2 <= report.score < task.max_score
        assert "share their memory" in report.to_text()


ELSEWHERE = [task for task in WITH_ARRAYS if not task.new_arrays]


@pytest.mark.parametrize("task", ELSEWHERE, ids=lambda task: task.id)
def test_an_argument_that_has_the_right_values_may_be_the_result(task):
    def hand_back(given, result):
        same = [a for a in given.values() if isinstance(a, np.ndarray) and isinstance(result, np.ndarray)
                and a.dtype == result.dtype and np.array_equal(a, result)]  # fmt: skip
        return same[0] if same else result

    report = judge(task, careless(task, hand_back))
    assert report.passed, report.to_text()
