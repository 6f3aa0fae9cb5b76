"""Tables: aligned as text, with heads as HTML, and no value lost on the way."""

import numpy as np
import pytest
from IPython.utils.capture import capture_output

from cnncourse import table

ROWS = [("plain", 8, np.array([0.5, 0.25]), True), ("residual", 44, [1.0, -0.0001], None)]
COLUMNS = {"network": "", "layers": "d", "training loss": ".2f", "agrees": ""}


def shown(*arguments):
    with capture_output() as captured:
        table(*arguments)
    return captured.outputs[0].data


@pytest.fixture(autouse=True)
def _in_a_notebook():
    """Make `display` capture what it shows, as in a notebook; without this it prints."""
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.instance()
    yield
    InteractiveShell.clear_instance()


def test_text_is_aligned_numbers_to_the_right():
    assert shown(ROWS, COLUMNS, "Two networks")["text/plain"] == (
        "Two networks\n"
        "network   layers  training loss  agrees\n"
        "plain          8     0.50  0.25     yes\n"
        "residual      44     1.00  0.00       –"
    )


def test_html_names_rows_columns_and_the_whole():
    html = shown([("a < b", 1)], ["case", "count"], "R & D")["text/html"]
    assert "<caption>R &amp; D</caption>" in html
    assert '<th scope="col">count</th>' in html
    assert '<th scope="row">a &lt; b</th><td>1</td>' in html


def test_without_formats_numbers_are_written_as_they_are():
    assert shown([("x", 0.1)], ["name", "value"])["text/plain"] == "name  value\nx       0.1"


def test_a_row_of_the_wrong_length_is_named():
    with pytest.raises(ValueError, match=r"each row needs 2 values, one per column, got 1: \['x'\]"):
        table([("x",)], ["name", "value"])


def test_a_column_without_a_name_has_no_empty_heading():
    html = shown([("x", 1)], ["", "value"])["text/html"]
    assert '<th scope="col"></th>' not in html
    assert '<tr><td></td><th scope="col">value</th></tr>' in html
