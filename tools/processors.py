"""``make processors``: run what depends on rounding as other machines would, and measure how safe the bounds are.

Two processors compute the same sum in another order, and so do one thread and two. This command sets, in child
processes alone, the variables by which NumPy, OpenBLAS, MKL, oneDNN and PyTorch choose their code:

  sse     an old processor with SSE4.2, one thread
  avx2    a processor with AVX2, two threads (`cnncourse.setup` sets the threads of a lesson itself)

It first shows by hashes which of the variables change anything on this processor. Then come three parts:

  notebooks   lessons and exercise masters, compared with their stored outputs
  tests       agreement with PyTorch, models, trainings, tasks with their known mistakes
  margins     every bound on a trained result (`cnncourse.at_least`, `at_most`, and the levels of training tasks) with
              at least four seeds; a bound closer than three standard deviations is flagged

What has held is kept in .cache/processors, and runs again only when its file or the package has changed.
Examples for ARGS: `04 10` (these units), `margins 04 --seeds 6`, `notebooks sse`, `--list`.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from tools.margins import margins, table
from tools.run_tests import NBVAL

ROOT = Path(__file__).resolve().parents[1]
STORE = ROOT / ".cache" / "processors"
SSE = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Nehalem",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "ATEN_CPU_CAPABILITY": "default",
    "OMP_NUM_THREADS": "1",
}
AVX2 = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "OMP_NUM_THREADS": "2",
}
MACHINES = {"sse": SSE, "avx2": AVX2}
PARTS = ("notebooks", "tests", "margins")
TESTS = ["numpy_nn", "torch_nn"]
CHECKS = ["known_mistakes", "references", "right_answers", "right_modules", "modules"]
BOUNDS = re.compile(r"\bat_(least|most)\(")
PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]

PROBE = """
import hashlib, json, numpy as np, torch
from torch.nn import functional as F
rng = np.random.default_rng(0)
x, image, kernel = (rng.standard_normal(size).astype("f4") for size in ((300, 301), (4, 16, 33, 33), (24, 16, 3, 3)))
t, image, kernel = map(torch.from_numpy, (x, image, kernel))
print(json.dumps({name: hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest() for name, value in {
    "NumPy's exp": np.exp(x), "NumPy's tanh": np.tanh(x), "NumPy's sums": x.sum(1), "NumPy's products": x @ x.T,
    "PyTorch's products": (t @ t.T).numpy(), "PyTorch's exp": t.exp().numpy(), "PyTorch's tanh": t.tanh().numpy(),
    "PyTorch's sigmoid": t.sigmoid().numpy(), "PyTorch's softmax": t.log_softmax(1).numpy(),
    "PyTorch's sums": t.repeat(30, 1).sum().numpy(), "PyTorch's convolutions": F.conv2d(image, kernel).numpy(),
}.items()}))
"""


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
        parts = [self.title(), MACHINES[self.machine], processor(), packages(), digest("cnncourse")]
        if (ROOT / self.target).is_file():
            parts += [digest("", ROOT / self.target)]
        if self.target.endswith(".py"):
            parts += [digest("tests")]  # it may use any of its neighbours
        return STORE / f"{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]}.json"


@cache
def digest(folder, *files):
    """Return a digest of the files, or of all modules in a folder."""
    files = files or sorted((ROOT / folder).rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


@cache
def packages():
    return ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "torch"))


def training_tasks():
    from cnncourse.checks import tasks_of_unit, units
    from cnncourse.checks.question import Question

    tasks = [task for unit in units() for task in tasks_of_unit(unit) if not isinstance(task, Question)]
    return [task.id for task in tasks if task.observe.trains]


def has_bounds(path):
    return bool(BOUNDS.search(path.read_text(encoding="utf-8")))


def targets(part):
    """Return what a part runs, as paths from the root or ids of tasks."""
    notebooks = [path for folder in ("notebooks", "solutions") for path in sorted((ROOT / folder).rglob("*.ipynb"))]
    notebooks = [path for path in notebooks if ".ipynb_checkpoints" not in path.parts]
    tests = [path for folder in TESTS for path in sorted((ROOT / "tests" / folder).glob("test_*.py"))]
    with_bounds = [path for path in sorted((ROOT / "tests").glob("*/test_*.py")) if has_bounds(path)]
    with_bounds = [path for path in with_bounds if path.parent.name != "notebooks"]  # these are about cells' text
    if part == "notebooks":
        found = notebooks
    elif part == "tests":
        tests += [ROOT / "tests" / "checks" / f"test_{name}.py" for name in CHECKS]
        found = tests + [path for path in with_bounds if path not in tests]
    else:
        sources = [ROOT / path.relative_to(ROOT).parts[0] / "source" / f"{path.stem}.py" for path in notebooks]
        found = [path for path, source in zip(notebooks, sources, strict=True) if has_bounds(source)] + with_bounds
    names = [path.relative_to(ROOT).as_posix() for path in found]
    return names + (training_tasks() if part == "margins" else [])


def unit_of(target):
    """Return "04" for a notebook, exercise master or task of that unit, None for a file of tests."""
    match = None if target.endswith(".py") else re.match(r"(?:\w+/)?(\d\d)\D", target)
    return match and match[1]


def plan(units, parts, machines, seeds, words=()):
    """Return the jobs in the order in which they run."""

    def wanted(target):
        return not (units or words) or unit_of(target) in units or any(word in target for word in words)

    jobs = []
    for part in parts:
        chosen = [target for target in targets(part) if wanted(target)]
        numbers = range(seeds) if part == "margins" else [None]
        jobs += [Job(part, t, machine, seed) for t in chosen for seed in numbers for machine in machines]
    return jobs


def as_machine(machine, **more):
    """Return the environment of a child process that computes like `machine`."""
    environment = {key: value for key, value in os.environ.items() if key not in SSE}
    return environment | machine | more


def run_job(job):
    """Run a job, or read what it gave before; return its result as a dictionary."""
    if job.file().exists():
        return json.loads(job.file().read_text())
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        recorded, more = Path(folder) / "margins.jsonl", {}
        if job.part == "margins":
            more = {"CNNCOURSE_MARGINS": str(recorded), "CNNCOURSE_SEED": str(job.seed)}
        environment = as_machine(MACHINES[job.machine], **more)
        done = subprocess.run(job.command(), cwd=ROOT, env=environment, capture_output=True, text=True)
        lines = recorded.read_text().splitlines() if recorded.exists() else []
    records = [json.loads(line) for line in lines]
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    telling = [line for line in said if re.match(r"FAILED|ERROR|WRONG", line)] or said[-8:]
    result = {"job": job.title(), "status": done.returncode, "seconds": round(time.monotonic() - started, 1)}
    result |= {"said": telling if done.returncode else said[-1:], "records": records}
    if done.returncode == 0:  # what failed runs again the next time: it may have been a machine under load
        store(job.file(), result)
    return result


def hashes(machine):
    done = subprocess.run([sys.executable, "-c", PROBE], env=as_machine(machine), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"The probe cannot run with {machine}:\n{done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)


@cache
def processor():
    """Return the processor's name, as far as the system tells."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def prove(again=False):
    """Print which variables change bits on this processor; return how many do. What was found is kept, too."""
    what = "\n".join([PROBE, json.dumps(SSE), processor(), packages()])
    file = STORE / f"proof-{hashlib.sha256(what.encode()).hexdigest()[:16]}.json"
    if again or not file.exists():
        plain = hashes({"OMP_NUM_THREADS": "2"})
        found = {}
        for name, value in SSE.items():
            other = hashes({"OMP_NUM_THREADS": "2", name: value})
            found[name] = [part for part in plain if plain[part] != other[part]]
        store(file, found)
    found = json.loads(file.read_text())
    print(f"What each variable changes by itself on this processor ({processor()}, {packages()}):")
    for name, changed in found.items():
        effect = ", ".join(changed) or "nothing, so this part is tried as it is"
        print(f"  {name}={SSE[name]}: {effect}", flush=True)
    return sum(map(bool, found.values()))


