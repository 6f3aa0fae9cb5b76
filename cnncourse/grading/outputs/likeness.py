"""Answers that are alike beyond chance, as a hint, with both texts side by side.

What is compared is the answer's syntax tree without comments, docstrings, type hints, names of its own and the order
of its functions, cut into runs of RUN nodes. A run that a tenth of a larger class has in common says nothing and does
not count; neither does an answer with fewer than FEWEST runs left. So the one short right answer to a short task is
never a hint.
(After A. Aiken's fingerprints in "Winnowing: Local Algorithms for Document Fingerprinting", SIGMOD 2003.)
"""

import ast
import contextlib
import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass

from cnncourse.checks.registry import tasks_of_unit
from cnncourse.grading.host.notebook import Unreadable, read_notebook
from cnncourse.grading.outputs.feedback import escape, page
from cnncourse.places import ROOT

RUN = 12
FEWEST = 12
LIKE = 0.8
PUBLISHED = "the course's solution"


@dataclass(frozen=True)
class Pair:
    """Two answers to one task: who, what they wrote, and the share of runs that they have in common, 0 to 1."""

    task: str
    first: str
    second: str
    share: float
    texts: tuple


def like_pairs(answers, task=""):
    """Find answers to one task that are alike.

    Parameters
    ----------
    answers : dict
        From student to source text; the course's own solution stands under PUBLISHED.

    Returns
    -------
    list of Pair, the likest first
    """
    runs = {who: _runs(text) for who, text in answers.items()}
    students = [who for who in runs if who != PUBLISHED]
    counts = Counter(run for who in students for run in runs[who])
    often = max(3, len(students) // 10)
    telling = {who: {run for run in mine if counts[run] <= often} for who, mine in runs.items()}
    holders = defaultdict(list)
    for who, mine in telling.items():
        for run in mine:
            holders[run].append(who)
    shared = Counter(pair for who in holders.values() for pair in itertools.combinations(sorted(who), 2))
    pairs = []
    for (a, b), common in shared.items():
        largest = max(len(telling[a]), len(telling[b]))
        if min(len(telling[a]), len(telling[b])) >= FEWEST and common >= LIKE * largest:
            pairs.append(Pair(task, a, b, common / largest, (answers[a], answers[b])))
    return sorted(pairs, key=lambda pair: (-pair.share, pair.first, pair.second))


def _runs(text):
    """Fingerprints of a text: each run of RUN tokens of its tree, functions each by themselves."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    functions = [n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    found = set()
    for function in functions:
        try:
            tokens = list(_tokens(function, {}))
        except RecursionError:
            continue
        found |= {hash(tuple(tokens[i : i + RUN])) for i in range(len(tokens) - RUN + 1)}
    return found


def _tokens(node, names):
    """A tree as a row of words: kinds of nodes, constants, attributes; own names by the order of their coming."""
    if isinstance(node, ast.Name):
        yield names.setdefault(node.id, f"n{len(names)}")
        return
    if isinstance(node, ast.arg):
        yield names.setdefault(node.arg, f"n{len(names)}")
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    yield type(node).__name__.removeprefix("Ann")  # `x: int = 1` is `x = 1`
    if isinstance(node, ast.Constant):
        yield repr(node.value)[:80]
    if isinstance(node, ast.Attribute):
        yield node.attr
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_comment", "ctx", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _tokens(child, names)


def answers_by_task(notebooks, names):
    """From a task's name to {student: source of its answer, with the notebook's functions that it calls}.

    Parameters
    ----------
    notebooks : dict
        From student to the sources of code cells.
    names : list of str
        The functions or classes that the unit's tasks ask for.
    """
    found = {name: {} for name in names}
    for who, cells in notebooks.items():
        defined = {}
        for cell in cells:
            defined |= _definitions(cell)
        for name in names:
            if name in defined:
                found[name][who] = "\n\n".join(defined[n][0] for n in _with_helpers(name, defined))
    return found


def _definitions(cell):
    """From name to (source, names that it mentions) for the functions and classes at the top of a cell."""
    try:
        tree = ast.parse(cell)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            mentioned = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            found[node.name] = ast.get_source_segment(cell, node), mentioned
    return found


def _with_helpers(name, defined):
    """The name, then, sorted, those of all functions that it needs."""
    needed, waiting = {name}, [name]
    while waiting:
        more = defined[waiting.pop()][1] & defined.keys() - needed
        needed |= more
        waiting += more
    return [name, *sorted(needed - {name})]


def in_class(submissions, unit, names):
    """Pairs of like answers in a class of two or more, over all tasks of a unit.

    Parameters
    ----------
    submissions : list of Submission
    unit : "06"
    names : dict
        From student to the name that is shown.
    """
    notebooks = {}
    for submission in submissions:
        if submission.path and not submission.problem:
            with contextlib.suppress(Unreadable):
                notebooks[names[submission.student]] = read_notebook(submission.path).cells
    if len(notebooks) < 2:
        return []
    for path in sorted((ROOT / "solutions").glob(f"{unit}_*/{unit}_*.ipynb")):  # in a clone; an installation has none
        notebooks[PUBLISHED] = read_notebook(path).cells
    tasks = [task.name for task in tasks_of_unit(unit)]
    return [p for task, answers in answers_by_task(notebooks, tasks).items() for p in like_pairs(answers, task)]


def to_html(pairs, unit):
    """A page with each pair's texts side by side."""
    note = (
        "<p>Alike without regard to comments, names, type hints and the order of functions. This is a hint: read both "
        "texts, and ask, before you conclude.</p>"
    )
    parts = [
        f"<h2>{escape(p.task)}: {escape(p.first)} and {escape(p.second)}, {p.share:.0%}</h2>"
        f'<div style="display:grid;grid-template-columns:1fr 1fr;gap:1rem">'
        f"<pre>{escape(p.texts[0])}</pre><pre>{escape(p.texts[1])}</pre></div>"
        for p in pairs
    ]
    return page(f"Unit {unit}: answers that are alike ({len(pairs)})", note + "\n".join(parts))
