"""`cnncourse grade` and `cnncourse regrade`: the grader at the command line."""

import argparse
import os
import sys
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main(argv=None):
    """Run the command; `argv` begins with "grade" or "regrade". Returns the exit status.

    0: every submission was graded; 1: something on our side kept one from being graded, or scores from being written;
    2: wrong use; 3: student code cannot be isolated here; 4: more than a third of a class has no points, and nothing
    was exported; 130: stopped by ctrl-C, what was done is kept.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    options = parser().parse_args(argv)
    if not sys.flags.isolated and options.reexec:
        return _start_isolated(argv)
    from cnncourse.grading.host.bubblewrap import IsolationError
    from cnncourse.grading.host.commands import grade
    from cnncourse.grading.host.regrade import regrade

    try:
        return {"grade": grade, "regrade": regrade}[options.command](options)
    except IsolationError as problem:
        print(f"cnncourse {options.command}: {problem}", file=sys.stderr)
        return 3
    except (FileNotFoundError, NotADirectoryError, ValueError) as problem:
        print(f"cnncourse {options.command}: {problem}", file=sys.stderr)
        return 2
    except OSError as problem:
        said = f"{problem.strerror or problem}{f': {problem.filename}' if problem.filename else ''}"
        print(f"cnncourse {options.command}: {said}. What was graded before is kept.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What was graded is kept; run the same command again to go on.", file=sys.stderr)
        return 130


def _start_isolated(argv):
    """Start again as `python -I`: no module from this folder, no settings from the environment."""
    import subprocess

    code = "import sys; from cnncourse.grading.command import main; sys.exit(main(sys.argv[1:]))"
    line = [sys.executable, "-I", "-c", code, *argv]
    environment = os.environ | dict.fromkeys(THREADS, "1")
    if os.name == "posix":
        os.execve(sys.executable, line, environment)
    return subprocess.call(line, env=environment)


def parser():
    """Describe both commands."""
    whole = argparse.ArgumentParser(prog="cnncourse", description="Grade notebooks that were handed in.")
    commands = whole.add_subparsers(dest="command", required=True)
    grade = commands.add_parser("grade", help="grade one notebook, or a class")
    grade.add_argument(
        "path", type=Path, help="a notebook, or a folder in nbgrader's layout: submitted/<student>/<unit>/<unit>.ipynb"
    )
    _shared(grade)
    grade.add_argument("--jobs", type=int, metavar="N", help="processes at once (as many as processor cores)")
    grade.add_argument("--json", type=Path, metavar="FILE", help="write all scores as JSON")
    grade.add_argument("--csv", type=Path, metavar="FILE", help="write all scores as a table")
    grade.add_argument("--mistakes", type=Path, metavar="FILE", help="write likely mistakes by frequency as a table")
    grade.add_argument("--canvas", type=Path, metavar="FILE", help="write a table for Canvas's gradebook")
    grade.add_argument("--moodle", type=Path, metavar="FILE", help="write a table for Moodle's grade import")
    grade.add_argument("--roster", type=Path, metavar="FILE", help="table exported from Canvas or Moodle")
    grade.add_argument("--feedback", type=Path, metavar="DIR", help="write each student's feedback, HTML and Markdown")
    grade.add_argument("--report", type=Path, metavar="FILE", help="write the class report (HTML) there")
    grade.add_argument("--gradebook", metavar="URL", help="write scores and comments into nbgrader's gradebook")
    grade.add_argument("--due", metavar="TIME", help="when it was due, such as '2026-10-12 23:59'")
    grade.add_argument(
        "--deadlines", type=Path, metavar="FILE", help="times, extensions, points a day (deadlines.toml of the class)"
    )
    grade.add_argument(
        "--anonymous", action="store_true", help="ids for names in report, --csv, --json; anonymous.csv says whose"
    )
    grade.add_argument("--dask", metavar="ADDRESS", help="spread the work over a Dask cluster")
    grade.add_argument(
        "--accept-zeros", action="store_true", help="export although more than a third of the class has no points"
    )
    grade.add_argument(
        "--only", action="append", default=[], metavar="STUDENT", help="grade this student again, whatever has changed"
    )
    grade.add_argument("--again", action="store_true", help="grade everybody again, also where nothing has changed")
    regrade = commands.add_parser("regrade", help="replay a stored score, for an appeal")
    regrade.add_argument("student")
    regrade.add_argument("path", type=Path, nargs="?", default=Path(), help="the course's folder (this one)")
    _shared(regrade)
    regrade.add_argument("--save", action="store_true", help="store the new score where it differs")
    regrade.add_argument("--show-inputs", action="store_true", help="show hidden inputs and wanted values, whole")
    regrade.add_argument(
        "--notebook", type=Path, metavar="FILE", help="write a notebook that runs the answers on the hidden inputs"
    )
    return whole


def _shared(command):
    command.add_argument("--unit", required=True, help="number of the unit, such as 06")
    command.add_argument("--seed-file", type=Path, metavar="FILE", help="the course's secret (made if missing)")
    command.add_argument("--results", type=Path, metavar="DIR", help="where scores are kept (grading/)")
    command.add_argument("--slack", type=float, default=2.0, metavar="X", help="factor on time limits (2)")
    command.add_argument(
        "--trust-submissions", action="store_true",
        help="where student code cannot be isolated, run it with your own rights all the same",
    )  # fmt: skip
    command.add_argument("--no-reexec", dest="reexec", action="store_false", help=argparse.SUPPRESS)
