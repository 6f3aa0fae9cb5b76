"""Small changes to a reference solution, each of which a check must notice.

A mutant is the reference with one thing changed: an operator, a number, an axis, a default, a statement
left out. `survivors` runs a task on all of them and returns those that still get full points.
"""

import ast
import copy
import dataclasses
import inspect
import math
import sys
import warnings

from cnncourse.checks.student import LocalStudent
from tests.sampling import rank

SWAPS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
    ast.Pow: ast.Mult, ast.Mod: ast.FloorDiv, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn,
    ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And, ast.BitXor: ast.BitOr, ast.BitAnd: ast.BitOr,
}  # fmt: skip
NAMES = {
    "min": "max", "max": "min", "mean": "sum", "sum": "mean", "zeros": "ones", "zeros_like": "ones_like",
    "sqrt": "abs", "exp": "cos", "log": "sin", "var": "std", "std": "var", "minimum": "maximum",
    "maximum": "minimum", "all": "any", "any": "all", "argmax": "argmin", "floor": "ceil", "ceil": "floor",
    "rows": "columns", "height": "width", "relu": "abs",
}  # fmt: skip


def variants(node):
    """All single changes of one syntax node, as new nodes."""
    kind = type(node)
    if kind in (ast.BinOp, ast.AugAssign, ast.BoolOp) and type(node.op) in SWAPS:
        yield _with(node, op=SWAPS[type(node.op)]())
    if kind is ast.BinOp:
        yield from (node.left, node.right)
    if kind is ast.AugAssign:
        yield ast.Assign([node.target], node.value)
    if kind is ast.Compare and type(node.ops[0]) in SWAPS:
        yield _with(node, ops=[SWAPS[type(node.ops[0])](), *node.ops[1:]])
    if kind is ast.Constant:
        yield from (ast.Constant(value) for value in _other_constants(node.value))
    if kind is ast.UnaryOp:
        yield node.operand
    if kind is ast.IfExp:
        yield from (node.body, node.orelse)
    if kind is ast.If:
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    if kind is ast.Name and node.id in NAMES:
        yield _with(node, id=NAMES[node.id])
    if kind is ast.Attribute and node.attr in NAMES:
        yield _with(node, attr=NAMES[node.attr])
    if kind in (ast.Tuple, ast.List):
        for i in range(len(node.elts) - 1):
            yield _with(node, elts=_swapped(node.elts, i))
    if kind is ast.Call and len(node.args) > 1:
        yield _with(node, args=_swapped(node.args, 0))
    if kind is ast.Call and node.keywords:
        for i in range(len(node.keywords)):
            yield _with(node, keywords=node.keywords[:i] + node.keywords[i + 1 :])
    if kind is ast.Slice:
        for bound in ("lower", "upper", "step"):
            if getattr(node, bound) is not None:
                yield _with(node, **{bound: None})
    if kind is ast.Expr and not isinstance(node.value, ast.Constant) or kind in (ast.AugAssign, ast.Assign):
        yield ast.Pass()


def _other_constants(value):
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [value * 2 + 1]
    return []


def _with(node, **fields):
    node = copy.copy(node)
    for name, value in fields.items():
        setattr(node, name, value)
    return node


def _swapped(items, i):
    return [*items[:i], items[i + 1], items[i], *items[i + 2 :]]


class _Replace(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        return self.new if node is self.old else super().visit(node)


def reference_source(task):
    """The syntax tree of the file that defines a task's reference, and the functions reachable from it.

    The reference may be a function or a class; helpers that it uses count where they stand in the same file. Criteria
    and known mistakes, which are decorated, are no helpers, whatever a variable or argument of the reference is called.
    """
    module = sys.modules[task.reference.__module__]
    tree = ast.parse(inspect.getsource(module))
    defined = {n.name: n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    name = task.reference.__name__
    if name not in defined:
        raise AssertionError(f"{task.id}: the reference must be a function or class in the task's own file")
    defined = {n: node for n, node in defined.items() if n == name or not node.decorator_list}
    todo, reached = [name], {}
    while todo:
        name = todo.pop()
        if name in defined and name not in reached:
            reached[name] = defined[name]
            names = [n for n in ast.walk(defined[name]) if isinstance(n, ast.Name)]
            own = {n.id for n in names if isinstance(n.ctx, ast.Store)}
            todo += [n.id for n in names if n.id not in own]
    return module, tree, list(reached.values())


def mutants(task):
    """Yield (description, mutated reference) for every single change of a task's reference."""
    module, tree, functions = reference_source(task)
    for function in functions:
        docstring = function.body[0].value if ast.get_docstring(function) else None
        for node in ast.walk(function):
            if node is docstring:
                continue
            for new in variants(node):
                if _text(node) == _text(new):
                    continue  # (None, None) with its elements swapped
                changed = copy.copy(tree)
                mutated = _Replace(node, new).visit(_copied_path(function, node))
                changed.body = [mutated if n is function else n for n in tree.body]
                description = f"{function.name}: {_text(node)} -> {_text(new)}"
                try:
                    namespace = {"__name__": module.__name__, "__file__": module.__file__}
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        code = compile(ast.fix_missing_locations(copy.deepcopy(changed)), module.__file__, "exec")
                    exec(code, namespace)
                except Exception:  # not even a program: nothing that a learner could hand in
                    continue
                yield description, namespace[task.reference.__name__]


def _copied_path(root, target):
    """A copy of a tree that shares `target` itself, so that it can be found again."""
    memo = {id(target): target}
    return copy.deepcopy(root, memo)


def _text(node):
    return " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split())


def survivors(task, seeds=(0, 1), equivalent=(), share=1.0):
    """Return (number of mutants, descriptions of those that get full points and are not in `equivalent`).

    With a `share` below 1 only such a part of them is tried, two at least, chosen by their descriptions.
    """
    quick = dataclasses.replace(task, seconds=min(task.seconds, 2.0), banned=())
    tried = sorted((mutant for mutant in mutants(task) if mutant[0] not in equivalent), key=lambda it: rank(it[0]))
    tried = tried[: max(2, math.ceil(share * len(tried)))]
    alive = []
    for description, answer in tried:
        student = LocalStudent({task.name: answer})
        if all(quick.evaluate(student, seed).passed for seed in seeds):
            alive.append(description)
    return len(tried), alive
