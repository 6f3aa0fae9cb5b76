"""The doctor: quiet about a sound installation, clear about each broken one, never a traceback."""

import importlib.metadata
import shutil
import subprocess
import sys
from collections import namedtuple

import pytest

from cnncourse import doctor
from cnncourse.data import storage


def states(findings) -> dict[str, str]:
    return {finding.what: finding.state for finding in findings}


def one(check) -> doctor.Finding:
    (finding,) = doctor.examine([check])
    return finding


def stand_in(monkeypatch, folder, **modules):
    """Put modules of our own before the installed ones, for new Python processes."""
    for name, code in modules.items():
        (folder / f"{name}.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_this_installation_has_no_problem(capsys):
    assert doctor.main(["--quick"]) == 0
    shown = capsys.readouterr().out
    assert "12,000 Fashion-MNIST images" in shown
    assert shown.rstrip().endswith("Everything that the course needs is in order.")


@pytest.mark.slow
def test_pytorch_and_the_kernel_work_here():
    findings = doctor.examine(doctor.SLOW)
    findings = {name: state for name, state in states(findings).items() if name != "NumPy's matrix products"}
    assert findings == {"torch and torchvision": "ok", "Jupyter kernel": "ok"}


def test_importing_the_doctor_imports_no_package():
    code = "import sys, cnncourse.doctor; print(sorted({'numpy', 'torch', 'rich', 'packaging'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_old_python_is_named(monkeypatch):
    version = namedtuple("version", "major minor micro releaselevel serial")
    monkeypatch.setattr(sys, "version_info", version(3, 10, 4, "final", 0))
    finding = one(doctor.installation.check_python)
    assert finding.state == "problem"
    assert finding.found == "3.10.4, too old: the course needs 3.11"
    assert "python.org" in finding.cure


def test_python_bound_is_that_of_the_package():
    assert importlib.metadata.metadata("cnncourse")["Requires-Python"] == ">={}.{}".format(
        *doctor.installation.OLDEST_PYTHON
    )


def test_missing_and_old_packages_are_named_with_their_bounds(monkeypatch):
    def version(name):
        if name == "tqdm":
            raise importlib.metadata.PackageNotFoundError(name)
        return {"rich": "9.1", "numpy": "2.5.0rc1"}.get(name, "99.0")

    monkeypatch.setattr(importlib.metadata, "version", version)
    findings = {finding.what: finding for finding in doctor.examine([doctor.installation.check_packages])}
    assert set(findings) == {"tqdm", "rich", "packages"}
    assert findings["tqdm"].found == "not installed"
    assert "'tqdm>=" in findings["tqdm"].cure
    assert findings["rich"].found.startswith("9.1, but the course needs >=")
    total = findings["packages"].found.split()
    assert int(total[0]) == int(total[2]) - 2


def test_a_folder_that_was_never_installed_is_noticed(monkeypatch):
    monkeypatch.setattr(doctor.installation, "PACKAGE", "no-such-package-anywhere")
    finding = one(doctor.installation.check_packages)
    assert finding.state == "problem"
    assert "make lab" in finding.cure


def test_torchvision_for_another_torch_is_seen_before_it_fails(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "version", {"torch": "2.13.0+cpu", "torchvision": "0.29.2"}.get)
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["numpy", "torch (==2.15.0)"])
    finding = one(doctor.installation.check_torch_versions)
    assert finding.state == "problem"
    assert finding.found == "torchvision 0.29.2 wants torch==2.15.0, found torch 2.13.0+cpu"
    assert "pip install --force-reinstall torch torchvision" in finding.cure

    monkeypatch.setattr(importlib.metadata, "version", {"torch": "2.15.0+cu130", "torchvision": "0.29.2"}.get)
    assert doctor.examine([doctor.installation.check_torch_versions]) == []


