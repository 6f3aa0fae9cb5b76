"""Threads that wait for work, and a processor for each.

A ThreadPoolExecutor would do, but handing work over with its futures takes as long as a small layer. And where all
processors but one have slept for long, Linux wakes a thread on the processor of the one that wakes it: on a virtual
machine that is the rule, and two threads then share one processor while another has nothing to do. So while work is
shared out, the one that hands it out stays where it is, and the helpers run anywhere but there.
"""

import contextlib
import ctypes
import os
import threading
from queue import SimpleQueue


class Helpers:
    """`count` threads that wait to help the one that calls `run`."""

    def __init__(self, count):
        self.jobs = SimpleQueue()
        self.away_from = None
        self.threads = [threading.Thread(target=self._work, name=f"numpy_nn_{k}", daemon=True) for k in range(count)]
        for thread in self.threads:
            thread.start()

    def _work(self):
        while True:
            self.jobs.get()()

    def run(self, job, times):
        """Let `times` threads call `job` at once, this one among them; raise an error of any when all have ended."""
        ended = SimpleQueue()

        def call():
            error = None
            try:
                job()
            except BaseException as problem:
                error = problem
            ended.put(error)

        with self._apart():
            for _ in range(times - 1):
                self.jobs.put(call)
            call()
            errors = [ended.get() for _ in range(times)]
        for error in filter(None, errors):
            raise error

    @contextlib.contextmanager
    def _apart(self):
        """Within it, the calling thread and the helpers do not run on the same processor."""
        here = processor()
        everywhere = {here} if here is None else os.sched_getaffinity(0)
        if everywhere == {here}:
            yield
            return
        try:
            if here != self.away_from:
                for thread in self.threads:
                    os.sched_setaffinity(thread.native_id, everywhere - {here})
                self.away_from = here
            os.sched_setaffinity(0, {here})
        except OSError:  # not allowed here: then all run where the system wants
            yield
            return
        try:
            yield
        finally:
            os.sched_setaffinity(0, everywhere)


def processor():
    """Return the number of the processor that runs this thread; None where the system does not tell."""
    return None if _sched_getcpu is None else _sched_getcpu()


try:
    _sched_getcpu = ctypes.CDLL(None).sched_getcpu if hasattr(os, "sched_setaffinity") else None
except (AttributeError, OSError):  # another C library
    _sched_getcpu = None
