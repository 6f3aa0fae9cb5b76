"""A student's answer behind the pipe: the same `call` as `checks.student.LocalStudent`, in a process of its own."""

import time

import numpy as np

from cnncourse.checks.callables import make_callable
from cnncourse.checks.case import count_numbers
from cnncourse.checks.failures import FAILURES
from cnncourse.checks.student import Failure, Outcome, changed_arguments
from cnncourse.grading.inside import protocol

LOAD_SECONDS = {"numpy": 10, "torch": 30, "training": 30}
BUDGET_SECONDS = 60  # all calls of one task together, for tasks of ordinary length
SUBMISSION_SECONDS = 90  # all that one submission may cost, besides training
MAX_ASKED = 200_000  # numbers that one call of a passed function may hold: it is worked out on this side
AFTER_A_TIMEOUT = 0.25  # what is left of the time for a call once an answer has used all of it
RESULT_KEYS = {"value", "error", "printed", "changed", "arguments", "seconds", "used"}
DIFFERS = ("all_differs", "own_differs", "until_differs")  # whether a way of loading could give something else
ERROR_KEYS = {"kind", "text", "line", "source_line", "function", "cell"}


class Budget:
    """The seconds that one submission has left, over all its tasks and ways of loading."""

    def __init__(self, seconds):
        self.left = seconds

    def spend(self, seconds):
        """Take away what something cost."""
        self.left -= seconds


class SandboxStudent:
    """Answers calls for one task after another from one notebook, loaded in one way (see `cells`).

    Parameters
    ----------
    sandbox : Sandbox or Process
    cells : list of the code cells' sources
    task : the name that holds the answer
    way : "all", "definitions", "until N" or "own N"
    seed : int, for the random state that the student's code finds
    slack : factor on all time limits
    budget : seconds for all calls together
    total : Budget of the whole submission, which this student's time is taken from

    Attributes
    ----------
    reading : what the syntax says, a dict of `problems`, `cells` (that define the task) and DIFFERS
    load_failure : "", "timeout" or "died": whether loading the notebook ended the process
    timed_out : whether a call took too long
    problems : statements that failed while loading, each a dict of cell, line, text, names and library (that it lacks)
    is_used, has_failed : whether the process has answered for another task before, and given a wrong answer
    """

    def __init__(self, sandbox, cells, task, way="all", *, seed=0, slack=1.0, budget=BUDGET_SECONDS, total=None):
        self.sandbox, self.cells, self.task, self.way, self.seed = sandbox, cells, task, way, seed
        self.slack, self.remaining = slack, budget * slack
        self.total = total or Budget(SUBMISSION_SECONDS * slack)
        self.channel, self.ended = None, None
        self.reading = {"problems": [], "cells": []} | dict.fromkeys(DIFFERS, True) | {"all_differs": False}
        self.load_failure, self.timed_out, self.problems = "", False, []
        self.is_used = self.has_failed = False

    def call(self, task_name, probe, args=(), kwargs=None, *, seconds=5.0):
        """Run a probe on the answer to `task_name`, for at most `seconds`; returns an Outcome."""
        if self.load_failure or (self.channel is None and not self._start()):
            return Outcome(error=self._load_error())
        allowed = min(
            seconds * self.slack * (AFTER_A_TIMEOUT if self.timed_out else 1), self.remaining, self.total.left
        )
        start = time.monotonic()
        kwargs, functions = dict(kwargs or {}), []
        sent = args, kwargs
        if probe != "several":  # whose calls are all of plain values
            sent = tuple(_without_functions(a, functions) for a in args), _without_functions(kwargs, functions)
        request = {"do": "call", "task": task_name, "probe": probe, "args": sent[0], "kwargs": sent[1]}
        try:
            outcome = outcome_from(self._ask(request, allowed, functions))
            outcome.changed += changed_arguments(outcome, probe, args, kwargs)
        except protocol.OutOfTime:
            self.timed_out = True
            outcome = self._stop("timeout", "")
        except protocol.ChannelClosed:
            outcome = self._stop("died", "")
        except protocol.ProtocolError as problem:
            outcome = self._stop("died", f"what it sent could not be read: {problem}")
        outcome.seconds = time.monotonic() - start
        self.remaining -= outcome.seconds
        self.total.spend(outcome.seconds)
        return outcome

    def turn_to(self, task, budget):
        """Look for another task's answer in the same process; says whether it is there, well and at rest."""
        if self.channel is None:
            return False
        start = time.monotonic()
        try:
            reading = self._ask({"do": "turn", "task": task}, min(10 * self.slack, max(self.total.left, 0.1)))
            at_rest = reading["at_rest"] is True
            # Problems are shown to the student. Those told after a call could carry its hidden inputs.
            self.reading = _checked_reading(reading) | {"problems": self.reading["problems"]}
        except (OSError, protocol.ProtocolError, KeyError, TypeError):
            at_rest = False
        self.total.spend(time.monotonic() - start)
        self.task, self.remaining = task, budget * self.slack
        self.is_used, self.timed_out = True, False
        return at_rest

    def _start(self):
        """Start a process and load the notebook in it; says whether that went well."""
        if self.total.left <= 0:
            self.load_failure = "timeout"
            return False
        self.channel, start = self.sandbox.start_child(), time.monotonic()
        seconds = min(LOAD_SECONDS[self.sandbox.library] * self.slack, self.total.left)
        try:
            self.reading = _checked_reading(self._ask({"do": "read", "cells": self.cells, "task": self.task}, seconds))
            load = {"do": "load", "way": self.way, "seed": self.seed, "seconds": 0.8 * seconds}
            loaded = self._ask(load, seconds)
            self.problems = _checked_problems(loaded["problems"])
        except protocol.OutOfTime:
            self.load_failure = "timeout"
        except (protocol.ChannelClosed, protocol.ProtocolError, KeyError, TypeError):
            self.load_failure = "died"
        self.total.spend(time.monotonic() - start)
        if self.load_failure:
            self.close()
        return not self.load_failure

    def _ask(self, request, seconds, functions=()):
        """Send a request and wait for the reply; meanwhile the student's side may call the functions it was given."""
        deadline = time.monotonic() + seconds
        while True:
            protocol.send(self.channel, request, protocol.MAX_REQUEST, max(deadline - time.monotonic(), 0.001))
            reply = protocol.receive(self.channel, protocol.MAX_REPLY, max(deadline - time.monotonic(), 0.001))
            if type(reply) is not dict or "ask" not in reply:
                return reply
            request = _worked_out(functions, reply)

    def _load_error(self):
        return Failure(self.load_failure, FAILURES[self.load_failure].loading)

    def _stop(self, kind, text):
        self.close()
        return Outcome(error=Failure(kind, text or (self.ended.text if kind == "died" else "")))

    def close(self):
        """End the process and all that it started."""
        if self.channel is not None:
            channel, self.channel = self.channel, None
            self.ended = self.sandbox.end_child(channel)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