@pytest.mark.parametrize(
    ("torchvision", "says", "cure"),
    [
        (
            "raise RuntimeError('operator torchvision::nms does not exist')",
            "operator torchvision::nms does not exist",
            "different releases or builds",
        ),
        (
            "raise ImportError('libcudart.so.13: cannot open')",
            "libcudart.so.13: cannot open",
            "delete the folder .venv",
        ),
        ("raise ModuleNotFoundError(\"No module named 'torch'\")", "No module named 'torch'", "pip install"),
        ("import os; os.abort()", "it crashed (signal 6)", "force-reinstall"),
        ("raise SystemExit(3)", "exit status 3", "force-reinstall"),
    ],
)
def test_broken_torchvision_is_explained(monkeypatch, tmp_path, torchvision, says, cure):
    stand_in(monkeypatch, tmp_path, torch="", torchvision=torchvision)
    finding = one(doctor.installation.check_torch)
    assert finding.state == "problem"
    assert says in finding.found
    assert cure in finding.cure
    assert "Traceback" not in finding.found


@pytest.mark.parametrize(
    ("variable", "error", "state", "says"),
    [
        (None, None, "ok", ""),
        ("Haswell", None, "note", "without this variable"),
        (None, "ModuleNotFoundError: No module named 'threadpoolctl'", "warning", "make lab"),
    ],
)
def test_the_kernels_of_blas_are_named(monkeypatch, variable, error, state, says):
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    if variable:
        monkeypatch.setenv("OPENBLAS_CORETYPE", variable)
    monkeypatch.setattr(doctor.installation, "trial", lambda code, seconds: ("openblas 0.3.31 Haswell", error))
    finding = one(doctor.installation.check_blas)
    assert finding.state == state
    assert says in finding.cure
    assert (error or "openblas 0.3.31 Haswell") in finding.found


@pytest.mark.parametrize(
    ("record", "state", "says"),
    [
        ("cpu\nthere is no NVIDIA GPU\n", "ok", "the small one, only for the CPU (there is no NVIDIA GPU)"),
        ("default\nthere is an NVIDIA GPU\n", "ok", "the ordinary one (there is an NVIDIA GPU)"),
        ("default\nthere is no NVIDIA GPU, but the index is away\n", "note", "the ordinary one, with CUDA (there"),
        (None, "ok", "the small one"),
    ],
)
def test_the_kind_of_pytorch_and_why_it_was_taken(monkeypatch, tmp_path, record, state, says):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(importlib.metadata, "version", {"torch": "2.15.0+cpu"}.get)
    if record:
        (tmp_path / "torch.txt").write_text(record)
    finding = one(doctor.installation.check_kind_of_torch)
    assert (finding.state, finding.cure == "") == (state, state == "ok")
    assert says in finding.found


def test_what_learners_need_comes_first_and_no_argument_of_a_function_is_shown(no_data, capsys):
    doctor.main(["--quick"])
    shown = capsys.readouterr().out
    order = ["packages", "data that comes along", "disk of this folder", "kind of PyTorch", "full MNIST", "nbgrader"]
    places = [shown.index(f"{what}  ") if what != "nbgrader" else shown.index(what) for what in order]
    assert places == sorted(places)
    assert "full=" not in shown


def test_blas_answers_here():
    assert "could not" not in one(doctor.installation.check_blas).found


def test_a_torch_that_never_comes_back_is_given_up(monkeypatch, tmp_path):
    stand_in(monkeypatch, tmp_path, torch="import time; time.sleep(60)", torchvision="")
    assert doctor.finding.trial("import torch", seconds=1) == ("", "no answer within 1 seconds")


@pytest.mark.parametrize(
    ("output", "error", "state", "says"),
    [
        (
            "",
            "jupyter_client.kernelspec.NoSuchKernel: No such kernel named python3",
            "problem",
            "no kernel named",
        ),
        ("", "RuntimeError: Kernel died before replying to kernel_info", "problem", "Kernel died"),
        ("/usr/another", None, "warning", "runs another Python: /usr/another"),
        ("", None, "warning", "it did not say which"),
        (sys.prefix, None, "ok", "runs this Python"),
    ],
)
def test_kernels_that_are_missing_dead_or_foreign(monkeypatch, output, error, state, says):
    monkeypatch.setattr(doctor.installation, "trial", lambda code, seconds: (output, error))
    finding = one(doctor.installation.check_kernel)
    assert finding.state == state
    assert says in finding.found
    assert (finding.cure == "") == (state == "ok")
    assert "ipykernel install" in finding.cure or state == "ok"


