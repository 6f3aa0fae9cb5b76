"""How long calls take, side by side."""

import math
import time

import numpy as np

from cnncourse import timing

clock = time.perf_counter
MEDIAN = 1  # its place among quartiles
# Seconds in which the threads of the contender before fall asleep. For a while after a call, those of OpenMP (5 ms) and
# BLAS (some 50 ms) keep a core busy waiting for the next one.
REST = 0.1


def count_processor_time():
    """From now on count what the processor spends on this process, which other programs hardly change.

    Only with one thread is that how long a call takes.
    """
    global clock, REST
    clock, REST = timing.clock, 0


def side_by_side(contenders, budget, least=5, patience=3.0):
    """Time functions in turn, A, B, A, B, …, so that a slow moment of the computer hits all alike.

    Parameters
    ----------
    contenders
        Label → function without arguments.
    budget
        Seconds to spend on each round of all contenders taken together; at least `least` rounds are made.
    patience
        Seconds: a contender that takes longer for one call is called only once.

    Returns
    -------
    dict
        Label → [lower quartile, median, upper quartile] in seconds.
    """
    first = {label: _once(call) for label, call in contenders.items()}
    times = {label: [took] if took > patience else [] for label, took in first.items()}
    quick = {label: call for label, call in contenders.items() if not times[label]}
    budget += 1.5 * REST * least * len(quick)
    end, rounds = time.perf_counter() + budget, 0
    while quick and (rounds < least or time.perf_counter() < end):
        for label, call in quick.items():
            warm_up(call)
            times[label].append(_once(call))
        rounds += 1
    return {label: np.percentile(took, [25, 50, 75]).tolist() for label, took in times.items()}


def warm_up(call):
    """Rest, then call it, not counted, until caches are full and the system has found a processor for each thread."""
    time.sleep(REST)
    end = time.perf_counter() + REST / 2
    call()
    while time.perf_counter() < end:
        call()


def _once(call):
    start = clock()
    call()
    return clock() - start


def geometric_mean(values):
    """The mean for ratios: of twice as slow and twice as fast it is 1."""
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def relative_error(got, wanted):
    """Return the largest difference, as a share of the largest wanted entry."""
    return float(np.abs(got - wanted).max() / np.abs(wanted).max())
