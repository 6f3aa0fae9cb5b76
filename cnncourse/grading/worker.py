"""The student's side of the pipe: reads a notebook's cells, loads them, answers calls; nothing else.

Runs inside the sandbox, in a process of its own per task. It knows no reference, no expected value and no score;
whatever a student does to it can only change the values that it sends, and those are compared elsewhere.
"""

import __future__

import ast
import builtins
import gc
import linecache
import random
import sys
import types

import cells as reading
import numpy as np
import probes
import protocol
import stand_ins

MAX_PROBLEMS = 20


def serve(channel):
    """Answer requests until the grader hangs up."""
    notebook = Notebook()
    protocol.send(channel, {"ready": True})
    while True:
        request = protocol.receive(channel, protocol.MAX_REQUEST)
        answer = {"read": notebook.read, "load": notebook.load, "call": notebook.call}[request.pop("do")]
        reply = answer(**request)
        try:
            chunks = protocol.encode(reply)
        except protocol.ProtocolError as problem:
            reply = _failed("too_large", str(problem))
            chunks = protocol.encode(reply)
        channel.settimeout(None)
        for chunk in chunks:
            channel.sendall(chunk)


REHEARSAL = [
    "import numpy as np\nfrom cnncourse.checks import check",
    "def f(x, y=1):\n    return np.abs(x) + y\ncheck('f', f)",
]


def rehearse():
    """Go through all the motions on code of our own, in the warm parent: children inherit what Python learns by it."""
    array = np.arange(12.0).reshape(3, 4)
    for dtype in (np.float64, np.float32):
        for _ in range(10):
            notebook = Notebook()
            notebook.read(REHEARSAL, "f")
            notebook.load("all", 0)
            for kwargs in ({}, {"y": 2}):
                result = notebook.call("f", "function", (array.astype(dtype),), kwargs)
                header, *payload = protocol.encode(result)
                protocol.decode(header[protocol.LENGTHS.size :], b"".join(payload))
    linecache.clearcache()
    sys.modules["__main__"] = types.ModuleType("__main__")
    gc.disable()


class Notebook:
    """One student's notebook, of which the answer to one task is wanted."""

    def read(self, cells, task):
        """Split the cells by syntax; nothing of them runs."""
        self.task = task
        self.statements, self.problems = reading.split(cells)
        for number, source in enumerate(cells, 1):
            lines = source.splitlines(keepends=True)
            linecache.cache[_file_name(number)] = (len(source), None, lines, _file_name(number))
        return {
            "problems": self.problems[:MAX_PROBLEMS],
            "cells": reading.defining_cells(self.statements, task),
            "own_differs": reading.own_differs(self.statements, task),
        }

    def load(self, way, seed):
        """Run the chosen statements in a fresh namespace; a failing one is passed over and tried again at the end."""
        _reseed(seed)
        self.namespace = _fresh_namespace()
        self.flags, problems = 0, []
        again = []
        for statement in reading.choose(self.statements, way, self.task):
            if self._run(statement) is not None:
                again.append(statement)
        for statement in again:
            problem = self._run(statement)
            if problem is not None:
                problems.append(problem)
        return {"defined": self.task in self.namespace, "problems": problems[:MAX_PROBLEMS]}

    def _run(self, statement):
        node = statement.node
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                self.flags |= getattr(__future__, alias.name, __future__.annotations).compiler_flag
            return None
        try:
            module = ast.Module([node], type_ignores=[])
            exec(compile(module, _file_name(statement.cell), "exec", self.flags, True), self.namespace)
        except BaseException as problem:  # exit() in a cell ends that cell, not the notebook
            found = probes.describe_failure(problem)
            line = problem.lineno if isinstance(problem, SyntaxError) else found["line"]
            return {"cell": statement.cell, "line": line or node.lineno, "text": found["text"]}
        return None

    def call(self, task, probe, args, kwargs):
        """Run one probe on the student's object of the name `task`."""
        if task not in self.namespace:
            return _failed("missing", f"there is no {task}")
        try:
            return probes.run(self.namespace[task], probe, args, kwargs)
        except KeyboardInterrupt as problem:  # nobody presses a key here: the answer raised it
            return {**_failed("raised", ""), "error": probes.describe_failure(problem)}


def _fresh_namespace():
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    main.__builtins__ = builtins
    main.display = main.get_ipython = stand_ins.ANYTHING
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
    error = {"kind": kind, "text": text[:500], "line": None, "source_line": None}
    return {"value": None, "error": error, "printed": False, "changed": [], "seconds": 0.0, "used": []}
