"""The style sheet, as far as a search can hold people to it: documents, messages, docstrings, comments."""

from __future__ import annotations

import pytest

from tools import style


@pytest.mark.parametrize("path", style.files(), ids=lambda path: path.relative_to(style.ROOT).as_posix())
def test_a_file_keeps_to_the_style_sheet(path):
    assert style.places(path) == []


def test_documents_package_and_tools_are_read():
    names = {path.relative_to(style.ROOT).as_posix() for path in style.files()}
    assert {"README.md", "docs/architecture.md", "book/index.md", "make.py", "cnncourse/cli.py"} <= names
    assert {"cnncourse/checks/tasks/u02/conv2d.py", "tools/build_notebooks.py", ".github/ISSUE_TEMPLATE"} - names == {
        ".github/ISSUE_TEMPLATE"
    }


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("The gradient by the input is needed.", "with respect to"),
        ("Strides that leave a rest are refused.", "a remainder"),
        ("It is cut into so many slices as there are threads.", "the number, or n"),
        ("Nobody reads them, and strangers neither.", "the plain noun"),
        ("One file a task under the folder.", ""),
        ("There is one file a task under the folder.", "per"),
        ("Each channel is normalized before use.", "-is-"),
        ("The colors of the neighbors differ.", "British spelling"),
        ("`check` says where to look in it.", "returns, needs, is"),
        ("What mends a network that diverges.", "fix, correct"),
        ("Use `normalize(color)` for that purpose.", ""),
        ("The law of large numbers holds here.", ""),
        ("The law of the difference is known.", "the distribution of"),
    ],
)
def test_each_phrase_is_found(text, better):
    found = style.found_in(text)
    assert (better in found[0]) if better else found == []


CODE = '''"""Return the gradient by the input."""

COLOURS = "red and blue and normalized to one"  # so that nobody has to read it
TITLE = 'Ioffe & Szegedy, "Batch normalization" (2015), section 3'


def step(rate, lr=0.1):
    """Take a step.

    Parameters
    ----------
    optimizer : an Optimizer of PyTorch
    """
    raise ValueError(f"step: mend {rate} and call it again")
'''


def test_docstrings_messages_and_comments_are_read_and_names_are_not():
    found = [place for text in style.texts_in(CODE) for place in style.found_in(text)]
    assert sorted(place.rpartition("(write: ")[2] for place in found) == [
        *("-is-)", "fix, correct)", "the plain noun)", "with respect to)")
    ]
    assert style.learning_rates_in(CODE) == ["rate in line 7 (write: lr)", "rate in line 14 (write: lr)"]
