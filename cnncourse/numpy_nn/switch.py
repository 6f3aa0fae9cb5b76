"""Plain or fast: which version of the functions runs."""

from .functional import _switch


class use:
    """Let the functions run as "plain" (the definition) or "fast" (the same results, sooner).

    It holds for the whole process. Used with `with`, it puts back at the end what was chosen before.

    >>> with use("plain"):
    ...     chosen()
    'plain'
    """

    def __init__(self, name):
        self.before = _switch.chosen()
        _switch.choose(name)
        if name == "fast":
            from .fast import memory

            memory.keep_freed()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        _switch.choose(self.before)


def chosen():
    """Return "plain" or "fast"."""
    return _switch.chosen()
