"""Nothing that a notebook says of itself, or finds in the sandbox, earns a point."""

import inspect

import numpy as np
import pytest

from cnncourse.checks.registry import load_task, tasks_of_unit
from cnncourse.grading.host.grade import grade_cells
from cnncourse.grading.host.remote_student import SandboxStudent
from tests.grading.harness import ANSWERS, CORRELATE, IMPORTS, grade_one

ANSWER = ANSWERS[CORRELATE]
ZEROES = ANSWER.replace("    return ", "    result = ").rstrip() + "\n    image[...] = 0\n    return result\n"

REACHES = {
    "by its own means": "",
    "by importing the comparison": "import probes\nprobes._same = lambda a, b: True",
    "by importing the package": "import inside.probes as probes\nprobes._same = lambda a, b: True",
    "by another name": "import sys; sys.path.insert(0, '/grader')\nfrom inside import probes\nprobes.can_change = bool",
    "through the frames": """
import sys
frame = sys._getframe()
while 'probes' not in frame.f_globals: frame = frame.f_back
frame.f_globals['probes'].can_change = lambda value: False
""",
}


@pytest.mark.parametrize("name", REACHES)
def test_a_changed_argument_is_seen_from_the_bytes_that_come_back(sandboxes, name):
    graded = grade_one(sandboxes, [IMPORTS, REACHES[name], ZEROES])
    assert 0 < graded.report.score < graded.report.max_score, graded.report
    assert graded.report.mistake == "changes-input"


def test_functions_that_tasks_pass_are_not_in_the_sandbox(sandboxes):
    cells = [IMPORTS, "import callables\ndef cross_correlate2d(image, kernel):\n"
             "    return callables._zero_filter(kernel)(image)"]  # fmt: skip
    assert grade_one(sandboxes, cells).report.score == 0


def test_a_function_that_is_passed_can_be_called_during_the_call_alone(sandboxes):
    code = """
kept = []
def use(f, x):
    kept.append(f)
    return f(x) + f(f(x))
def again(x):
    try:
        return kept[0](x)
    except BaseException as problem:
        return type(problem).__name__
def wrong(f, x):
    try:
        return f("text", {}, 3)
    except ValueError as problem:
        return str(problem)
"""
    triple, x = {"__callable__": "linear", "matrix": 3 * np.eye(2)}, np.array([1.0, 2.0])
    with SandboxStudent(sandboxes.get("numpy"), [code], "use") as student:
        assert student.call("use", "function", (triple, x)).value.tolist() == [12, 24]
        assert student.call("wrong", "function", (triple, x)).value.startswith("TypeError")
        outcome = student.call("again", "function", (x,))
        assert outcome.error is not None or outcome.value == "ValueError"


def units_with_functions():
    tasks = [task for unit in ("03", "04", "06") for task in tasks_of_unit(unit)]
    return [task.id for task in tasks if "__callable__" in repr(first(task))]


def first(task):
    cases = task.draw(3) if hasattr(task, "draw") else []
    return [(case.args, case.kwargs) for case in cases]


@pytest.mark.parametrize("task_id", units_with_functions())
def test_a_right_answer_that_takes_a_function_is_right_in_the_sandbox(sandboxes, task_id):
    task = load_task(task_id)
    shift = "def shift(images, dy, dx):\n    return np.roll(images, (dy, dx), axis=(-2, -1))"
    right = inspect.getsource(task.reference).removeprefix("@task.right\n")
    (graded,) = grade_cells([IMPORTS, shift, right], [task], 5, sandboxes)
    assert graded.report.passed, (graded.report, right)


TORCH = "import torch, zlib\nfrom torch import nn\nimport torch.nn.functional as F"
TABLE = """
class Table(nn.Module):
    def __init__(self, images, labels):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.known = {zlib.crc32(x.numpy().tobytes()): int(y) for x, y in zip(images, labels)}
    def forward(self, x):
        found = [self.known.get(zlib.crc32(i.numpy().tobytes()), 0) for i in x.detach()]
        return F.one_hot(torch.tensor(found), 10).float() + self.weight
def train_lenet(train_images, train_labels):
    return Table(train_images, train_labels)
"""
FORGED = """
import sys
def forge(network, args, kwargs, notes):
    torch.manual_seed(0)
    return {"value": [torch.randn(len(args[0]), 10).numpy()]}
class LeNet5(nn.Module):
    def __init__(self, *args, **kwargs):
        super().__init__()
        frame = sys._getframe()
        while frame:
            for name in ("module_probes", "probes"):
                found = frame.f_globals.get(name)
                for probe in ("module", "module_run", "forward"):
                    if hasattr(found, probe):
                        setattr(found, probe, forge)
            frame = frame.f_back
        self.everything = nn.Parameter(torch.randn(61_706))
    def forward(self, x):
        return torch.sin(x.flatten(1) @ self.everything[: x[0].numel() * 10].reshape(-1, 10))
"""


@pytest.mark.slow
def test_a_table_of_the_pictures_earns_nothing_on_pictures_that_are_new(sandboxes):
    (graded,) = grade_cells([TORCH, TABLE], [load_task("10.train_lenet")], 7, sandboxes, 4)
    assert graded.report.score == 0, graded.report


@pytest.mark.slow
def test_a_network_is_judged_by_what_it_computes_and_not_by_its_word(sandboxes):
    (graded,) = grade_cells([TORCH, FORGED], [load_task("10.LeNet5")], 7, sandboxes, 4)
    assert graded.report.score == 0, graded.report
