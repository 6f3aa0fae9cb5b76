"""Stand-ins behave like the library, or say that it is not there; they never make a value up."""

import sys

import numpy as np
import pytest

from cnncourse.grading.inside import stand_ins


@pytest.fixture
def replaced(monkeypatch):
    """Stand-ins in place of the real libraries, for one test."""
    mine = stand_ins.DRAWING | stand_ins.HINTS | {"tqdm"} - {"cnncourse"}
    mine = [name for name in sys.modules if name.split(".")[0] in mine - {"cnncourse"}]
    for name in mine:
        monkeypatch.delitem(sys.modules, name)
    before = set(sys.modules)
    monkeypatch.setattr(sys, "meta_path", [stand_ins.Finder(), *sys.meta_path])
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


NAMES = """
from tqdm import tqdm as t
from tqdm import tqdm_notebook as t
from tqdm import tqdm_gui as t
from tqdm.auto import tqdm as t
from tqdm.autonotebook import tqdm as t
from tqdm.notebook import tqdm as t
from tqdm.notebook import tqdm_notebook as t
from tqdm.std import tqdm as t
from tqdm.rich import tqdm as t
from tqdm.asyncio import tqdm as t
import tqdm; t = tqdm.tqdm
import tqdm; t = tqdm.tqdm_notebook
import tqdm.auto; t = tqdm.auto.tqdm
from tqdm import auto; t = auto.tqdm
from tqdm import *; t = tqdm
""".strip().splitlines()


@pytest.mark.parametrize("line", NAMES)
def test_every_bar_goes_through_what_it_is_given(replaced, line):
    space = {}
    exec(line, space)
    bar = space["t"](range(3), desc="x", total=5, leave=False)
    assert list(bar) == [0, 1, 2]
    assert (bar.n, bar.total, len(bar)) == (3, 5, 5)


def test_the_other_ways_of_tqdm_give_what_the_originals_give(replaced):
    expected = {
        "from tqdm import trange; got = list(trange(1, 7, 2))": [1, 3, 5],
        "from tqdm import tnrange; got = list(tnrange(3))": [0, 1, 2],
        "from tqdm.notebook import trange; got = list(trange(3))": [0, 1, 2],
        "from tqdm.contrib import tenumerate; got = list(tenumerate('ab', 1))": [(1, "a"), (2, "b")],
        "from tqdm.contrib import tenumerate\nimport numpy\ngot = list(tenumerate(numpy.ones((1, 2))))":
            [((0, 0), 1.0), ((0, 1), 1.0)],
        "from tqdm.contrib import tzip; got = list(tzip(range(3), 'ab'))": [(0, "a"), (1, "b")],
        "from tqdm.contrib import tmap; got = list(tmap(int, '012'))": [0, 1, 2],
        "from tqdm.contrib.itertools import product; got = list(product('ab', repeat=2))":
            [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")],
        "from tqdm.contrib.concurrent import thread_map; got = thread_map(pow, [2, 3], [3, 2])": [8, 9],
        "import tqdm; got = []\nwith tqdm.tqdm(total=3) as bar:\n    bar.update(2); got = [bar.n]": [2],
        "from tqdm import tqdm; bar = tqdm(range(3)); bar.set_description('x'); got = len(bar)": 3,
        "from tqdm import tqdm; got = [x for i, x in enumerate(tqdm('abc'))][::-1]": ["c", "b", "a"],
        "from tqdm import tqdm; got = list(tqdm(x for x in range(2)))": [0, 1],
    }  # fmt: skip
    for code, value in expected.items():
        space = {}
        exec(code, space)
        assert space["got"] == value, code
    with pytest.raises(ImportError):
        exec("from tqdm import nothing_of_that_name")


MADE_UP = """
float(plt.gca().get_xlim())
len(plt.gcf().axes)
list(plt.rcParams)
[x for x in plt.cm.viridis(0.5)]
np.asarray(plt.imread('x.png'))
np.ones(3) * plt.gca().dpi
plt.gca().dpi * np.ones(3)
plt.gca().dpi + 1
int(plt.gca().dpi)
3 in plt.xticks
plt.gca().dpi > 3
counts, edges, bars = plt.hist([1, 2])
""".strip().splitlines()


@pytest.mark.parametrize("line", MADE_UP)
def test_no_value_is_made_up(replaced, line):
    with pytest.raises(stand_ins.NotHere, match="matplotlib is not installed where answers are graded"):
        exec("import matplotlib.pyplot as plt\n" + line, {"np": np})


def test_figures_axes_and_displays_do_nothing_quietly(replaced):
    code = """
import matplotlib.pyplot as plt, seaborn as sns, ipywidgets as widgets
from IPython.display import display, HTML, clear_output
import IPython
fig, axes = plt.subplots(2, 3, figsize=(3, 4))
assert axes.shape == (2, 3)
for axis, name in zip(axes.ravel(), 'abcdef'):
    axis.set(title=name); axis.axis('off')
fig, axis = plt.subplots()
axis.spines['top'].set_visible(False)
plt.rcParams['figure.dpi'] = 100
plt.rcParams.update({'x': 1})
with plt.style.context('ggplot'):
    plt.plot([1, 2], 'r--', label='x')[0].set_color('b')
assert plt.subplots(3, 1)[1].shape == (3,)
assert plt.subplots(1, 1, squeeze=False)[1].shape == (1, 1)
assert display(HTML('<b>')) is None and IPython.display.clear_output() is None
@widgets.interact(x=(0, 3))
def f(x): return x
assert f(2) == 2
"""
    exec(code, {})


def test_libraries_that_compute_have_no_stand_in():
    finder = stand_ins.Finder()
    for name in ("pandas", "PIL", "skimage", "scipy", "cv2", "torch"):
        assert finder.find_spec(name) is None
