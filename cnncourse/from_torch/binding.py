"""Which argument is which? PyTorch's own signatures and schemas tell, for every spelling that it accepts."""

import inspect

import numpy as np
import torch

# The names that PyTorch's parser takes from users of NumPy (python_arg_parser.cpp).
ALIASES = {"dim": ("axis",), "keepdim": ("keepdims",), "input": ("self", "tensor", "x", "a", "x1"), "other": ("x2",)}
# Names that differ between two spellings of one function.
RENAMED = {"split_size_or_sections": "split_size", "split_sizes": "split_size", "sections": "indices_or_sections",
           "indices": "indices_or_sections"}  # fmt: skip
# Arguments without influence on values here.
IGNORED = {"_stacklevel", "device", "layout", "pin_memory", "requires_grad", "memory_format", "non_blocking",
           "copy", "cudnn_enabled", "benchmark", "deterministic", "allow_tf32"}  # fmt: skip


class Unbound(Exception):
    """The arguments fit none of the function's forms."""


def bind(function, name, args, kwargs):
    """Return a dict from PyTorch's argument names (the first one of a tensor is `input`) to the given values.

    Raises
    ------
    Unbound
        PyTorch has no form of this function that takes such arguments.
    """
    problems = []
    for form in _forms(function, name):
        try:
            return _fit(form, args, dict(kwargs))
        except Unbound as problem:
            problems.append(str(problem))
    raise Unbound(problems[0] if problems else "no description of its arguments")


def _forms(function, name):
    """Yield lists of (name, type or None, by position, required) for every form that the function has."""
    if inspect.isfunction(function):
        for one in (function, getattr(torch.nn.functional, "_" + name, None)):  # two, if `return_indices` chooses
            parameters = _parameters(one)
            if parameters:
                yield [
                    (_own_name(p.name, k, name), None, p.kind != p.KEYWORD_ONLY, p.default is p.empty)
                    for k, p in enumerate(parameters)
                ]
                return
    name = "unfold" if name == "unfold_axis" else name
    for schema in torch._C._jit_get_schemas_for_operator(f"aten::{name}"):
        if not any("Dimname" in str(argument.type) for argument in schema.arguments):
            yield [
                (_own_name(a.name, k, name), str(a.type), not a.kwarg_only, not a.has_default_value())
                for k, a in enumerate(schema.arguments)
            ]


def _parameters(function):
    """Return the parameters of a Python function; None where they are not told one by one."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    return None if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters) else parameters


def _own_name(name, position, function):
    if name == "indices" and function != "tensor_split":
        return name
    if name == "self" or (position == 0 and name == "tensor"):
        return "input"
    return RENAMED.get(name, name)


def _fit(form, args, kwargs):
    """Return the arguments by name, or raise Unbound."""
    bound = {}
    positional = [(name, kind) for name, kind, by_position, _ in form if by_position]
    before = sum(name == "input" for name, _ in positional)
    if _takes_a_spread_list(positional[before:]) and len(args) > before and not _is_list(args[before]):
        args = (*args[:before], tuple(args[before:]))  # view(2, -1) is view((2, -1))
    if len(args) > len(positional):
        raise Unbound(f"it takes {len(positional)} arguments, got {len(args)}")
    for (name, kind), value in zip(positional, args, strict=False):
        _check_kind(name, kind, value)
        bound[name] = value
    for name, kind, _, required in form:
        if name in bound:
            continue
        spellings = [one for one in (name, *ALIASES.get(name, ()), *_other_names(name)) if one in kwargs]
        if spellings:
            value = kwargs.pop(spellings[0])
            _check_kind(name, kind, value)
            bound[name] = value
        elif required:
            raise Unbound(f"its argument {name} is missing")
    if kwargs:
        raise Unbound(f"it has no argument {', '.join(kwargs)}")
    return {name: value for name, value in bound.items() if name not in IGNORED}


def _other_names(name):
    return [old for old, new in RENAMED.items() if new == name]


def _takes_a_spread_list(parameters):
    """Return whether the only argument is a list, which may then be given as single numbers."""
    return len(parameters) == 1 and parameters[0][1] == "List[int]"


def _is_list(value):
    return isinstance(value, (tuple, list)) or getattr(value, "kind", None) == "size"


def _check_kind(name, kind, value):
    """Refuse what cannot be of the type that a schema names."""
    if kind is None or value is None:
        return
    inner = kind.removeprefix("Optional[").rstrip("]") if kind.startswith("Optional[") else kind
    symbolic = getattr(value, "kind", None)  # of a number that is known at the call
    tensor = isinstance(value, (torch.Tensor, np.ndarray))
    sequence = isinstance(value, (tuple, list)) or symbolic in ("size", "several")
    if inner == "Tensor":
        fits = tensor
    elif inner.startswith("List[Tensor"):
        fits = sequence and not isinstance(value, torch.Size)
    elif inner.startswith("List["):
        fits = sequence or isinstance(value, int) or symbolic == "int"
    elif inner == "int":
        fits = (isinstance(value, (int, torch.dtype)) and not isinstance(value, bool)) or symbolic in ("int", "dtype")
        fits = fits or isinstance(value, (torch.layout, torch.memory_format))
    elif inner in ("number", "float"):
        fits = isinstance(value, (bool, int, float, np.generic)) or symbolic in ("int", "float", "bool")
    elif inner == "bool":
        fits = isinstance(value, bool) or symbolic == "bool"
    elif inner == "str":
        fits = isinstance(value, str)
    elif inner == "Device":
        fits = isinstance(value, (str, torch.device))
    else:
        fits = inner not in ("t", "complex", "Any")
    if not fits:
        raise Unbound(f"its argument {name} cannot be {value!r}")
