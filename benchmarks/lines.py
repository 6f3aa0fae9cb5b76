"""Which lines of the package a call spends its time in."""

import linecache
import sys
from collections import defaultdict
from pathlib import Path

from benchmarks import measure

SHOWN = 0.04  # lines with a smaller share of the time are not worth a look
PACKAGE = Path(__file__).resolve().parent.parent / "cnncourse" / "numpy_nn"


def by_line(call, rounds=20, folder=PACKAGE):
    """Return [(where, the line itself, seconds for one call), …], the most expensive line first.

    A line's time is its own and that of everything it calls outside of `folder`. What other threads do meanwhile is
    not seen, only that this one waits for them.
    """
    spent, stack, since = defaultdict(float), [], 0.0

    def charge():
        if stack:
            spent[stack[-1]] += measure.clock() - since

    def enter(frame, event, _):
        nonlocal since
        if not frame.f_code.co_filename.startswith(str(folder)):
            return None
        charge()
        stack.append((frame.f_code, frame.f_lineno))
        since = measure.clock()
        return follow

    def follow(frame, event, _):
        nonlocal since
        charge()
        if event == "line":
            stack[-1] = frame.f_code, frame.f_lineno
        elif event == "return":
            stack.pop()
        since = measure.clock()
        return follow

    measure.warm_up(call)
    before = sys.gettrace()
    sys.settrace(enter)
    try:
        for _ in range(rounds):
            call()
    finally:
        sys.settrace(before)
    merged = defaultdict(float)
    for (code, number), seconds in spent.items():
        file = Path(code.co_filename)
        merged[f"{file.stem}.{code.co_name}", linecache.getline(str(file), number).strip()] += seconds / rounds
    return sorted(((where, line, took) for (where, line), took in merged.items()), key=lambda item: -item[2])


def expensive(call):
    """Return those of `by_line(call)` that take more than `SHOWN` of its time."""
    found = by_line(call)
    return [line for line in found if line[2] > SHOWN * sum(took for *_, took in found)]


def matrix_products(call):
    """Return the seconds that one call spends in lines with a matrix product."""
    return sum(took for _, line, took in by_line(call) if " @ " in line or "matmul(" in line)
