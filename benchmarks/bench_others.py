"""The course's convolution beside what else a learner would find: SciPy, numpy-ml, CS231n's fast layers, JAX.

numpy-ml (github.com/ddbourgin/numpy-ml) and CS231n's second assignment are no part of this course. Name the folder
in which `numpy_ml` or `cs231n` lies with an option or an environment variable; who is absent is passed over. CS231n's
Cython part must be compiled there, by `python setup.py build_ext --inplace` in the folder `cs231n`.

All results are compared before anything is timed. All is float32; numpy-ml, whose own layers compute in float64,
comes in both. A call that takes more than three seconds is made once. SciPy computes a part of each layer, since all
would take minutes, and its time is scaled up. "Prepared" is the course's convolution with its filters transformed
beforehand. With --profile, where ours is less than ten times as fast as numpy-ml, how much of our time is matrix
products alone.
"""

import os
import sys
from pathlib import Path

from benchmarks import layers, lines
from benchmarks.contenders import ELSEWHERE, Ours, Prepared
from benchmarks.measure import relative_error, side_by_side
from benchmarks.runner import main, plural, progress
from benchmarks.tables import MEDIAN, folded, milliseconds, ratio, table

LAYERS = layers.NINE + [layer for layer in layers.OTHERS if layer.groups == 1]
DIRECTIONS = ("forward", "backward")
OURS, SLOW, FACTOR = "this course", "numpy-ml", 10


def add_arguments(parser):
    for name in ("numpy-ml", "cs231n"):
        variable = name.replace("-", "_").upper()
        parser.add_argument(f"--{name}", type=Path, default=os.environ.get(variable), metavar="FOLDER",
                            help=f"where the package lies (or in the variable {variable})")  # fmt: skip
    parser.add_argument("--without", nargs="*", default=[], metavar="NAME", help=f"of {', '.join(ELSEWHERE)}")
    parser.add_argument("--only", default="", metavar="TEXT", help="layers whose name contains it")
    parser.add_argument("--profile", action="store_true", help="also the share of matrix products")


def measure(options):
    import numpy as np

    if hasattr(os, "sched_setaffinity"):  # JAX takes as many threads as it may use processors
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    sys.path[:0] = [str(Path(folder).resolve()) for folder in (options.numpy_ml, options.cs231n) if folder]
    contenders = {OURS: Ours(), "prepared": Prepared()} | find(options.without)
    rng, rows = np.random.default_rng(0), []
    for layer in LAYERS:
        if options.only in layer.name:
            rows.append({"layer": layer.name} | measure_layer(layer, contenders, rng, options))
            for direction in DIRECTIONS:
                times = [f"{name} {1e3 * took[1]:.1f}" for name, took in rows[-1][direction].items()]
                progress(f"{layer.name}, {direction}, ms: {', '.join(times)}")
    return rows


def find(without):
    """Return the contenders that can be loaded here, and say which cannot."""
    found = {}
    for name, contender in ELSEWHERE.items():
        try:
            if name not in without:
                found[name] = contender()
        except ImportError as error:
            progress(f"without {name}: {error}")
    return found


def measure_layer(layer, contenders, rng, options):
    """Check and time one layer for all that can run it."""
    budget = 0.2 if options.quick else 2.0
    arrays = layer.arrays(rng)
    calls = {name: contender.calls(layer, *arrays) for name, contender in contenders.items()}
    result = {"products": {}}
    for which, direction in enumerate(DIRECTIONS):
        able = {name: both[which] for name, both in calls.items() if both[which]}
        for name, call in able.items():
            results = in_our_layout(contenders[name], call())
            wanted = in_our_layout(contenders[OURS], able[OURS]())
            error = max(relative_error(a, b[: len(a), : a.shape[1]]) for a, b in zip(results, wanted, strict=True))
            assert error < 1e-3, f"{layer.name}, {direction}: {name} gets another result, by {error:.1e} of its scale"
        times = side_by_side(able, budget, least=3)
        result[direction] = {
            name: [t / contenders[name].share(layer) for t in took] for name, took in times.items()
        }  # fmt: skip
        if options.profile:
            result["products"][direction] = lines.matrix_products(able[OURS])
    return result


def in_our_layout(contender, result):
    """Return one image, or the gradients of image and filters, in the course's layout."""
    if isinstance(result, (tuple, list)):
        return contender.image(result[0]), contender.filters(result[1])
    return (contender.image(result),)


def report(rows):
    text = ""
    for threads in sorted({row["threads"] for row in rows}):
        some = [row for row in rows if row["threads"] == threads]
        for direction in DIRECTIONS:
            names = list(dict.fromkeys(name for row in some for name in row[direction]))
            cells = [[row["layer"], *(cell(row[direction], name) for name in names)] for row in some]
            text += f"**{plural(threads, 'thread')}, {direction}, ms**\n\n" + table(["Layer", *names], cells) + "\n"
    return text + "Times are median (quartiles); in bold, how many times as long as ours.\n" + bound(rows), None


def bound(rows):
    """Return a table of those passes where ours is less than ten times as fast as numpy-ml: why it cannot be."""
    head = ["Layer, pass, threads", f"a tenth of {SLOW}", "ours", "of it matrix products"]
    cells = []
    for row in rows:
        for direction, products in row["products"].items():
            ours, theirs = row[direction][OURS], row[direction].get(SLOW)
            if theirs and ratio(theirs, ours) < FACTOR:
                name = f"{row['layer']}, {direction}, {row['threads']}"
                tenth = 1e3 * theirs[MEDIAN] / FACTOR
                cells.append([name, f"{tenth:.2f}", milliseconds(ours, 2), f"{1e3 * products:.2f}"])
    return folded(f"Where it is less than {FACTOR} times {SLOW}'s speed, ms", table(head, cells)) if cells else ""


def cell(times, name):
    """Write a contender's time, and how many times ours it is."""
    if name not in times:
        return ""
    return milliseconds(times[name]) + (f" **{ratio(times[name], times[OURS]):.1f}×**" if name != OURS else "")


if __name__ == "__main__":
    main("others")
