"""The form of a task: ids from paths, mistakes from functions, texts from one table, one mask for all that compares."""

import linecache
import re
from pathlib import Path

import numpy as np
import pytest

from cnncourse.checks import check, load_task, tasks_of_unit, units
from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.case import Case
from cnncourse.checks.compare import TOLERANCE, compare, wrong
from cnncourse.checks.failures import FAILURES, STATUSES
from cnncourse.checks.families import any_array
from cnncourse.checks.question import Question
from cnncourse.checks.registry import TASKS
from cnncourse.checks.report_html import picture
from cnncourse.checks.student import LocalStudent
from cnncourse.checks.tasks.u11 import _masks
from cnncourse.grading.host.remote_student import outcome_from
from cnncourse.grading.inside import probes
from cnncourse.grading.inside.protocol import ProtocolError

FILES = sorted(TASKS.glob("u[0-9][0-9]/[a-zA-Z]*.py"))


def example():
    """A task in the form that task files have."""
    task = Task(see="A section", banned=())

    @task.right
    def scale(x, factor=2.0):
        """x times the factor."""
        return x * factor

    @task.criterion(2)
    def some_values(rng):
        """Vectors of several lengths."""
        yield Call(normal(rng, 5))
        yield Call(normal(rng, 3), factor=0.5)

    @any_array(task)
    def arrays(rng):
        yield Call(normal(rng, 4, 3))

    @task.mistake(see="03#Elsewhere")
    def ignores_factor(again):
        """The factor is not used:
        it is always 2."""
        return again(factor=2.0)

    @task.mistake
    def adds(x, factor):
        """The factor is added."""
        return x + factor

    @task.mistake
    def negates(right):
        """The sign is wrong."""
        return -right

    task.options(lambda x, factor, power=1: x * factor**power, {"squares": ({"power": 2}, "The factor is squared.")})
    return task


def judge(answer, seed=0, task=None):
    task = task or example()
    return task.evaluate(LocalStudent({task.name: answer}), seed)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_the_path_is_the_id(path):
    unit = path.parent.name[1:]
    if path.stem == "questions":
        assert {q.unit for q in tasks_of_unit(unit) if isinstance(q, Question)} == {unit}
    else:
        assert load_task(f"{unit}.{path.stem}").id == f"{unit}.{path.stem}"


def test_the_guide_shows_the_file_as_it_is():
    guide = (Path(__file__).parents[2] / "docs" / "writing-a-task.md").read_text(encoding="utf-8")
    shown = re.search(r"```python\n(.*?)```", guide, re.DOTALL).group(1)
    assert shown.strip() in (TASKS / "u07" / "global_avg_pool2d.py").read_text(encoding="utf-8")
    assert "\n    ...\n" not in shown


@pytest.mark.parametrize("unit", units())
def test_tasks_come_in_the_order_of_the_exercise(unit):
    (source,) = (Path(__file__).parents[2] / "solutions" / "source").glob(f"{unit}_*.py")
    order = re.findall(r'^# %% check="(\S+)"', source.read_text(encoding="utf-8"), re.MULTILINE)
    assert [task.id for task in tasks_of_unit(unit)] == order


def test_mistakes_are_functions_in_the_arguments_that_they_need():
    task = example()
    slugs = {m.slug: m for m in task.mistakes}
    assert list(slugs) == ["low-precision", "ignores-factor", "adds", "negates", "squares"]
    assert slugs["ignores-factor"].explanation == "The factor is not used: it is always 2."
    assert slugs["ignores-factor"].see == "03#Elsewhere"
    x = np.array([1.0, 3.0])
    np.testing.assert_array_equal(slugs["ignores-factor"].answer(x, factor=7), [2, 6])
    np.testing.assert_array_equal(slugs["adds"].answer(x), [3, 5])
    np.testing.assert_array_equal(slugs["negates"].answer(x, 3.0), [-3, -9])
    np.testing.assert_array_equal(slugs["squares"].answer(x, factor=3.0), [9, 27])
    for mistake in task.mistakes:
        report = judge(mistake.answer, task=task)
        assert (report.passed, report.mistake) == (False, mistake.slug)


def test_a_default_of_its_own_is_a_mistake_too():
    task = example()

    @task.mistake
    def default_of_three(again, factor=3.0):
        """Without a factor it is 3."""
        return again(factor=factor)

    answer = task.mistakes[-1].answer
    np.testing.assert_array_equal(answer(np.ones(2)), [3, 3])
    np.testing.assert_array_equal(answer(np.ones(2), 5.0), [5, 5])
    np.testing.assert_array_equal(answer(np.ones(2), factor=5.0), [5, 5])
    assert judge(answer, task=task).mistake == "default-of-three"


