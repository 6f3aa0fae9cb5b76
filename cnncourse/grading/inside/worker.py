"""The student's side of the pipe: reads a notebook's cells, loads them, answers calls; nothing else.

Runs inside the sandbox, in a process that one submission has for itself. It knows no reference, no expected value
and no score; whatever a student does to it can only change the values that it sends, and those are compared elsewhere.
"""

import builtins
import gc
import linecache
import os
import random
import sys
import threading
import types

import numpy as np

from . import cells as reading
from . import probes, protocol, stand_ins
from .loading import TOO_LONG, Loader

MAX_PROBLEMS = 20


def serve(channel):
    """Answer requests until the grader hangs up."""
    notebook = Notebook()
    probes.asking[:] = [lambda number, args: _ask(channel, number, args)]
    protocol.send(channel, {"ready": True})
    while True:
        request = protocol.receive(channel, protocol.MAX_REQUEST)
        answer = getattr(notebook, request.pop("do"))  # read, load, turn or call
        reply = answer(**request)
        try:
            chunks = protocol.encode(reply)
        except protocol.ProtocolError as problem:
            reply = _failed("too_large", str(problem))
            chunks = protocol.encode(reply)
        channel.settimeout(None)
        for chunk in chunks:
            channel.sendall(chunk)


def _ask(channel, number, args):
    """Have a function worked out by the grader, which holds it."""
    protocol.send(channel, {"ask": number, "args": args})
    reply = protocol.receive(channel, protocol.MAX_REQUEST)
    if reply["error"]:
        raise ValueError(reply["error"])
    return reply["value"]


class Notebook:
    """One student's notebook, of which the answer to one task at a time is wanted."""

    def read(self, cells, task):
        """Split the cells by syntax; nothing of them runs."""
        self.statements, self.problems = reading.split(cells)
        for number, source in enumerate(cells, 1):
            lines = source.splitlines(keepends=True)
            linecache.cache[_file_name(number)] = (len(source), None, lines, _file_name(number))
        return self.turn(task)

    def turn(self, task):
        """Look for the answer to another task: what the syntax says about it, and whether nothing goes on running."""
        self.task = task
        return {
            "problems": self.problems[:MAX_PROBLEMS],
            "cells": reading.defining_cells(self.statements, task),
            "all_differs": reading.all_differs(self.statements),
            "own_differs": reading.own_differs(self.statements, task),
            "until_differs": reading.until_differs(self.statements, task),
            "at_rest": threading.active_count() == 1 and not _has_children(),
        }

    def load(self, way, seed, seconds=None):
        """Run the chosen statements in a fresh namespace; a failing one is passed over and tried again at the end.

        With `seconds` for all of them, a statement that uses up half of what is left is stopped and passed over.
        """
        _reseed(seed)
        self.namespace = _fresh_namespace()
        loader, problems, failed = Loader(self.namespace, seconds=seconds), [], []
        for statement in reading.choose(self.statements, way, self.task):
            problem = loader.run(statement, _file_name(statement.cell))
            if problem is not None and problem["text"] == TOO_LONG:
                problems.append(problem)
            elif problem is not None:
                failed.append(statement)
        problems += filter(None, (loader.run(statement, _file_name(statement.cell)) for statement in failed))
        return {"defined": self.task in self.namespace, "problems": problems[:MAX_PROBLEMS]}

    def call(self, task, probe, args, kwargs):
        """Run one probe on the student's object of the name `task`."""
        if task not in self.namespace:
            return _failed("missing", f"there is no {task}")
        try:
            return probes.run(self.namespace[task], probe, args, kwargs)
        except KeyboardInterrupt as problem:  # no key is pressed here: the answer raised it
            return {**_failed("raised", ""), "error": probes.describe_failure(problem)}


def _has_children():
    if not hasattr(os, "WNOHANG"):
        return False  # Windows
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def _fresh_namespace():
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    main.__builtins__ = builtins
    main.display, main.get_ipython = stand_ins.display, stand_ins.ANYTHING
    return main.__dict__


def _file_name(cell):
    return f"<cell {cell}>"


def _reseed(seed):
    """Children of one warm process would otherwise all draw the same, whatever the submission."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - students may still draw from the global state
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed % 2**63)
    gc.enable()


def _failed(kind, text):
    error = {"kind": kind, "text": text[:500], "line": None, "source_line": None, "function": None, "cell": None}
    return {"value": None, "error": error, "printed": False, "changed": [], "arguments": [], "seconds": 0.0, "used": []}
