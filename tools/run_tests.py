"""``make test``: lint, tests and notebooks, each to its end whatever failed before, then one summary.

Without arguments everything runs, and tests marked as sampled run a share of their cases. In ARGS:

  --all              every case of the sampled tests as well
  lint tests notebooks   only these parts
  PATH, PATH::TEST   only these tests or notebooks
  -k EXPRESSION      only tests and notebooks whose names fit
  anything else      goes to pytest (for the tests if they run, else for the notebooks)
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

NBVAL = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout", "300", "--nbval-sanitize-with", "tests/sanitize.cfg"]
FOLDERS = {"tests": ["tests"], "notebooks": ["notebooks", "solutions"]}
PARTS = ("lint", "tests", "notebooks")
BAD = ("failed", "error")
NOTHING_FITS = 5  # pytest's exit status when no test was selected
SHOWN = 8  # this many failed tests are named in the command that runs them again; else their files


@dataclass
class Result:
    """What a part of the run came to: exit status, minutes, and ``{test: (outcome, seconds)}``."""

    part: str
    status: int
    minutes: float
    tests: dict = field(default_factory=dict)

    @property
    def failed(self) -> list[str]:
        return [name for name, (outcome, _) in self.tests.items() if outcome in BAD]

    def says(self) -> str:
        counts = Counter(outcome for outcome, _ in self.tests.values())
        words = [f"{counts[outcome]:,} {outcome}" for outcome in sorted(counts, key=lambda name: name not in BAD)]
        if self.status and not self.failed:
            words.append("failed" if self.part == "lint" else f"pytest ended with status {self.status}, see above")
        return ", ".join(words) or "passed"


def plan(words: list[str]) -> dict[str, list[str]]:
    """Return the parts to run, each with its arguments."""
    words = list(words)
    parts, paths, keyword, options = [], {"tests": [], "notebooks": []}, [], []
    while words:
        word = words.pop(0)
        if word in PARTS:
            parts.append(word)
        elif word == "-k" and words:
            keyword = [word, words.pop(0)]
        elif not word.startswith("-") and Path(word.partition("::")[0]).exists():
            notebook = ".ipynb" in word or Path(word).parts[0] in FOLDERS["notebooks"]
            paths["notebooks" if notebook else "tests"].append(word)
        else:
            options.append(word)
    named = [part for part in PARTS if part in parts or paths.get(part)]
    chosen = named or ([*FOLDERS] if keyword else PARTS)
    reader = next(part for part in ("tests", "notebooks", "lint") if part in chosen)  # of what is not known here
    arguments = {
        "lint": ["check", "."],
        "tests": [*(paths["tests"] or FOLDERS["tests"]), *keyword],
        "notebooks": [*(paths["notebooks"] or FOLDERS["notebooks"]), *keyword],
    }
    arguments[reader] += [word for word in options if word != "--all" or reader == "tests"]
    return {part: arguments[part] for part in PARTS if part in chosen}


def run_part(part: str, arguments: list[str], selective: bool) -> Result:
    """Run one part with its output on the screen."""
    pytest = [sys.executable, "-m", "pytest", "-p", "tools.pytest_minutes", "-n", "2"]
    command = {
        "lint": [sys.executable, "-m", "ruff"],
        "tests": [*pytest, "--dist", "worksteal"],
        "notebooks": [*pytest, "--dist", "loadfile", *NBVAL],
    }[part] + arguments
    environment = dict(os.environ)
    if part == "tests":
        environment["OMP_NUM_THREADS"] = "1"  # two workers of two threads each get in each other's way
    print(f"-- {part}: {shlex.join(command)}", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        status = subprocess.run(command, env=environment | {"COURSE_TEST_REPORT": str(report)}).returncode
        tests = json.loads(report.read_text()) if report.exists() else {}
    if status == NOTHING_FITS and selective and not tests:
        status = 0
    return Result(part, status, (time.monotonic() - started) / 60, tests)


def folder_of(test: str) -> str:
    """Return what a test's minutes are added to: its folder, or its notebook's."""
    parts = Path(test.partition("::")[0]).parts
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def again(result: Result) -> str:
    """Return the command that runs just what failed."""
    names = result.failed
    if result.part == "notebooks" or len(names) > SHOWN or any(letter in "".join(names) for letter in "\"'$`\\"):
        names = sorted({name.partition("::")[0] for name in names})
    # in pytest's words "collection" is no file: then the whole part runs again
    words = [shlex.quote(name) for name in names if Path(name.partition("::")[0]).exists()] or [result.part]
    return f'make test ARGS="{" ".join(words)}"'


def summary(results: list[Result]) -> str:
    """Return the closing text: what ran, where the minutes go, what failed and how to run it again."""
    lines = ["", "what ran        minutes   result"]
    lines += [f"{result.part:<14}{result.minutes:9.1f}   {result.says()}" for result in results]
    minutes, slowest = defaultdict(float), []
    for result in results:
        for test, (_, seconds) in result.tests.items():
            minutes[folder_of(test)] += seconds / 60
            slowest.append((seconds, test))
    if slowest:
        lines += ["", "where the minutes go (of each of the two workers, added up)"]
        lines += [f"{minutes[name]:9.1f}   {name}" for name in sorted(minutes, key=minutes.get, reverse=True)]
        lines += ["the longest"] + [f"{seconds / 60:9.1f}   {test}" for seconds, test in sorted(slowest)[:-6:-1]]
    for result in results:
        if result.status:
            lines += ["", f"FAILED: {result.part}", *(f"   {name}" for name in result.failed)]
            lines += ["   again: " + again(result)]
    bad = [result.part for result in results if result.status]
    total = sum(result.minutes for result in results)
    lines += ["", f"{', '.join(bad)} failed" if bad else f"all of it passed in {total:.1f} minutes"]
    return "\n".join(lines)


def main(words: list[str]) -> int:
    if {"-h", "--help"} & set(words):
        print(__doc__)
        return 0
    parts = plan(words)
    results = [run_part(part, arguments, "-k" in words) for part, arguments in parts.items()]
    print(summary(results), flush=True)
    return int(any(result.status for result in results))


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
