"""``make processors``: what it plans, that it resumes, and when it calls a bound too close."""

import json
import platform
import sys

import nbformat
import pytest

from tools.margins import margins, run_notebook, table
from tools.processors import __main__ as command
from tools.processors import jobs, machines
from tools.processors import plan as planned
from tools.processors.jobs import Job
from tools.processors.machines import MACHINES
from tools.processors.plan import PARTS, ROOT, plan, unit_of


def runs(values, side="at least", bound=0.8, machines=("sse", "avx2"), name="99/claim"):
    """Records of runs in which each seed gives one of the values, on each machine."""
    line = {"name": name, "side": side, "bound": bound}
    return [(machine, seed, [line | {"value": v}]) for seed, v in enumerate(values) for machine in machines]


def test_the_distance_is_in_standard_deviations():
    (margin,) = margins(runs([0.89, 0.91, 0.89, 0.91]), seeds=4)
    assert margin.distance == pytest.approx(0.1 / 0.011547, rel=1e-3)  # twice the same values do not count as eight
    assert not margin.close
    assert "TOO CLOSE" not in table([margin])


@pytest.mark.parametrize(
    ("values", "side", "bound"),
    [
        ([0.82, 0.84, 0.80, 0.83], "at least", 0.8),  # holds each time, by chance
        ([0.9, 0.91, 0.92, 0.70], "at least", 0.8),  # broken once
        ([0.5, 0.5, 0.5, 0.5], "at least", 0.8),  # broken always
        ([0.19, 0.21, 0.20, 0.18], "at most", 0.22),
        ([0.9, 0.9, float("nan"), 0.9], "at least", 0.8),
    ],
)
def test_a_bound_that_is_near_or_broken_is_flagged(values, side, bound):
    (margin,) = margins(runs(values, side, bound), seeds=4)
    assert margin.close
    assert "TOO CLOSE" in table([margin])


def test_both_sides_measure_in_the_right_direction():
    (below,) = margins(runs([0.1, 0.12, 0.11, 0.13], "at most", 0.2), seeds=4)
    (above,) = margins(runs([0.1, 0.12, 0.11, 0.13], "at least", 0.2), seeds=4)
    assert below.distance == pytest.approx(-above.distance)
    assert below.distance > 3


def test_too_few_seeds_or_processors_prove_nothing():
    values = [0.9, 0.91, 0.9, 0.91]
    for few in (runs(values[:3]), runs(values, machines=("sse",))):
        (margin,) = margins(few, seeds=4)
        assert margin.close
        assert "too few" in margin.runs


def test_one_name_twice_in_a_run_is_two_bounds():
    line = {"name": "99/loop", "side": "at least", "bound": 0}
    both = [(m, s, [line | {"value": 5 + s}, line | {"value": 9 + s}]) for s in range(4) for m in ("sse", "avx2")]
    assert [margin.name for margin in margins(both, seeds=4)] == ["99/loop", "99/loop (2)"]


def test_units_and_names_choose_what_runs():
    everything = plan(set(), PARTS, list(MACHINES), 4)
    assert {"notebooks/04_equivariance.ipynb", "solutions/04_equivariance/04_equivariance.ipynb"} <= {
        job.target for job in everything
    }
    assert {"tests/torch_nn/test_from_torch.py", "tests/checks/test_known_mistakes.py", "10.train_lenet"} <= {
        job.target for job in everything
    }
    assert {job.machine for job in everything} == set(MACHINES)
    ten = plan({"10"}, PARTS, list(MACHINES), 4)
    assert {unit_of(job.target) for job in ten} == {"10"}
    assert sum(job.target == "10.train_lenet" for job in ten) == 4 * len(MACHINES)
    (one,) = plan(set(), ["tests"], ["sse"], 4, ["numpy_nn/test_conv.py"])
    assert one.target == "tests/numpy_nn/test_conv.py"
    assert plan({"77"}, PARTS, list(MACHINES), 4) == []


CHILD = """
import json, os, pathlib
from cnncourse import at_least
with open("count", "a") as file: file.write("x")
at_least(0.9 + 0.01 * int(os.environ["CNNCOURSE_SEED"]), 0.5, "99/child")
print(os.environ["OPENBLAS_CORETYPE"], os.environ.get("ATEN_CPU_CAPABILITY"), os.environ["OMP_NUM_THREADS"])
"""


