"""Honest work gets its points however its notebook looks."""

import pytest

from cnncourse.checks.registry import load_task
from cnncourse.grading.host.grade import as_dict, grade_cells
from cnncourse.grading.inside import cells as reading
from tests.grading.harness import ANSWERS, CORRELATE, IMPORTS, grade_one

ANSWER = ANSWERS[CORRELATE]
LOOPS = "def cross_correlate2d(image, kernel):\n    while True: pass"

HONEST = {
    "as released": [IMPORTS, ANSWER + "\ncheck('02.cross_correlate2d', cross_correlate2d)"],
    "everything printed": [IMPORTS + "\nimport warnings, sys", ANSWER.replace(
        "    windows", "    print(image); warnings.warn('slow'); sys.stderr.write('hm')\n    windows"
    )],
    "a helper in another cell": [IMPORTS, ANSWER.replace("np.lib.stride_tricks.sliding_window_view", "windows_of"),
        "def windows_of(image, shape):\n    return np.lib.stride_tricks.sliding_window_view(image, shape)"],
    "cells in another order": [ANSWER, IMPORTS],
    "imports at the end, needed while loading": ["ZERO = np.zeros(3)", ANSWER + "\nassert ZERO.size == 3", IMPORTS],
    "a late import": [ANSWER.replace("    windows", "    import numpy as np\n    windows")],
    "no import, nor a name for numpy": ["import numpy", ANSWER.replace("np.", "numpy.")],
    "cells that cannot be parsed": ["this is a note, not code", IMPORTS, "def broken(:", ANSWER, "'''open"],
    "cells that raise": ["1 / 0", IMPORTS, "raise KeyboardInterrupt", ANSWER, "undefined_name", "exit()"],
    "magics, shell commands, questions": [
        "%matplotlib inline\n" + IMPORTS, "!pip install numpy", "%%bash\nrm -rf *", "np.einsum?",
        "%%time\n" + ANSWER, "%load_ext autoreload\n%autoreload 2",
    ],
    "magics in the cell of the answer": [
        IMPORTS, "files = !ls\na, b = %timeit -o 1\n!pip install \\\n    numpy \\\n    torch\nnp?" + ANSWER + "%time 1",
    ],
    "matrices, masked, long and swapped numbers": [IMPORTS, ANSWER.replace("return np.einsum", "out = np.einsum") + """
    kinds = np.matrix, np.ma.masked_array, np.asfortranarray, lambda x: x.astype(np.longdouble), lambda x: x[::-1][::-1]
    return kinds[image.size % len(kinds)](out.astype(out.dtype.newbyteorder()))
"""],
    "pools of threads and of processes": [IMPORTS + "\nimport multiprocessing as mp, concurrent.futures as futures", """
POOL = futures.ThreadPoolExecutor(2)
def row(given):
    rows, kernel = given
    return [(rows[:, j : j + kernel.shape[1]] * kernel).sum() for j in range(rows.shape[1] - kernel.shape[1] + 1)]
def cross_correlate2d(image, kernel):
    height = image.shape[0] - kernel.shape[0] + 1
    given = [(image[i : i + kernel.shape[0]], kernel) for i in range(height)]
    with mp.get_context("fork").Pool(2) as processes:
        assert np.allclose(list(POOL.map(row, given)), processes.map(row, given))
    return np.array([row(g) for g in given]).reshape(height, -1)
"""],
    "asserts on the check, tests of one's own, exits": [IMPORTS, ANSWER, "report = check('x', cross_correlate2d)\n"
        "assert report.passed, report.message", "import unittest\nunittest.main(argv=[''])", "import doctest\n"
        "doctest.testmod()", "import sys; sys.exit(0)"],
    "libraries that are not there": [
        IMPORTS, "import matplotlib.pyplot as plt\nfrom IPython.display import display\nimport ipywidgets as w\n"
        "import cnncourse\ncnncourse.setup(seed=0)\nfrom cnncourse.data import load\nimages, labels = load('x')\n"
        "fig, ax = plt.subplots(2)\nwith plt.style.context('x'):\n    ax[0].imshow(images[0] / 255)",
        "from tqdm import tqdm, trange\nimport tqdm.auto as other",
        ANSWER.replace("    windows", "    for _ in tqdm(range(1)):\n        windows"),
        "for i in trange(3):\n    pass\nassert i == 2",
    ],
    "torch imported for comparison": ["import torch\nimport numpy as np\nx = torch.ones(3)", ANSWER],
    "a future import": [
        "from __future__ import annotations", IMPORTS, ANSWER.replace("(image, kernel)", "(image: Array, kernel) -> X")
    ],
    "a class with a method behind the name": [IMPORTS, ANSWER.replace("def cross", "def _cross"),
        "class Filter:\n    def __call__(self, image, kernel): return _cross_correlate2d(image, kernel)\n"
        "cross_correlate2d = Filter()"],
    "a decorated answer": [IMPORTS + "\nimport functools", "def timed(f):\n    @functools.wraps(f)\n"
        "    def g(*a, **k): return f(*a, **k)\n    return g", "@timed" + ANSWER],
    "defined inside a condition": [IMPORTS, "if True:\n" + ANSWER.replace("\n", "\n    ")],
    "dataclasses and pickles of own classes": [IMPORTS + "\nimport pickle\nfrom dataclasses import dataclass",
        "@dataclass\nclass P:\n    x: int\nassert pickle.loads(pickle.dumps(P(3))).x == 3", ANSWER],
    "under __main__": [IMPORTS, "if __name__ == '__main__':\n" + ANSWER.replace("\n", "\n    ")],
    "random numbers, files, threads, processes": [IMPORTS + "\nimport threading, tempfile, multiprocessing.pool",
        "with tempfile.NamedTemporaryFile() as f: f.write(b'x')", "with multiprocessing.pool.ThreadPool(2) as p:\n"
        "    p.map(abs, [1])", ANSWER],
    "indented, with prompts, awaiting": [
        "    " + IMPORTS.replace("\n", "\n    "), ">>> import asyncio\n>>> await asyncio.sleep(0)",
        "In [3]: " + ANSWER.strip().replace("\n", "\n   ...: "),
    ],
    "timed where it is defined": [IMPORTS, "%time base = np.zeros(3)\n%who\nx = %time base + 1",
        "%%capture\n%%time\n" + ANSWER.replace("    windows", "    assert x.sum() == 3\n    windows")],
    "hints of libraries that are not there": [
        IMPORTS + "\nimport torch, numpy as np\nfrom jaxtyping import Float, jaxtyped\nfrom beartype import beartype",
        "@jaxtyped(typechecker=beartype)" + ANSWER.replace(
            "image, kernel):", "image: torch.Tensor, kernel: Float[np.ndarray, 'h w'] | None) -> 'torch.Tensor':"
        ).replace("    windows", "    first: torch.Tensor = image\n    windows"),
    ],
    "decorators and defaults of libraries that are not there": [
        IMPORTS + "\nimport torch, numba as nb\nfrom numba import njit\ndef own(f): return lambda *a: f(*a)",
        "@nb.njit(parallel=True)\n@njit\n@own\n@torch.no_grad()" + ANSWER.replace(
            "image, kernel):", "image, kernel, device=torch.device('cpu'), *, dtype=torch.float32, n=2):"
        ).replace("    windows", "    assert n == 2\n    windows"),
    ],
    "names of typing_extensions": [IMPORTS + "\nfrom typing_extensions import TypedDict, override, Literal",
        "class Sizes(TypedDict):\n    height: Literal[1]\nassert Sizes(height=1) == {'height': 1}", ANSWER],
    "pictures drawn while answering": [
        IMPORTS + "\nimport matplotlib.pyplot as plt\nfrom matplotlib import pyplot",
        ANSWER.replace("    windows", """    fig, axes = plt.subplots(2, 3)
    for axis in axes.flat:
        axis.imshow(image)
    line, = axes[0, 0].plot([1, 2])
    figure, axis = pyplot.subplots(figsize=(2, 2))
    axis.set_title('x'); plt.show()
    left, right = figure.subplots(1, 2)
    windows"""),
    ],
    "a generator of the course's seed": [
        IMPORTS + "\nimport cnncourse\nrng = cnncourse.setup(seed=0)", "x = rng.normal(size=3)",
        ANSWER.replace("    windows", "    assert x.shape == (3,)\n    windows"),
    ],
    "a file written for a module of one's own": [
        IMPORTS, "%%writefile helpers.py\nTWO = 2", "exec(open('helpers.py').read())\n" + ANSWER.replace(
            "    windows", "    assert TWO == 2\n    windows")],
    "umlauts and emoji": [IMPORTS, "größe = '🙂'", ANSWER],
    "plain loops": [IMPORTS, """
def cross_correlate2d(image, kernel):
    h, w = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    out = np.zeros((h, w))
    for i in range(h):
        for j in range(w):
            for a in range(kernel.shape[0]):
                for b in range(kernel.shape[1]):
                    out[i, j] += image[i + a, j + b] * kernel[a, b]
    return out
"""],
}  # fmt: skip

