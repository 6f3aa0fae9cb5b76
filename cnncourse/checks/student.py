"""A learner's answer behind one narrow door: `call(task name, probe, arguments) -> Outcome`."""

import ctypes
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cnncourse.grading.inside import probes


@dataclass
class Failure:
    """Why a call gave no value: a kind of `failures.FAILURES`, a text, and where in the learner's code, if known."""

    kind: str
    text: str = ""
    line: int | None = None
    source_line: str | None = None
    function: str | None = None
    cell: str | None = None


@dataclass
class Outcome:
    """What one call gave: a plain value or a failure, and what was noticed on the way."""

    value: Any = None
    error: Failure | None = None
    printed: bool = False
    changed: list[str] = field(default_factory=list)
    seconds: float = 0.0
    used: list[str] = field(default_factory=list)

    @classmethod
    def from_plain(cls, result):
        """Build an Outcome from the dict that `probes.run` returns."""
        error = Failure(**result["error"]) if result["error"] else None
        return cls(**{**result, "error": error})


class Student(Protocol):
    """Anything that answers calls: the learner's own process, or a sandbox."""

    def call(self, task_name: str, probe: str, args: tuple, kwargs: dict, *, seconds: float) -> Outcome:
        """Run a probe on the learner's object called `task_name`, for at most `seconds`."""
        ...


class LocalStudent:
    """Calls an answer in this process, catching whatever it does, with a time limit.

    Parameters
    ----------
    answer : a function, class or value; or a mapping from task names to these
    """

    def __init__(self, answer):
        self.answer = answer

    def call(self, task_name, probe, args=(), kwargs=None, *, seconds=5.0):
        """Run a probe on the answer to `task_name` (see `Student`)."""
        target = self.answer
        if isinstance(target, Mapping):
            if task_name not in target:
                return Outcome(error=Failure("missing", f"there is no {task_name}"))
            target = target[task_name]
        return Outcome.from_plain(run_limited(target, probe, args, kwargs or {}, seconds))


def run_limited(target, probe, args, kwargs, seconds):
    """`probes.run` with a time limit, by a timer signal in the main thread, by a helper thread elsewhere."""
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        return _run_with_timer(target, probe, args, kwargs, seconds)
    return _run_in_thread(target, probe, args, kwargs, seconds)


def _run_with_timer(target, probe, args, kwargs, seconds):
    watching = True

    def stop(signum, frame):
        # Fires again and again: an answer that swallows the first TimeLimit meets the next one.
        if watching and _inside_run(frame):
            raise probes.TimeLimit

    old_handler = signal.signal(signal.SIGALRM, stop)
    old_delay, old_interval = signal.setitimer(signal.ITIMER_REAL, seconds, 0.02)
    result, stdout = None, sys.stdout
    try:
        result = probes.run(target, probe, args, kwargs)
    except probes.TimeLimit:  # fired in the moment between the answer and its report
        result = _timed_out(seconds)
    finally:
        watching = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout = stdout
        signal.signal(signal.SIGALRM, old_handler)
        if old_delay:
            spent = result["seconds"] if result else seconds
            signal.setitimer(signal.ITIMER_REAL, max(old_delay - spent, 0.001), old_interval)
    return result


def _inside_run(frame):
    """Whether the interrupted code is the answer's, not the few lines that write its report."""
    while frame is not None:
        if frame.f_code is probes.describe_failure.__code__:
            return False
        if frame.f_code is probes.run.__code__:
            return True
        frame = frame.f_back
    return False


def _run_in_thread(target, probe, args, kwargs, seconds):
    box = []
    thread = threading.Thread(target=lambda: box.append(probes.run(target, probe, args, kwargs)), daemon=True)
    stdout = sys.stdout
    thread.start()
    thread.join(seconds)
    patience = 200
    while thread.is_alive() and patience:
        limit = ctypes.py_object(probes.TimeLimit)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), limit)
        thread.join(0.02)
        patience -= 1
    if thread.is_alive():
        sys.stdout = stdout  # the stuck thread cannot give it back any more
    return box[0] if box else _timed_out(seconds)


def _timed_out(seconds):
    error = {"kind": "timeout", "text": "", "line": None, "source_line": None, "function": None, "cell": None}
    return {"value": None, "error": error, "printed": False, "changed": [], "seconds": seconds, "used": []}
