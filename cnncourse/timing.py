"""How long a call takes: processor time, so that other programs on the computer count as little as possible."""

import math
import sys
import time

# Windows counts processor time in steps of 16 ms, too coarse for short calls.
clock = time.perf_counter if sys.platform == "win32" else time.process_time


def seconds(calls, least=0.01, rounds=3):
    """Return the processor seconds that one call of each function takes, at its fastest.

    Parameters
    ----------
    calls
        Label → function without arguments. All take turns, so that a slow moment of the computer hits all alike.
    least
        Seconds, above zero: a short call is repeated until a round takes about this long.
    rounds
        At least 1; the smallest of all measurements counts, since disturbances only ever add time.

    Returns
    -------
    dict
        Label → seconds for one call, summed over the threads that it used.

    Examples
    --------
    >>> took = seconds({"short": lambda: sum(range(100)), "long": lambda: sum(range(100_000))})
    >>> took["short"] < took["long"]
    True
    """
    if not least > 0 or rounds < 1:
        raise ValueError(f"least must be above 0 and rounds at least 1, got {least!r} and {rounds!r}")
    first = {label: max(_time(call, 1), 1e-6) for label, call in calls.items()}  # also warms the caches
    repeats = {label: max(1, math.ceil(least / took)) for label, took in first.items()}
    best = dict.fromkeys(calls, math.inf)
    for _ in range(rounds):
        for label, call in calls.items():
            best[label] = min(best[label], _time(call, repeats[label]) / repeats[label])
    return {label: max(took, 1e-9) for label, took in best.items()}


def _time(call, repeats):
    start = clock()
    for _ in range(repeats):
        call()
    return clock() - start
