"""Which statements of a notebook make up a student's answer: read by syntax alone, before anything runs.

Runs on the student's side (compiling hostile source can crash Python, and then it is the student's process that
goes). Three ways to load a notebook:

- "definitions": imports, functions, classes and simple constants of all cells, nothing that does work;
- "all": every statement of every cell, in order; what fails is passed over, and tried once more at the end;
- "own": all imports, then one cell that defines the task's name.
"""

import ast
import re
from dataclasses import dataclass

MAGIC = re.compile(r"^\s*[%!?]|^\s*[\w.]+\?{1,2}\s*$|^\s*[\w, ]+=\s*[%!]")
IMPORTS = (ast.Import, ast.ImportFrom)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
CONSTANT_MAKERS = frozenset("np numpy math torch nn functools collections namedtuple partial".split())
SELF_CHECKS = frozenset("check setup show display print".split())


@dataclass
class Statement:
    """One top-level statement: its cell's number (from 1) and its syntax tree."""

    cell: int
    node: ast.stmt

    @property
    def names(self):
        """The names that it binds at top level, also within if, try, with and loops."""
        return _bound(self.node)


def split(cells):
    """Split cell sources into statements.

    Returns (statements, problems); a cell that cannot be parsed gives a problem {cell, line, text} instead.
    """
    statements, problems = [], []
    for number, source in enumerate(cells, 1):
        try:
            tree = parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
            text = getattr(problem, "msg", None) or type(problem).__name__
            problems.append({"cell": number, "line": getattr(problem, "lineno", None), "text": str(text)[:200]})
        else:
            statements += [Statement(number, node) for node in tree.body]
    return statements, problems


def parse(source):
    """Parse a cell; lines that only Jupyter understands (%magic, !command, name?) are blanked, never moved."""
    try:
        return ast.parse(source)
    except SyntaxError:
        lines = source.split("\n")
        first = next((line.strip() for line in lines if line.strip()), "")
        if first.startswith("%%") and not re.match(r"%%(time|timeit|capture|prun)\b", first):
            return ast.parse("")  # another language, or text
        return ast.parse("\n".join(_without_magic(lines)))


def _without_magic(lines):
    goes_on = False  # a command over several lines, each of which but the last ends in a backslash
    for line in lines:
        is_magic = goes_on or MAGIC.match(line)
        yield "" if goes_on else line[: len(line) - len(line.lstrip())] + "pass" if is_magic else line
        goes_on = is_magic and line.endswith("\\")


def choose(statements, way, task):
    """The statements to run for one way of loading.

    `way` is "all", "definitions", or "own" with a number: "own 0" is the last cell that defines `task`, "own 1"
    the one before it. Returns [] where there is no such cell.
    """
    if way == "all":
        return statements
    if way == "definitions":
        return [s for s in statements if _is_definition(s.node)]
    cells = defining_cells(statements, task)
    index = int(way.removeprefix("own "))
    if index >= len(cells):
        return []
    return [s for s in statements if isinstance(s.node, IMPORTS) or s.cell == cells[index]]


def defining_cells(statements, task):
    """Numbers of the cells that define a name, the last first."""
    return sorted({s.cell for s in statements if task in s.names}, reverse=True)


def all_differs(statements):
    """Whether loading all statements could give other answers, or problems, than loading the definitions alone."""
    imported, own = (
        set().union(*(s.names for s in statements if isinstance(s.node, IMPORTS) is wanted)) for wanted in (True, False)
    )
    return not all(_is_definition(s.node) or _is_idle(s.node, imported, own) for s in statements)


def _is_idle(node, imported, own):
    """A constant, a name, or a self-check that is the course's, with nothing to work out in it."""
    value = node.value if isinstance(node, ast.Expr) else None
    parts = [value]
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in SELF_CHECKS - own:
        parts = [*value.args, *(keyword.value for keyword in value.keywords)]
    return isinstance(node, ast.Pass) or all(
        isinstance(part, ast.Constant) or (isinstance(part, ast.Name) and part.id in imported | own) for part in parts
    )


def own_differs(statements, task):
    """Whether loading the task's own cell alone could behave otherwise than loading all cells."""
    cells = defining_cells(statements, task)
    if len(cells) != 1:
        return bool(cells)
    own = [s for s in statements if s.cell == cells[0]]
    used = {n.id for s in own for n in ast.walk(s.node) if isinstance(n, ast.Name)} | {task}
    others = [s for s in statements if s.cell != cells[0] and not isinstance(s.node, IMPORTS)]
    return any(not _is_harmless(s.node) or used & s.names for s in others)


def _is_harmless(node):
    """A definition, a constant, or a bare call of a self-check: it cannot change another cell's answer."""
    if isinstance(node, DEFINITIONS):
        return not node.decorator_list
    if isinstance(node, ast.Assign) and not all(isinstance(target, ast.Name) for target in node.targets):
        return False
    value = node.value if isinstance(node, (ast.Expr, ast.Assign)) else None
    if isinstance(value, ast.Call) and isinstance(value.func, (ast.Name, ast.Attribute)):
        return _last_name(value.func) in SELF_CHECKS
    return isinstance(value, ast.Constant) or isinstance(node, ast.Pass)


def _is_definition(node):
    if isinstance(node, (*IMPORTS, *DEFINITIONS)):
        return True
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return False
    calls = [n.func for n in ast.walk(node.value) if isinstance(n, ast.Call)]
    return all(_first_name(func) in CONSTANT_MAKERS for func in calls)


def _first_name(func):
    while isinstance(func, ast.Attribute):
        func = func.value
    return func.id if isinstance(func, ast.Name) else None


def _last_name(func):
    return func.attr if isinstance(func, ast.Attribute) else func.id


def _bound(node):
    if isinstance(node, DEFINITIONS):
        return {node.name}
    if isinstance(node, IMPORTS):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    own = {node.id} if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else set()
    return own.union(*(_bound(child) for child in ast.iter_child_nodes(node)))
