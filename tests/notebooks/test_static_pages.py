"""A lesson as a static page: what JupyterLab keeps folded is folded there, and nothing stands beside its fold."""

from __future__ import annotations

import re
from html import unescape

from tests.notebooks.test_builder import QUESTION
from tools import static_pages
from tools.folding import PIXEL
from tools.notebook_builder import execute, read_source, write

FOLD = re.compile(r'<details class="folded"><summary>Show the (code|output)</summary>(.*?)</details>', re.DOTALL)


def plain(html: str) -> str:
    """Return the words of a piece of a page, without the numbers of its cells."""
    words = unescape(re.sub(r"<[^>]*>", "", html)).replace("\xa0", " ")
    return " ".join(re.sub(r"(In|Out) \[\d*\]:", "", words).split())


def test_what_answers_a_prediction_is_folded(tmp_path):
    source = tmp_path / "00_trial.py"
    source.write_text(QUESTION)
    write(execute(read_source(source), cwd=tmp_path), tmp_path / "00_trial.ipynb")
    html = static_pages.page(tmp_path / "00_trial.ipynb")
    body = html[html.index("<main") :]
    assert [(kind, plain(text)) for kind, text in FOLD.findall(body)] == [
        ("output", "this"),
        ("code", "# Check that the text is true. assert 2 > 1"),
        ("code", '# Draw. print("after")'),
        ("output", "the same once more"),
    ]
    open_outputs = re.findall(r"<pre>(.*?)</pre>", FOLD.sub("", body), re.DOTALL)
    assert [plain(text) for text in open_outputs if "<span" not in text] == ["a widget", "after"]
    assert PIXEL.strip() not in html
    assert not re.search(r"<details[^>]*\sopen", html)
