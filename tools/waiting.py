"""Which names of a section that can wait are needed elsewhere: a reader who skips it has to run its cells all the same.

Such a section begins with "*(This section can wait.)* Run its cells all the same: …" and lists the names in backticks.
"""

from __future__ import annotations

import ast
import re
import symtable

from nbformat import NotebookNode

HEADING = re.compile(r"^##? +(.+?)\s*$", re.MULTILINE)
CAN_WAIT = re.compile(r"\*\(This section can wait\b")
COMPREHENSIONS = {"listcomp", "setcomp", "dictcomp", "genexpr"}
RUN_ALL_THE_SAME = re.compile(r"\*\(This section can wait[^)]*\)\* Run its cells all the same: ([^.]*)\.")


def parts(notebook: NotebookNode) -> dict[str, list[NotebookNode]]:
    """Return the cells of each section of a lesson, by its title; what is above the first heading has the title ""."""
    found: dict[str, list[NotebookNode]] = {}
    for cell in notebook.cells:
        heading = HEADING.search(cell.source) if cell.cell_type == "markdown" else None
        if heading or not found:
            found[heading[1] if heading else ""] = []
        found[list(found)[-1]].append(cell)
    return found


def can_wait(cells: list[NotebookNode]) -> bool:
    """Whether a section says that it can wait."""
    return bool(CAN_WAIT.search(cells[0].source))


def needed(notebook: NotebookNode) -> dict[str, set[str]]:
    """Return for each section that can wait the names that other sections have from there: defined or last bound in it.

    A function of a cell looks its names up when it is called, so what it reads may be bound further down.
    """
    found = {title: set() for title, cells in parts(notebook).items() if can_wait(cells)}
    bound_in: dict[str, str] = {}
    late: list[tuple[str, str]] = []
    for title, cells in parts(notebook).items():
        for statement in _statements(cells):
            now, later, bound = _names(statement)
            for name in now | {name for name in later if name in bound_in}:
                source = bound_in.get(name)
                if source in found and source != title:
                    found[source].add(name)
            late += [(title, name) for name in later if name not in bound_in]
            bound_in |= dict.fromkeys(bound, title)
    for title, name in late:
        if bound_in.get(name) in found and bound_in[name] != title:
            found[bound_in[name]].add(name)
    return found


def said(cells: list[NotebookNode]) -> set[str]:
    """Return the names for which a section that can wait says that its cells have to be run."""
    sentence = RUN_ALL_THE_SAME.search(" ".join(cells[0].source.split()))
    return set(re.findall(r"`([^`]+)`", sentence[1])) if sentence else set()


def _statements(cells: list[NotebookNode]) -> list[ast.stmt]:
    return [part for cell in cells if cell.cell_type == "code" for part in ast.parse(cell.source).body]


def _names(statement: ast.stmt) -> tuple[set[str], set[str], set[str]]:
    """Return the names that a statement of a cell reads at once, those that its functions read, and those it binds."""
    table = symtable.symtable(ast.unparse(statement), "a cell", "exec")
    bound = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    now, later = _reads(table)
    if not isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)):
        now -= bound  # a loop reads its own variable
    return now, later - bound, bound


def _reads(table: symtable.SymbolTable) -> tuple[set[str], set[str]]:
    """Return the names of the notebook that code reads when it runs, and when functions in it are called."""
    top = table.get_type() == "module"
    now, later = {s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())}, set()
    for child in table.get_children():
        at_once, in_calls = _reads(child)
        later |= in_calls
        if child.get_type() == "class" or child.get_name() in COMPREHENSIONS:
            now |= at_once
        else:
            later |= at_once
    return now, later
