"""The words that stand for the figures: every figure has them, none is left over, an unknown name harms no reader."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from cnncourse.viz import alt
from tools.count_lessons import all_sources


def calls(source: Path) -> list[tuple[str, set[str]]]:
    """Return the key and the names of the fields of every call of `show` in a source."""
    found = []
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "show":
            key = node.args[1] if len(node.args) > 1 else None
            assert isinstance(key, ast.Constant), f"{source.name}: the key must stand in the call: {ast.unparse(node)}"
            found.append((key.value, {keyword.arg for keyword in node.keywords}))
    return found


SHOWN = [(source, *call) for source in all_sources() for call in calls(source)]
TEXTS = {
    f"{file.stem}/{name}": text for file in alt.FOLDER.glob("*.toml") for name, text in alt.texts(file.stem).items()
}


def test_every_figure_has_words_in_the_file_of_its_lesson():
    wrong = [(source.name, key) for source, key, _ in SHOWN if key not in TEXTS or key[:2] != source.name[:2]]
    assert wrong == []
    assert len(SHOWN) > 100


def test_no_words_are_left_over_and_none_serve_two_figures():
    times = Counter(key for _, key, _ in SHOWN)
    assert sorted(set(TEXTS) - set(times)) == []
    assert [key for key, count in times.items() if count > 1] == []


def test_the_words_are_sentences_and_their_fields_are_given():
    assert [key for key, text in TEXTS.items() if len(text.split()) < 4 or not text.endswith(".")] == []
    wrong = [key for _, key, given in SHOWN if set(alt.FIELD.findall(TEXTS[key])) != given]
    assert wrong == []


def test_fields_are_filled_and_an_unknown_key_stands_for_itself(monkeypatch):
    monkeypatch.setattr(alt, "texts", {"03": {"a-line": "A line with {count} bends in a row."}}.get)
    assert alt.words("03/a-line", {"count": 7}) == "A line with 7 bends in a row."
    assert alt.words("03/a-line") == "A line with {count} bends in a row."
    assert alt.words("A sentence with 03/a-line in it.") == "A sentence with 03/a-line in it."


def test_an_unknown_key_still_shows_the_picture():
    assert alt.words("03/no-such-figure") == "03/no-such-figure"
    assert alt.words("98/no-such-lesson") == "98/no-such-lesson"
