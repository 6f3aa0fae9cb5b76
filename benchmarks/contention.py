"""How much two threads of one process are in each other's way, and how much two processes are."""

import multiprocessing
import os
import threading

import numpy as np

from benchmarks.layers import Layer
from benchmarks.measure import side_by_side

LAYER = Layer("3×3, 32→32, 16², batch 64", 64, 32, 32, 16)
SECONDS = 1.0


def measure():
    """Return {"alone": [lower quartile, median, upper quartile], …} of a layer's backward pass on one thread."""
    from threadpoolctl import threadpool_limits

    call = layer_backward()
    with threadpool_limits(1, user_api="blas"):
        times = {"alone": timed(call)}
        spawned = multiprocessing.get_context("spawn")
        times["while another process does the same"] = beside(spawned.Process, spawned.Event, call)
        times["while another thread does the same"] = beside(threading.Thread, threading.Event, call)
    return {f"{LAYER.name}, backward on one thread, {what}": took for what, took in times.items()}


def layer_backward():
    from cnncourse.numpy_nn import functional as F

    x, w, g = LAYER.arrays(np.random.default_rng(0))
    return lambda: F.conv2d_backward(g, x, w, **LAYER.geometry)


def beside(start, event, call):
    """Time `call` while another one, a Process or a Thread, makes the same."""
    ready, stop = event(), event()
    other = start(target=again_and_again, args=(ready, stop), daemon=True)
    other.start()
    ready.wait()
    try:
        return timed(call)
    finally:
        stop.set()
        other.join()


def again_and_again(ready, stop):
    from threadpoolctl import threadpool_limits

    stay_on(-1)
    with threadpool_limits(1, user_api="blas"):
        call = layer_backward()
        call()
        ready.set()
        while not stop.is_set():
            call()


def timed(call):
    """Return the quartiles of a call's time on the clock, the calling thread on a processor of its own."""
    everywhere = stay_on(0)
    times = side_by_side({"": call}, SECONDS)
    if everywhere:
        os.sched_setaffinity(0, everywhere)
    return times[""]


def stay_on(number):
    """Keep this thread on one processor, where the system can; returns those it could use before."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(everywhere)[number]})
    return everywhere