def test_a_mistake_that_asks_for_an_unknown_argument_is_refused_at_once():
    task = example()
    with pytest.raises(TypeError, match="nonsense: y is neither an argument of scale nor one of right, again, given"):
        task.mistake(_named("nonsense", lambda y: y))
    with pytest.raises(TypeError, match="must come before the mistakes"):
        Task(see="x").mistake(_named("nonsense", lambda y: y))


def _named(name, function):
    function.__name__ = name
    return function


def test_float32_inside_costs_the_point_for_precision_alone():
    report = judge(lambda x, factor=2.0: (x.astype(np.float32) * factor).astype(x.dtype))
    assert (report.score, report.max_score, report.mistake) == (2, 3, "low-precision")
    assert {c.name: c.earned for c in report.criteria} == {"some values": 2, "any array": 0}


def test_lost_criteria_are_explained():
    report = judge(lambda x, factor=2.0: x)
    assert "some values: 0/2 (0 of 2 cases right). Vectors of several lengths." in report.to_text()
    assert "Vectors of several lengths." in report._repr_html_()


def test_the_failing_case_is_there_to_be_called_again():
    report = check("02.conv2d", lambda input, weight, bias=None: np.zeros(3))
    assert set(report.case) == {"input", "weight"}
    assert load_task("02.conv2d").reference(**report.case).shape == (1, 1, 3, 5)
    assert "conv2d(input=<float64 (1, 1, 5, 6)>, weight=<float64 (1, 1, 3, 2)>)" in report.message
    assert judge(example().reference).case is None
    assert Case("c", np.ones(2), 3).arguments() == {"argument 1": pytest.approx(np.ones(2)), "argument 2": 3}


def test_the_picture_shows_a_plane_that_is_wrong():
    wanted = np.random.default_rng(0).standard_normal((1, 3, 4, 4)).astype(np.float32)
    got = wanted.copy()
    got[0, 0] *= np.float32(1 + 2e-5)  # rounding that is allowed
    got[0, 2, 1, 1] += 1
    difference = compare(got, wanted)
    assert "1 of 48 values are wrong" in difference.text
    assert "at [0, 2, 1, 1]" in difference.text
    assert "shown: [0, 2, :, :]" in picture(difference)


def test_one_mask_says_where_results_differ():
    wanted = np.array([1.0, 2.0, np.nan, np.inf])
    assert not wrong(wanted * (1 + 1e-12), wanted).any()
    assert wrong(np.array([1.0, 2.1, np.nan, np.inf]), wanted).tolist() == [False, True, False, False]
    assert wrong(np.array([1.0, 2.0, 0.0, 5.0]), wanted).tolist() == [False, False, True, True]
    assert wrong(np.array([np.nan, 2.0, np.nan, -np.inf]), wanted).tolist() == [True, False, False, True]
    assert wrong(np.array([1, 2]), np.array([1, 3])).tolist() == [False, True]


def test_every_failure_is_in_the_table():
    raised = [NotImplementedError(), ValueError("x"), probes.TimeLimit(), probes.SignatureProblem("x"),
              probes.TooLarge("x"), probes.UnsupportedValue("x")]  # fmt: skip
    kinds = {probes.describe_failure(problem)["kind"] for problem in raised}
    assert kinds | {"died", "missing"} == set(FAILURES)
    assert {kind.status for kind in FAILURES.values()} <= set(STATUSES)
    for kind in FAILURES.values():
        assert kind.told.format(error="e", name="n", signature="s", seconds=1, wanted="w")
        assert kind.hidden
        assert "{" not in kind.hidden
    nowhere = dict.fromkeys(("line", "source_line", "function", "cell"))
    reply = {"value": None, "error": {"kind": "unheard-of", "text": "", **nowhere},
             "printed": False, "changed": [], "arguments": [], "seconds": 0.0, "used": []}  # fmt: skip
    with pytest.raises(ProtocolError):
        outcome_from(reply)


def check_of(task, answer):
    return task.evaluate(LocalStudent({task.name: answer}))


def test_two_mistakes_made_together_are_both_named():
    report = check_of(example(), lambda x, factor=2.0: -(x + factor))
    assert report.mistake == "adds+negates"
    assert "First: The factor is added. Second: The sign is wrong." in report.message
    # One of them alone keeps its own name, and what no pair gives gets no cause at all.
    assert check_of(example(), lambda x, factor=2.0: x + factor).mistake == "adds"
    report = check_of(example(), lambda x, factor=2.0: np.sin(x))
    assert report.mistake is None
    assert "mistake" not in report.message


