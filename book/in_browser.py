"""Run and check a page's answers: the Python side of `practice/worker.js`, loaded into the browser with the course.

An answer is the text of one editor. As in a notebook, the answers above it on the page are run first.
"""

import ast
import contextlib
import html
import io
import json
import linecache
import sys
import traceback
import types
import warnings

from cnncourse.checks import load_task
from cnncourse.checks.student import LocalStudent
from cnncourse.grading.inside.probes import describe_failure

MAX_OUTPUT = 20_000  # characters that a page shows
RED = "#b3261e"  # as in reports


class Output(io.StringIO):
    """Keeps what is printed, up to MAX_OUTPUT characters."""

    def write(self, text):
        room = MAX_OUTPUT - self.tell()
        if room > 0:
            super().write(text[:room] + ("\n… and more" if len(text) > room else ""))
        return len(text)


def run(prelude, answers):
    """Run the last of `answers` after the others; return what it shows as JSON: text, html, error (HTML)."""
    namespace, output = _fresh(prelude, answers[:-1]), Output()
    value, problem = None, None
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            value = _execute(answers[-1], namespace)
        except BaseException as error:
            problem = _explain(error)
    shown = "" if value is None else getattr(value, "_repr_html_", lambda: None)()
    text = output.getvalue() + ("" if value is None or shown else repr(value)[:MAX_OUTPUT])
    return json.dumps({"text": text, "html": shown or "", "error": problem or ""})


def check(prelude, answers, task_id):
    """Check the last of `answers`; return its report as JSON: html, score, max_score, status."""
    task = load_task(task_id)
    namespace, problem = _fresh(prelude, answers[:-1]), None
    with _silence():
        try:
            _execute(answers[-1], namespace)
        except BaseException as error:
            problem = _explain(error)
        if problem is None or task.name in namespace:
            report = task.evaluate(LocalStudent(namespace))
            result = {"html": report._repr_html_(), "score": report.score, "status": report.status}
        else:
            result = {"html": problem, "score": 0, "status": "error"}
    return json.dumps(result | {"max_score": task.max_score})


def _fresh(prelude, answers):
    """Return a new `__main__` in which the page's imports and earlier answers have been run, whatever they raised."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    with _silence():
        for statement in ast.parse(prelude).body:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                with contextlib.suppress(ImportError):  # pictures and PyTorch stay behind
                    exec(compile(ast.Module([statement], []), "<imports>", "exec"), module.__dict__)
        for answer in answers:
            with contextlib.suppress(Exception, SystemExit):
                _execute(answer, module.__dict__)
    return module.__dict__


@contextlib.contextmanager
def _silence():
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield


def _execute(answer, namespace):
    """Run one editor's text; return the value of its last line where that is an expression."""
    name = f"<{answer['name']}>"
    linecache.cache[name] = (len(answer["code"]), None, answer["code"].splitlines(keepends=True), name)
    tree = ast.parse(answer["code"], name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), namespace)
    return eval(compile(ast.Expression(last.value), name, "eval"), namespace) if last else None


def _explain(error):
    """Say in HTML what stopped the code and in which of its lines."""
    if isinstance(error, SyntaxError):
        line, source = error.lineno, (error.text or "").strip()
    else:
        found = describe_failure(error)
        line, source = found["line"], found["source_line"]
    said = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    if isinstance(error, NotImplementedError):
        said = "This part is not written yet (NotImplementedError)."
    where = f"<div>In your line {line}: <code>{html.escape(source or '')}</code></div>" if line else ""
    return (
        f'<div style="border-left:4px solid {RED};padding:.4em .9em;margin:.3em 0;line-height:1.45">'
        f"<div><b>Your code stopped</b>: {html.escape(said)}</div>{where}</div>"
    )
