"""Where the course makes people wait: imports, the first figure, lessons; with options the set-up and the test run.

Imports are timed in fresh processes, without the start of Python. "First figure" is a lesson's cells, in a kernel of
its own, up to the first picture. --lessons executes every lesson.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.runner import ROOT, main, progress
from benchmarks.tables import table

THREADS = [2]
MODULES = (
    "numpy", "cnncourse", "cnncourse.numpy_nn", "cnncourse.numpy_nn.models", "cnncourse.data", "cnncourse.viz",
    "cnncourse.viz.show", "cnncourse.viz.charts", "cnncourse.checks", "cnncourse.checks.progress", "cnncourse.cli",
    "cnncourse.grading", "cnncourse.session", "cnncourse.torch_nn", "cnncourse.from_torch", "torch",
)  # fmt: skip
IMPORT = """
import sys, time, importlib
start = time.perf_counter()
importlib.import_module(sys.argv[1])
print(time.perf_counter() - start, "torch" in sys.modules)
"""
LESSON = "02_convolution"


def add_arguments(parser):
    parser.add_argument(
        "--lessons", action="store_true", help="execute every lesson, which takes as long as all of them"
    )
    parser.add_argument("--tests", action="store_true", help="run `make test`, a quarter of an hour")
    parser.add_argument(
        "--setup", action="store_true", help="set up a copy with `make`, small PyTorch; needs the network"
    )


def measure(options):
    rows = [measure_import(name, 3 if options.quick else 7) for name in MODULES]
    rows += [measure_first_figure(1 if options.quick else 3)]
    rows += measure_lessons() if options.lessons else []
    if options.tests:
        rows.append(one("whole test run", sys.executable, "make.py", "test"))
    if options.setup:
        rows.append(measure_setup())
    return rows


def row(what, seconds, note=""):
    """Return one line of the result; `seconds` is a list of measurements."""
    progress(f"{what}: {np.median(seconds):.2f} s {note}")
    return {"what": what, "times": np.percentile(seconds, [25, 50, 75]).tolist(), "note": note}


def measure_import(name, times):
    """Import a module in fresh processes; the first one, which may have to compile it, is not counted."""
    seconds = []
    for _ in range(times + 1):
        result = subprocess.run(
            [sys.executable, "-c", IMPORT, name], cwd=ROOT, capture_output=True, text=True, check=True
        )
        took, torch = result.stdout.split()
        seconds.append(float(took))
    return row(f"import {name}", seconds[1:], "loads PyTorch" if torch == "True" else "")


def measure_first_figure(times):
    """Start a kernel and execute a lesson's cells until a picture comes."""
    from jupyter_client.manager import start_new_kernel

    notebook = json.loads((ROOT / "notebooks" / f"{LESSON}.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        manager, client = start_new_kernel(cwd=str(ROOT / "notebooks"))
        try:
            shown = []
            for cell in cells:
                client.execute_interactive(cell, timeout=120, output_hook=shown.append)
                if any("image/png" in message["content"].get("data", ()) for message in shown):
                    break
            seconds.append(time.perf_counter() - start)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    return row("kernel start to the first figure", seconds, f"lesson {LESSON}")


def measure_lessons():
    """Execute every lesson in a kernel of its own."""
    rows = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        line = ["jupyter", "nbconvert", "--to", "notebook", "--execute", "--stdout", str(path)]
        rows.append(one(path.stem, sys.executable, "-m", *line))
    return rows


def one(what, *line):
    """Run a command once, in silence."""
    start = time.perf_counter()
    result = subprocess.run(line, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return row(what, [time.perf_counter() - start], f"ended with {result.returncode}" if result.returncode else "")


def measure_setup():
    """Set up .venv in a copy of the course, as the first `make lab` does."""
    with tempfile.TemporaryDirectory(prefix="cnncourse-bench-") as folder:
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        for name in filter(None, tracked.stdout.split("\0")):
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, Path(folder) / name)
        code = f"import sys; sys.path[0] = {folder!r}; import make; make.environment(torch='cpu')"
        return one("set-up, small PyTorch", sys.executable, "-c", code)


def report(rows):
    lines = [[found["what"], "{1:.2f} ({0:.2f}–{2:.2f})".format(*found["times"]), found["note"]] for found in rows]
    return table(["What", "seconds", ""], lines) + "\nMedian (quartiles).\n", None


if __name__ == "__main__":
    main("waiting")
