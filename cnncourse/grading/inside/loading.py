"""Runs the statements of a notebook one by one, as generously as an honest notebook deserves."""

import __future__

import ast
import copy
import inspect
import signal
import time

from . import probes, stand_ins

AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
TOO_LONG = "it did not finish in time"
UNEVALUATED = __future__.annotations.compiler_flag


class Loader:
    """Runs statements in a namespace; one that fails is passed over, and `run` returns why.

    Parameters
    ----------
    namespace : a dict
    place : where libraries are missing, in words
    seconds : for all statements together: one that uses up half of what is left is stopped

    Attributes
    ----------
    lost : names that an import did not bring, each with the library that is missing
    """

    def __init__(self, namespace, place="where answers are graded", seconds=None):
        self.namespace, self.place, self.flags, self.lost, self.loop = namespace, place, AWAIT, {}, None
        can_watch = seconds is not None and hasattr(signal, "setitimer")
        self.deadline, self.watching = time.monotonic() + seconds if can_watch else None, False

    def run(self, statement, file_name):
        """Run one statement; returns None, or a problem: a dict of cell, line, text, names, library."""
        node = statement.node
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                self.flags |= getattr(__future__, alias.name, __future__.annotations).compiler_flag
            return None
        problem = self._in_time(node, file_name, self.flags)
        is_late = isinstance(problem, probes.TimeLimit)
        if problem is not None and not is_late and _has_hints(node):  # hints never change what a function computes
            problem = self._in_time(node, file_name, self.flags | UNEVALUATED)
        if problem is not None and not is_late and self._missing_library(statement, problem):
            plain = _without(self.lost, node)
            if plain is not None and self._in_time(plain, file_name, self.flags | UNEVALUATED) is None:
                problem = None
                for name in statement.names:
                    self.lost.pop(name, None)
        if problem is None:
            return None
        library = self._missing_library(statement, problem)
        found = probes.describe_failure(problem)
        line = problem.lineno if isinstance(problem, SyntaxError) else found["line"]
        text = TOO_LONG if is_late else found["text"]
        text = f"it needs {library}, which is not installed {self.place}" if library else text
        names = sorted(statement.names)[:20]
        return {"cell": statement.cell, "line": line or node.lineno, "text": text, "names": names, "library": library}

    def _in_time(self, node, file_name, flags):
        """The same as `_attempt`, with an end to loops that have none."""
        if self.deadline is None:
            return self._attempt(node, file_name, flags)

        def stop(signum, frame):
            if self.watching:
                raise probes.TimeLimit

        self.watching = True
        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, max((self.deadline - time.monotonic()) / 2, 0.01), 0.5)
        try:
            return self._attempt(node, file_name, flags)
        except probes.TimeLimit as limit:
            return limit
        finally:
            self.watching = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def _attempt(self, node, file_name, flags):
        """The exception that running a statement ends in, or None."""
        try:
            code = compile(ast.Module([node], type_ignores=[]), file_name, "exec", flags, True)
            result = eval(code, self.namespace)
            if code.co_flags & inspect.CO_COROUTINE:
                self._wait_for(result)
        except probes.TimeLimit:
            raise
        except BaseException as problem:  # exit() in a cell ends that cell, not the notebook
            return problem
        return None

    def _wait_for(self, coroutine):
        if self.loop is None:
            import asyncio

            self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(coroutine)

    def _missing_library(self, statement, problem):
        """The library whose absence is behind a failure, or ""."""
        if isinstance(problem, ModuleNotFoundError) and isinstance(problem.name, str):
            library = problem.name.split(".")[0][:50]
            self.lost |= dict.fromkeys(statement.names - self.namespace.keys(), library)
            return library
        library = problem.library if type(problem) is stand_ins.NotHere else ""
        if isinstance(problem, NameError) and type(problem.name) is str:
            library = self.lost.get(problem.name, "")
        if library:  # what was to be made with it is not there either
            self.lost |= dict.fromkeys(statement.names - self.namespace.keys(), library)
        return library


def _without(lost, node):
    """Return a function without decorators and defaults that name a missing library; None if it has none of them.

    `@njit` makes it faster and `@torch.no_grad()` saves memory; neither changes what a NumPy function computes. A
    default of `torch.device("cpu")` becomes None.
    """

    def names_lost(part):
        return any(isinstance(one, ast.Name) and one.id in lost for one in ast.walk(part))

    parts = [*getattr(node, "decorator_list", ()), *_defaults(node)]
    if not isinstance(node, ast.FunctionDef) or not any(names_lost(part) for part in parts):
        return None
    plain = copy.deepcopy(node)
    plain.decorator_list = [part for part in plain.decorator_list if not names_lost(part)]
    for defaults in (plain.args.defaults, plain.args.kw_defaults):
        defaults[:] = [
            ast.copy_location(ast.Constant(None), part) if part is not None and names_lost(part) else part
            for part in defaults
        ]
    return plain


def _defaults(node):
    arguments = getattr(node, "args", None)
    return [one for one in (*arguments.defaults, *arguments.kw_defaults) if one is not None] if arguments else []


def _has_hints(node):
    return any(getattr(part, field, None) is not None for part in ast.walk(node) for field in ("annotation", "returns"))
