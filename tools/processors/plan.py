"""Which jobs ``make processors`` runs: the notebooks, tests and tasks that depend on rounding, on each machine."""

import re
from pathlib import Path

from tools.processors.jobs import Job

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("notebooks", "tests", "margins")
TESTS = ["numpy_nn", "torch_nn"]
CHECKS = ["known_mistakes", "references", "right_answers", "right_modules", "modules"]
BOUNDS = re.compile(r"\bat_(least|most)\(")


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
