"""The book: how large its pages are, how long it takes to build, and how long a reader waits for a check.

The site is built afresh and opened in chromium, without the network. "First check" runs from the click until the report
is there, with nothing loaded before; for later ones Python is running.
"""

import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.runner import main, progress
from benchmarks.tables import table

THREADS = [2]
PAGE, TASK = "exercises/02_convolution", "answer_same_result"
ANSWER = 'def answer_same_result():\n    return "c"'
LATER = "cross_correlate2d"
CODE = """def cross_correlate2d(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return (windows * kernel).sum(axis=(2, 3)) * SIGN"""
GOALS = {"largest lesson": "at most 3 MB", "first check": "at most 10 s", "later checks": "at most 1 s"}
PATIENCE = 120_000  # milliseconds


def add_arguments(parser):
    pass


def measure(options):
    from tools.book.__main__ import build

    with tempfile.TemporaryDirectory(prefix="cnncourse-bench-") as folder:
        html = Path(folder) / "html"
        start = time.perf_counter()
        if not build(html, Path(folder) / "scratch"):
            raise SystemExit("the book was not built: see above")
        rows = [row("building it", [time.perf_counter() - start], "s"), *sizes(html)]
        if not (html / "_static" / "pyodide").is_dir() or not shutil.which("chromium"):
            progress("no Python for the browser, or no chromium: checks are not timed")
            return rows
        return rows + waits(html, 1 if options.quick else 5)


def row(what, values, unit):
    """Return one line of the result."""
    progress(f"{what}: {np.median(values):.2f} {unit}")
    return {"what": what, "values": np.percentile(values, [25, 50, 75]).tolist(), "unit": unit}


def sizes(html):
    """Return the size of the site, of what its pages share, and of its lessons with their pictures, in MB."""
    size = lambda files: sum(file.stat().st_size for file in files) / 1e6
    files = [file for file in html.rglob("*") if file.is_file()]
    figures = {file.name: file for file in (html / "_static" / "figures").iterdir()}
    lessons = {}
    for page in sorted((html / "lessons").glob("*.html")):
        text = page.read_text(encoding="utf-8")
        lessons[page.stem] = size([page, *(file for name, file in figures.items() if name in text)])
    largest = max(lessons, key=lessons.get)
    return [
        row("the whole site", [size(files)], "MB"),
        row("of it Python for the browser", [size((html / "_static" / "pyodide").glob("*"))], "MB"),
        row("a lesson's page with its pictures", list(lessons.values()), "MB"),
        row(f"largest lesson, {largest}", [lessons[largest]], "MB"),
    ]


def waits(html, times):
    """Return how long the first check takes in a new browser, and later ones."""
    from cnncourse.checks.registry import load_task
    from tests.book.reader import Reader, browser, site

    most = f"{load_task(f'02.{LATER}').max_score:g}"
    first, later = [], []
    with site(html) as address, browser(shutil.which("chromium")) as chromium:
        for _ in range(times):
            with Reader(chromium, address) as window:
                page = window.open(PAGE)
                page.set_default_timeout(PATIENCE)
                first.append(check(page, TASK, ANSWER, "1 of 1 points"))
                page.wait_for_timeout(10_000)  # until the spare Python has started, too
                for number in range(1, 6):  # each is another answer, wrong at first
                    code = CODE.replace("SIGN", str(6 - number))
                    later.append(check(page, LATER, code, f"{most if number == 5 else 0} of {most} points"))
    return [row("first check, nothing loaded", first, "s"), row("later checks", later, "s")]


def check(page, name, code, says):
    """Check one answer; return the seconds from the click to the report."""
    task = page.locator(f"#task-{name}")
    task.locator(".cm-content").fill(code)
    start = time.perf_counter()
    task.get_by_role("button", name="Check").click()
    task.locator(".cnn-output").get_by_text(says).first.wait_for()
    return time.perf_counter() - start


def report(rows):
    lines = [
        [
            found["what"],
            "{1:.2f} ({0:.2f}–{2:.2f})".format(*found["values"]) + f" {found['unit']}",
            next((goal for what, goal in GOALS.items() if found["what"].startswith(what)), ""),
        ]
        for found in rows
    ]
    return table(["What", "median (quartiles)", "goal"], lines), None


if __name__ == "__main__":
    main("book")
