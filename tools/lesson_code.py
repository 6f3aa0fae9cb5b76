"""What of a lesson's visible code gives a prediction away, and what of it only draws, prints or asserts."""

from __future__ import annotations

import ast
import re

from nbformat import NotebookNode

from tools.folding import OPEN, WITHOUT_CODE, predictions, tags

KEY = re.compile(r"\d\d/[a-z0-9-]+")
LONGEST = 25  # lines of a visible code cell
BOUNDS = {"at_least", "at_most"}
SHOWS = {"print", "show", "table", "display", "pprint"} | BOUNDS  # functions that only show or judge
DRAWS = {  # methods of matplotlib's axes and figures
    "annotate", "axhline", "axvline", "bar", "barh", "imshow", "legend", "plot", "scatter", "set", "set_title",
    "set_xlabel", "set_xlim", "set_xticks", "set_ylabel", "set_ylim", "set_yticks", "suptitle", "text", "tick_params",
}  # fmt: skip


def _visible(notebook: NotebookNode) -> list[NotebookNode]:
    cells = (cell for cell in notebook.cells if cell.cell_type == "code")
    return [cell for cell in cells if not tags(cell) & WITHOUT_CODE]


def long_cells(notebook: NotebookNode) -> list[str]:
    """Return the visible cells that are longer than a screen leaves room for."""
    lengths = [
        (len(cell.source.splitlines()), cell.source.splitlines()[0]) for cell in _visible(notebook) if cell.source
    ]
    return [f"{length} lines: {first}" for length, first in lengths if length > LONGEST]


def visible_lines(notebook: NotebookNode) -> list[str]:
    """Return the lines of code that are on the page: not folded, not empty, no comment."""
    lines = (line for cell in _visible(notebook) for line in cell.source.splitlines())
    return [line for line in lines if line.strip() and not line.strip().startswith("#")]


def plumbing(notebook: NotebookNode) -> list[str]:
    """Return the visible lines that draw, print or assert and do nothing else."""
    drawing = _drawing_names(notebook)
    found = []
    for cell in _visible(notebook):
        lines = cell.source.splitlines()
        numbers = {n for part in ast.parse(cell.source).body for n in _plumbing_lines(part, drawing)}
        found += [lines[n - 1] for n in sorted(numbers) if lines[n - 1].strip() and lines[n - 1].strip()[0] != "#"]
    return found


def _drawing_names(notebook: NotebookNode) -> set[str]:
    """Return the names imported from `cnncourse.viz`, and `viz` itself."""
    names = {"viz", "plt"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cnncourse.viz"):
                    names |= {alias.asname or alias.name for alias in node.names}
    return names


def _plumbing_lines(statement: ast.stmt, drawing: set[str]) -> set[int]:
    """Return the numbers of the lines of one statement that only draw, print or assert."""
    inner = [part for name in ("body", "orelse", "finalbody") for part in getattr(statement, name, [])]
    inner += [part for handler in getattr(statement, "handlers", []) for part in handler.body]
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        parts = [part for part in inner if not _is_docstring(part)]
        found = set().union(*(_plumbing_lines(part, drawing) for part in parts)) if parts else set()
        own = {n for part in parts for n in range(part.lineno, part.end_lineno + 1)}
        returns_a_figure = isinstance(parts[-1], ast.Return) and _draws(parts[-1].value, drawing) if parts else False
        return set(range(statement.lineno, statement.end_lineno + 1)) if found >= own or returns_a_figure else found
    if inner:
        found = set().union(*(_plumbing_lines(part, drawing) for part in inner))
        own = {n for part in inner for n in range(part.lineno, part.end_lineno + 1)}
        return set(range(statement.lineno, statement.end_lineno + 1)) if found >= own else found
    value = getattr(statement, "value", None)
    only = (
        isinstance(statement, ast.Assert)
        or (isinstance(statement, ast.Expr) and _draws(value, drawing))
        or (isinstance(statement, ast.Assign) and (_draws(value, drawing) or _names_panels(statement)))
    )
    return set(range(statement.lineno, statement.end_lineno + 1)) if only else set()


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _draws(value: ast.expr | None, drawing: set[str]) -> bool:
    if not isinstance(value, ast.Call):
        return False
    called = value.func
    if isinstance(called, ast.Attribute) and called.attr in DRAWS:
        return True
    while isinstance(called, (ast.Attribute, ast.Subscript)):
        called = called.value
    return isinstance(called, ast.Name) and (called.id in SHOWS or called.id in drawing)


def _names_panels(statement: ast.Assign) -> bool:
    """Whether it only lists the titles of a figure."""
    target = statement.targets[0]
    return isinstance(target, ast.Name) and target.id in ("title", "titles", "labels", "captions")


def given_away(notebook: NotebookNode) -> list[str]:
    """Return the predictions whose answer is on the page before anything is run, and how."""
    found = []
    for place, code, after in predictions(notebook):
        cells = notebook.cells
        reasons = []
        for cell in (cells[number] for number in code):
            if OPEN not in tags(cell) and not cell.metadata.get("jupyter", {}).get("outputs_hidden"):
                reasons.append("an output stands open")
            if not tags(cell) & WITHOUT_CODE and _tells(cell.source):
                reasons.append("the code tells: " + _tells(cell.source))
        if code and after < len(cells) and not cells[after].source.startswith("<details"):
            reasons.append("the explanation stands open: " + cells[after].source[:60].replace("\n", " "))
        if reasons:
            question = cells[place].source.split("**Predict", 1)[1].splitlines()[0][:60]
            found.append(f"{question} ({'; '.join(reasons)})")
    return found


def _tells(code: str) -> str:
    """Return the first assert or alt text in a visible cell, which tell the result in code or in words."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Assert) or getattr(getattr(node, "func", None), "id", "") in BOUNDS:
            return ast.unparse(node)[:60]
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "show" and len(node.args) > 1:
            if isinstance(node.args[1], ast.Constant) and not KEY.fullmatch(str(node.args[1].value)):
                return "an alt text"
    return ""
