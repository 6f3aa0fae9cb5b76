"""Every task: the reference gets all points, each known mistake fails under its own name."""

import dataclasses

import pytest

from cnncourse.checks import tasks_of_unit, units
from cnncourse.checks.question import Question
from cnncourse.checks.student import LocalStudent

EVERYTHING = [task for unit in units() for task in tasks_of_unit(unit)]
# References and known mistakes live inside the package, which learners' answers must not call. A busy machine may take
# several times as long as a learner's.
TASKS = [
    dataclasses.replace(task, banned=(), seconds=4 * task.seconds)
    for task in EVERYTHING
    if not isinstance(task, Question)
]


def is_large(task):
    """Whether one check of the task computes for seconds: such tasks have a time limit of their own."""
    return task.seconds >= 4 * 60 and not task.observe.trains


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_reference_gets_every_point(task, seeds_of):
    for seed in seeds_of(task):
        report = task.evaluate(LocalStudent({task.name: task.reference}), seed)
        assert report.score == task.max_score, report.to_text()
        assert (report.passed, report.mistake, report.status) == (True, None, "right")


def pairs():
    """Each task with each of its mistakes, sampled: of networks fewer, the larger they are."""
    for task in TASKS:
        marks = [pytest.mark.sampled(share=1 / 2, reason="thousands of functions")]
        if getattr(task.observe, "lists", False):
            marks = [pytest.mark.sampled(share=1 / 6, reason="a detector to train")]
        elif is_large(task):
            marks = [pytest.mark.sampled(share=1 / 10, reason="a network as large as AlexNet")]
        elif task.observe.test_seeds < 20 and not task.observe.trains:
            marks = [pytest.mark.sampled(share=1 / 6, reason="each case looks through networks")]
        yield from (pytest.param(task, mistake, marks=marks) for mistake in task.mistakes)


@pytest.mark.parametrize(
    ("task", "mistake"),
    list(pairs()),
    ids=lambda item: getattr(item, "id", None) or item.slug,
)
def test_known_mistake_fails_under_its_own_name(task, mistake, seeds_of):
    for seed in seeds_of(task):
        report = task.evaluate(LocalStudent({task.name: mistake.answer}), seed)
        assert not report.passed, f"seed {seed}: {mistake.slug} gets full points"
        assert report.mistake == mistake.slug, f"seed {seed}: {report.to_text()}"
        assert mistake.explanation in report.message


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_task_is_complete(task):
    assert len(task.mistakes) >= 5
    slugs = [mistake.slug for mistake in task.mistakes]
    assert len(set(slugs)) == len(slugs)
    assert all(slug == slug.lower() and " " not in slug and "_" not in slug for slug in slugs)
    assert all(len(mistake.explanation) > 20 for mistake in task.mistakes)
    assert task.see or all(mistake.see for mistake in task.mistakes)
    assert task.reference.__doc__
    used = {case.criterion for case in task.draw(0)}
    assert used == set(task.points), "each criterion needs cases, and each case a criterion"


@pytest.mark.parametrize("question", [q for q in EVERYTHING if isinstance(q, Question)], ids=lambda q: q.id)
def test_question_explains_wrong_answers(question):
    right = question.evaluate(LocalStudent({question.name: question.answer}))
    assert right.passed
    assert right.message == question.why
    assert len(question.wrong) >= 2
    for value, (slug, text) in question.wrong.items():
        report = question.evaluate(LocalStudent({question.name: value}))
        assert (report.score, report.mistake, report.message) == (0, slug, text)
    assert question.evaluate(LocalStudent({question.name: ...})).status == "missing"
    assert question.evaluate(LocalStudent({question.name: [1]})).status == "wrong"