def _without_functions(value, functions):
    """A value in which functions are numbers; `functions` collects them."""
    if callable(value):
        functions.append(value)
        return {"__function__": len(functions) - 1}
    if isinstance(value, dict) and "__callable__" in value:
        return _without_functions(make_callable(value), functions)
    if isinstance(value, dict):
        return {key: _without_functions(item, functions) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_without_functions(item, functions) for item in value)
    return value


def _worked_out(functions, asked):
    """The reply to a call of one of the functions; whatever it was called with cannot harm this side."""
    number, args = asked["ask"], asked.get("args")
    if type(number) is not int or not 0 <= number < len(functions) or type(args) is not list:
        raise protocol.ProtocolError("a call of a function that was not given")
    try:
        if count_numbers(args) > MAX_ASKED:
            raise ValueError(f"at most {MAX_ASKED:,} numbers at once")
        with np.errstate(all="ignore"):
            value = functions[number](*args)
        protocol.encode(value, protocol.MAX_REPLY)
        return {"value": value, "error": ""}
    except (ArithmeticError, AttributeError, IndexError, MemoryError, TypeError, ValueError) as problem:
        return {"value": None, "error": f"{type(problem).__name__}: {problem}"[:200]}


def outcome_from(result):
    """Build an Outcome from what came through the pipe, believing nothing about its form."""
    if type(result) is not dict or set(result) != RESULT_KEYS:
        raise protocol.ProtocolError("a reply of the wrong form")
    error = result["error"]
    if error is not None:
        right = type(error) is dict and set(error) == ERROR_KEYS and error["kind"] in FAILURES
        words = [error[key] for key in ("source_line", "function", "cell")] if right else []
        if not right or type(error["text"]) is not str or not all(isinstance(w, (str, type(None))) for w in words):
            raise protocol.ProtocolError("an error of the wrong form")
        line = error["line"] if type(error["line"]) is int else None
        error = Failure(error["kind"], error["text"][:500], line, *(word and word[:200] for word in words))
    return Outcome(
        value=None if error else result["value"],
        error=error,
        printed=result["printed"] is True,
        changed=_names(result["changed"]),
        arguments=result["arguments"] if type(result["arguments"]) is list else [],
        used=_names(result["used"]),
    )


def _names(value):
    if type(value) is not list or not all(type(name) is str for name in value):
        raise protocol.ProtocolError("a list of names of the wrong form")
    return [name[:100] for name in value[:20]]


def _checked_reading(reading):
    numbers = reading["cells"]
    if type(numbers) is not list or not all(type(n) is int for n in numbers):
        raise protocol.ProtocolError("cell numbers of the wrong form")
    differs = {key: reading[key] is True for key in DIFFERS}
    return {"problems": _checked_problems(reading["problems"]), "cells": numbers, **differs}


def _checked_problems(problems):
    checked = []
    for problem in problems[:20]:
        cell, line, text = problem["cell"], problem["line"], problem["text"]
        if type(cell) is not int or type(line) not in (int, type(None)) or type(text) is not str:
            raise protocol.ProtocolError("a problem of the wrong form")
        names, library = _names(problem.get("names", [])), problem.get("library", "")
        if type(library) is not str:
            raise protocol.ProtocolError("a problem of the wrong form")
        checked.append({"cell": cell, "line": line, "text": text[:300], "names": names, "library": library[:50]})
    return checked
