"""The two commands on machines that are not ready: what they say, and that a second run costs nothing."""

from __future__ import annotations

import ast
import http.server
import importlib.util
import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import which_torch

ROOT = Path(__file__).resolve().parents[1]
REAL_RUN = subprocess.run


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
    monkeypatch.setattr(module.which_torch, "has_nvidia_gpu", lambda: False)
    monkeypatch.setattr(module.which_torch, "index_answers", lambda: module.index)
    monkeypatch.setattr(module.which_torch.sys, "platform", "linux")
    module.index = False
    return module


def test_make_alone_lists_each_target_in_one_line():
    result = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0
    for target in ("lab", "test", "notebooks", "exercises", "release", "bench", "processors", "lint"):
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


@pytest.mark.parametrize(
    ("platform", "asked", "index", "needed"),
    [
        ("linux", "auto", False, "8 GB, with the ordinary PyTorch (there is no NVIDIA GPU, but the index of the small"),
        ("linux", "default", True, "8 GB, with the ordinary PyTorch (TORCH=default asks for it). With `make lab"),
        ("linux", "auto", True, "3 GB, with the small PyTorch, without CUDA (there is no NVIDIA GPU)"),
        ("darwin", "auto", False, "3 GB, with the ordinary PyTorch (on this system it is small)"),
    ],
)  # fmt: skip
def test_a_full_disk_is_found_before_anything_is_written(make, monkeypatch, platform, asked, index, needed):
    monkeypatch.setattr(make.shutil, "disk_usage", lambda path: SimpleNamespace(free=1.25e9))
    monkeypatch.setattr(make.which_torch.sys, "platform", platform)
    make.index = index
    with pytest.raises(SystemExit) as stopped:
        make.environment(asked=asked)
    assert "1.2 GB free; the installation needs " + needed in " ".join(str(stopped.value).split())
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
    make.environment(asked="cpu")
    assert "--torch-backend cpu" in make.ran[-1]


@pytest.mark.parametrize(
    ("gpu", "index", "platform", "small"),
    [
        (False, True, "linux", True),
        (False, False, "linux", False),
        (True, True, "linux", False),
        (False, True, "darwin", False),
        (False, True, "win32", False),
    ],
)
def test_the_small_pytorch_is_taken_where_it_suits_and_can_be_had(make, monkeypatch, gpu, index, platform, small):
    monkeypatch.setattr(make.which_torch, "has_nvidia_gpu", lambda: gpu)
    monkeypatch.setattr(make.which_torch.sys, "platform", platform)
    make.index = index
    make.environment()
    assert ("--torch-backend cpu" in make.ran[-1]) == small
    assert make.which_torch.installed(make.VENV)[0] == ("cpu" if small else "default")


@pytest.mark.parametrize("index", [True, False])
def test_the_choice_is_made_once(make, monkeypatch, index):
    make.index = index
    make.environment()
    taken, count = make.which_torch.installed(make.VENV), len(make.ran)
    make.index = not index  # the network has changed; that is no reason to install another PyTorch
    monkeypatch.setattr(make.which_torch, "has_nvidia_gpu", lambda: index)
    make.environment()
    assert len(make.ran) == count
    (make.ROOT / "constraints.txt").write_text("numpy==2.4.6\n")
    make.environment("dev")
    assert ("--torch-backend cpu" in make.ran[-1]) == index
    assert make.which_torch.installed(make.VENV) == taken


def test_another_choice_on_request_is_said_and_replaces_the_files(make, capsys):
    make.environment("dev", asked="cpu")
    make.environment(asked="default")
    assert "--reinstall-package torch --reinstall-package torchvision" in make.ran[-1]
    assert "--torch-backend" not in make.ran[-1]
    assert "changing from the small PyTorch, without CUDA to the ordinary PyTorch" in capsys.readouterr().out
    count = len(make.ran)
    make.environment("dev", asked="cpu")  # what was installed for the tests is no longer the small one
    assert len(make.ran) == count + 1
    assert "--reinstall-package" in make.ran[-1]


def test_an_index_that_answers_and_then_fails_leads_to_the_ordinary_one(make):
    make.index = True
    make.fail = lambda command: "--torch-backend" in command
    make.environment()
    assert "--torch-backend" not in make.ran[-1]
    kind, reason = make.which_torch.installed(make.VENV)
    assert kind == "default"
    assert "could not be installed" in reason
    count = len(make.ran)
    make.environment()
    assert len(make.ran) == count


