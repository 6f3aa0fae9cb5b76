"""The jobs of ``make processors``: what each child process runs, and the result that is kept of it."""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.processors import machines
from tools.run_tests import NBVAL

ROOT = Path(__file__).resolve().parents[2]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]


@dataclass(frozen=True)
class Job:
    """One child process: what it runs, as which machine, with which seed (None: an ordinary run)."""

    part: str
    target: str
    machine: str
    seed: int | None = None

    def command(self):
        if self.part == "notebooks":
            return [*PYTEST, *NBVAL, self.target]
        if self.target.endswith(".py"):
            return [*PYTEST, self.target, "--all"]
        kind = "notebook" if self.target.endswith(".ipynb") else "task"
        return [sys.executable, "-m", "tools.margins", kind, self.target]

    def title(self):
        return f"{self.machine} {self.part} {self.target}" + ("" if self.seed is None else f" seed {self.seed}")

    def file(self):
        """Return where the result is kept; the name is a digest of all that the result depends on."""
        computes = [machines.MACHINES[self.machine], machines.processor(), machines.packages()]
        parts = [self.title(), *computes, digest("cnncourse")]
        if (ROOT / self.target).is_file():
            parts += [digest("", ROOT / self.target)]
        if self.target.endswith(".py"):
            parts += [digest("tests")]  # it may use any of its neighbours
        return machines.STORE / f"{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]}.json"


@cache
def digest(folder, *files):
    """Return a digest of the files, or of all modules in a folder."""
    files = files or sorted((ROOT / folder).rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def run_job(job):
    """Run a job, or read what it gave before; return its result as a dictionary."""
    if job.file().exists():
        return json.loads(job.file().read_text())
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        recorded, more = Path(folder) / "margins.jsonl", {}
        if job.part == "margins":
            more = {"CNNCOURSE_MARGINS": str(recorded), "CNNCOURSE_SEED": str(job.seed)}
        environment = machines.as_machine(machines.MACHINES[job.machine], **more)
        done = subprocess.run(job.command(), cwd=ROOT, env=environment, capture_output=True, text=True)
        lines = recorded.read_text().splitlines() if recorded.exists() else []
    records = [json.loads(line) for line in lines]
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    telling = [line for line in said if re.match(r"FAILED|ERROR|WRONG", line)] or said[-8:]
    result = {"job": job.title(), "status": done.returncode, "seconds": round(time.monotonic() - started, 1)}
    result |= {"said": telling if done.returncode else said[-1:], "records": records}
    if done.returncode == 0:  # what failed runs again the next time: it may have been a machine under load
        machines.store(job.file(), result)
    return result
