"""What a learner would stumble over, counted in every lesson and exercise: no more than allowed, and never rising."""

from __future__ import annotations

import pytest

from tools import lesson_code, lesson_text
from tools.count_lessons import TARGETS, above_target, all_sources, allowed, counts, lower, name_of, places
from tools.notebook_builder import read_source

SOURCES = all_sources()


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_no_count_is_above_what_is_allowed(source):
    counted, limits = counts(source), TARGETS | allowed().get(name_of(source), {})
    for kind, number in counted.items():
        where = "\n".join(places(source)[kind])
        assert number <= limits[kind], f"{kind}: {number}, allowed {limits[kind]}\n{where}"


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_what_is_allowed_falls_with_the_counts(source):
    counted = counts(source)
    for kind, limit in allowed().get(name_of(source), {}).items():
        assert max(counted[kind], TARGETS[kind] + 1) >= limit, "run python -m tools.count_lessons --lower"


def test_nothing_is_allowed_to_lessons_that_are_not_there():
    assert set(allowed()) <= {name_of(source) for source in SOURCES}


def test_allowed_counts_never_rise():
    known = {"14": {"tics": 5, "plumbing": 40}}
    assert '"tics" = 3' in lower({"14": {"tics": 3, "plumbing": 20}}, known)
    assert '"tics" = 5' in lower({"14": {"tics": 9, "plumbing": 20}}, known)
    assert "plumbing" not in lower({"14": {"tics": 3, "plumbing": 20}}, known).split("\n\n")[1]
    assert "dead links" not in lower({"14": {"dead links": 2}}, known)
    assert above_target({"tics": 0, "plumbing": 25, "long cells": 1}) == {"long cells": 1}


def test_the_start_page_lists_what_is_planned():
    start = " ".join(SOURCES[0].read_text(encoding="utf-8").replace("\n# ", " ").split())
    there = {source.stem[:2] for source in SOURCES}
    assert there.isdisjoint(lesson_text.planned()), "a planned lesson is there: take it out of planned.toml"
    missing = [f"{number} {name}" for number, name in lesson_text.planned().items() if f"{number} {name}" not in start]
    assert missing == []


PREDICT = "# %% [markdown]\n# > **Predict.** More or less?\n\n"
FOLDED = "\n# %% [markdown]\n# <details><summary>What happened</summary>\n#\n# More.\n# </details>\n"


def read(tmp_path, text):
    (tmp_path / "00_trial.py").write_text(text, encoding="utf-8")
    return read_source(tmp_path / "00_trial.py")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("# %%\nprint(1)\n" + FOLDED, ""),
        ('# %% tags=["check"]\nassert 2 > 1\n' + FOLDED, ""),
        ('# %%\nshow(figure, "00/two-lines")\n' + FOLDED, ""),
        ("# %%\nassert 2 > 1\n" + FOLDED, "the code tells: assert 2 > 1"),
        ("# %%\nif x:\n    assert 2 > 1\n" + FOLDED, "the code tells: assert 2 > 1"),
        ('# %%\nat_least(x, 2, "00/more")\n' + FOLDED, "the code tells: at_least(x, 2, '00/more')"),
        ('# %%\nshow(figure, "It falls at once.")\n' + FOLDED, "the code tells: an alt text"),
        ("# %%\nprint(1)\n\n# %% [markdown]\n# It is more.\n", "the explanation stands open: It is more."),
    ],
)
def test_a_prediction_that_is_given_away_is_found(tmp_path, code, reason):
    found = lesson_code.given_away(read(tmp_path, PREDICT + code))
    assert found == ([f".** More or less? ({reason})"] if reason else [])


def test_an_output_that_is_not_folded_is_found(tmp_path):
    notebook = read(tmp_path, PREDICT + "# %%\nprint(1)\n" + FOLDED)
    assert lesson_code.given_away(notebook) == []
    del notebook.cells[1].metadata["jupyter"]
    assert lesson_code.given_away(notebook) == [".** More or less? (an output stands open)"]


CODE = '''# %%
from cnncourse.viz.blocks import residual_blocks

def square(x):
    """Its square."""
    return x * x

def draw(x):
    return residual_blocks(x)

titles = [
    "one",
]
y = square(3)  # a comment
# only a comment
for k in range(2):
    print(k)
for k in range(2):
    y += k
    assert y > 0
figure, axes = viz.figure_grid(1, 2)
axes[0, 0].set(title="x")

# %% tags=["plumbing"]
print(y)
'''


def test_only_visible_lines_that_draw_print_or_assert_are_plumbing(tmp_path):
    notebook = read(tmp_path, CODE)
    assert lesson_code.plumbing(notebook) == [
        *("def draw(x):", "    return residual_blocks(x)", "titles = [", '    "one",', "]", "for k in range(2):"),
        *("    print(k)", "    assert y > 0", "figure, axes = viz.figure_grid(1, 2)", 'axes[0, 0].set(title="x")'),
    ]
    assert len(lesson_code.visible_lines(notebook)) == 17


def test_long_cells_are_found_unless_they_are_folded(tmp_path):
    lines = "\n".join(f"x{k} = {k}" for k in range(26)) + "\n"
    assert lesson_code.long_cells(read(tmp_path, "# %%\n" + lines)) == ["26 lines: x0 = 0"]
    assert lesson_code.long_cells(read(tmp_path, '# %% tags=["plumbing"]\n' + lines)) == []


def test_links_and_lessons_that_are_not_there_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(lesson_text, "planned", lambda: {"31": "A lesson to come"})
    text = """# %% [markdown]
# ## 2. Windows, by hand
#
# [a](other.ipynb) [b](#2.-Windows,-by-hand) [c](#3.-Windows) [d](00_trial.py) lesson 02 and lesson 31 (planned)
#
# lesson 31, lessons 02 and 99, lesson 02 (planned), lesson section [Windows](../../notebooks/02_convolution.ipynb)
"""
    notebook = read(tmp_path, text)
    folder = tmp_path / "pages" / "here"
    folder.mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "02_convolution.ipynb").write_text('{"cells": []}')
    (folder / "00_trial.py").write_text("")
    assert lesson_text.dead_links(notebook, folder) == ["other.ipynb (no such file)", "#3.-Windows (no such section)"]
    assert lesson_text.missing_lessons(notebook) == [
        "lesson 31 (not there: write “lesson NN (planned)”)",
        "lessons 02 and 99 (not there: write “lesson NN (planned)”)",
        "lesson 02 (planned) (it is there: make it a link)",
    ]
    assert lesson_text.links_without_section(notebook) == ["Windows: ../../notebooks/02_convolution.ipynb"]


def test_tics_are_found_in_prose_and_not_in_code_or_titles(tmp_path):
    text = """# %% [markdown]
# The gradient by the input, normalized. `normalize(color)`, a formula $gradient$, and nobody.
#
# %% [markdown]
# ## Where to read more
#
# - "Optimizing by the gradient by the input"
"""
    found = lesson_text.tics(read(tmp_path, text))
    assert [place.rpartition("(write: ")[2] for place in found] == ["with respect to)", "the plain noun)", "-is-)"]
