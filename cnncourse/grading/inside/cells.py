"""Which statements of a notebook make up a student's answer: read by syntax alone, before anything runs.

Runs on the student's side (compiling hostile source can crash Python, and then it is the student's process that
goes). Ways to load a notebook, of which the last two take a number, 0 for the last cell that defines the task's name:

- "definitions": imports, functions, classes and simple constants of all cells, nothing that does work;
- "all": every statement of every cell, in order; what fails is passed over, and tried once more at the end;
- "until N": the same, up to a cell that defines the task's name: what the student saw when that cell had run;
- "own N": all imports, then one cell that defines the task's name.
"""

import ast
from dataclasses import dataclass
from functools import cached_property

from .plain_python import to_python

IMPORTS = (ast.Import, ast.ImportFrom)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
CONSTANT_MAKERS = frozenset("np numpy math torch nn functools collections namedtuple partial".split())
SELF_CHECKS = frozenset("check setup show display print".split())


@dataclass
class Statement:
    """One top-level statement: its cell's number (from 1) and its syntax tree."""

    cell: int
    node: ast.stmt

    @cached_property
    def names(self):
        """The names that it binds at top level, also within if, try, with and loops."""
        return _bound(self.node)

    @cached_property
    def mentions(self):
        """All names in it."""
        return {n.id for n in ast.walk(self.node) if isinstance(n, ast.Name)}


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
            statements += [Statement(number, part) for node in tree.body for part in _one_by_one(node)]
    return statements, problems


def parse(source):
    """Parse a cell as Jupyter would run it."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.parse(to_python(source))


def _one_by_one(node):
    """`import a, b` as two statements: where one library is missing, the other is there all the same."""
    if not isinstance(node, ast.Import):
        return [node]
    return [ast.copy_location(ast.Import([alias]), node) for alias in node.names]


def choose(statements, way, task):
    """The statements to run for one way of loading.

    `way` is "all", "definitions", or "until" or "own" with a number: "own 0" is the last cell that defines `task`,
    "own 1" the one before it. Returns [] where there is no such cell.
    """
    if way == "all":
        return statements
    if way == "definitions":
        return [s for s in statements if _is_definition(s.node)]
    kind, number = way.split()
    cells = defining_cells(statements, task)[int(number) :]
    if not cells:
        return []
    if kind == "until":
        return [s for s in statements if s.cell <= cells[0]]
    return [s for s in statements if isinstance(s.node, IMPORTS) or s.cell == cells[0]]


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
    used = {task}.union(*(s.mentions for s in own))
    others = [s for s in statements if s.cell != cells[0] and not isinstance(s.node, IMPORTS)]
    return any(not _is_harmless(s.node) or used & s.names for s in others)


def until_differs(statements, task):
    """Whether cells after the last that defines the task's name could have changed what it does."""
    cells = defining_cells(statements, task)
    if len(cells) != 1:
        return bool(cells)
    before = {task}.union(*(s.mentions for s in statements if s.cell <= cells[0]))
    return any(not _is_harmless(s.node) or before & s.names for s in statements if s.cell > cells[0])


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
    names, waiting = set(), [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, DEFINITIONS):
            names.add(node.name)
        elif isinstance(node, IMPORTS):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name):
            names |= {node.id} if isinstance(node.ctx, ast.Store) else set()
        else:
            waiting += ast.iter_child_nodes(node)
    return names