def store(file, content):
    """Write a result whole or not at all."""
    STORE.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".tmp")
    temporary.write_text(json.dumps(content))
    temporary.replace(file)


def bar(done, total, seconds, text):
    filled = 20 * done // total
    left = seconds / done * (total - done) / 60
    return f"[{'#' * filled}{'.' * (20 - filled)}] {done}/{total}, about {left:.0f} min left  {text}"


def main(words=None):
    parser = argparse.ArgumentParser(
        prog="make processors", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = f"parts ({', '.join(PARTS)}), processors ({', '.join(MACHINES)}), units (two digits), pieces of file names"
    parser.add_argument("words", nargs="*", metavar="WORD", help=known + "; of each kind that is not named, all")
    parser.add_argument("--seeds", type=int, default=4, help="of the margins, at least 4 (default: 4)")
    parser.add_argument("--jobs", type=int, default=1, help="children at the same time (default: 1)")
    parser.add_argument("--list", action="store_true", help="print what would run, and whether it has run")
    parser.add_argument("--again", action="store_true", help="run also what has run already")
    arguments = parser.parse_args(words)
    said = arguments.words
    units = {word for word in said if re.fullmatch(r"\d\d", word)}
    parts, machines = ([name for name in names if name in said] or list(names) for names in (PARTS, MACHINES))
    names = [word for word in said if word not in units and word not in PARTS and word not in MACHINES]
    jobs = plan(units, parts, machines, arguments.seeds, names)
    if not jobs:
        parser.error(f"nothing to run for {' '.join(said)}; --list alone shows everything")
    if arguments.list:
        for job in jobs:
            print("done  " if job.file().exists() else "to do ", job.title())
        return 0
    if not prove(arguments.again):
        print("None of the variables changes anything here: this processor cannot play another one.")
        return 1
    if arguments.again:
        for job in jobs:
            job.file().unlink(missing_ok=True)
    results, started = {}, time.monotonic()
    with ThreadPoolExecutor(arguments.jobs) as pool:
        waiting = {pool.submit(run_job, job): job for job in jobs}
        for future in as_completed(waiting):
            job, result = waiting[future], future.result()
            results[job] = result
            state = "ok" if result["status"] == 0 else "FAILED"
            text = f"{state} {job.title()} ({result['seconds']:.0f} s)"
            print(bar(len(results), len(jobs), time.monotonic() - started, text), flush=True)
    return report(jobs, results, arguments.seeds)


def report(jobs, results, seeds):
    """Print failures and margins; return 1 if there is a failure or a bound that is too close."""
    failed = [job for job in jobs if results[job]["status"]]
    for job in failed:
        print(f"\nFAILED: {job.title()}", *results[job]["said"], sep="\n    ")
    runs = [(job.machine, job.seed, results[job]["records"]) for job in jobs if job.part == "margins"]
    found = margins(runs, max(seeds, 4))
    close = [margin for margin in found if margin.close]
    if found:
        print("\nBounds on trained results, and their distance in standard deviations\n" + table(found))
    hold, safe = len(jobs) - len(failed), len(found) - len(close)
    print(f"\n{hold} of {len(jobs)} runs hold, {safe} of {len(found)} bounds are safe")
    return int(bool(failed or close))


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit("stopped; the same command goes on where it was") from None