def test_a_kernel_that_cannot_start_is_reported_from_the_real_attempt(monkeypatch, tmp_path):
    stand_in(monkeypatch, tmp_path, ipykernel_launcher="raise SystemExit('broken on purpose')")
    finding = one(doctor.installation.check_kernel)
    assert finding.state == "problem"
    assert "Traceback" not in finding.found


@pytest.fixture
def no_data(monkeypatch, tmp_path):
    monkeypatch.setattr(storage, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.delenv("CNNCOURSE_DATA", raising=False)
    return tmp_path


def test_broken_embedded_data_is_a_problem(monkeypatch, no_data):
    from cnncourse.data import sets

    monkeypatch.setattr(sets, "EMBEDDED_FOLDER", no_data)
    finding = one(doctor.computer.check_data)
    assert finding.state == "problem"
    assert "train-images-idx3-ubyte.gz is missing" in finding.found
    assert "reinstall" in finding.cure


def test_sets_that_are_absent_are_no_problem_but_broken_ones_are(no_data):
    findings = states(doctor.examine([doctor.computer.check_full_sets]))
    assert findings["full MNIST"] == findings["full CIFAR-10"] == "note"
    (no_data / "cache" / "mnist").mkdir(parents=True)
    (no_data / "cache" / "mnist" / "train-images-idx3-ubyte.gz").write_bytes(b"")
    findings = {finding.what: finding for finding in doctor.examine([doctor.computer.check_full_sets])}
    assert findings["full MNIST"].state == "problem"
    assert "download" in findings["full MNIST"].cure


def test_a_variable_that_names_no_folder_is_a_problem(monkeypatch, no_data):
    monkeypatch.setenv("CNNCOURSE_DATA", str(no_data / "nowhere"))
    finding = one(doctor.computer.check_full_sets)
    assert finding.state == "problem"
    assert finding.what == "CNNCOURSE_DATA"
    assert "unset it" in finding.cure


@pytest.mark.parametrize(("free", "state"), [(2e8, "problem"), (1e9, "warning"), (9e9, "ok")])
def test_disk(monkeypatch, free, state):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(1e12, 0, free))
    for finding in doctor.examine([doctor.computer.check_disk]):
        assert finding.state == state
        assert f"{free / 1e9:.1f} GB free" in finding.found
        assert ("free some space" in finding.cure) == (state != "ok")


def test_tools_that_few_need_are_only_notes(monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(importlib.metadata, "version", absent)
    for platform, says in (("linux", "apt install bubblewrap"), ("darwin", "use Linux or a container")):
        monkeypatch.setattr(sys, "platform", platform)
        findings = doctor.examine([doctor.computer.check_for_teachers_and_contributors])
        assert {finding.state for finding in findings} == {"note"}
        assert any(says in finding.cure for finding in findings)


def test_a_check_that_fails_itself_becomes_a_finding(monkeypatch, capsys):
    def check_the_weather():
        yield doctor.Finding("ok", "sun", "shines")
        raise LookupError("no window")

    monkeypatch.setattr(doctor, "CHECKS", (check_the_weather, doctor.installation.check_python))
    assert doctor.main([]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "the weather could not be checked: LookupError: no window" in shown
    assert "1 problem found" in shown
    assert "Python" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("module", ["numpy", "packaging", "packaging.requirements", "rich", "PIL", "cnncourse.data"])
def test_a_missing_module_never_ends_in_a_traceback(module):
    missing = f"import sys; sys.modules[{module!r}] = None"
    code = f"{missing}\nfrom cnncourse import doctor\nsys.exit(doctor.main(['--quick']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == (0 if module == "rich" else 1)
    assert "What to do: " in done.stdout or module == "rich"


def test_a_terminal_without_these_letters_is_no_obstacle():
    code = "from cnncourse import doctor; doctor.show([doctor.Finding('ok', 'naïve', '日本 …', 'Ω')])"
    for encoding in ("ascii", "cp1252"):
        done = subprocess.run(
            [sys.executable, "-X", "utf8=0", "-c", code],
            capture_output=True,
            env={"PYTHONIOENCODING": encoding},
        )
        assert done.returncode == 0, done.stderr
        assert b"na" in done.stdout
