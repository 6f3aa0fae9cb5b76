"""How fast a class is graded, side by side with nbgrader's autograder on the same submissions; and memory over time.

    python -m benchmarks.bench_grading                    each released unit: the rate beside nbgrader's, a whole class
    python -m benchmarks.bench_grading 01 --count 2000    many: does memory stay flat?
    python -m benchmarks.bench_grading --count 0          only what a class of 400 costs, hostile work in it
    python -m benchmarks.bench_grading --whole 0          only the rates

The submissions are the released exercises with the master's solutions filled in; every fifth has one task missing,
every seventh a mistake. The first answer of a hostile one never ends, or takes all the memory, or sleeps. Rates are
submissions per second of wall clock: first with all that is done once (starting, importing PyTorch twice a process,
reports), then from the first score to the last. Processor seconds are those of all processes, and say more where
other programs run. Nothing here can fail a test.
"""

import argparse
import contextlib
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

from benchmarks.machine import describe
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
    """Grade with our grader; returns (seconds, those from first to last score, processor's, memory at each tenth)."""
    line = [sys.executable, "-I", "-c", START, "grade", str(course), "--unit", unit, "--jobs", str(jobs), "--again"]
    start = time.perf_counter()
    grader = subprocess.Popen([*line, "--no-reexec"], stdout=subprocess.DEVNULL)
    samples, spent, done = [], [0.0], threading.Event()
    watcher = threading.Thread(target=watch, args=(grader.pid, samples, spent, done))
    watcher.start()
    code = grader.wait()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    if code:
        raise SystemExit(f"grading ended with {code}")
    times = sorted(path.stat().st_mtime for path in (course / "grading" / unit).glob("[!.]*.json"))
    tenths = [samples[i * len(samples) // 10 : (i + 1) * len(samples) // 10] for i in range(10)]
    return seconds, times[-1] - times[0], max(spent), [round(max(tenth)) for tenth in tenths if tenth]


def watch(pid, samples, spent, done):
    """Sample the memory of a process and all its descendants, shared pages counted once, and the time they spent."""
    while not done.wait(1.0):  # looking through the pages of large processes takes time, too
        members = family(pid)
        spent.append(sum(map(processor_seconds, members)))
        total = sum(filter(None, map(proportional_kib, members)))
        if total:
            samples.append(total / 1024)


def processor_seconds(pid):
    """What a process has used, and those of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


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


def measured(name, unit, count, hostile, options):
    """Cells of a row: of a class of our making the size, minutes, rates, processor seconds, nbgrader's rate, memory."""
    course = Path(tempfile.mkdtemp(prefix="cnncourse-bench-"))
    try:
        with contextlib.redirect_stdout(None):
            make_class(course, name, count, hostile)
        seconds, steady, spent, memory = ours(course, unit, options.jobs)
        rate, theirs = count / seconds, None
        if options.nbgrader and not hostile:
            theirs = options.nbgrader / nbgrader(course, name, options.nbgrader)
    finally:
        shutil.rmtree(course)
    compared = [f"{theirs:.3f}", f"{rate / theirs:.0f}"] if theirs else ["", ""]
    rates = [f"{seconds / 60:.1f}", f"{rate:.1f}", f"{(count - 1) / steady:.1f}", f"{spent / count:.3f}"]
    return [unit, f"{count}, {hostile}", *rates, *compared, str(memory)]


def main():
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("units", nargs="*", default=units(), help="such as 01 (default: all that are released)")
    parser.add_argument("--count", type=int, default=100, help="submissions (100; 0: none)")
    parser.add_argument("--whole", type=int, default=400, metavar="N", help="a class with hostile work (400; 0: none)")
    parser.add_argument("--hostile", type=int, default=10, metavar="N", help="so many of that class are hostile (10)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--nbgrader", type=int, default=2, metavar="N", help="nbgrader's submissions (2; 0: none)")
    options = parser.parse_args()
    print(f"*{describe()}.*\n")
    titles = "submissions, hostile | minutes | a second | once started | processor seconds each | nbgrader | ratio"
    print(f"| Unit | {titles} | memory, MiB |\n| --- |{' ---: |' * 7} --- |", flush=True)
    for unit in options.units:
        if list((ROOT / "solutions").glob(f"{unit}_*/*.ipynb")):
            (name,) = release.names([unit])
            for count, hostile in ((options.count, 0), (options.whole, options.hostile)):
                if count:
                    print(f"| {' | '.join(measured(name, unit, count, hostile, options))} |", flush=True)


if __name__ == "__main__":
    main()
