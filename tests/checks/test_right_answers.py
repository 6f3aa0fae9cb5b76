"""Right answers by every route get every point: loops, windows, FFT, matrix products, lists, NumPy numbers."""

from importlib import import_module
from pathlib import Path

import pytest

from cnncourse.checks import check, load_task
from tests.checks import answers

# Every file of the folder, so that none can be forgotten.
UNITS = [
    import_module(f"{answers.__name__}.{path.stem}")
    for path in sorted(Path(answers.__file__).parent.glob("right_*.py"))
]
ANSWERS = {task_id: answers for unit in UNITS for task_id, answers in unit.ANSWERS.items()}
PAIRS = [(task_id, answer) for task_id, answers in ANSWERS.items() for answer in answers]


@pytest.mark.parametrize(
    ("task_id", "answer"), PAIRS, ids=lambda item: item if isinstance(item, str) else item.__name__
)
def test_right_answer_gets_every_point(task_id, answer, seeds_of):
    for seed in seeds_of(load_task(task_id), most=10):
        report = check(task_id, answer, seed=seed)
        assert report.passed, report.to_text()
        assert report.mistake is None
