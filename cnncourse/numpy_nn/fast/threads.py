"""Work shared out over threads.

Python runs one thread at a time, but NumPy lets go of that lock inside a matrix product and inside an element-wise
loop, so threads that do little else run side by side. BLAS has threads of its own; while the work is shared out it
keeps to one. Otherwise two shares would fight for every core, and after each product of its own BLAS's threads would
keep the cores busy waiting for the next.
"""

import contextlib
import os
import threading
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from .helpers import Helpers

# Microseconds of work from which other threads pay. To wake one and to wait for it takes some 60, and more whenever
# both want Python's lock (`make bench ARGS="conv --profile"` measures it).
WORTH_SHARING = 400
# Multiply-adds in a matrix product from which OpenBLAS wakes its own threads.
BLAS_SHARES = 1 << 18


class _Here(threading.local):
    threads = None  # how many this thread may use; None: all that are available


_here = _Here()


def available_threads():
    """Return how many threads BLAS would use now: OPENBLAS_NUM_THREADS and OMP_NUM_THREADS are heeded."""
    return max((library.num_threads or 1 for library in _blas().lib_controllers), default=1)


def thread_count():
    """Return how many threads work may be shared out to: all that are available, but one within a share."""
    return _here.threads or available_threads()


def parallel_map(function, items):
    """Return [function(item) for item in items], computed as many at a time as there are threads.

    An error in any of them is raised here. With a single thread this is a plain loop; a single item may share out
    its own work.
    """
    items = list(items)
    if thread_count() == 1:
        return [function(item) for item in items]
    with single_threaded_blas() as threads:
        if len(items) == 1:
            return [function(*items)]
        results, numbers = [None] * len(items), iter(range(len(items)))

        def work():
            before, _here.threads = _here.threads, 1
            try:
                for k in numbers:  # the next one that is not taken yet
                    results[k] = function(items[k])
            finally:
                _here.threads = before

        _helpers(threads).run(work, min(threads, len(items)))
        return results


def microseconds(multiply_adds=0, moved=0):
    """Estimate a core's time for multiply-adds in matrix products and for numbers that are written elsewhere."""
    return multiply_adds / 100_000 + moved / 4_000


def threads_for(work):
    """Return how many threads should share `work` microseconds of work: all, or only this one."""
    return thread_count() if work >= WORTH_SHARING else 1


def matmul(a, b, out=None):
    """Return a @ b, the rows of `a` shared out over threads where that pays."""
    multiply_adds = a.size * b.shape[-1]
    if multiply_adds < BLAS_SHARES or thread_count() == 1:
        return np.matmul(a, b, out=out)
    if out is None:
        stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        out = np.empty((*stack, a.shape[-2], b.shape[-1]), np.result_type(a, b))
    pieces = split_evenly(a.shape[-2], threads_for(microseconds(multiply_adds, out.size)))
    parallel_map(lambda rows: np.matmul(a[..., rows, :], b, out=out[..., rows, :]), pieces)
    return out


@contextlib.contextmanager
def single_threaded_blas():
    """Keep BLAS to one thread; gives how many threads there are for work that is shared out meanwhile."""
    threads = thread_count()
    if _here.threads or threads == 1:  # it already is
        yield threads
        return
    libraries = [(library, library.num_threads) for library in _blas().lib_controllers]
    _here.threads = threads
    try:
        for library, _ in libraries:
            library.set_num_threads(1)
        yield threads
    finally:
        for library, before in libraries:
            library.set_num_threads(before)
        _here.threads = None


def split_evenly(count, pieces):
    """Cut range(count) into `pieces` slices of nearly equal size."""
    return [slice(count * k // pieces, count * (k + 1) // pieces) for k in range(pieces)]


def blocks(things, most, work):
    """Cut range(things) into equal slices of at most `most`, the same number for each of `threads_for(work)`."""
    threads = threads_for(work)
    rounds = -(-things // (max(1, most) * threads))
    return split_evenly(things, min(things, rounds * threads))


@cache
def _blas():
    """The BLAS that NumPy has loaded."""
    return ThreadpoolController().select(user_api="blas")


@cache
def _helpers(threads):
    """The thread that shares out work takes part itself."""
    return Helpers(threads - 1)


# A forked process has none of its parent's threads.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_helpers.cache_clear)
