"""Alt texts in a built notebook: whether they are those of the lesson's file of alt texts, and making them so."""

from __future__ import annotations

import ast
import re

from nbformat import NotebookNode

from cnncourse.viz.alt import FIELD, KEY, words

VIEW = "application/vnd.jupyter.widget-view+json"


def refresh(notebook: NotebookNode) -> bool:
    """Give each stored figure its present alt text; return False where only running the cell can tell it."""
    for picture, templates in _figures(notebook):
        text = _present_words(picture, templates)
        if text is None:
            return False
        picture.data["text/plain"] = picture.metadata["image/png"]["alt"] = text
    return True


def are_current(notebook: NotebookNode) -> bool:
    """Whether each stored figure has its present alt text."""
    return all(_present_words(picture, found) == picture.data["text/plain"] for picture, found in _figures(notebook))


def _figures(notebook: NotebookNode):
    """Yield each stored figure with the texts that may be its own: one, where each `show` of its cell drew once."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    everywhere = [key for cell in cells for key in _keys(cell.source)]
    for cell in cells:
        pictures = [output for output in cell.outputs if _is_figure(output)]
        keys = _keys(cell.source) if pictures else []
        one_each = len(keys) == len(pictures)
        for place, picture in enumerate(pictures):
            yield picture, [words(key) for key in (keys[place : place + 1] if one_each else everywhere)]


def _keys(code: str) -> list[str]:
    """Return the keys of the calls of `show` in a cell, from top to bottom."""
    try:
        calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call) and len(node.args) > 1]
    except SyntaxError:  # a line that only IPython understands
        return []
    calls.sort(key=lambda node: (node.end_lineno, node.end_col_offset))
    found = [node.args[1] for node in calls if getattr(node.func, "id", "") == "show"]
    return [key.value for key in found if isinstance(key, ast.Constant) and KEY.fullmatch(str(key.value))]


def _is_figure(output: NotebookNode) -> bool:
    return "alt" in output.get("metadata", {}).get("image/png", {}) and VIEW not in output.get("data", {})


def _present_words(picture: NotebookNode, templates: list[str]) -> str | None:
    """Return the alt text of a stored figure; None where it holds computed values that are not known."""
    old = picture.data["text/plain"]
    if not templates or any(_fits(template, old) for template in templates):
        return old
    return templates[0] if len(templates) == 1 and not FIELD.search(templates[0]) else None


def _fits(template: str, text: str) -> bool:
    """Whether a text is this template with its fields filled."""
    return bool(re.fullmatch(".+".join(re.escape(part) for part in FIELD.split(template)[::2]), text))
