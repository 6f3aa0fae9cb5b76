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
    assert "has work of yours" in again.stderr
    assert "--overwrite" in again.stderr
    assert started.read_text(encoding="utf-8") == "my work"
    assert command("start", "01", "--overwrite", cwd=tmp_path).returncode == 0
    assert "to_tensor" in started.read_text(encoding="utf-8")


def test_starting_again_before_anything_is_written_asks_nothing(started, tmp_path):
    again = command("start", "01", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert "is yours" in again.stdout
    nothing = command("check", cwd=tmp_path)
    assert "no exercise in my_work has an answer of yours" in nothing.stderr.replace(str(tmp_path) + "/", "")


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
    assert "01_images_as_tensors: 2 of 17 points" in checked.stdout
    shown = command("progress", cwd=tmp_path).stdout
    assert "1 of 7" in shown
    assert "2 of 17" in shown
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
    assert "bad.ipynb: The file is not a notebook" in done.stdout


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
    assert "1 of 7" in str(table)
    assert "<td>3 of 17</td>" in table._repr_html_()
    assert [line.split()[0] for line in str(table).splitlines()[1:3]] == ["01", "all"], "no rows of zeros"
    assert "Nothing recorded yet" in str(progress("/"))


ANSWER = """def cross_correlate2d(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijuv,uv->ij", windows, kernel)
"""
CHECK = 'from cnncourse.checks import check\ncheck("02.cross_correlate2d", cross_correlate2d)'
READ = {
    "a command over lines": ["!pip install -q \\\n    numpy\n" + ANSWER],
    "what a command printed": ["files = !ls\n" + ANSWER],
    "help": ["np.einsum?\n" + ANSWER],
    "prompts": [">>> y = 3", "In [3]: " + ANSWER.strip().replace("\n", "\n   ...: ")],
    "an indent": ["    " + ANSWER.strip().replace("\n", "\n    ")],
    "a magic alone in a block": ["if False:\n    %pip install numpy\n" + ANSWER],
    "a percent sign in brackets": ["rest = (7\n        % 4)\n" + ANSWER],
    "await": ["import asyncio\nawait asyncio.sleep(0)\n" + ANSWER],
    "timed": ["%%time\n" + ANSWER, "%time np.zeros(3)"],
    "a library that is missing": ["import nothing_of_that_name, math\nmath.pi\n" + ANSWER],
    "a statement that fails before it": ["1 / 0\n" + ANSWER],
    "a later cell that hides a builtin": [
        "def total(x):\n    return sum(x.ravel())", ANSWER.replace("return np", "return total(np.zeros(3)) + np"),
        "sum = 0",
    ],
    "the stub once more": [ANSWER, "def cross_correlate2d(image, kernel):\n    raise NotImplementedError"],
    "a module of one's own": ["import helpers_of_mine as own\n" + ANSWER.replace("return np", "return own.ONE * np")],
}  # fmt: skip


def notebook(path, cells, encoding="utf-8"):
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    content = [{**empty, "source": source} for source in cells]
    text = json.dumps({"cells": content, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}, ensure_ascii=False)
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("name", READ)
def test_check_reads_what_the_grader_reads(tmp_path, capfd, name):
    (tmp_path / "helpers_of_mine.py").write_text("ONE = 1\n")
    path = notebook(tmp_path / "02_test.ipynb", ["import numpy as np", *READ[name], CHECK])
    assert cli.main(["check", str(path)]) == 0
    assert "4 of 4 points" in capfd.readouterr().out


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_check_reads_files_in_other_encodings(tmp_path, capfd, encoding):
    cells = ["import numpy as np\ngröße = 'ä'\n" + ANSWER, CHECK]
    assert cli.main(["check", str(notebook(tmp_path / "02_test.ipynb", cells, encoding))]) == 0
    assert "4 of 4 points" in capfd.readouterr().out


def test_check_beside_files_named_like_libraries(tmp_path):
    for name in ("random", "inspect", "numpy", "statistics"):
        (tmp_path / f"{name}.py").write_text("print('mine')\n")
    notebook(tmp_path / "02_test.ipynb", ["import numpy as np\nimport random\nrandom.random()\n" + ANSWER, CHECK])
    start = "import sys; from cnncourse.cli import main; sys.exit(main(['check', '02_test.ipynb']))"
    done = subprocess.run([sys.executable, "-P", "-c", start], cwd=tmp_path, capture_output=True, text=True)
    assert "4 of 4 points" in done.stdout, done.stdout + done.stderr
    assert "numpy.py" in done.stdout  # which hides the library when the notebook is open in Jupyter
