"""Remember points between sessions, in `my_work/.progress.json`, and show them as a table."""

import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cnncourse.checks.registry import tasks_of_unit, units

FOLDER = "my_work"
FILE = ".progress.json"


def own_folder(start=None):
    """The `my_work` folder that holds `start` (default: the current folder), or None."""
    here = Path(start or Path.cwd()).resolve()
    return next((folder for folder in (here, *here.parents) if folder.name == FOLDER and folder.is_dir()), None)


def near_folder(start=None):
    """The `my_work` folder that holds `start`, or stands in one of the folders above it, or None."""
    here = Path(start or Path.cwd()).resolve()
    beside = (folder / FOLDER for folder in (here, *here.parents))
    return own_folder(here) or next((folder for folder in beside if folder.is_dir()), None)


def read(path):
    """The recorded points: {task id: [score, max_score]}; empty where the file is missing or damaged."""
    try:
        points = json.loads(Path(path).read_text(encoding="utf-8"))["points"]
        return {str(k): [float(v[0]), float(v[1])] for k, v in points.items()}
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return {}


def record(report, start=None):
    """Keep the best score of a task; does nothing outside of `my_work`."""
    folder = own_folder(start)
    if folder is None:
        return
    points = read(folder / FILE)
    best = [max(report.score, points.get(report.task, [0, 0])[0]), report.max_score]
    if points.get(report.task) == best:
        return
    points[report.task] = best
    text = json.dumps({"points": dict(sorted(points.items()))}, indent=1)
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix=".progress-", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, folder / FILE)
    except OSError:
        pass  # a full disk or a read-only folder must not spoil a check


@dataclass
class UnitProgress:
    """One line of the table: how many tasks of a unit are solved, and the points."""

    unit: str
    solved: int
    tasks: int
    score: float
    max_score: float


@dataclass
class ProgressTable:
    """Points per unit; shows itself in a notebook and in a terminal, with the units in which there are any."""

    units: list
    folder: Path | None = None

    def _begun(self):
        return [unit for unit in self.units if unit.score]

    def __str__(self):
        if not self._begun():
            return self._remark()
        lines = [f"{'unit':<6}{'tasks solved':>14}{'points':>14}"]
        lines += [
            f"{u.unit:<6}{f'{u.solved} of {u.tasks}':>14}{f'{u.score:g} of {u.max_score:g}':>14}" for u in self._begun()
        ]
        score, most = sum(u.score for u in self.units), sum(u.max_score for u in self.units)
        lines.append(f"{'all':<6}{'':>14}{f'{score:g} of {most:g}':>14}")
        return "\n".join([*lines, self._remark()])

    __repr__ = __str__

    def _remark(self):
        if not self._begun():
            hint = "" if self.folder else ", and `cnncourse start` makes your own copies of the exercises"
            return f"Nothing recorded yet: points come from the checks in your exercises{hint}."
        return f"Recorded in {self.folder.name}/{FILE}; the best result of each task counts."

    def _repr_html_(self):
        if not self._begun():
            text = re.sub("`(.*?)`", r"<code>\1</code>", self._remark())
            return f"<p>{text}</p>"
        rows = "".join(
            f"<tr><td>{u.unit}</td><td>{u.solved} of {u.tasks}</td><td>{u.score:g} of {u.max_score:g}</td>"
            f"<td><progress max='{u.max_score:g}' value='{u.score:g}' aria-label='points of unit {u.unit}'></progress>"
            "</td></tr>"
            for u in self._begun()
        )
        head = "<tr><th>unit</th><th>tasks solved</th><th>points</th><td></td></tr>"
        return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table><p>{self._remark()}</p>"


def progress(start=None):
    """Points per unit, as recorded in the `my_work` folder near `start` (default: the current folder).

    Returns
    -------
    ProgressTable
    """
    folder = near_folder(start)
    points = read(folder / FILE) if folder else {}
    table = []
    for unit in units():
        tasks = tasks_of_unit(unit)
        scores = [min(points.get(task.id, [0])[0], task.max_score) for task in tasks]
        solved = sum(score == task.max_score for score, task in zip(scores, tasks, strict=True))
        table.append(UnitProgress(unit, solved, len(tasks), sum(scores), sum(task.max_score for task in tasks)))
    return ProgressTable(table, folder)
