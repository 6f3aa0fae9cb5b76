"""Right answers by every route get every point: loops, windows, FFT, matrix products, lists, NumPy numbers."""

import pytest

from cnncourse.checks import check, load_task
from tests.checks.answers import (
    right_01,
    right_02,
    right_03,
    right_04,
    right_05,
    right_06,
    right_07,
    right_08,
    right_09,
    right_10,
    right_11,
    right_12,
    right_13,
    right_14,
    right_15,
    right_21,
)

UNITS = (
    right_01, right_02, right_03, right_04, right_05, right_06, right_07, right_08, right_09, right_10, right_11,
    right_12, right_13, right_14, right_15, right_21,
)  # fmt: skip
ANSWERS = {task_id: answers for unit in UNITS for task_id, answers in unit.ANSWERS.items()}
PAIRS = [(task_id, answer) for task_id, answers in ANSWERS.items() for answer in answers]


@pytest.mark.parametrize(
    ("task_id", "answer"), PAIRS, ids=lambda item: item if isinstance(item, str) else item.__name__
)
def test_right_answer_gets_every_point(task_id, answer):
    for seed in range(min(load_task(task_id).observe.test_seeds, 10)):
        report = check(task_id, answer, seed=seed)
        assert report.passed, report.to_text()
        assert report.mistake is None


