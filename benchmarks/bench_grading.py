"""How fast a class is graded, side by side with nbgrader's autograder on the same submissions; and memory over time.

    python -m benchmarks.bench_grading                    units that are released, 200 submissions each
    python -m benchmarks.bench_grading 01 --count 2000    many: does memory stay flat?
    python -m benchmarks.bench_grading --count 400 --hostile 10 --nbgrader 0      what a class with hostile work costs

The submissions are the released exercises with the master's solutions filled in; every fifth has one task missing,
every seventh a mistake. The first answer of a hostile one never ends, or takes all the memory, or sleeps. Rates are
submissions per second of wall clock: first with all that is done once (starting, importing PyTorch twice a process,
reports), then from the first score to the last. Nothing here can fail a test.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from cnncourse.checks.registry import units
from cnncourse.grading.outputs.results import write_whole
from tools import release

ROOT = Path(__file__).resolve().parent.parent
START = "import sys; from cnncourse.grading.command import main; sys.exit(main(sys.argv[1:]))"


HOSTILE = ("while True: pass", "kept = []\nwhile True: kept.append(bytearray(1 << 24))", "import time; time.sleep(9)")


def make_class(course, name, count, hostile=0):
    """Release one exercise and hand in `count` solved copies of it, the first few hostile."""
    release.main([name, "--course", str(course)])
    released = json.loads((course / "release" / name / f"{name}.ipynb").read_text())
    master = json.loads((ROOT / "solutions" / name / f"{name}.ipynb").read_text())
    answers = {mark(cell)["grade_id"]: cell["source"] for cell in master["cells"] if mark(cell).get("solution")}
    names = sorted(answers)
    for number in range(count):
        cells = [dict(cell) for cell in released["cells"]]
        for cell in cells:
            task = mark(cell).get("grade_id")
            if task in answers and not (number % 5 == 0 and task == names[number % len(names)]):
                cell["source"] = answers[task]
                if number % 7 == 0 and task == names[-1]:
                    cell["source"] = re.sub(r"\breturn (.+)", r"return 2 * (\1)", "".join(answers[task]))
        if number < hostile:
            first = next(cell for cell in cells if mark(cell).get("grade_id") in answers)
            body = HOSTILE[number % len(HOSTILE)].replace("\n", "\n    ")
            (function,) = re.findall(r"^def (\w+)", "".join(first["source"]), re.MULTILINE)[:1]
            first["source"] = f"def {function}(*args, **kwargs):\n    {body}\n"
        folder = course / "submitted" / f"student{number:05}" / name
        write_whole(folder / f"{name}.ipynb", json.dumps(released | {"cells": cells}))


def mark(cell):
    """What nbgrader knows about a cell."""
    return cell["metadata"].get("nbgrader", {})


def ours(course, unit, jobs):
    """Grade with our grader; returns (seconds, those from first to last score, memory in MiB at each tenth)."""
    line = [sys.executable, "-I", "-c", START, "grade", str(course), "--unit", unit, "--jobs", str(jobs), "--again"]
    start = time.perf_counter()
    grader = subprocess.Popen([*line, "--no-reexec"], stdout=subprocess.DEVNULL)
    samples, done = [], threading.Event()
    watcher = threading.Thread(target=watch_memory, args=(grader.pid, samples, done))
    watcher.start()
    code = grader.wait()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    if code:
        raise SystemExit(f"grading ended with {code}")
    times = sorted(path.stat().st_mtime for path in (course / "grading" / unit).glob("[!.]*.json"))
    tenths = [samples[i * len(samples) // 10 : (i + 1) * len(samples) // 10] for i in range(10)]
    return seconds, times[-1] - times[0], [round(max(tenth)) for tenth in tenths if tenth]


def watch_memory(pid, samples, done):
    """Sample the memory of a process and all its descendants, shared pages counted once."""
    while not done.wait(1.0):  # looking through the pages of large processes takes time, too
        total = sum(filter(None, map(proportional_kib, family(pid))))
        if total:
            samples.append(total / 1024)


def family(pid):
    """A process and its descendants."""
    found = [pid]
    for parent in found:
        try:
            for task in Path(f"/proc/{parent}/task").glob("*/children"):
                found += [int(child) for child in task.read_text().split()]
        except OSError:
            continue  # it has just ended
    return found


def proportional_kib(pid):
    """Proportional set size: private memory, and a fair share of what is shared."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return None
    return int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE).group(1))


def nbgrader(course, name, count):
    """Autograde the first `count` students with nbgrader; returns seconds."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    start = time.perf_counter()
    for number in range(count):
        line = [sys.executable, "-m", "nbgrader", "autograde", name, "--student", f"student{number:05}"]
        subprocess.run(line, cwd=course, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def main():
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("units", nargs="*", default=units(), help="such as 01 (default: all that are released)")
    parser.add_argument("--count", type=int, default=200, help="submissions (200)")
    parser.add_argument("--hostile", type=int, default=0, metavar="N", help="so many of them hostile (0)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--nbgrader", type=int, default=3, metavar="N", help="submissions for nbgrader (3; 0: none)")
    options = parser.parse_args()
    print("| Unit | submissions, hostile | minutes | a second | once started | nbgrader | ratio | memory, MiB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |", flush=True)
    for unit in options.units:
        if not list((ROOT / "solutions").glob(f"{unit}_*/*.ipynb")):
            continue
        (name,) = release.names([unit])
        course = Path(tempfile.mkdtemp(prefix="cnncourse-bench-"))
        try:
            with open(os.devnull, "w") as sys.stdout:
                make_class(course, name, options.count, options.hostile)
            sys.stdout = sys.__stdout__
            seconds, steady, memory = ours(course, unit, options.jobs)
            rate = options.count / seconds
            rates = f"{seconds / 60:.1f} | {rate:.1f} | {(options.count - 1) / steady:.1f}"
            if options.nbgrader:
                theirs = options.nbgrader / nbgrader(course, name, options.nbgrader)
                rates += f" | {theirs:.2f} | {rate / theirs:.0f}"
            else:
                rates += " | | "
            print(f"| {unit} | {options.count}, {options.hostile} | {rates} | {memory} |", flush=True)
        finally:
            shutil.rmtree(course)


if __name__ == "__main__":
    main()
