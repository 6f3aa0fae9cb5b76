"""The command a learner types: start, check, progress."""

import json
import subprocess
import sys

import pytest

from cnncourse import cli
from cnncourse.checks.progress import FILE, progress, read, record
from cnncourse.checks.report import TaskReport


def command(*arguments, cwd, stdin=subprocess.DEVNULL):
    return subprocess.run(
        [sys.executable, "-m", "cnncourse.cli", *arguments], cwd=cwd, capture_output=True, text=True, stdin=stdin,
        timeout=300,
    )  # fmt: skip


@pytest.fixture
def started(tmp_path):
    assert command("start", "1", cwd=tmp_path).returncode == 0
    return tmp_path / "my_work" / "01_images_as_tensors" / "01_images_as_tensors.ipynb"


def solve(path, name, body):
    """Write a body into the stub of one task."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if source.startswith(f"def {name}("):
            cell["source"] = source.replace("raise NotImplementedError()", body)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def test_start_copies_and_never_overwrites_silently(started, tmp_path):
    started.write_text("my work", encoding="utf-8")
    again = command("start", "01", cwd=tmp_path)
    assert again.returncode == 2
    assert "exists already" in again.stderr
    assert "--overwrite" in again.stderr
    assert started.read_text(encoding="utf-8") == "my work"
    assert command("start", "01", "--overwrite", cwd=tmp_path).returncode == 0
    assert "to_tensor" in started.read_text(encoding="utf-8")


@pytest.mark.parametrize(("answer", "kept"), [("n", True), ("", True), ("y", False)])
def test_start_asks(tmp_path, monkeypatch, answer, kept):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["start", "02"]) == 0
    copy = tmp_path / "my_work" / "02_convolution" / "02_convolution.ipynb"
    copy.write_text("my work", encoding="utf-8")
    monkeypatch.setattr(cli.sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: answer)
    assert cli.main(["start", "02"]) == 0
    assert (copy.read_text(encoding="utf-8") == "my work") == kept


def test_start_names_what_there_is(tmp_path):
    wrong = command("start", "99", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "no exercise called '99'" in wrong.stderr
    assert "02_convolution" in wrong.stderr


def test_check_reports_every_task_and_remembers(started, tmp_path):
    solve(started, "mlp_parameters", "return __import__('math').prod(shape) * hidden + hidden")
    solve(started, "normalize", "return 1 / 0")
    checked = command("check", "01", cwd=tmp_path)
    assert checked.returncode == 1
    assert "Traceback" not in checked.stdout + checked.stderr
    assert "✓ 01.mlp_parameters: 2 of 2 points" in checked.stdout
    assert "ZeroDivisionError" in checked.stdout
    assert "· 01.to_tensor: 0 of 4 points" in checked.stdout
    assert "01_images_as_tensors: 2 of 18 points" in checked.stdout
    shown = command("progress", cwd=tmp_path).stdout
    assert "1 of 8" in shown
    assert "2 of 18" in shown
    assert read(tmp_path / "my_work" / FILE)["01.mlp_parameters"] == [2, 2]


def test_check_survives_what_a_notebook_does(started, tmp_path):
    notebook = json.loads(started.read_text(encoding="utf-8"))
    extra = ["%matplotlib inline\n!ls", "x = (", "raise ValueError('mine')", "exit()", "undefined_name"]
    template = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    notebook["cells"][1:1] = [{**template, "metadata": {}, "source": source} for source in extra]
    started.write_text(json.dumps(notebook), encoding="utf-8")
    solve(started, "mlp_parameters", "return __import__('math').prod(shape) * hidden + hidden")
    checked = command("check", str(started), cwd=tmp_path)
    assert "✓ 01.mlp_parameters" in checked.stdout
    assert "not valid Python" in checked.stdout
    assert "ValueError: mine" in checked.stdout
    assert "Traceback" not in checked.stdout + checked.stderr


def test_check_says_when_the_process_was_ended(started, tmp_path):
    solve(started, "mlp_parameters", "__import__('os')._exit(7)")
    checked = command("check", cwd=tmp_path)
    assert checked.returncode == 2
    assert "ended its own process (exit status 7)" in checked.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "nothing.ipynb"], "no file nothing.ipynb"),
        (["check"], "begin with `cnncourse start 01`"),
        (["check", "05"], "begin with"),
    ],
)
def test_check_without_a_notebook(tmp_path, arguments, words):
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr


def test_check_of_something_else(tmp_path):
    (tmp_path / "bad.ipynb").write_text("not json", encoding="utf-8")
    done = command("check", "bad.ipynb", cwd=tmp_path)
    assert done.returncode == 2
    assert "is not a Jupyter notebook" in done.stdout


def test_help_suffices(tmp_path):
    text = command("--help", cwd=tmp_path).stdout
    assert all(word in text for word in ("start", "check", "progress", "grade", "train", "doctor", "my_work"))
    assert command(cwd=tmp_path).stdout == text


def test_unknown_command(tmp_path):
    assert command("frobnicate", cwd=tmp_path).returncode == 2


def report(score, task="01.normalize"):
    return TaskReport(task, score, 3, "partial")


def test_progress_keeps_the_best_and_only_inside_my_work(tmp_path):
    inside = tmp_path / "my_work" / "01_images_as_tensors"
    inside.mkdir(parents=True)
    record(report(2), inside)
    record(report(1), inside)
    assert read(tmp_path / "my_work" / FILE) == {"01.normalize": [2, 3]}
    record(report(3), tmp_path)
    assert read(tmp_path / "my_work" / FILE) == {"01.normalize": [2, 3]}
    assert [p.name for p in (tmp_path / "my_work").iterdir() if p.name.startswith(".")] == [FILE]


def test_progress_survives_a_damaged_file(tmp_path):
    folder = tmp_path / "my_work"
    folder.mkdir()
    (folder / FILE).write_text('{"points": [', encoding="utf-8")
    table = progress(folder)
    assert table.units[0].score == 0
    record(report(1), folder)
    assert read(folder / FILE) == {"01.normalize": [1, 3]}


def test_progress_shows_itself(tmp_path):
    (tmp_path / "my_work").mkdir()
    record(report(3), tmp_path / "my_work")
    table = progress(tmp_path)
    assert "1 of 8" in str(table)
    assert "<td>3 of 18</td>" in table._repr_html_()
    assert "Nothing recorded yet" in str(progress("/"))