def test_a_choice_that_was_asked_for_is_not_replaced_when_it_fails(make, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    make.fail = lambda command: "--torch-backend" in command
    with pytest.raises(SystemExit, match="TORCH=default takes the ordinary one from PyPI"):
        make.environment(asked="cpu")
    assert all("--torch-backend cpu" in command for command in make.ran if "install -" in command)


def test_an_installation_from_before_the_record_keeps_its_pytorch(make):
    for name, kind in (("torch-2.15.0+cpu.dist-info", "cpu"), ("torch-2.15.0.dist-info", "default")):
        folder = make.VENV / "lib" / "python3.12" / "site-packages" / name
        folder.mkdir(parents=True)
        make.index = True
        assert make.which_torch.decide("auto", make.VENV)[0] == kind
        folder.rmdir()


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


class Index(http.server.BaseHTTPRequestHandler):
    """PyTorch's list of files, as good and bad networks show it; the path says how."""

    def do_GET(self):
        way = self.path.strip("/")
        if way == "hangs":
            time.sleep(30)
        if way == "refuses":
            self.send_error(503)
            return
        self.send_response(200)
        self.end_headers()
        for _ in range(300 if way == "drips" else 0):
            self.wfile.write(b"<!-- slow -->")
            self.wfile.flush()
            time.sleep(0.1)
        self.wfile.write(b"<a href='torch-2.15.0+cpu.whl'>" if way == "works" else b"Welcome to Hotel Wifi. Your name?")

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def index():
    """Return the address of an index on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("way", ["works", "refuses", "hotel", "hangs", "drips"])
def test_the_index_is_asked_for_a_limited_time(index, way, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    started = time.monotonic()
    assert which_torch.index_answers(index + way, seconds=5 if way == "works" else 1) == (way == "works")
    assert time.monotonic() - started < 4


def test_an_index_that_is_nowhere_is_no_error():
    started = time.monotonic()
    assert not which_torch.index_answers("http://127.0.0.1:9/", seconds=2)
    assert not which_torch.index_answers("http://no-such-host.invalid/", seconds=2)
    assert time.monotonic() - started < 6
    assert which_torch.SECONDS < 10


@pytest.fixture
def lab(make, monkeypatch):
    """Return a function: the words after `jupyter lab` for these ARGS, in a container, and the environment."""
    exists = make.os.path.exists
    monkeypatch.setattr(make.os.path, "exists", lambda path: path == "/.dockerenv" or exists(path))
    monkeypatch.setattr(make.os, "geteuid", lambda: 0)
    monkeypatch.setattr(make, "environment", lambda asked: None)

    def words(*arguments):
        found = {}
        monkeypatch.setattr(make, "run", lambda *command, env=None: found.update(command=command, env=env))
        monkeypatch.setattr(make.sys, "argv", ["make.py", "lab", *arguments])
        make.main()
        return list(found["command"][2:]), found["env"]

    return words


def test_the_lab_opens_the_learners_copies(make, monkeypatch):
    monkeypatch.setattr(make, "environment", lambda asked: None)
    monkeypatch.setattr(make.sys, "argv", ["make.py", "lab"])
    make.main()
    started, opened = make.ran
    assert started.endswith("cnncourse start --to my_work")
    assert "--LabApp.default_url=/lab/tree/my_work/lessons/00_start_here.ipynb" in opened


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        (["--ip=127.0.0.1"], ["--ip=0.0.0.0"]),
        (["--ip", "127.0.0.1"], ["--ip=0.0.0.0"]),
        (["--ServerApp.ip=127.0.0.1"], ["--ip=0.0.0.0"]),
        (["--allow-root"], ["--allow-root"]),
        (["--no-browser"], ["--no-browser"]),
        (["--ServerApp.open_browser=True"], ["--no-browser"]),
        (["--browser=firefox"], ["--no-browser"]),
        (["--LabApp.default_url=/tree"], ["--LabApp.default_url"]),
        (["--notebook-dir=/tmp"], ["--ServerApp.root_dir", "--LabApp.default_url"]),
        (["--ServerApp.root_dir", "/tmp"], ["--ServerApp.root_dir", "--LabApp.default_url"]),
        (["--port=9999"], []),
    ],
)
def test_what_is_said_behind_args_wins(lab, said, gone):
    plain, _ = lab()
    words, _ = lab(*said)
    assert len(plain) == 5
    assert words == [word for word in plain if not any(word.startswith(name) for name in gone)] + said


@pytest.mark.slow
def test_jupyter_takes_the_options_and_learners_see_no_menus_for_teachers(lab):
    said = ["--ip=127.0.0.1", "--ServerApp.root_dir=/tmp", "--browser=firefox", "--show-config-json"]
    words, environment = lab(*said)
    command = [sys.executable, "-m", "jupyter", "lab", *words]
    done = REAL_RUN(command, env=environment, capture_output=True, text=True, cwd="/tmp")
    shown = json.loads(done.stdout)["ServerApp"]
    assert (shown["ip"], shown["root_dir"], shown["browser"]) == ("127.0.0.1", "/tmp", "firefox")
    code = (
        "import jupyter_core.paths as p, jupyterlab_server.config as c\n"
        "import json; print(json.dumps(c.get_page_config(p.jupyter_path('labextensions'))['disabledExtensions']))"
    )
    done = REAL_RUN([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert "@jupyter/nbgrader" in json.loads(done.stdout)
    assert "JUPYTER_CONFIG_PATH" not in lab("--teacher")[1]
