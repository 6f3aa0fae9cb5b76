"""The ways through the course: minutes that are counted, sections that can wait, two evenings that lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import lesson_text, waiting, ways
from tools.notebook_builder import read_source

NUMBERS = re.compile(r"\b\d+(?: \(\d+\))? \| \d+ \||\b\d+ minutes\b")
MARKDOWN = [ways.ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md")]


@pytest.mark.parametrize("page", ways.pages(), ids=lambda page: page.name)
def test_maps_and_path_are_those_of_the_lessons(page):
    """Titles and links exactly; minutes to a quarter of an hour, so that not every sentence asks for a new map."""
    now, counted = page.read_text(encoding="utf-8"), ways.pages()[page]
    assert NUMBERS.sub("n", now) == NUMBERS.sub("n", counted), "run python -m tools.ways"
    for old, new in zip(NUMBERS.findall(now), NUMBERS.findall(counted), strict=True):
        both = zip(re.findall(r"\d+", old), re.findall(r"\d+", new), strict=True)
        assert all(abs(int(a) - int(b)) <= 15 for a, b in both), f"{old} is now {new}: run python -m tools.ways"


def test_every_lesson_is_in_both_maps():
    there = sorted(source.stem[:2] for source in (ways.FOLDER / "source").glob("[0-9][0-9]_*.py"))[1:]
    for page in (ways.ROOT / "README.md", ways.lesson("00")):
        assert [row[1] for row in ways.ROW.findall(page.read_text(encoding="utf-8"))] == there


def test_what_takes_time_is_counted(tmp_path):
    source = tmp_path / "00_trial.py"
    source.write_text(
        "# %% [markdown]\n# # A trial\n#\n# <summary>Answer\n#\n# > **Predict.** "
        + "word " * 147
        + "\n\n# %%\nx = 1\n# no line\n"
        '\n# %% tags=["plumbing"]\nshow(x, "00/a")\n\n# %% [markdown]\n# ## 1. Later\n#\n# *(This section can wait.)*\n'
    )
    (top, later), (one, can_wait) = ways.sections(source).values(), ways.sections(source)["1. Later"]
    assert top == (pytest.approx((152 * 0.4 + 60 + 90 + 6 + 20) / 60), False)
    assert later == (one, can_wait) == (pytest.approx(6 * 0.4 / 60), True)
    assert ways.sections.__wrapped__(source) == ways.sections(source)


def test_an_evening_with_a_section_that_is_gone_is_refused():
    with pytest.raises(ValueError, match=r"lesson 02 has no section called The slide"):
        ways._chosen("02", ["The slide", "A puzzle"])


@pytest.mark.parametrize("page", [*MARKDOWN, *sorted((ways.ROOT / "docs").glob("*.md"))], ids=lambda page: page.name)
def test_links_of_the_documents_lead_somewhere(page):
    assert lesson_text.dead_links_of(page) == []


def test_a_dead_link_of_a_document_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One title\n\n[a](page.md#one-title) [b](page.md#two) ![c](gone.png) [d](https://example.org)\n")
    assert lesson_text.dead_links_of(page) == ["page.md#two (no such section)", "gone.png (no such file)"]


def test_a_section_that_can_wait_says_so_below_its_heading():
    for source in sorted((ways.FOLDER / "source").glob("[0-9][0-9]_*.py")):
        for cell in read_source(Path(source)).cells:
            if cell.cell_type == "markdown" and waiting.CAN_WAIT.search(cell.source):
                below = re.split(r"^#+ .*$", cell.source, flags=re.MULTILINE)[-1]
                first = below.strip().splitlines()[0]
                assert waiting.CAN_WAIT.match(first), f"{source.name}: the remark belongs below a heading: {first}"


def test_a_section_that_can_wait_names_what_later_ones_need_of_it():
    for source in sorted((ways.FOLDER / "source").glob("[0-9][0-9]_*.py")):
        notebook = read_source(source)
        for title, names in waiting.needed(notebook).items():
            told = waiting.said(waiting.parts(notebook)[title])
            assert told == names, f"{source.name}, {title}: write “Run its cells all the same: …” with these names"


TRIAL = '''# %% [markdown]
# # A trial

# %%
a = 1


def early():
    return late + a


# %% [markdown]
# ## 1. This one
#
# *(This section can wait.)* Run its cells all the same: the last one uses `b`, `c`
# and `late`.

# %%
a, b, unused = 2, 3, [k for k in range(a)]
late = own = b


def c(own):
    return own + unused[0]


# %% [markdown]
# ## 2. The last one

# %%
class Uses:
    def __init__(self, unused):
        self.own = unused + c(b) + early()


own = [k * a for k in range(3)]
for unused in own:
    a = unused
'''


def test_names_from_a_section_that_can_wait_are_found(tmp_path):
    """`a` is bound anew there, `early` reads `late` when it is called; parameters and loop variables are no reads."""
    source = tmp_path / "00_trial.py"
    source.write_text(TRIAL)
    notebook = read_source(source)
    assert waiting.needed(notebook) == {"1. This one": {"a", "b", "c", "late"}}
    assert waiting.said(waiting.parts(notebook)["1. This one"]) == {"b", "c", "late"}
    assert waiting.said(waiting.parts(notebook)["2. The last one"]) == set()
