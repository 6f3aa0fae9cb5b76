"""What runs beside a learner's answer: call it, notice what it did, hand back plain values.

`run` is the only entry; it returns a dict of plain values.
"""

import contextlib
import inspect
import io
import linecache
import sys
import time
import warnings

import numpy as np

from .listening import OURS, watching
from .values import TooLarge, UnsupportedValue, asking, plain, spoil, unpack  # noqa: F401 - names of this module for its users

FROM_ANOTHER = 5  # draws, which could not all be the same by chance
WATCHED_DRAWS = 3  # of many: what the first ones do not call, the others do not either


class TimeLimit(BaseException):
    """Raised inside an answer that has used up its time."""

    kind = "timeout"


class SignatureProblem(Exception):
    """The answer cannot be called with the arguments that the task names."""

    kind = "signature"


class Notes:
    """What a probe noticed apart from the value: arguments changed, libraries called, anything printed.

    `arguments` holds [key, name, value after the call] of those that could have changed, for the trusted side to
    compare; `changed` names those that only this side can tell.

    A probe that need not watch for libraries sets `used` to None: listening to every call costs as much as the calls.
    """

    def __init__(self):
        self.changed, self.arguments = [], []
        self.used = {}
        self.printed = False


def run(target, probe, args=(), kwargs=None):
    """Run one probe on a learner's object and return what happened as plain values.

    Returns a dict with `value`, `error` (None or a dict of kind, text, line, source_line), `printed`,
    `changed`, `arguments`, `seconds` and `used`. Only KeyboardInterrupt passes through.
    """
    notes, output = Notes(), _Swallow()
    value, error, start = None, None, time.perf_counter()
    try:
        with contextlib.redirect_stdout(output), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = PROBES[probe](target, tuple(unpack(a) for a in args), unpack(dict(kwargs or {})), notes)
    except KeyboardInterrupt:
        raise
    except BaseException as problem:
        error = describe_failure(problem)
    return {
        "value": value,
        "error": error,
        "printed": output.used,
        "changed": notes.changed,
        "arguments": [] if error else notes.arguments,
        "seconds": time.perf_counter() - start,
        "used": sorted(notes.used or ()),
    }


def describe_failure(problem):
    """Translate an exception into its kind (see `failures`), its text and the line of the learner's that raised it."""
    ours = isinstance(problem, (SignatureProblem, TooLarge, UnsupportedValue))
    if ours or isinstance(problem, TimeLimit):
        kind = problem.kind
    else:
        kind = "not_attempted" if isinstance(problem, NotImplementedError) else "raised"
    text = "" if kind == "timeout" else _safe_text(problem)
    place = (None, None, None, None) if ours else learner_place(problem.__traceback__)
    return {
        "kind": kind,
        "text": text if ours or kind == "timeout" else f"{type(problem).__name__}: {text}".rstrip(": "),
        **dict(zip(("line", "source_line", "function", "cell"), place, strict=True)),
    }


def learner_place(traceback):
    """Find the last frame that is neither this file nor an installed library: line, its text, function, cell."""
    place = (None, None, None, None)
    while traceback is not None:
        code, number = traceback.tb_frame.f_code, traceback.tb_lineno
        if code.co_filename not in OURS and not _is_library(code.co_filename):
            source_line = linecache.getline(code.co_filename, number).strip()[:200] or None
            function = code.co_name if code.co_name.isidentifier() else None
            place = number, source_line, function, cell_name(code.co_filename)
        traceback = traceback.tb_next
    return place


def cell_name(filename):
    """What a learner calls the cell that was compiled as `filename`: "cell [5]" in Jupyter, "code cell 5" elsewhere."""
    if filename.startswith("<cell ") and filename[6:-1].isdigit():
        return f"code cell {filename[6:-1]}"
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    number = getattr(getattr(shell, "compile", None), "_filename_map", {}).get(filename)
    return None if number is None else f"cell [{number}]"


def _is_library(filename):
    name = filename.replace("\\", "/")
    standard = inspect.__file__.replace("\\", "/").rsplit("/", 1)[0] + "/"
    return "site-packages/" in name or name.startswith((standard, "<frozen", "<__array_function__"))


def _safe_text(problem):
    try:
        return str(problem)[:500]
    except Exception:
        return ""


class _Swallow(io.TextIOBase):
    """Takes whatever is printed; keeps nothing but the fact."""

    used = False

    def writable(self):
        return True

    def write(self, text):
        self.used = self.used or bool(text)
        return len(text)


# ---- calling


def call(target, args, kwargs, notes):
    """Call the answer, note its arguments afterwards and libraries it called, return what it returned."""
    names = _argument_names(target, args, kwargs)
    keys = [*range(len(args)), *kwargs]
    with watching(notes.used):
        value = target(*args, **kwargs)
    after = zip(keys, names, (*args, *kwargs.values()), strict=True)
    notes.arguments = [[key, name, _as_it_is(value)] for key, name, value in after if can_change(value)]
    return value


