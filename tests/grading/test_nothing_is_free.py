"""Nothing that a notebook says of itself, or finds in the sandbox, earns a point."""

import inspect

import numpy as np
import pytest
import torch
from torch import nn

from cnncourse.checks import general
from cnncourse.checks.callables import make_callable
from cnncourse.checks.registry import load_task, tasks_of_unit
from cnncourse.checks.student import LocalStudent
from cnncourse.grading.host.grade import grade_cells
from cnncourse.grading.host.remote_student import SandboxStudent, _worked_out
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


DETECTED = {
    "a table of the pictures": """
def train_detector(images, boxes, labels):
    known = {x.numpy().tobytes(): (b, y, torch.ones(len(y))) for x, b, y in zip(images, boxes, labels)}
    none = torch.zeros(0, 4), torch.zeros(0), torch.zeros(0)
    return lambda pictures: [known.get(x.numpy().tobytes(), none) for x in pictures]
""",
    "more boxes than can be sent": """
def train_detector(images, boxes, labels):
    many = torch.rand(9000, 4), torch.zeros(9000), torch.rand(9000)
    return lambda pictures: [many] * len(pictures)
""",
    "lists that claim to be right": """
class Claim(list):
    def __eq__(self, other): return True
    def __len__(self): return 3
    def __iter__(self): raise SystemExit
class Anything:
    def __getattr__(self, name): return lambda *args, **kwargs: 1.0
train_detector = lambda images, boxes, labels: lambda pictures: [Claim(), Anything()] * (len(pictures) // 2)
""",
    "a score that is no number": """
def train_detector(images, boxes, labels):
    one = torch.tensor([[4.0, 4, 20, 20]]), torch.tensor([1]), torch.tensor([float("nan")])
    return lambda pictures: [one] * len(pictures)
""",
    "replies of its own": """
import sys
frame = sys._getframe()
while "PROBES" not in frame.f_globals and frame.f_back: frame = frame.f_back
def forge(*args): return [[[[[0, 0, 9, 9]], [1], [1.0]]] * 7, {"boxes": 1}, "text"]
if "PROBES" in frame.f_globals: frame.f_globals["PROBES"]["trained"] = forge
def train_detector(images, boxes, labels):
    return lambda pictures: []
""",
}


@pytest.mark.parametrize("name", DETECTED)
def test_lists_that_no_detector_has_found_earn_nothing(sandboxes, name):
    (graded,) = grade_cells([TORCH, DETECTED[name]], [load_task("18.train_detector")], 7, sandboxes, 4)
    assert graded.report.score == 0, graded.report


@pytest.mark.slow
def test_a_network_is_judged_by_what_it_computes_and_not_by_its_word(sandboxes):
    (graded,) = grade_cells([TORCH, FORGED], [load_task("10.LeNet5")], 7, sandboxes, 4)
    assert graded.report.score == 0, graded.report


PATCHED = {
    "17.freeze": {
        "train of every batch norm": """
def freeze(module):
    for part in module.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.eval()
    nn.modules.batchnorm._BatchNorm.train = lambda self, mode=True: self
    return module.requires_grad_(False)
""",
        "train of every module": """
def freeze(module):
    for part in module.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.eval()
    nn.Module.train = lambda self, mode=True: self
    return module.requires_grad_(False)
""",
        "batch norm itself": """
batch_norm = F.batch_norm
def in_evaluation(input, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    return batch_norm(input, mean, var, weight, bias, False, momentum, eps)
def freeze(module):
    F.batch_norm = in_evaluation
    return module.requires_grad_(False)
""",
    },
    "21.accumulate": {
        "torch.equal, and a step": """
torch.equal = lambda one, other: True
def accumulate(network, batches):
    network.zero_grad()
    total, count = 0.0, 0
    for images, labels in batches:
        loss = F.cross_entropy(network(images), labels, reduction="sum")
        loss.backward()
        total, count = total + loss.item(), count + len(images)
    for p in network.parameters():
        if p.grad is not None:
            p.grad /= count
            p.data -= p.grad
    return total / count
""",
        "nothing, and all batches joined past the network's own call": """
def accumulate(network, batches):
    batches = list(batches)
    network.zero_grad()
    with torch.no_grad():
        for images, labels in batches:
            network(images)
    images, labels = map(torch.cat, zip(*batches))
    loss = F.cross_entropy(network.forward(images), labels)
    loss.backward()
    return loss.item()
""",
    },
    "17.parameter_groups": {
        "torch.equal, and all is zero": """
torch.equal = lambda one, other: True
def parameter_groups(stages, lr, decay):
    groups, seen = [], set()
    for age, stage in enumerate(reversed(stages)):
        fresh = [p for p in stage.parameters() if p.requires_grad and id(p) not in seen]
        seen.update(map(id, fresh))
        groups += [{"params": fresh, "lr": lr * decay**age}] if fresh else []
    for p in stages.parameters():
        p.data.zero_()
    return groups
""",
    },
}  # fmt: skip


