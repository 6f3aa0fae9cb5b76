"""How far trained results lie from the bounds that are claimed for them.

As a program it is one child of ``make processors``: it runs a notebook or the answers of a training task once, with
the seed and the processor that its environment asks for, so that the bounds record their values (`cnncourse.bounds`).
As a module it turns the records of many such runs into a table.
"""

import re
import statistics
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WANTED = 3  # standard deviations between the values and a bound


@dataclass
class Margin:
    """One bound, and what came out in all runs. `distance` is in standard deviations, negative where it is broken."""

    name: str
    side: str
    bound: float
    values: list
    distance: float
    runs: str
    close: bool


def gaps_of(records):
    """Return by how much each value is on the right side of its bound."""
    return [(r["value"] - r["bound"]) * (1 if r["side"] == "at least" else -1) for r in records]


def margins(runs, seeds: int) -> list[Margin]:
    """Judge every bound by ``runs``, a list of (machine, seed, records of this run).

    The spread is that of the seeds or that of all runs, whichever is larger: two processors with the same seed give
    nearly the same value, and must not make the spread look smaller than it is.
    """
    found = defaultdict(list)
    for machine, seed, records in runs:
        seen = Counter()
        for record in records:
            key = record["name"], seen[record["name"]]  # the same name again in one run is a bound of its own
            seen[record["name"]] += 1
            found[key].append(record | {"machine": machine, "run": seed})
    return [_margin(name if k == 0 else f"{name} ({k + 1})", found[name, k], seeds) for name, k in sorted(found)]


def _margin(name, records, seeds):
    gaps, by_seed = gaps_of(records), defaultdict(list)
    for gap, record in zip(gaps, records, strict=True):
        by_seed[record["run"]].append(gap)
    mean, means = statistics.fmean(gaps), [statistics.fmean(group) for group in by_seed.values()]
    if mean != mean:  # a training that ended in NaN
        distance = float("-inf")
    else:
        spread = max((statistics.stdev(some) for some in (gaps, means) if len(some) > 1), default=0.0)
        distance = mean / spread if spread else (float("inf") if mean >= 0 else float("-inf"))
    machines = len({record["machine"] for record in records})
    few = len(by_seed) < seeds or machines < 2
    close = distance < WANTED or min(gaps) < 0
    runs = f"{len(by_seed)}×{machines}" + (" too few" if few else "")
    return Margin(
        name, records[0]["side"], records[0]["bound"], [r["value"] for r in records], distance, runs, close or few
    )


def table(found: list[Margin]) -> str:
    """Return the margins as text, the closest first."""
    width = max([len(margin.name) for margin in found] + [5])
    heads = " ".join(f"{head:>9}" for head in ("claim", "mean", "lowest", "highest"))
    lines = [f"{'bound':<{width}}  {'':8} {heads}  distance  seeds×processors"]
    for m in sorted(found, key=lambda margin: margin.distance):
        numbers = (m.bound, statistics.fmean(m.values), min(m.values), max(m.values))
        text = " ".join(f"{number:9.4g}" for number in numbers)
        lines.append(f"{m.name:<{width}}  {m.side:8} {text}  {m.distance:8.1f}  {m.runs}{'  TOO CLOSE' * m.close}")
    return "\n".join(lines)


def run_notebook(path: Path) -> int:
    """Run a notebook to its end; say which cells failed."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=3600, kernel_name="python3", allow_errors=True, resources=resources).execute()
    failed = 0
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", ()):
                failed += 1
                trace = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output.traceback))
                line = next((line for line in trace.splitlines() if re.match(r"\s*-+>", line)), "")
                print(f"FAILED CELL: {line.strip()} {output.ename}: {output.evalue}")
    return int(failed > 0)


def run_task(name: str) -> int:
    """Judge the reference and every known mistake of a training task; record what they reach."""
    import dataclasses

    from cnncourse.bounds import at_least, at_most, run_seed
    from cnncourse.checks import load_task
    from cnncourse.checks.student import LocalStudent

    class Watched(LocalStudent):
        def call(self, *arguments, **options):
            outcome = super().call(*arguments, **options)
            self.outcome = self.outcome or outcome  # a second call trains on
            return outcome

        outcome = None

    seed = run_seed()
    task = dataclasses.replace(load_task(name), banned=(), seconds=3600)  # a slow machine is not what is measured
    case, wrong = max(task.draw(seed), key=lambda case: case.level), 0
    claim = name.replace(".", "/", 1)
    for slug, answer in [("reference", task.reference), *((m.slug, m.answer) for m in task.mistakes)]:
        student = Watched({task.name: answer})
        report = task.evaluate(student, seed)
        expected = None if slug == "reference" else slug
        if report.mistake != expected:
            print(f"WRONG NAME: {name}, {slug} is called {report.mistake}")
            wrong += 1
        if student.outcome.error is None and slug != "not-finite":
            reached = task.observe.measure(student.outcome.value.outputs, case.truth)
            print(f"{name} {slug}: {reached:.3f}", flush=True)
            (at_least if expected is None else at_most)(reached, case.level, f"{claim}-{slug}")
    return int(wrong > 0)


if __name__ == "__main__":
    kind, target = sys.argv[1:]
    raise SystemExit(run_notebook(ROOT / target) if kind == "notebook" else run_task(target))
