"""The plain functions stay short to read: how many of our functions and files does a call enter?"""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cnncourse import numpy_nn
from cnncourse.numpy_nn import functional as F

FOLDER = Path(numpy_nn.__file__).parent
FUNCTIONS, FILES = 6, 3
X, W = np.ones((2, 3, 8, 8)), np.ones((4, 3, 3, 3))
G, ONES = np.ones((2, 4, 6, 6)), np.ones(3)
CALLS = {
    "conv2d": lambda: F.conv2d(X, W, np.ones(4), padding=1),
    "conv2d_backward": lambda: F.conv2d_backward(G, X, W),
    "batch_norm": lambda: F.batch_norm(X, ONES, ONES, ONES, ONES, training=True),
    "batch_norm_backward": lambda: F.batch_norm_backward(X, X, ONES, ONES, ONES, ONES, training=True),
    "max_pool2d_backward": lambda: F.max_pool2d_backward(np.ones((2, 3, 4, 4)), X, 2),
    "relu_backward": lambda: F.relu_backward(X, X),
}


def entered(call):
    """Return {(file, function)} of the package that `call` enters; comprehensions belong to their functions."""
    seen = set()

    def look(frame, event, _):
        code = frame.f_code
        if event == "call" and str(FOLDER) in code.co_filename and not code.co_name.startswith("<"):
            seen.add((Path(code.co_filename).name, code.co_name))

    sys.setprofile(look)
    try:
        call()
    finally:
        sys.setprofile(None)
    return seen


def test_a_plain_call_enters_few_functions_and_files(capsys):
    with numpy_nn.use("plain"):
        found = {name: entered(call) for name, call in CALLS.items()}
    with capsys.disabled():
        print("\nplain function         functions  files")
        for name, seen in found.items():
            print(f"{name:22} {len(seen):9} {len({file for file, _ in seen}):6}")
    for name, seen in found.items():
        assert len(seen) <= FUNCTIONS, (name, sorted(seen))
        assert len({file for file, _ in seen}) <= FILES, (name, sorted(seen))


def test_plain_functions_know_nothing_of_the_fast_ones():
    for path in (FOLDER / "functional").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
                assert not any(part in name for name in names for part in ("fast", "threads", "memory")), path


def lengths(folder):
    return {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in folder.rglob("*.py")}


def test_no_file_is_long():
    """About as much as fits in a reader's head; a plain file, which a learner opens, half of that."""
    long = {path: n for path, n in lengths(FOLDER.parent).items() if n > 300}
    assert not long
    assert not {path: lines for path, lines in lengths(FOLDER / "functional").items() if lines > 150}


def test_no_plain_function_is_long():
    """Counted without its docstring."""
    long = {}
    for path in (FOLDER / "functional").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                docstring = node.body[0] if ast.get_docstring(node) else None
                lines = node.end_lineno - node.lineno + 1
                lines -= docstring.end_lineno - docstring.lineno + 1 if docstring else 0
                if lines > 25:
                    long[path.name, node.name] = lines
    assert not long


def test_the_switch_is_for_the_process_and_a_block_puts_back_what_was():
    with numpy_nn.use("fast"):
        with numpy_nn.use("plain"):
            assert numpy_nn.switch.chosen() == "plain"
            with numpy_nn.use("fast"):
                assert numpy_nn.switch.chosen() == "fast"
            assert numpy_nn.switch.chosen() == "plain"
        assert numpy_nn.switch.chosen() == "fast"
    with pytest.raises(ValueError, match="name: expected 'plain' or 'fast', got 'quick'"):
        numpy_nn.use("quick")


def test_the_switch_decides_what_runs():
    x = np.random.default_rng(0).normal(size=(1, 1, 4, 4))
    with numpy_nn.use("plain"):
        plain = {file for file, _ in entered(lambda: F.max_pool2d(x, 2))}
    with numpy_nn.use("fast"):
        fast = {file for file, _ in entered(lambda: F.max_pool2d(x, 2))}
    assert "blocks.py" not in plain
    assert "blocks.py" in fast


def test_the_source_that_a_reader_asks_for_is_the_plain_one():
    assert Path(inspect.getsourcefile(F.conv2d)).parent.name == "functional"
    assert "Cross-correlate images" in inspect.getsource(F.conv2d)


def test_importing_changes_nothing_in_the_process():
    script = (
        "import ctypes, sys, threading\n"
        "before = threading.active_count()\n"
        "from cnncourse.numpy_nn import switch\n"
        "from cnncourse.numpy_nn.fast import memory\n"
        "assert switch.chosen() == 'fast'\n"
        "assert threading.active_count() == before\n"
        "assert not memory.told\n"
        "assert 'torch' not in sys.modules\n"
        "switch.use('fast')\n"
        "print(memory.told)\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == str(sys.platform == "linux")


def test_the_architecture_page_shows_the_plain_functions_as_they_are():
    page = (FOLDER.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    conv = importlib.import_module("cnncourse.numpy_nn.functional.conv")
    assert inspect.getsource(conv._conv) in page
    _, _, body = inspect.getsource(F.batch_norm).split('"""')
    assert body.lstrip("\n") in page


def test_the_files_that_the_architecture_page_sends_people_to_are_there():
    root = FOLDER.parents[1]
    page = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.split("## Where to change what")[1].split("\n## ")[0]
    first = [row.split("|")[2].split("`")[1] for row in table.splitlines() if row.startswith("| ") and "`" in row]
    assert len(first) == 12
    further = re.findall(r"`((?:book|cnncourse|docs|tests)/[\w/.]+)`", table)
    assert len(further) > len(first)
    missing = {path for path in [*first, *further] if not (root / path).exists()}
    assert missing <= {"cnncourse/numpy_nn/models/squeezenet.py"}, "only what somebody shall add may be missing"