@pytest.fixture
def child(monkeypatch, tmp_path):
    """Jobs run a small child in a folder of its own, which counts its runs."""
    monkeypatch.setattr(machines, "STORE", tmp_path / "store")
    monkeypatch.setattr(jobs, "digest", lambda folder, *files: "the same")
    monkeypatch.setattr(command, "prove", lambda again: 6)
    monkeypatch.setattr(planned, "targets", lambda part: ["99.task"])
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(jobs, "ROOT", tmp_path)
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "from outside")

    def use(code):
        monkeypatch.setattr(Job, "command", lambda job: [sys.executable, "-c", code])
        return tmp_path

    return use


def test_a_run_records_and_a_second_one_reads_what_was_kept(child, capsys):
    folder = child(CHILD)
    assert command.main(["margins"]) == 0
    shown = capsys.readouterr().out
    assert "8 of 8 runs hold, 1 of 1 bounds are safe" in shown
    assert "99/child" in shown
    assert len((folder / "count").read_text()) == 8
    kept = [json.loads(file.read_text()) for file in (folder / "store").glob("*.json")]
    assert {result["said"][0] for result in kept} == {"Nehalem default 1", "Haswell avx2 2"}
    assert command.main(["margins"]) == 0
    assert len((folder / "count").read_text()) == 8
    assert command.main(["margins", "--again", "--seeds", "5"]) == 0
    assert len((folder / "count").read_text()) == 18


def test_what_has_changed_runs_again(child, monkeypatch):
    folder = child(CHILD)
    command.main(["margins", "sse"])
    monkeypatch.setattr(jobs, "digest", lambda folder, *files: "another")
    command.main(["margins", "sse"])
    assert len((folder / "count").read_text()) == 8


def test_a_child_that_fails_is_named_and_makes_the_command_fail(child, capsys):
    child("print('FAILED tests/x.py::test_y'); print('other'); raise SystemExit(1)")
    assert command.main(["margins", "sse"]) == 1
    shown = capsys.readouterr().out
    assert "FAILED: sse margins 99.task seed 3\n    FAILED tests/x.py::test_y" in shown
    assert "0 of 4 runs hold" in shown
    assert not list(machines.STORE.glob("*.json")), "it runs again the next time"


def test_a_variable_without_effect_is_said_and_none_at_all_stops(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(machines, "STORE", tmp_path)

    def hashes(machine):
        return {"NumPy's exp": machine.get("NPY_DISABLE_CPU_FEATURES"), "PyTorch's sums": machine["OMP_NUM_THREADS"]}

    monkeypatch.setattr(machines, "hashes", hashes)
    assert machines.prove() == 2
    shown = capsys.readouterr().out
    assert "MKL_ENABLE_INSTRUCTIONS=SSE4_2: nothing, so this part is tried as it is" in shown
    assert "OMP_NUM_THREADS=1: PyTorch's sums" in shown
    assert machines.processor() in shown
    monkeypatch.setattr(machines, "hashes", lambda machine: {"NumPy's exp": "the same"})
    assert machines.prove() == 2, "what was found is kept"
    assert command.main(["--again", "tests", "numpy_nn/test_conv.py"]) == 1
    assert "cannot play another one" in capsys.readouterr().out


@pytest.mark.slow
def test_the_probe_gives_the_same_bits_again_and_others_as_another_processor():
    first = machines.hashes(machines.SSE)
    assert len(first) == 11
    assert first == machines.hashes(machines.SSE)
    if platform.machine() in ("x86_64", "AMD64"):
        assert first != machines.hashes({"OMP_NUM_THREADS": "2"})


@pytest.mark.slow
def test_a_notebook_runs_to_its_end_and_names_the_cells_that_fail(tmp_path, monkeypatch, capsys):
    codes = ["from cnncourse import at_least", "at_least(0.1, 0.9, '99/first')", "1 / 0", "at_least(1, 0.9, '99/last')"]
    cells = [nbformat.v4.new_code_cell(code) for code in codes]
    cells += [nbformat.v4.new_code_cell("int('x')", metadata={"tags": ["raises-exception"]})]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "a.ipynb")
    monkeypatch.setenv("CNNCOURSE_MARGINS", str(tmp_path / "margins.jsonl"))
    assert run_notebook(tmp_path / "a.ipynb") == 1
    assert [json.loads(line)["name"] for line in open(tmp_path / "margins.jsonl")] == ["99/first", "99/last"]
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("FAILED CELL: ---")
    assert "1 / 0" in line
    assert line.endswith("ZeroDivisionError: division by zero")


def test_it_is_no_part_of_what_ci_runs():
    assert "processors" not in (ROOT / ".ci" / "run").read_text()
