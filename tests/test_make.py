"""The two commands on machines that are not ready: what they say, and that a second run costs nothing."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def make(tmp_path, monkeypatch):
    """make.py as a module that works in an empty folder and runs nothing; `make.ran` lists what it would run."""
    spec = importlib.util.spec_from_file_location("course_make", ROOT / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("pyproject.toml", "constraints.txt", "make.py"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    module.ran, module.fail = [], lambda command: False

    def record(command, **options):
        module.ran.append(" ".join(str(word) for word in command))
        if "venv" in command:
            for program in ("python", "uv"):
                path = Path(module.program(program))
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        return SimpleNamespace(returncode=int(module.fail(command)))

    monkeypatch.setattr(module.subprocess, "run", record)
    return module


def test_make_alone_lists_each_target_in_one_line():
    result = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0
    for target in ("lab", "test", "notebooks", "exercises", "release", "bench", "lint"):
        assert sum(line.split()[:1] == [target] for line in result.stdout.splitlines()) == 1


def test_every_target_of_make_py_is_in_the_makefile(make):
    rule = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("lab "))
    assert set(rule.split(":")[0].split()) == set(make.TARGETS)


def test_a_python_that_is_too_old_is_told_so_and_can_read_the_file(make, monkeypatch):
    ast.parse((ROOT / "make.py").read_text(), feature_version=(3, 6))
    monkeypatch.setattr(make.sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer; this is Python 3\.9 .*\n.*\n.*PYTHON=python3"):
        make.environment()
    assert make.ran == []


def test_a_full_disk_is_found_before_anything_is_written(make, monkeypatch):
    monkeypatch.setattr(make.shutil, "disk_usage", lambda path: SimpleNamespace(free=1.25e9))
    with pytest.raises(SystemExit, match=r"1\.2 GB free; the installation needs 8 GB.*TORCH=cpu.*needs only 3"):
        make.environment()
    assert make.ran == []
    assert not make.VENV.exists()


def test_a_disk_that_fills_up_during_the_installation(make, monkeypatch):
    free = iter([20e9, 0.01e9])
    monkeypatch.setattr(make.shutil, "disk_usage", lambda path: SimpleNamespace(free=next(free)))
    make.fail = lambda command: "install" in command
    with pytest.raises(SystemExit, match="The disk is full"):
        make.environment()
    assert not list(make.VENV.glob(".installed-*"))


def test_missing_venv_module_names_debians_package(make):
    make.fail = lambda command: "venv" in command
    with pytest.raises(SystemExit, match="sudo apt install python3-venv"):
        make.environment()
    assert not make.VENV.exists()


def test_a_second_run_costs_nothing_and_a_changed_constraint_installs_again(make):
    make.environment("dev")
    first = list(make.ran)
    assert len(first) == 2
    assert "-e .[dev] -c constraints.txt" in first[1]
    make.environment("dev")
    make.environment()  # what the tests need holds what the lab needs
    assert make.ran == first
    (make.ROOT / "constraints.txt").write_text("numpy==2.4.6\n")
    make.environment("dev")
    assert len(make.ran) == len(first) + 1


def test_the_benchmarks_need_more_than_the_tests(make):
    make.environment("dev")
    make.environment("bench")
    assert "-e .[bench] -c constraints.txt" in make.ran[-1]
    count = len(make.ran)
    make.environment("bench")
    make.environment("dev")
    assert len(make.ran) == count


def test_options_behind_a_target_reach_its_program(make, monkeypatch):
    for rest in (["conv", "--threads", "1"], ["--help"]):
        monkeypatch.setattr(make.sys, "argv", ["make.py", "--torch", "cpu", "bench", *rest])
        make.main()
        assert make.ran[-1].endswith(" -m benchmarks " + " ".join(rest))


def test_cpu_switch_reaches_uv(make):
    make.environment(torch="cpu")
    assert "--torch-backend cpu" in make.ran[-1]


def test_exact_versions_that_cannot_be_had_fall_back_to_lower_bounds_but_not_in_ci(make, monkeypatch):
    make.fail = lambda command: "-c" in command
    monkeypatch.delenv("CI", raising=False)
    make.environment()
    assert make.ran[-1].endswith("-e .")
    shutil.rmtree(make.VENV)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SystemExit, match=r"constraints\.txt could not be installed"):
        make.environment()


def test_no_network_is_explained(make, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    make.fail = lambda command: "install" in command
    with pytest.raises(SystemExit, match="Most often the network is down"):
        make.environment()


def test_system_packages_without_root_are_only_named(make, monkeypatch, capsys):
    monkeypatch.setattr(make, "SYSTEM_PACKAGES", {"bubblewrap": "/nowhere/bwrap"})
    monkeypatch.setattr(make.os, "geteuid", lambda: 1000)
    make.fail = lambda command: command[0] == "sudo"
    make.install_system_packages()
    assert "not installed: bubblewrap" in capsys.readouterr().out
    assert not any("apt-get" in command for command in make.ran)