def can_change(value):
    """Whether an answer could change an argument in place: arrays, and lists and tuples that hold them."""
    return isinstance(value, (np.ndarray, list)) or (isinstance(value, tuple) and any(map(can_change, value)))


def changeable(calls):
    """Of several calls the arguments that an answer could change in place."""
    return [value for args, kwargs in calls for value in (*args, *kwargs.values()) if can_change(value)]


def _as_it_is(value):
    """An argument as a plain value, None where it is none any more."""
    try:
        return plain(value)
    except (TooLarge, UnsupportedValue):
        return None


def _argument_names(target, args, kwargs):
    """Names of the arguments as the learner calls them; refuses a call that does not fit."""
    if not callable(target):
        raise SignatureProblem(f"it is a {type(target).__name__}, not a function")
    try:
        if _signature[0] is not target:
            _signature[:] = target, inspect.signature(target)
    except (TypeError, ValueError):
        return [f"argument {i + 1}" for i in range(len(args))] + list(kwargs)
    signature = _signature[1]
    try:
        signature.bind(*args, **kwargs)
    except TypeError as problem:
        raise SignatureProblem(f"{problem}; yours takes {str(signature)[:200]}") from None
    names = [p.name for p in signature.parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names += [f"argument {i + 1}" for i in range(len(names), len(args))]
    return [*names[: len(args)], *kwargs]


_signature = [None, None]  # of the function that was called last: it takes longer to find than a call


# ---- probes


def function(target, args, kwargs, notes):
    """Call a function once."""
    return plain(call(target, args, kwargs, notes))


def several(target, args, kwargs, notes):
    """Call a function on each (args, kwargs) of `calls`, then look at the results; an error in one is an error of all.

    `spoil` may hold a list of keys for each call: these arguments are overwritten before the results are looked at.
    The first `watched` calls are watched for libraries.
    """
    values, watched = [], kwargs.get("watched", WATCHED_DRAWS)
    for number, (one, named) in enumerate(kwargs["calls"]):
        with watching(notes.used if number < watched else None):
            values.append(target(*one, **named))
    notes.arguments = [["calls", "calls", _as_it_is(changeable(kwargs["calls"]))]]
    for keys, (one, named) in zip(kwargs.get("spoil", ()), kwargs["calls"], strict=False):
        for key in keys:
            spoil(one[key] if isinstance(key, int) else named[key])
    return [plain(value) for value in values]


def variable(target, args, kwargs, notes):
    """The answer to a question: a variable, or a function that returns it."""
    if target is ...:
        raise NotImplementedError
    return plain(call(target, (), {}, notes) if callable(target) else target)


def random_draws(target, args, kwargs, notes):
    """Call target(*args, rng) `times` times with one generator, then from the same seed, and from another one.

    Returns a dict: `draws` (list), `again` (what the same seed gives first), `other` (the first `FROM_ANOTHER` draws
    from another seed), `global_state` (True where NumPy's global random state was used instead of the generator).
    """
    seed, times = kwargs.pop("seed"), kwargs.pop("times")
    state = _global_state()
    rng = np.random.default_rng(seed)
    draws = [plain(call(target, (*args, rng), kwargs, notes))]  # refuses arguments that do not fit
    for number in range(1, times):
        with watching(notes.used if number < WATCHED_DRAWS else None):
            value = target(*args, rng, **kwargs)
        draws.append(plain(value))
    same, another = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    again = plain(call(target, (*args, same), kwargs, notes))
    other = [plain(target(*args, another, **kwargs)) for _ in range(FROM_ANOTHER)]
    return {"draws": draws, "again": again, "other": other, "global_state": state != _global_state()}


def _global_state():
    _, words, place, *_ = np.random.get_state()  # noqa: NPY002 - to notice answers that use it
    return words.tobytes(), place


def _with_torch(name):
    """A probe of the four modules that need PyTorch, which are loaded when first used: that takes seconds."""

    def probe(target, args, kwargs, notes):
        if not _of_torch:
            from . import batch_probes, model_probes, module_probes, network_probes

            _of_torch.update(module=module_probes.module, trained=module_probes.trained)
            _of_torch.update(with_model=model_probes.with_model, changed_network=network_probes.changed_network)
            _of_torch.update(with_batches=batch_probes.with_batches)
        return _of_torch[name](target, args, kwargs, notes, THIS)

    return probe


_of_torch, THIS = {}, sys.modules[__name__]
PROBES = {
    "function": function,
    "function_with_callable": function,
    "several": several,
    "variable": variable,
    "random_draws": random_draws,
    "module": _with_torch("module"),
    "trained": _with_torch("trained"),
    "with_model": _with_torch("with_model"),
    "changed_network": _with_torch("changed_network"),
    "with_batches": _with_torch("with_batches"),
}