def test_a_cause_explains_every_failed_case_or_is_not_said():
    """An answer that makes a known mistake for one shape and something else for another has another cause."""

    def answer(x, factor=2.0):
        return x + factor if x.ndim == 1 else np.sin(x)

    assert check_of(example(), answer).mistake is None


def test_the_simplest_failing_case_is_shown_where_there_is_no_cause():
    report = check_of(example(), lambda x, factor=2.0: np.sin(x))
    assert "Tried: scale(<float64 (3,)>, factor=0.5)" in report.message
    assert report.case["x"].shape == (3,)


def test_lists_of_arrays_are_shown_by_their_shapes():
    case = Case("c", [np.ones(2), np.ones((3, 1))], [np.ones(4)], 0.5)
    assert case.call_text("f") == "f([<float64 (2,)>, <float64 (3, 1)>], [<float64 (4,)>], 0.5)"
    assert "params=[<float64 (2,)>" in case.call_text("f", lambda params, grads, lr: None)


def counting():
    task = Task(see="A section")

    @task.right
    def total(numbers, offset=0):
        """The sum, plus the offset."""
        return sum(numbers) + offset

    @task.criterion(1)
    def many_numbers(rng):
        """Hundreds of short lists."""
        for _ in range(300):
            yield Call(tuple(int(n) for n in rng.integers(0, 9, rng.integers(1, 6))), offset=int(rng.integers(0, 3)))

    return task


class CountingStudent(LocalStudent):
    probes = ()

    def call(self, task_name, probe, *args, **kwargs):
        self.probes = (*self.probes, probe)
        return super().call(task_name, probe, *args, **kwargs)


def test_hundreds_of_small_cases_are_one_call():
    student = CountingStudent({"total": lambda numbers, offset=0: sum(numbers) + offset})
    report = counting().evaluate(student)
    assert report.passed
    assert report.criteria[0].count == 300
    assert student.probes.count("several") == 2  # and once more, to see that nothing is kept
    assert len(student.probes) < 10


@pytest.mark.parametrize(
    ("answer", "some"),
    [
        (lambda numbers, offset=0: sum(numbers), True),
        (lambda numbers, offset=0: sum(numbers) + offset if len(numbers) < 5 else 1 // 0, True),
        (lambda numbers, offset=0: [sum(numbers) + offset], False),
    ],
)
def test_small_cases_that_go_wrong_are_counted_one_by_one(answer, some):
    report = check_of(counting(), answer)
    assert not report.passed
    assert (0 < report.criteria[0].right < 300) == some


def test_an_error_names_function_and_cell():
    space, text = {}, "def scale(x, factor=2.0):\n    return x.missing\n"
    linecache.cache["<cell 4>"] = (len(text), None, text.splitlines(keepends=True), "<cell 4>")
    exec(compile(text, "<cell 4>", "exec"), space)
    message = check_of(example(), space["scale"]).message
    assert "In your line 2 of scale, code cell 4: return x.missing" in message


def test_what_to_read_is_a_link_to_the_section(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    page = check("02.conv2d", lambda input, weight, bias=None: input)._repr_html_()
    assert re.search(r'<b>Read</b>: <a href="[^"]*02_convolution\.ipynb#[^"]+">lesson 02', page)


def test_texts_name_the_tolerances_that_hold():
    guide = (Path(__file__).parents[2] / "docs" / "writing-a-task.md").read_text(encoding="utf-8")
    told = re.findall(r"10⁻([⁰¹²³⁴-⁹]+)", guide.split("Every tolerance is in")[1].split("is right")[0])
    digits = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
    assert [float(f"1e-{power.translate(digits)}") for power in told] == [TOLERANCE["float64"], TOLERANCE["float32"]]
    assert f"within {100 * TOLERANCE['question']:g} % for floats" in Question.__doc__


def test_masks_are_compared_as_everything_is(monkeypatch):
    """A tolerance changed in the one table is changed for them, too."""
    mask, x = np.array([True, False, True, True]), np.ones(4, np.float32)
    output = 2.02 * mask * x
    case = Case("scale", x, 0.5)

    def found():
        return _masks.problem(case, {"draws": [(output, mask)], "again": (output, mask), "other": []})

    assert found() is not None
    monkeypatch.setitem(TOLERANCE, "float32", 0.1)
    assert found() is None
