"""State dicts: the parameters and buffers of a network under the names that its PyTorch twin gives them."""

import numpy as np

from .modules.parameter import Parameter


def entries(module):
    """Yield (path, owner, attribute) of all state, in PyTorch's order: parameters, buffers, children."""
    for path, owner in module.named_modules():
        parameters = [name for name, value in vars(owner).items() if isinstance(value, Parameter)]
        buffers = [name for name in owner.buffer_names if getattr(owner, name) is not None]
        for name in parameters + buffers:
            yield (f"{path}.{name}" if path else name), owner, name


def state_dict(module):
    """Return copies of all parameters and buffers as {path: array}, with the PyTorch twin's keys."""
    state = {}
    for path, owner, name in entries(module):
        value = getattr(owner, name)
        state[path] = np.array(value.data if isinstance(value, Parameter) else value)
    return state


def load_state_dict(module, state, strict=True):
    """Copy the arrays of `state` into the parameters and buffers of the same paths.

    Parameters
    ----------
    state : mapping from path to array
        NumPy arrays, or anything that `np.asarray` takes, such as CPU tensors.
    strict : bool
        Refuse missing and unexpected paths instead of passing over them.

    Raises
    ------
    ValueError
        Paths or shapes that do not fit, all of them named. Nothing has been loaded then.
    """
    slots = {path: (owner, name) for path, owner, name in entries(module)}
    problems = []
    if strict:
        problems += [f"missing {path}" for path in slots if path not in state]
        problems += [f"unexpected {path}" for path in state if path not in slots]
    arrays = {path: np.asarray(state[path]) for path in slots if path in state}
    for path, array in arrays.items():
        shape = getattr(*slots[path]).shape
        if array.shape != shape:
            problems.append(f"{path}: expected shape {shape}, got {array.shape}")
    if problems:
        raise ValueError(f"state: {len(problems)} entries do not fit {type(module).__name__}: " + "; ".join(problems))
    for path, array in arrays.items():
        owner, name = slots[path]
        value = getattr(owner, name)
        if isinstance(value, Parameter):
            value.data = array.astype(value.dtype)
        else:
            setattr(owner, name, array.astype(value.dtype))
