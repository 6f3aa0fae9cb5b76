"""A pytest plugin (``-p tools.pytest_minutes``) that writes each test's result and seconds to a file.

The variable COURSE_TEST_REPORT names the file; ``tools/run_tests.py`` reads it for its summary.
"""

import json
import os
from pathlib import Path

results = {}  # node id -> [outcome, seconds]
WORST = ("passed", "skipped", "xfailed", "xpassed", "failed", "error")  # the later one counts


def note(nodeid: str, outcome: str, seconds: float = 0.0) -> None:
    """Add a phase of a test (or the collection of a file) to what is known about it."""
    before, spent = results.get(nodeid, ("passed", 0.0))
    results[nodeid] = (max(before, outcome, key=WORST.index), spent + seconds)


def pytest_runtest_logreport(report):
    """Note one of the three phases of a test."""
    outcome = report.outcome
    if hasattr(report, "wasxfail"):
        outcome = {"skipped": "xfailed", "passed": "xpassed"}.get(outcome, outcome)
    elif outcome == "failed" and report.when != "call":
        outcome = "error"
    note(report.nodeid, outcome, report.duration)


def pytest_collectreport(report):
    """Note a file that cannot be read, whose tests then do not exist."""
    if report.failed:
        note(report.nodeid or "collection", "error")


def pytest_sessionfinish(session):
    """Write the file, whole or not at all; the workers of xdist report to the process that does so."""
    target = os.environ.get("COURSE_TEST_REPORT")
    if target and not hasattr(session.config, "workerinput"):
        temporary = Path(target + ".tmp")
        temporary.write_text(json.dumps(results))
        temporary.replace(target)
