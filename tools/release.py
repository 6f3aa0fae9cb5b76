"""Release exercises to a class: a course folder in nbgrader's layout, from ``solutions/``, by nbgrader itself.

    python -m tools.release --course ~/cnn-class 03 04

makes, in the course folder, ``source/`` (the masters), ``release/`` (what students get, cell for cell the same as
``exercises/``), ``gradebook.db`` with every task and its points, and ``nbgrader_config.py``, so that all of
nbgrader's own commands work there. A second run releases again; submissions and grades stay.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from cnncourse.grading.outputs.gradebook import gradebook_url, make_for_owner
from cnncourse.grading.outputs.results import write_whole

ROOT = Path(__file__).resolve().parent.parent
CONFIG = r"""# nbgrader's settings for this class; nbgrader reads them when it is started in this folder.
c = get_config()  # noqa: F821 - nbgrader defines it
c.CourseDirectory.db_url = {url!r}
c.CourseDirectory.course_id = "default_course"  # nbgrader's own name; PostgreSQL insists that there is one
# How Canvas and Moodle name the files in their zips, for `nbgrader zip_collect`. The number is Canvas's ID of a student
# or Moodle's of a participant; `cnncourse collect` reads the same zips and turns numbers into logins.
c.FileNameCollectorPlugin.named_regexp = (
    r".*/(?:[^_/]+_(?:LATE_)?(?=\d+_\d+_)|[^/]+_(?=\d+_assignsubmission_file))(?P<student_id>\d+)_"
    r"(?:\d+_|assignsubmission_file_?/?)(?P<file_id>.+)(?=\.ipynb$)"
)
"""


def names(units: list[str]) -> list[str]:
    """Return the names of the exercises whose numbers or names start with one of `units` (all if empty)."""
    known = sorted(path.parent.name for path in (ROOT / "solutions").glob("[0-9][0-9]_*/[0-9][0-9]_*.ipynb"))
    wanted = [unit.zfill(2) if unit.isdigit() else unit for unit in units]
    for unit in wanted:
        if not any(name.startswith(unit) for name in known):
            raise SystemExit(f"No exercise starts with {unit!r}. There are: {', '.join(known)}.")
    return [name for name in known if not wanted or name.startswith(tuple(wanted))]


def release(name: str, course: Path, url: str) -> None:
    """Release one exercise into the course folder; stops where nbgrader refuses or the result is not ``exercises/``."""
    source = course / "source" / name / f"{name}.ipynb"
    source.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "solutions" / name / f"{name}.ipynb", source)
    result = _api(course, url).generate_assignment(name)
    if not result["success"]:
        raise SystemExit(f"nbgrader could not release {name}:\n{result['log']}\n{result.get('error', '')}")
    released, expected = course / "release" / name / f"{name}.ipynb", ROOT / "exercises" / name / f"{name}.ipynb"
    if content(released) != content(expected):
        raise SystemExit(f"{released} differs from {expected}: run make exercises, then release again")
    shutil.copyfile(expected, released)  # the same cells, written the same way everywhere


def content(path: Path) -> list:
    """Return what matters of a notebook's cells: kind, source, and nbgrader's mark."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [(c["cell_type"], "".join(c["source"]), c["metadata"].get("nbgrader")) for c in cells]


def _api(course: Path, url: str):
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    settings = Config()
    settings.CourseDirectory.root = str(course)
    settings.CourseDirectory.db_url = url
    settings.CourseDirectory.course_id = "default_course"
    return NbGraderAPI(CourseDirectory(config=settings), config=settings)


def main(argv: list[str] | None = None) -> int:
    """Release what the command line names; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("units", nargs="*", help="numbers or names, such as 03 (default: all)")
    parser.add_argument("--course", type=Path, default=ROOT / "class", help="the class's folder (class/)")
    parser.add_argument("--gradebook", metavar="URL", help="where grades go (gradebook.db in the class's folder)")
    arguments = parser.parse_args(argv)
    course = arguments.course.expanduser().resolve()
    course.mkdir(parents=True, exist_ok=True)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    url = gradebook_url(arguments.gradebook or str(course / "gradebook.db"))
    make_for_owner(url)
    config = course / "nbgrader_config.py"
    if not config.exists():
        write_whole(config, CONFIG.format(url=url))
    for name in names(arguments.units):
        release(name, course, url)
        print(f"released {name}: give your students {course / 'release' / name / name}.ipynb")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
