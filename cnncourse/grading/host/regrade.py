"""What `cnncourse regrade` does: the replay of one stored score, for an appeal."""

import json
import math
import re

import numpy as np
from rich.console import Console
from rich.markup import escape

from cnncourse.checks.registry import tasks_of_unit
from cnncourse.grading.host.commands import known_unit, results_folder
from cnncourse.grading.host.grade import Sandboxes, grade_cells, grade_submission, prepare
from cnncourse.grading.outputs.feedback import SAID, clean
from cnncourse.grading.outputs.results import Results, write_whole
from cnncourse.grading.submissions import find_submissions


def regrade(options):
    """Replay one stored score from its own seed and say whether it comes out the same; returns the exit status."""
    unit = known_unit(options.unit)
    results = Results(results_folder(options), unit)
    stored = results.load(options.student)
    if stored is None:
        raise FileNotFoundError(f"no stored score of {options.student} for unit {unit} in {results.folder}")
    submission = next((s for s in find_submissions(options.path, unit) if s.student == options.student), None)
    if submission is None:
        raise FileNotFoundError(f"no submission of {options.student} below {options.path}")
    prepared = prepare(submission)
    console = Console()
    if prepared["notebook_sha256"] != stored["notebook_sha256"]:
        console.print("The notebook is not the one that was graded: it has changed since.")
    with Sandboxes(trust=options.trust_submissions) as sandboxes:
        record = grade_submission(prepared, stored["seed"], sandboxes, options.slack)
        if options.show_inputs or options.notebook:
            tasks, cells = tasks_of_unit(unit), prepared["cells"] or []
            reports = [g.report for g in grade_cells(cells, tasks, stored["seed"], sandboxes, options.slack)]
            cases = [(task, report.case) for task, report in zip(tasks, reports, strict=True) if report.case]
            if options.show_inputs:
                _print_inputs(console, reports, cases)
            if options.notebook:
                write_whole(options.notebook, case_notebook(options.student, cells, cases))
                console.print(f"{escape(str(options.notebook))}: open it in JupyterLab and run its cells.")
    same = True
    for old, new in zip(stored["tasks"], record["tasks"], strict=True):
        equal = (old["score"], old["status"]) == (new["score"], new["status"])
        same = same and equal
        verdict = "the same" if equal else f"now {new['score']:g} ({SAID[new['status']]})"
        console.print(f"{new['name']}: {old['score']:g} ({SAID[old['status']]}), {verdict}")
    console.print(f"Stored {stored['time']}: {stored['score']:g}. Replayed with the same inputs: {record['score']:g}.")
    if options.save and not same:
        results.save(record, stored["seed"], options.slack)
        console.print("The new score is stored.")
    return 0 if same else 1


def _print_inputs(console, reports, cases):
    """The full reports, then the arguments of each task's first wrong call, whole: for the teacher's eyes."""
    for report in reports:
        console.print(escape(clean(str(report))))
    for task, case in cases:
        console.print(f"[bold]{task.name}[/]: the arguments of the first call that went wrong")
        for name, value in case.items():
            console.print(escape(clean(f"{name} = {as_code(value)}")), soft_wrap=True)


def as_code(value):
    """A value as Python that makes it again: arrays with all their numbers, in full precision."""
    if isinstance(value, np.ndarray):
        return f"np.array({_numbers(value)}, dtype=np.{value.dtype}).reshape({value.shape})"
    if isinstance(value, np.generic):
        return f"np.{value.dtype}({value.item()!r})"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(as_code(v) for v in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {as_code(v)}" for key, v in value.items()) + "}"
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if value is None or isinstance(value, (bool, int, float, str, complex)):
        return repr(value)
    return f"...  # {type(value).__name__}: cannot be written down"


def _numbers(array):
    """All numbers in a row, so that reshaping, not the layout of brackets, gives the shape."""
    text = ", ".join(repr(number) for number in array.ravel().tolist())
    return "[" + re.sub(r"\b(inf|nan)\b", r"np.\1", text) + "]"


def case_notebook(student, cells, cases):
    """A notebook, as text: the student's cells as they are, then each task's first wrong call with what was wanted.

    It says that these cells run with its reader's rights.
    """
    first = f"# {student}\n\nThese are the cells that were handed in. **They run with your rights: read them first.**"
    parts = [("markdown", first), *(("code", cell) for cell in cells)]
    parts.append(("code", "import numpy as np\nfrom cnncourse.checks.registry import load_task"))
    for task, case in cases:
        arguments = "\n".join(f"    {name!r}: {as_code(value)}," for name, value in case.items())
        parts.append(("markdown", f"## {task.name}: the first call that went wrong"))
        parts.append(("code", f"case = {{\n{arguments}\n}}\n{task.name}(**case)"))
        parts.append(("code", f"load_task({task.id!r}).reference(**case)  # wanted"))
    made = []
    for i, (kind, source) in enumerate(parts):
        code = {"outputs": [], "execution_count": None} if kind == "code" else {}
        made.append({"cell_type": kind, "id": f"cell-{i}", "metadata": {}, "source": source} | code)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": made, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"
