"""Build the exercises: ``solutions/source/NN_name.py`` to an executed master and a student version.

    python -m tools.build_exercises            build what is stale; where only text has changed, run nothing
    python -m tools.build_exercises 02 03      only these
    python -m tools.build_exercises --force    run and build all
    python -m tools.build_exercises --check    build nothing; fail if anything is stale

The master, ``solutions/NN_name/NN_name.ipynb``, is in nbgrader's source format. The student version,
``exercises/NN_name/NN_name.ipynb``, is made from it by nbgrader's own preprocessors. A source marks its cells:
``# %% task="03.conv2d"`` holds a solution between ``### BEGIN SOLUTION`` and ``### END SOLUTION``,
``# %% check="03.conv2d"`` the check of it.
"""

from __future__ import annotations

import argparse
import copy
import sys
import time
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from cnncourse.checks import load_task
from tools.notebook_builder import execute, is_stale, read_source, reuse_outputs, write

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "solutions" / "source"


def paths(source: Path) -> tuple[Path, Path]:
    """Return where the master and the student version of a source belong."""
    name = source.stem
    return ROOT / "solutions" / name / f"{name}.ipynb", ROOT / "exercises" / name / f"{name}.ipynb"


def sources(wanted: list[str] = ()) -> list[Path]:
    """Return the sources whose names start with one of `wanted` (all if empty)."""
    found = sorted(SOURCES.glob("[0-9][0-9]_*.py"))
    for name in wanted:
        if not any(source.name.startswith(name) for source in found):
            raise SystemExit(f"No exercise starts with {name!r}. There are: {', '.join(s.stem for s in found)}.")
    return [source for source in found if not wanted or any(source.name.startswith(w) for w in wanted)]


def master(source: Path) -> NotebookNode:
    """Read a source as an unexecuted notebook whose task and check cells carry nbgrader's metadata."""
    notebook = read_source(source)
    for cell in notebook.cells:
        for role in ("task", "check"):
            task_id = cell.metadata.pop(role, None)
            if task_id:
                cell.metadata["nbgrader"] = _metadata(role, task_id)
    return notebook


def _metadata(role: str, task_id: str) -> dict:
    task = load_task(task_id)
    is_check = role == "check"
    metadata = {
        "schema_version": 3,
        "grade_id": f"check_{task.name}" if is_check else task.name,
        "grade": is_check,
        "solution": not is_check,
        "locked": is_check,
        "task": False,
    }
    return metadata | {"points": task.max_score} if is_check else metadata


def student_version(solved: NotebookNode) -> NotebookNode:
    """Return what a student gets: no solutions, no outputs, checks locked; by nbgrader's preprocessors."""
    from nbgrader.preprocessors import CheckCellMetadata, ClearOutput, ClearSolutions, ComputeChecksums, LockCells

    notebook, resources = copy.deepcopy(solved), {}
    for step in (LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ComputeChecksums):
        notebook, resources = step().preprocess(notebook, resources)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    return notebook


def build(source: Path, force: bool = False) -> float:
    """Run the master unless only its text has changed, derive the student version; return the seconds it took."""
    start = time.perf_counter()
    solved_path, student_path = paths(source)
    solved_path.parent.mkdir(parents=True, exist_ok=True)
    solved = master(source)
    if force or not reuse_outputs(solved, solved_path):
        solved = execute(solved, cwd=solved_path.parent)
    write(solved, solved_path)
    write(student_version(solved), student_path)
    return time.perf_counter() - start


def stale(source: Path) -> bool:
    """Whether a notebook of this source is missing or out of date (changed source, changed points)."""
    if any(is_stale(source, path) for path in paths(source)):
        return True
    expected = [cell.metadata.get("nbgrader") for cell in master(source).cells]
    built = nbformat.read(paths(source)[0], as_version=4)
    return expected != [cell.metadata.get("nbgrader") for cell in built.cells]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exercises", nargs="*", help="numbers or names, such as 02 (default: all)")
    parser.add_argument("--force", action="store_true", help="build also what is up to date")
    parser.add_argument("--check", action="store_true", help="build nothing; exit 1 if anything is stale")
    arguments = parser.parse_args(argv)
    todo = [source for source in sources(arguments.exercises) if arguments.force or stale(source)]
    if arguments.check:
        for source in todo:
            print(f"the notebooks of {source.name} are out of date: run make exercises")
        return 1 if todo else 0
    failed = 0
    for source in todo:
        try:
            print(f"{source.stem}: {build(source, arguments.force):.0f} s")
        except CellExecutionError as problem:
            failed += 1
            print(f"{source.stem} failed:\n{problem}", file=sys.stderr)
    if not todo:
        print("All exercises are up to date.")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
