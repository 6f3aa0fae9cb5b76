"""Stand-ins, inside the sandbox, for libraries that notebooks import but answers do not need.

`cnncourse` itself is not there (it holds the reference), nor are plotting libraries. Importing them must not cost an
honest student anything, so that they become objects which accept whatever is done to them and do nothing.
"""

import importlib.abc
import importlib.machinery
import sys
import types

NAMES = frozenset("cnncourse matplotlib IPython ipywidgets tqdm skimage PIL pandas seaborn plotly anywidget".split())


class Anything:
    """Accepts calls, attributes, items and arithmetic, and gives itself back; empty where it is looped over."""

    def __call__(self, *args, **kwargs):
        is_decorated = len(args) == 1 and not kwargs and isinstance(args[0], (types.FunctionType, type))
        return args[0] if is_decorated else self

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self

    def _itself(self, *args):
        return self

    __getitem__ = __enter__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _itself
    __truediv__ = __rtruediv__ = __neg__ = __matmul__ = __or__ = __and__ = _itself

    def __exit__(self, *args):
        return False

    def __setitem__(self, key, value):
        pass

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 0

    def __bool__(self):
        return True

    def __float__(self):
        return 0.0

    def __repr__(self):
        return ""

    def __mro_entries__(self, bases):
        return ()


class Unchecked(Anything):
    """The report of a self-check: here nothing is checked, and the demonstrations that follow a passed one rest."""

    passed = False


class StandIn(types.ModuleType):
    """A module whose every attribute is `Anything`; `import *` brings nothing."""

    __all__ = ()
    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        if self.__name__.split(".")[0] == "tqdm" and name in ("tqdm", "trange", "auto", "notebook"):
            return {"tqdm": Progress, "trange": lambda *args, **kwargs: Progress(range(*args))}.get(name, self)
        return UNCHECKED if name == "check" else ANYTHING


class Progress:
    """tqdm without the bar: it must go on counting, or a loop over it would not run."""

    write = staticmethod(lambda *args, **kwargs: None)

    def __init__(self, iterable=(), *args, **kwargs):
        self.iterable = iterable

    def __iter__(self):
        return iter(self.iterable)

    def __len__(self):
        return len(self.iterable)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return False

    def __getattr__(self, name):
        return ANYTHING


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers imports of NAMES, and of everything below them, with stand-ins."""

    def find_spec(self, name, path=None, target=None):
        """Name a stand-in as the module to load, where it is one of ours."""
        if name.split(".")[0] in NAMES:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        """Make the stand-in."""
        return StandIn(spec.name)

    def exec_module(self, module):
        """Nothing to run."""


ANYTHING, UNCHECKED = Anything(), Unchecked()


def put_in_place():
    """Answer from now on; a real library of these names is never used."""
    sys.meta_path.insert(0, Finder())
