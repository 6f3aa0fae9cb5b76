"""Work shared out over threads.

Python runs one thread at a time, but NumPy lets go of that lock inside a matrix product and inside an element-wise
loop, so threads that do little else run side by side. BLAS has threads of its own; while the work is shared out it
keeps to one, or two shares would fight for every core.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from threadpoolctl import ThreadpoolController


def count():
    """Return how many threads BLAS would use now: OPENBLAS_NUM_THREADS and OMP_NUM_THREADS are heeded."""
    return max((library.num_threads or 1 for library in _blas().lib_controllers), default=1)


def share(function, items):
    """Call `function` on all `items`, as many at a time as there are threads; returns nothing.

    An error in any of them is raised here. Within a share, and with a single thread or item, this is a plain loop.
    """
    items, threads = list(items), count()
    if threads == 1 or len(items) == 1:
        for item in items:
            function(item)
        return
    with _blas().limit(limits=1):
        for _ in _pool(threads).map(function, items):
            pass


def evenly(count, pieces):
    """Cut range(count) into so many slices, as even as they can be."""
    return [slice(count * k // pieces, count * (k + 1) // pieces) for k in range(pieces)]


def blocks(things, most):
    """Cut range(things) into slices of at most `most`, but at least one for each thread."""
    step = max(1, min(most, -(-things // count())))
    return [slice(start, start + step) for start in range(0, things, step)]


@cache
def _blas():
    """The BLAS that NumPy has loaded."""
    return ThreadpoolController().select(user_api="blas")


@cache
def _pool(threads):
    return ThreadPoolExecutor(threads, thread_name_prefix="numpy_nn")


# A forked process has none of its parent's threads.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