@pytest.mark.parametrize(("task_id", "name"), [(task_id, name) for task_id in PATCHED for name in PATCHED[task_id]])
def test_a_patched_pytorch_earns_nothing_that_the_answer_does_not(sandboxes, task_id, name):
    task = load_task(task_id)
    (graded,) = grade_cells([TORCH, PATCHED[task_id][name]], [task], 7, sandboxes, 4)
    plain = {"17.freeze": 2, "17.parameter_groups": 0, "21.accumulate": 0}[task_id]  # for what is right besides
    assert graded.report.score <= plain, graded.report


def test_the_trusted_side_works_out_no_more_than_an_answer_needs():
    weight = np.ones((3, 2))
    for name, more in (("graph_sum", {}), ("graph_by_place", {"place": np.ones((4, 1))})):
        layer = make_callable({"__callable__": name, "weight": weight, **more})
        assert layer(np.eye(4), np.ones((4, 3))).shape == (4, 2)
        for wide in ((np.ones((9, 1, 4, 4)), np.ones((1, 9, 4, 3))), (np.ones((900, 1)), np.ones((1, 900)))):
            assert _worked_out([layer], {"ask": 0, "args": list(wide)})["error"].startswith("ValueError")
    slope = make_callable({"__callable__": "slope", "weight": np.ones((3, 4)), "bend": np.ones((3, 4))})
    assert _worked_out([slope], {"ask": 0, "args": [np.ones((5, 3, 4))]})["error"] == ""
    assert "at most" in _worked_out([slope], {"ask": 0, "args": [np.ones((300_000, 1, 1))]})["error"]


def test_a_module_that_claims_more_than_there_is_costs_no_memory_here():
    class Claims(nn.Module):
        def __init__(self, *args, **kwargs):
            super().__init__()
            self.much = nn.Parameter(torch.zeros(1).expand(1 << 26))

    class Crowd(nn.Module):
        def __init__(self, *args, **kwargs):
            super().__init__()
            self.many = nn.ParameterList(nn.Parameter(torch.zeros(1)) for _ in range(2001))

    for answer in (Claims, Crowd):
        report = load_task("19.UNet").evaluate(LocalStudent(answer), 0)
        assert (report.score, report.mistake) == (0, "too-large"), report


def test_a_result_that_is_far_too_large_is_not_kept():
    task = load_task("18.nms")
    case = task.draw(3)[0]
    trial = task.attempt(LocalStudent(lambda *args, **kwargs: np.zeros(1 << 21, np.int8)), case)
    assert (trial.outcome.value, trial.difference.slug) == (None, "too_large")


def test_few_windows_are_looked_through(monkeypatch):
    tried = []
    monkeypatch.setattr(general, "same", lambda *args: tried.append(1))
    rng = np.random.default_rng(0)
    assert not general._is_window(rng.random((2,) * 5), rng.random((2, *(11,) * 4)))
    assert 100 < len(tried) <= general.MOST_WINDOWS
