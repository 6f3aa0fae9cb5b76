"""The `cnncourse` command: start exercises, check them, see your progress; grade a class; train for real."""

import argparse
import importlib
import subprocess
import sys
from pathlib import Path

from cnncourse import copies
from cnncourse.places import exercises

CHECK_SECONDS = 900

EPILOG = """a learner's day:
  cnncourse start           your own copies of the lessons and exercises, in my_work/
  cnncourse check 03        run its checks here in the terminal
  cnncourse progress        points per unit

`cnncourse COMMAND --help` explains each command."""

ELSEWHERE = {
    "collect": (
        "put a download of submissions (Canvas, Moodle, nbgrader, loose) where grade finds them",
        "cnncourse.grading.collect",
    ),
    "grade": ("grade a class, tamper-proof: one notebook or a folder of submissions", "cnncourse.grading.command"),
    "regrade": ("replay one student's grading with the stored seed", "cnncourse.grading.command"),
    "train": ("train a network of the course on full data, with checkpoints", "cnncourse.train_command"),
    "export": ("write a trained network as an ONNX file, for other run-times", "cnncourse.export_command"),
    "doctor": ("look for what is wrong with this installation, and say how to fix it", "cnncourse.doctor"),
}


class Problem(Exception):
    """Something the user can correct; shown as one sentence."""


def main(argv=None):
    """Run a command; returns the exit status."""
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv and argv[0] in ELSEWHERE:
        return _elsewhere(argv[0], argv[1:])
    arguments = _parser().parse_args(argv)
    if not arguments.command:
        _parser().print_help()
        return 0
    try:
        return arguments.run(arguments) or 0
    except Problem as problem:
        print(f"cnncourse: {problem}", file=sys.stderr)
        return 2
    except OSError as problem:
        print(f"cnncourse: {problem.strerror or problem}: {problem.filename or ''}".rstrip(": "), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130


def _parser():
    parser = argparse.ArgumentParser(
        prog="cnncourse", description="Convolutional neural networks, from pixels to ResNet.", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    start = commands.add_parser("start", help="your own copies of the lessons and exercises, in my_work/")
    start.add_argument("unit", nargs="?", help="an exercise to begin, or to start over, such as 03")
    start.add_argument("--to", type=Path, metavar="FOLDER", help="default: my_work")
    start.add_argument("--overwrite", action="store_true", help="start the exercise over without asking")
    start.set_defaults(run=_start)

    check = commands.add_parser("check", help="run all checks of a notebook here in the terminal")
    check.add_argument(
        "notebook", nargs="?", help="a notebook file, or a unit such as 03 (default: all in my_work/ that have answers)"
    )
    check.set_defaults(run=_check)

    progress = commands.add_parser("progress", help="points per unit")
    progress.set_defaults(run=_progress)

    for name, (text, _) in ELSEWHERE.items():
        commands.add_parser(name, help=text, add_help=False)
    return parser


def _elsewhere(command, argv):
    module_name = ELSEWHERE[command][1]
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as problem:
        print(f"cnncourse: `{command}` needs {problem.name}, which is not installed here", file=sys.stderr)
        return 2
    given = [command, *argv] if module_name.endswith("grading.command") else argv
    return module.main(given) or 0


# ---- start


def _exercises():
    found = sorted(exercises().glob("[0-9][0-9]_*/[0-9][0-9]_*.ipynb"))
    if not found:
        raise Problem(f"no exercises in {exercises()}: install the course again")
    return found


def _pick(unit):
    fits = [path for path in _exercises() if path.stem.startswith(unit.zfill(2) if unit.isdigit() else unit)]
    if len(fits) != 1:
        known = ", ".join(path.stem for path in _exercises())
        raise Problem(f"{'no exercise' if not fits else 'more than one exercise'} called {unit!r}; there are: {known}")
    return fits[0]


def _start(arguments):
    from cnncourse.checks.progress import near_folder

    exercise = _pick(arguments.unit) if arguments.unit else None
    folder = arguments.to or near_folder() or Path("my_work")
    folder = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    for sentence in copies.renew(folder):
        print(sentence)
    name = f"{exercise.stem}/{exercise.name}" if exercise else copies.START
    if exercise and not copies.is_untouched(folder, name):
        if not arguments.overwrite and not _agreed(folder / name):
            print(f"{folder / name} stays as it is.")
            return
        copies.renew(folder, again=name)
    what = "yours" if exercise else "the start page of your copies"
    print(f"{folder / name} is {what}. Open it with: jupyter lab {folder / name}")


def _agreed(target):
    """Ask before work is lost; without a terminal the answer is no."""
    if not sys.stdin.isatty():
        raise Problem(f"{target} has work of yours. To start over and lose it, add --overwrite")
    answer = input(f"{target} has work of yours. Start over and lose it? [y/N] ")
    return answer.strip().lower() in ("y", "yes")


# ---- check


def _notebooks(name):
    if name and (name.endswith(".ipynb") or Path(name).is_file()):
        if not Path(name).is_file():
            raise Problem(f"there is no file {name}")
        return [Path(name)]
    from cnncourse.checks.progress import near_folder

    folder = near_folder()
    if folder is None:
        raise Problem("there is no my_work folder here: begin with `cnncourse start 01`")
    pattern = "[0-9][0-9]_*/*.ipynb" if not name else f"{name.zfill(2) if name.isdigit() else name}*/*.ipynb"
    found = sorted(path for path in folder.glob(pattern) if not path.stem.count("."))  # without newer versions
    if not found:
        raise Problem(f"nothing in {folder} fits: begin with `cnncourse start {name or '01'}`")
    begun = [path for path in found if not copies.is_untouched(folder, path.relative_to(folder).as_posix())]
    if not name and not begun:
        raise Problem(f"no exercise in {folder} has an answer of yours yet; `cnncourse check 01` checks 01")
    return found if name else begun


def _check(arguments):
    status = 0
    for path in _notebooks(arguments.notebook):
        # -P: a file called random.py in this folder must not hide Python's own
        command = [sys.executable, "-P", "-m", "cnncourse.checks.run_notebook", str(path)]
        try:
            code = subprocess.run(command, timeout=CHECK_SECONDS, stdin=subprocess.DEVNULL).returncode
        except subprocess.TimeoutExpired:
            print(f"{path}: stopped after {CHECK_SECONDS} seconds.")
            code = 1
        if code not in (0, 1, 2):
            print(f"{path}: the notebook ended its own process (exit status {code}); its checks did not finish.")
        status = max(status, min(abs(code), 2))
    return status


def _progress(arguments):
    from cnncourse.checks.progress import progress

    print(progress())


if __name__ == "__main__":
    raise SystemExit(main())
