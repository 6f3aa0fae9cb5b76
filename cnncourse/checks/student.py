"""A learner's answer behind one narrow door: `call(task name, probe, arguments) -> Outcome`."""

import ctypes
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from cnncourse.checks.callables import with_functions
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
    arguments: list = field(default_factory=list)  # as they came back: [key, name, value]

    @classmethod
    def from_plain(cls, result):
        """Build an Outcome from the dict that `probes.run` returns."""
        error = Failure(**result["error"]) if result["error"] else None
        return cls(**{**result, "error": error})


def changed_arguments(outcome, probe, args, kwargs):
    """Names of the arguments that an answer has changed, from the values that came back and those that were sent.

    One that did not come back counts as changed. Other probes than those of functions judge their arguments themselves.
    """
    if outcome.error is not None or probe not in ("function", "function_with_callable", "several", "random_draws"):
        return []
    back = {a[0]: a for a in outcome.arguments if type(a) in (list, tuple) and len(a) == 3 and type(a[0]) in (int, str)}
    names = []
    for key, value in {**dict(enumerate(args)), **kwargs}.items():
        value = probes.unpack(value)
        value = probes.changeable(value) if key == "calls" else value
        if probes.can_change(value):
            _, name, now = back.get(key, (key, None, None))
            if not _same(probes.plain(value), now):
                names.append(str(name)[:100] if name else f"argument {key + 1}" if type(key) is int else key)
    return names


def _same(sent, came_back):
    if isinstance(sent, np.ndarray):
        return (
            isinstance(came_back, np.ndarray)
            and came_back.shape == sent.shape
            and came_back.dtype == sent.dtype
            and came_back.tobytes() == sent.tobytes()
        )
    if isinstance(sent, (list, tuple)):
        return type(came_back) is type(sent) and len(came_back) == len(sent) and all(map(_same, sent, came_back))
    if isinstance(sent, dict):
        same_keys = type(came_back) is dict and list(came_back) == list(sent)
        return same_keys and all(_same(sent[key], came_back[key]) for key in sent)
    return type(came_back) is type(sent) and (came_back == sent or came_back != came_back and sent != sent)


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
        given = with_functions(args), with_functions(kwargs or {})
        outcome = Outcome.from_plain(run_limited(target, probe, *given, seconds))
        outcome.changed += changed_arguments(outcome, probe, *given)
        return outcome


def run_limited(target, probe, args, kwargs, seconds):
    """`probes.run` with a time limit, by a timer signal in the main thread, by a helper thread elsewhere."""
    if sys.platform == "emscripten":  # a browser has neither; the page ends the worker that runs this
        return probes.run(target, probe, args, kwargs)
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
    empty = {"value": None, "printed": False, "changed": [], "arguments": [], "used": []}
    return {**empty, "error": error, "seconds": seconds}
