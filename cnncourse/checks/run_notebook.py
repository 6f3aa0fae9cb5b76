"""Run an exercise notebook outside of Jupyter and check all its tasks: `python -m cnncourse.checks.run_notebook`.

The command line starts this in a process of its own, so that whatever a notebook does ends with it.
"""

import ast
import contextlib
import io
import json
import linecache
import os
import sys
import types
import warnings
from pathlib import Path

from cnncourse.checks import load_task, tasks_of_unit
from cnncourse.checks.probes import describe_failure
from cnncourse.checks.progress import record
from cnncourse.checks.student import LocalStudent, run_limited

CELL_SECONDS = 120


def code_cells(path):
    """The code cells of a notebook file, as strings.

    Raises
    ------
    ValueError
        Where the file is no notebook.
    """
    try:
        cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
        return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError) as problem:
        raise ValueError(f"{path} is not a Jupyter notebook ({type(problem).__name__})") from None


def named_tasks(cells, path):
    """The tasks that a notebook checks, in its order; all of its unit where it names none."""
    names = []
    for cell in cells:
        for node in ast.walk(_parse(cell) or ast.Module([], [])):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check" and node.args:
                name = getattr(node.args[0], "value", None)
                if isinstance(name, str) and name not in names:
                    names.append(name)
    if names:
        return [load_task(name) for name in names]
    return tasks_of_unit(Path(path).name[:2])


def load(cells):
    """Run the cells in order and return (namespace, sentences about cells that failed).

    Cells that only check something are left out: the checks come afterwards.
    """
    namespace, problems = types.ModuleType("__main__"), []
    sys.modules["__main__"] = namespace
    namespace.display = lambda *objects, **options: None
    for number, source in enumerate(cells, 1):
        tree = _parse(source)
        if tree is None:
            problems.append(f"Code cell {number} is not valid Python; it was left out.")
            continue
        if tree.body and all(_is_check(statement) for statement in tree.body):
            continue
        name = f"<cell {number}>"
        linecache.cache[name] = (len(source), None, _python(source).splitlines(keepends=True), name)
        code = compile(tree, name, "exec")
        result = run_limited(lambda code=code: exec(code, namespace.__dict__), "variable", (), {}, CELL_SECONDS)
        if result["error"]:
            problems.append(_say(number, result["error"]))
    return namespace.__dict__, problems


def _say(number, error):
    what = f"took more than {CELL_SECONDS} seconds" if error["kind"] == "timeout" else f"raised {error['text']}"
    if error["kind"] == "not_attempted":
        what = "uses a part that is not attempted yet"
    line = f", in line {error['line']}: {error['source_line']}" if error["line"] and error["source_line"] else ""
    return f"Code cell {number} {what}{line}"


def _python(source):
    """Lines that only Jupyter understands become comments."""
    return "\n".join(f"# {line}" if line.lstrip()[:1] in ("%", "!", "?") else line for line in source.split("\n"))


def _parse(source):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_check(statement):
    value = getattr(statement, "value", None)
    return isinstance(statement, ast.Expr) and isinstance(value, ast.Call) and getattr(value.func, "id", "") == "check"


def main(argv=None):
    """Check one notebook and print a report a task; returns 0 where every point is earned."""
    path = Path((argv or sys.argv[1:])[0]).resolve()
    os.environ.setdefault("MPLBACKEND", "Agg")
    out = sys.stdout
    try:
        cells = code_cells(path)
        tasks = named_tasks(cells, path)
    except (OSError, ValueError) as problem:
        print(problem)
        return 2
    os.chdir(path.parent)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            namespace, problems = load(cells)
        except KeyboardInterrupt as problem:
            namespace, problems = {}, [_say(0, describe_failure(problem))]
    for problem in problems:
        print(problem, file=out)
    score = 0
    for task in tasks:
        report = task.evaluate(LocalStudent(namespace))
        record(report, path)
        score += report.score
        print(report, file=out, flush=True)
    most = sum(task.max_score for task in tasks)
    print(f"{path.stem}: {score:g} of {most:g} points", file=out)
    return 0 if score == most else 1


if __name__ == "__main__":
    raise SystemExit(main())
