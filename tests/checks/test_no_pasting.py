"""No exercise is solved by pasting a lesson's function, whatever it is called."""

import ast
import contextlib
import inspect
import io
import re
import warnings
from pathlib import Path

import pytest

from cnncourse.checks import check
from cnncourse.checks.question import Question
from cnncourse.checks.registry import tasks_of_unit

SOURCES = sorted((Path(__file__).parents[2] / "notebooks" / "source").glob("[01][0-9]_*.py"))
KEPT = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def functions(path):
    """The functions and classes that a lesson writes out, ready to be called."""
    tree = ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", path.read_text(encoding="utf-8"), flags=re.MULTILINE))
    names = [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    space = {}
    for node in tree.body:
        simple = isinstance(node, ast.Assign) and not any(isinstance(n, ast.Call) for n in ast.walk(node))
        if isinstance(node, KEPT) or simple:
            with contextlib.suppress(Exception):
                exec(compile(ast.Module([node], []), path.name, "exec"), space)
    return {name: space[name] for name in names if name in space}


def as_asked(function, task):
    """The function with the names that the task gives its arguments, as somebody who pastes would write it."""
    wanted = inspect.signature(task.reference).parameters
    mine = list(inspect.signature(function).parameters)
    if len(mine) != len(wanted):
        return function
    names = dict(zip(wanted, mine, strict=True))

    def pasted(*args, **kwargs):
        return function(*args, **{names.get(name, name): value for name, value in kwargs.items()})

    pasted.__signature__ = inspect.Signature(
        [parameter.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for parameter in wanted.values()]
    )
    return pasted


@pytest.mark.sampled(share=1 / 3, reason="every function of a lesson against every task")
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_function_of_a_lesson_solves_a_task(path):
    found = functions(path)
    solved = set()
    for task in tasks_of_unit(path.stem[:2]):
        if isinstance(task, Question) or task.observe.trains:
            continue
        for function in found.values():
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for answer in {function, as_asked(function, task)}:
                    report = check(task.id, answer)
                    if report.score == report.max_score:
                        solved.add(task.name)
    assert not solved
