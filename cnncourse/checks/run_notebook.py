"""Run an exercise notebook outside of Jupyter and check all its tasks: `python -m cnncourse.checks.run_notebook`.

The command line starts this in a process of its own, so that whatever a notebook does ends with it.
"""

import ast
import contextlib
import io
import linecache
import os
import sys
import types
import warnings
from pathlib import Path

from cnncourse.checks import load_task, tasks_of_unit
from cnncourse.checks.progress import record
from cnncourse.checks.question import Question
from cnncourse.checks.student import LocalStudent, run_limited
from cnncourse.doctor.computer import hiding_files
from cnncourse.grading.host.notebook import Unreadable, read_notebook
from cnncourse.grading.inside import cells as reading
from cnncourse.grading.inside import stand_ins
from cnncourse.grading.inside.loading import Loader

CELL_SECONDS = 120
MOST_WAYS = 4  # of loading the cells around an answer that is not right yet


def code_cells(path):
    """The code cells of a notebook file, as strings.

    Raises
    ------
    ValueError
        Where the file is no notebook; names the file.
    """
    try:
        return read_notebook(path).cells
    except Unreadable as problem:
        raise ValueError(f"{path}: {problem}") from None


def named_tasks(statements, path):
    """The tasks that a notebook checks, in its order; all of its unit where it names none."""
    names = []
    for statement in statements:
        for node in ast.walk(statement.node):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check" and node.args:
                name = getattr(node.args[0], "value", None)
                if isinstance(name, str) and name not in names:
                    names.append(name)
    if names:
        return [load_task(name) for name in names]
    return tasks_of_unit(Path(path).name[:2])


def load(cells, statements):
    """Run statements in order; what fails is passed over and tried again at the end, as in the grader.

    Returns (namespace, sentences about what failed).
    """
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    main.display, main.get_ipython = stand_ins.display, lambda: stand_ins.ANYTHING
    for number, source in enumerate(cells, 1):
        lines = source.splitlines(keepends=True)
        linecache.cache[_name(number)] = (len(source), None, lines, _name(number))
    loader, failed = Loader(main.__dict__, "here"), []
    for number in range(1, len(cells) + 1):
        failed += _run_some(loader, [s for s in statements if s.cell == number])
    return main.__dict__, [problem for _, problem in _run_some(loader, [s for s, _ in failed])]


def _run_some(loader, statements):
    """Run statements for at most CELL_SECONDS; returns (statement, sentence) for each that failed."""
    failed, current = [], None

    def run():
        nonlocal current
        for current in statements:
            problem = loader.run(current, _name(current.cell))
            if problem is not None:
                failed.append((current, _say(problem)))

    if run_limited(run, "variable", (), {}, CELL_SECONDS)["error"]:
        failed.append((current, f"Code cell {current.cell} took more than {CELL_SECONDS} seconds."))
    return failed


def _say(problem):
    what = f"raised {problem['text']}"
    if problem["library"]:
        what = f"did not run: {problem['text']}"
    if problem["text"].startswith("NotImplementedError"):
        what = "uses a part that is not attempted yet"
    line = linecache.getline(_name(problem["cell"]), problem["line"] or 0).strip()
    return f"Code cell {problem['cell']} {what}, in line {problem['line']}: {line[:200]}"


def _name(cell):
    return f"<cell {cell}>"


def _is_check(node):
    value = getattr(node, "value", None)
    return isinstance(node, ast.Expr) and isinstance(value, ast.Call) and getattr(value.func, "id", "") == "check"


def evaluate(task, cells, statements, namespace):
    """The report on one task; where later cells may have spoilt an answer, it is also tried without them."""
    report = task.evaluate(LocalStudent(namespace))
    if isinstance(task, Question):
        return report
    differs = {"until": reading.until_differs, "own": reading.own_differs}
    kinds = [kind for kind, could in differs.items() if could(statements, task.name)]
    numbers = range(len(reading.defining_cells(statements, task.name)))
    for way in [f"{kind} {number}" for number in numbers for kind in kinds][:MOST_WAYS]:
        if report.passed:
            break
        with _quiet():
            other, _ = load(cells, reading.choose(statements, way, task.name))
        narrower = task.evaluate(LocalStudent(other))
        report = narrower if narrower.score > report.score else report
    return report


@contextlib.contextmanager
def _quiet():
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def main(argv=None):
    """Check one notebook and print a report for each task; returns 0 where every point is earned."""
    path = Path((argv or sys.argv[1:])[0]).resolve()
    os.environ.setdefault("MPLBACKEND", "Agg")
    try:
        cells = code_cells(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            statements, broken = reading.split(cells)
        tasks = named_tasks(statements, path)
    except (OSError, ValueError) as problem:
        print(problem)
        return 2
    os.chdir(path.parent)
    sys.path.append(str(path.parent))  # at the end: a learner's random.py must not hide Python's own
    statements = [s for s in statements if not _is_check(s.node)]
    with _quiet():
        namespace, problems = load(cells, statements)
    for problem in broken:
        place = f", line {problem['line']}" if problem["line"] else ""
        print(f"Code cell {problem['cell']} is not valid Python and was left out: {problem['text']}{place}")
    for name in hiding_files(path.parent):
        print(f"{name}, in the notebook's folder, hides the library of that name in Jupyter: rename it.")
    print(*problems, sep="\n", end="\n" if problems else "")
    score = 0
    for task in tasks:
        report = evaluate(task, cells, statements, namespace)
        record(report, path)
        score += report.score
        print(report, flush=True)
    most = sum(task.max_score for task in tasks)
    print(f"{path.stem}: {score:g} of {most:g} points")
    return 0 if score == most else 1


if __name__ == "__main__":
    raise SystemExit(main())
