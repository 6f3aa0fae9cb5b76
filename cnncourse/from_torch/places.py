"""Where in the user's code is the trace now? Every refusal names that file and line."""

import contextlib
import inspect
import os
import sys

import torch
from torch import nn

OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep
TORCH = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep


class Refused(NotImplementedError):
    """Something that the translation cannot do as PyTorch does it."""


class NumberNeeded(Refused):
    """The code wants a Python number for a size; `namespace` are the names of the module it is written in."""

    def __init__(self, message, namespace):
        super().__init__(message)
        self.namespace = namespace


def is_users(frame):
    """Return whether a frame runs code that is neither PyTorch's nor part of this package."""
    name = frame.f_code.co_filename
    return not name.startswith((OWN, TORCH, "<frozen"))


def frames_of_now():
    """Return the frames from the innermost to the trace's start."""
    frame, frames = sys._getframe(1), []
    while frame is not None and frame.f_code.co_name != "_run_module":
        frames.append(frame)
        frame = frame.f_back
    return frames


def frames_of_error(error):
    """Return the frames that an exception passed through, from the innermost to the trace's start."""
    frames, step = [], error.__traceback__
    while step is not None:
        frames.append((step.tb_frame, step.tb_lineno))
        step = step.tb_next
    names = [frame.f_code.co_name for frame, _ in frames]
    start = len(names) - names[::-1].index("_run_module") if "_run_module" in names else 0
    return frames[start:][::-1]


def source_of(module, name):
    """Return "file, line n, in layer 'x'" for where a layer's class is written, as far as it is known."""
    where = [f"in layer {name!r}"] if name else []
    with contextlib.suppress(OSError, TypeError):
        file, (_, line) = inspect.getsourcefile(type(module)), inspect.getsourcelines(type(module))
        where = where if file.startswith(TORCH) else [f"{file}, line {line}", *where]
    return ", ".join(where) or "the module itself"


def describe(frames, names):
    """Return "file, line n (in layer 'x', a Conv2d)" for the innermost frame of the user's code.

    Parameters
    ----------
    frames : list of frames, or of (frame, line)
    names : dict
        From the id of a module to its name in the translated one.
    """
    frames = [frame if isinstance(frame, tuple) else (frame, frame.f_lineno) for frame in frames]
    line = next((f"{frame.f_code.co_filename}, line {n}" for frame, n in frames if is_users(frame)), None)
    layers = (frame.f_locals.get(frame.f_code.co_varnames[0]) for frame, _ in frames if frame.f_code.co_argcount)
    layer = next((one for one in layers if isinstance(one, nn.Module) and id(one) in names), None)
    where = None
    if layer is not None and names[id(layer)]:
        where = f"in layer {names[id(layer)]!r}, a {type(layer).__name__}"
    elif layer is not None and line is None:
        where = f"in {type(layer).__name__}"
    return ", ".join(part for part in (line, where) if part) or "in the module itself"
