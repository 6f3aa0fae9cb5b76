"""What a module does besides computing: random numbers, changed weights, remembered values. All of it is refused."""

import contextlib
import random
import sys

import numpy as np
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from .places import Refused, is_users


class Watch(TorchDispatchMode):
    """Refuses what PyTorch computes itself during the trace, if it is random or changes the module's tensors."""

    def __init__(self, recorder):
        super().__init__()
        self.recorder = recorder

    @classmethod
    def _should_skip_dynamo(cls):
        return False  # the other answer makes PyTorch load its compiler, which takes ten seconds

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded in function.tags:
            name = function.overloadpacket.__name__
            self.recorder.refuse(f"draws random numbers by {name} in evaluation mode, too")
        for value, argument in zip(args, function._schema.arguments, strict=False):
            written = argument.alias_info is not None and argument.alias_info.is_write
            if written and isinstance(value, torch.Tensor) and self._is_owned(value):
                self.recorder.refuse("changes a parameter or a buffer in its forward")
        return function(*args, **kwargs)

    def _is_owned(self, tensor):
        return bool(tensor.numel()) and tensor.untyped_storage().data_ptr() in self.recorder.owned


@contextlib.contextmanager
def state_kept(module, recorder):
    """Put the module's attributes back as they were; refuse a forward that reads what an earlier one has left."""
    parts = list(module.modules())
    tables = ("_parameters", "_buffers", "_modules")
    before = [(part, dict(part.__dict__), [dict(part.__dict__[name]) for name in tables]) for part in parts]
    lists = [(part, name, value, value.copy()) for part, attributes, _ in before for name, value in attributes.items()
             if type(value) in (list, dict, set) and name not in tables]  # fmt: skip
    own = {id(part) for part in parts}
    read = set()
    get, put = nn.Module.__dict__.get("__getattribute__"), nn.Module.__setattr__

    def reading(self, name):
        if not name.startswith("__") and name not in tables:
            read.add((id(self), name))
        return object.__getattribute__(self, name)

    def writing(self, name, value):
        if id(self) in own and (id(self), name) in read:
            recorder.refuse(
                f"sets the attribute {name!r}, which it has read before: its result depends on earlier calls"
            )
        if id(self) in own and name in self._buffers:
            recorder.refuse(f"sets the buffer {name!r} in its forward")
        put(self, name, value)

    try:
        nn.Module.__setattr__ = writing
        nn.Module.__getattribute__ = reading
        yield
        for part, name, value, copy in lists:
            if name in part.__dict__ and part.__dict__[name] is value and not _same(value, copy):
                recorder.refuse(
                    f"changes the {type(value).__name__} {name!r} of a {type(part).__name__} in its forward"
                )
    finally:
        nn.Module.__setattr__ = put
        if get is None:
            del nn.Module.__getattribute__
        else:
            nn.Module.__getattribute__ = get
        for _, _, value, copy in lists:
            if not _same(value, copy):
                _restore(value, copy)
        for part, attributes, contents in before:
            part.__dict__.clear()
            part.__dict__.update(attributes)
            for name, content in zip(tables, contents, strict=True):
                part.__dict__[name].clear()
                part.__dict__[name].update(content)


def _same(value, copy):
    if len(value) != len(copy):
        return False
    if isinstance(value, dict):
        return all(key in copy and copy[key] is one for key, one in value.items())
    return value == copy if isinstance(value, set) else all(a is b for a, b in zip(value, copy, strict=True))


def _restore(value, copy):
    value.clear()
    if isinstance(value, list):
        value.extend(copy)
    else:
        value.update(copy)


def random_state():
    """Return the states of Python's and NumPy's shared generators."""
    kind, keys, position, *_ = np.random.get_state()  # noqa: NPY002
    return random.getstate(), (kind, keys.tobytes(), position)


def set_random_state(state):
    """Put both generators back."""
    kind, keys, position = state[1]
    random.setstate(state[0])
    np.random.set_state((kind, np.frombuffer(keys, np.uint32), position))  # noqa: NPY002


def refuse_line_that_draws(run, recorder):
    """Run a module that draws from Python's or NumPy's shared generators again; refuse at the line that does it."""
    state, last = random_state(), [None]

    def follow(frame, event, argument):
        if not is_users(frame):
            return None
        if random_state() != state:
            sys.settrace(None)
            file, line = last[0] or (frame.f_code.co_filename, frame.f_lineno)
            raise Refused(f"it draws random numbers in evaluation mode, too ({file}, line {line})")
        last[0] = frame.f_code.co_filename, frame.f_lineno
        return follow

    old = sys.gettrace()
    sys.settrace(follow)
    try:
        run()
    finally:
        sys.settrace(old)
        set_random_state(state)
    recorder.refuse("draws random numbers in evaluation mode, too")
