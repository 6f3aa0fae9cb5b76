"""The switch between the plain functions of this package and faster ones of the same results.

A plain function is the definition. Another package may register a faster version of it; which of the two runs is
decided at each call. Nothing here knows who registers what.
"""

import functools

_fast = {}  # plain function → its faster version
_chosen = ["plain"]


def replaceable(plain):
    """Let `plain` be replaced by a version that is registered for it; `__wrapped__` is the plain function."""

    @functools.wraps(plain)
    def chosen(*args, **kwargs):
        function = _fast.get(plain, plain) if _chosen[0] == "fast" else plain
        return function(*args, **kwargs)

    return chosen


def register(plain, fast):
    """Let the function `fast` run in the place of `plain`, a replaceable one."""
    _fast[plain.__wrapped__] = fast


def register_all(fast_module, plain_module):
    """Register the functions of `fast_module` that a replaceable one of `plain_module` has the name of."""
    for name, plain in vars(plain_module).items():
        if hasattr(plain, "__wrapped__") and hasattr(fast_module, name):
            register(plain, getattr(fast_module, name))


def fast_functions():
    """Return the names of all functions that have a faster version."""
    return sorted(plain.__name__ for plain in _fast)


def chosen():
    """Return "plain" or "fast"."""
    return _chosen[0]


def choose(name):
    """Let all replaceable functions run as "plain" or "fast", in the whole process."""
    if name not in ("plain", "fast"):
        raise ValueError(f"name: expected 'plain' or 'fast', got {name!r}")
    _chosen[0] = name