NARROWER = {
    "a cell that never ends": [IMPORTS, ANSWER, "while True: pass"],
    "a cell that ends Python": [IMPORTS, "import os\nos._exit(1)", ANSWER],
    "a cell that needs too much memory": [IMPORTS, ANSWER, "import ctypes\nctypes.string_at(0)"],
    "a scratch cell that breaks NumPy": [IMPORTS, ANSWER, "np.einsum = None"],
    "a later cell that rebinds a builtin, with a helper in an earlier one": [
        IMPORTS, "def zero():\n    return sum([0])", ANSWER.replace("np.einsum(", "zero() + np.einsum("),
        "sum = 0\nfor n in range(3):\n    sum = sum + n",
    ],
    "a later cell with another helper of the same name": [
        IMPORTS, "def shape(x):\n    return x.shape", ANSWER.replace("kernel.shape", "shape(kernel)"),
        "def shape(x, y):\n    return x",
    ],
    "a star import in a later cell": [
        IMPORTS, "def one(x):\n    return pow(x, 2, 3)", ANSWER.replace("np.einsum(", "one(1) * np.einsum("),
        "from math import *",
    ],
    "a scratch cell that rebinds a helper": [
        IMPORTS, "size = len\n" + ANSWER.replace("np.einsum", "size and np.einsum"), "size = 0"
    ],
    "an older attempt after the answer": [IMPORTS, ANSWER, "def cross_correlate2d(image, kernel):\n    return image"],
    "the untouched stub run again at the end": [
        IMPORTS, ANSWER, "def cross_correlate2d(image, kernel):\n    raise NotImplementedError"
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_honest_work_gets_its_points(sandboxes, name):
    graded = grade_one(sandboxes, HONEST[name])
    assert graded.report.passed, (graded.report, graded.problems)
    assert graded.way in ("definitions", "all")


@pytest.mark.parametrize("name", NARROWER)
def test_the_better_of_the_whole_notebook_and_its_parts_counts(sandboxes, name):
    graded = grade_one(sandboxes, NARROWER[name], slack=0.3)
    assert graded.report.passed, (graded.report, graded.problems)
    assert graded.way != "all"


def test_what_an_answer_needs_beyond_definitions_is_run(sandboxes):
    """Tables filled by loops, state set up by calls: then all cells are loaded, in order."""
    needs = ANSWER.replace("    windows", "    assert TABLE == [0, 1] and READY\n    windows")
    start = "def start():\n    global READY\n    READY = True"
    cells = [IMPORTS, "TABLE, READY = [], False", needs, "for i in range(2): TABLE.append(i)", start, "start()"]
    graded = grade_one(sandboxes, cells)
    assert graded.report.passed, (graded.report, graded.problems)
    assert graded.way == "all"


@pytest.mark.parametrize(
    ("cells", "differs"),
    [
        (["import x\n'text'", "def f(): pass\ncheck('f', f)", "X = np.ones(3)\npass"], False),
        (["def f(): pass", "f"], False),
        (["def f(): pass", "f()"], True),
        (["def check(*a): pass", "check('f')"], True),
        (["print(f())"], True),
        (["check(*x)"], True),
        (["x = f()"], True),
        (["x += 1"], True),
        (["for i in x: pass"], True),
        (["if (y := 3): pass"], True),
    ],
)
def test_whether_all_cells_could_differ_from_the_definitions(cells, differs):
    statements, _ = reading.split(cells)
    assert reading.all_differs(statements) is differs


def question(cells, sandboxes):
    return grade_one(sandboxes, [IMPORTS, *cells], "02.answer_parameters")


def right_answer():
    return load_task("02.answer_parameters").answer


def test_a_question_counts_one_answer(sandboxes):
    """The ways of loading a notebook are no guesses: what it defines when its cells have run in order is judged."""
    right = right_answer()
    define = "def answer_parameters():\n    return {}"
    wrong = [define.format(right + i) for i in (1, 2, 3)]
    for cells in ([define.format(right), *wrong[:1]], [define.format(right), wrong[0], wrong[1]],
                  [define.format(right), f"globals().update(answer_parameters=lambda: {right + 1})"],
                  [f"answer_parameters = {right}", "answer_parameters += 1"]):  # fmt: skip
        assert question(cells, sandboxes).report.score == 0, cells
    for cells in ([*wrong, define.format(right)], [wrong[0], f"globals().update(answer_parameters=lambda: {right})"],
                  [define.format(right), "def answer_parameters():\n    raise NotImplementedError"],
                  [f"n = 0\nfor _ in range({right}):\n    n += 1", "def answer_parameters():\n    return n"],
                  [define.format(right), "import os\nos._exit(1)"]):  # fmt: skip
        assert question(cells, sandboxes).report.passed, cells


LACKING = {
    "a name in its body": (
        ["from numba import njit, prange", "@njit" + ANSWER.replace("    windows", "    prange(3)\n    windows")],
        "numba",
    ),
    "a base class": (["import tensorflow as tf", "class C(tf.Module): pass\n" + ANSWER], None),
    "a call": (["import scipy.signal", ANSWER.replace("np.einsum", "scipy.signal.convolve")], "scipy"),
    "a value drawn from a stand-in": (["from matplotlib import cm", "cross_correlate2d = list(cm.viridis(3))"],
        "matplotlib"),
}  # fmt: skip


@pytest.mark.parametrize("name", LACKING)
def test_a_library_that_is_missing_is_named(sandboxes, name):
    cells, library = LACKING[name]
    graded = grade_one(sandboxes, [IMPORTS, *cells])
    told = as_dict(graded, None, "cross_correlate2d")
    assert told["problems"] == []
    if library is None:
        assert graded.report.passed
    else:
        assert told["status"] == "error"
        assert library in told["message"]
        assert "Not attempted" not in told["message"]


SPOILERS = {
    "the functions of NumPy": "np.matmul = np.einsum = np.zeros = np.asarray = None",
    "a thread": "import threading, time; threading.Thread(target=time.sleep, args=(50,), daemon=True).start()",
    "a process": "import os, time\n    if os.fork() == 0: time.sleep(50)",
    "the memory": "global kept; kept = np.ones((900 << 20) // 8)",
    "the end": "import os; os._exit(1)",
    "a signal": "import signal; signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)",
    "the limit on recursion": "import sys; sys.setrecursionlimit(60)",
    "the worker": "import sys; sys._getframe(4).f_globals['probes'] = sys._getframe(1).f_globals['plain'] = None",
}


@pytest.mark.parametrize("name", SPOILERS)
def test_what_one_answer_spoils_costs_the_next_one_nothing(sandboxes, name):
    names = ("01.conv_parameters", "01.channel_statistics", "01.normalize")
    spoils = f"def conv_parameters(*a, **k):\n    {SPOILERS[name]}"
    cells = [IMPORTS, spoils, ANSWERS["01.channel_statistics"], ANSWERS["01.normalize"]]
    first, *others = grade_cells(cells, [load_task(task) for task in names], 7, sandboxes, 0.5)
    assert not first.report.passed
    assert all(graded.report.passed for graded in others), [(g.report.status, g.report.error_text) for g in others]


def test_what_failed_while_loading_is_told(sandboxes):
    cells = [IMPORTS, "print(undefined)", "x = (", "def helper(): return missing\ny = 1\nhelper()"]
    graded = grade_one(sandboxes, cells)
    assert graded.report.status == "missing"
    cells = [IMPORTS, "print(undefined)", "def cross_correlate2d(image, kernel):\n    raise NotImplementedError"]
    (problem,) = grade_one(sandboxes, cells).problems
    told = {"cell": 2, "line": 1, "text": "NameError: name 'undefined' is not defined"}
    assert problem == told | {"names": [], "library": ""}
    cells[1] = "x = 1\nx = 2\nreturn 3"
    (problem,) = grade_one(sandboxes, cells).problems
    assert (problem["line"], problem["text"][:11]) == (3, "SyntaxError")


def test_a_loop_on_one_kind_of_input_costs_that_kind(sandboxes):
    slow_on_squares = ANSWER.replace("    windows", "    while kernel.shape == (1, 1): pass\n    windows")
    graded = grade_one(sandboxes, [IMPORTS, slow_on_squares], slack=0.2)
    assert 0 < graded.report.score < graded.report.max_score


def test_statements_are_split_by_syntax_alone():
    statements, problems = reading.split(["import numpy as np\nx = 1", "def f(:", "def f(): pass\nclass G: pass"])
    assert [(s.cell, sorted(s.names)) for s in statements] == [(1, ["np"]), (1, ["x"]), (3, ["f"]), (3, ["G"])]
    assert problems[0]["cell"] == 2


def test_names_are_found_in_blocks_and_in_unpackings():
    source = "try:\n    a, (b, *c) = 1, (2, 3)\nexcept E:\n    def d(): x = 1\nfor e in []:\n"
    source += "    with f() as g: import h.i"
    statements, _ = reading.split([source])
    assert set().union(*(s.names for s in statements)) == set("abcdegh")


def test_the_ways_of_loading_choose_statements():
    cells = ["import os", "f = 1\ng()", "def f(): pass", "def h(): pass\nprint(h)\nK = np.ones(3)\nrun = train()"]
    statements, _ = reading.split(cells)
    assert [s.cell for s in reading.choose(statements, "all", "f")] == [1, 2, 2, 3, 4, 4, 4, 4]
    assert [s.cell for s in reading.choose(statements, "definitions", "f")] == [1, 2, 3, 4, 4]
    assert [s.cell for s in reading.choose(statements, "own 0", "f")] == [1, 3]
    assert [s.cell for s in reading.choose(statements, "own 1", "f")] == [1, 2, 2]
    assert reading.choose(statements, "own 2", "f") == []


@pytest.mark.parametrize(
    ("cells", "differs"),
    [
        (["import x", "def f(): pass", "def g(): pass\ncheck('g', g)"], False),
        (["import x", "def f(): return g()", "def g(): pass"], True),
        (["def f(): pass", "x.y = 3"], True),
        (["def f(): pass", "train()"], True),
        (["def f(): pass", "def f(): pass"], True),
        (["def g(): pass"], False),
    ],
)
def test_whether_the_own_cell_alone_could_differ(cells, differs):
    statements, _ = reading.split(cells)
    assert reading.own_differs(statements, "f") is differs
