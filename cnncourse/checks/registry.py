"""Find tasks by name: one file per task under `tasks/uNN/`, no central list."""

import importlib
import pkgutil
import re
from functools import cache
from pathlib import Path

from cnncourse.checks.question import Question
from cnncourse.places import exercises

TASKS = Path(__file__).parent / "tasks"


def load_task(task_id):
    """Return the task called "03.conv2d"; imports that task's file only.

    Raises
    ------
    ValueError
        Where there is no such task; names those of the unit.
    """
    unit, _, name = str(task_id).partition(".")
    found = None
    if name.isidentifier() and unit.isdigit() and (TASKS / f"u{unit}").is_dir():
        for file in (name, "questions"):  # the others of a unit may need PyTorch, which browsers do not have
            if found is None and (TASKS / f"u{unit}" / f"{file}.py").is_file():
                found = next((t for t in _tasks_in(unit, file) if t.name == name), None)
        found = found or next((t for t in tasks_of_unit(unit) if t.name == name), None)
    if found is None:
        names = ", ".join(t.id for t in tasks_of_unit(unit)) if unit in units() else ", ".join(units())
        raise ValueError(f"there is no task {task_id!r}; known are: {names or 'none yet'}")
    return found


def tasks_of_unit(unit):
    """All tasks of a unit ("03"), in the order in which its notebook has them."""
    folder = TASKS / f"u{unit}"
    tasks = []
    for module in pkgutil.iter_modules([str(folder)]):
        if module.name.startswith("_"):
            continue
        tasks += _tasks_in(unit, module.name)
    order = _order(unit)
    return sorted(tasks, key=lambda task: (order.get(task.id, len(order)), task.place, task.name))


def _tasks_in(unit, file):
    content = importlib.import_module(f"cnncourse.checks.tasks.u{unit}.{file}")
    asked = [value for value in vars(content).values() if isinstance(value, Question)]
    return [content.task] if hasattr(content, "task") else getattr(content, "tasks", asked)


@cache
def _order(unit):
    """The place of each task in the unit's exercise; empty where the exercises are not at hand."""
    names = []
    for path in sorted(exercises().glob(f"{unit}_*/{unit}_*.ipynb")):
        names += re.findall(r'check\(\\"(\d\d\.\w+)', path.read_text(encoding="utf-8"))
    return {name: place for place, name in enumerate(dict.fromkeys(names))}


def units():
    """The units that have tasks, as two-digit strings."""
    return sorted(path.name[1:] for path in TASKS.glob("u[0-9][0-9]") if any(path.glob("[a-z]*.py")))
