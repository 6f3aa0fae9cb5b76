"""What all parts share: their options, a fresh process for each number of threads, and where results go.

A part is a module with a docstring, `add_arguments(parser)`, `measure(options)` that returns a list of rows (dicts
that JSON can hold) and `report(rows)` that returns Markdown and a figure or None.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks import machine, measure
from tools.processors.machines import MACHINES

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def progress(text):
    """Say on the error stream how far it is."""
    print("   " + text, file=sys.stderr, flush=True)


def main(name, argv=None):
    """Run the part `benchmarks.bench_NAME` for each number of threads, and write its results."""
    argv = sys.argv[1:] if argv is None else argv
    part = _module(name)
    options = parser(name, part).parse_args(argv)
    if options.child:
        options.child.write_text(json.dumps(in_child(part, options)))
        return
    options.results.mkdir(parents=True, exist_ok=True)
    rows = []
    for threads in options.threads:
        progress(f"{name}: {plural(threads, 'thread')}")
        if threads > 1 and (load := machine.load()) > 0.5:
            progress(f"the computer is busy, its load is {load:.1f}: with several threads, times will mislead")
        file = options.results / f"{name}-{threads}.json"
        line = [
            sys.executable,
            "-m",
            f"benchmarks.bench_{name}",
            *argv,
            "--threads",
            str(threads),
            "--child",
            str(file),
        ]
        settings = MACHINES.get(options.machine, {}) | dict.fromkeys(THREAD_SETTINGS, str(threads))
        if subprocess.run(line, cwd=ROOT, env=os.environ | settings).returncode:
            sys.exit(f"{name}: stopped with an error; the lines above say which")
        rows += json.loads(file.read_text())
    suffix = f"-as-{options.machine}" if options.machine else ""
    write_report(name + suffix, part, rows, options.results)


def parser(name, part):
    """Return the parser of a part's options."""
    result = argparse.ArgumentParser(
        f"python -m benchmarks {name}",
        description=part.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    threads = getattr(part, "THREADS", [1, 2])
    result.add_argument(
        "--threads", type=int, nargs="+", default=threads, metavar="N", help=f"one after another {threads}"
    )
    result.add_argument("--quick", action="store_true", help="few repetitions: rough figures in a fraction of the time")
    result.add_argument("--as", dest="machine", choices=MACHINES, help="let both libraries compute as on this one")
    result.add_argument("--results", type=Path, default=RESULTS, metavar="FOLDER", help="(benchmarks/results)")
    result.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    part.add_arguments(result)
    return result


def in_child(part, options):
    """Measure in this process."""
    (options.threads,) = options.threads
    if options.threads == 1:
        measure.count_processor_time()
    from cnncourse import numpy_nn

    numpy_nn.use("fast")  # as `cnncourse.setup` does: freed memory stays with the process, for both libraries
    about = {"threads": options.threads, "machine": machine.describe(), "reach": machine.products(options.threads)}
    progress(f"{about['machine']}; {about['reach']}")
    return [about | row for row in part.measure(options)]


def write_report(name, part, rows, folder):
    """Write NAME.md and NAME.png, and print the former."""
    text, figure = part.report(rows)
    reach = dict.fromkeys(row["reach"] for row in rows)
    text = f"*{'. '.join([rows[0]['machine'], *reach])}.*\n\n{text}"
    (folder / f"{name}.md").write_text(text, encoding="utf-8")
    if figure:
        figure.savefig(folder / f"{name}.png", dpi=110, metadata={"Software": None})
    print(text)
    progress(f"written: {folder / name}.md" + (" and .png" if figure else ""))


def plural(count, noun):
    """Return "1 thread" or "2 threads"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _module(name):
    import importlib

    return importlib.import_module(f"benchmarks.bench_{name}")
