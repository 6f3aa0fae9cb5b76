"""Computations with shapes, sizes and dtypes, done at the call."""

import math
import operator

import numpy as np


def expect_length(values, wanted):
    """Refuse another number of entries than the module's code unpacks."""
    if len(values) != wanted:
        raise ValueError(f"arrays: the module unpacks {wanted} entries, got {len(values)}")


def check_rank(input, check):
    """Let a layer of PyTorch's refuse a number of axes in its own words."""
    check(input.ndim)


def check(condition, message):
    """Hold what the module's own code asserts."""
    if not condition:
        raise ValueError(f"arrays: the module itself refuses them: {message}")


FUNCTIONS = {
    "shape": lambda input: tuple(input.shape), "ndim": lambda input: input.ndim, "dtype": lambda input: input.dtype,
    "numel": lambda shape: math.prod(shape), "is_float": lambda dtype: dtype.kind == "f",
    "ceil": math.ceil, "floor": math.floor, "trunc": math.trunc, "round": round, "prod": math.prod,
    "int": int,
    "float": float,
    "max": max, "min": min, "length": lambda values: values.shape[0] if isinstance(values, np.ndarray) else len(values),
    "expect": expect_length, "assert": check,
}  # fmt: skip
LIMITS = {name: lambda dtype, name=name: float(getattr(np.finfo(dtype), name))
          for name in ("min", "max", "eps", "tiny", "smallest_normal")}  # fmt: skip
COMPARISONS = (
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
    operator.eq,
    operator.ne,
    bool,
    FUNCTIONS["is_float"],
)
MATH = tuple(
    getattr(math, name) for name in ("sqrt", "log", "log2", "log10", "log1p", "exp", "pow", "hypot", "sin", "cos")
)
WHOLE = (int, math.ceil, math.floor, math.trunc, math.gcd, math.isqrt, FUNCTIONS["numel"], FUNCTIONS["length"])


def kind_of(function, args):
    """Return the kind of number that a computation gives."""
    kinds = [getattr(one, "kind", type(one).__name__) for one in args]
    if function in COMPARISONS:
        return "bool"
    if function is operator.getitem:
        return "size" if isinstance(args[1], slice) else "int"
    if function in WHOLE or (function is round and len(args) == 1):
        return "int"
    if "size" in kinds or "tuple" in kinds or "list" in kinds:
        return "size"
    if function in (operator.truediv, float, *MATH, *LIMITS.values()) or isinstance(function, np.ufunc):
        return "float"
    if function in (operator.and_, operator.or_, operator.xor) and set(kinds) == {"bool"}:
        return "bool"
    return "float" if "float" in kinds or "float64" in kinds else "int"
