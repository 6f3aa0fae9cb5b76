"""What a check of the doctor finds, and how it tries something out in a process of its own."""

import subprocess
import sys
from dataclasses import dataclass

STATES = {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "bold red"}
COURSE_AGAIN = "run `make lab` again (on Windows `py make.py lab`), or `pip install -e .` in the course's folder"


@dataclass(frozen=True)
class Finding:
    """What a check found: ``state`` is one of ``STATES``; ``cure`` says what to do, where there is something."""

    state: str
    what: str
    found: str
    cure: str = ""


def trial(code: str, seconds: float) -> tuple[str, str | None]:
    """Run ``code`` in a new Python; return what it printed, and what went wrong or None."""
    try:
        done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return "", f"no answer within {seconds:.0f} seconds"
    except OSError as error:
        return "", f"Python itself cannot be started: {error}"
    if done.returncode == 0:
        return done.stdout.strip(), None
    if done.returncode < 0:
        return "", f"it crashed (signal {-done.returncode}) {last_line(done.stderr)}".strip()
    return "", last_line(done.stderr) or f"exit status {done.returncode}"


def last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""
