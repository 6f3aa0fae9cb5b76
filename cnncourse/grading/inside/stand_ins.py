"""Stand-ins, inside the sandbox, for libraries that notebooks import and draw with, but that answers do not need.

`cnncourse` itself is not there (it holds the reference), nor are plotting libraries. Importing them must not cost an
honest student anything. So they accept whatever is done to them and do nothing; but they make up no value: code that
wants a number, a length or something to loop over is told that there is none (`NotHere`). Libraries that compute
(pandas, Pillow, scikit-image) have no stand-in: importing them fails, as it does wherever they are not installed.
`tqdm` has one that counts like the original, in `stand_in_tqdm`. Libraries of type hints are accepted.
"""

import importlib.abc
import importlib.machinery
import random
import sys
import types
import typing

import numpy as np

from . import stand_in_tqdm

DRAWING = frozenset("cnncourse matplotlib mpl_toolkits IPython ipywidgets seaborn plotly anywidget".split())
HINTS = frozenset("jaxtyping beartype typeguard torchtyping nptyping".split())
REAL_WHERE_THERE = frozenset(("typing_extensions",))


class NotHere(RuntimeError):
    """A value was wanted of a library that is not there."""

    def __init__(self, library):
        super().__init__(f"{library} is not installed where answers are graded: no value can come from it")
        self.library = library


class Anything:
    """Accepts calls, attributes and items, and gives itself back; it stands for no value."""

    def __init__(self, library):
        self.__dict__["library"] = library

    def __call__(self, *args, **kwargs):
        is_decorated = len(args) == 1 and not kwargs and isinstance(args[0], (types.FunctionType, type))
        return args[0] if is_decorated else self

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return FUNCTIONS.get(name, self)

    def __setattr__(self, name, value):
        pass

    def _itself(self, *args):
        return self

    __getitem__ = __enter__ = __or__ = __ror__ = _itself  # X | None is a type hint

    def __exit__(self, *args):
        return False

    def __setitem__(self, key, value):
        pass

    def _no_value(self, *args, **kwargs):
        raise NotHere(self.library)

    __iter__ = __len__ = __float__ = __int__ = __index__ = __complex__ = __array__ = __contains__ = _no_value
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _no_value
    __matmul__ = __rmatmul__ = __pow__ = __rpow__ = __neg__ = __lt__ = __le__ = __gt__ = __ge__ = _no_value
    __array_ufunc__ = None

    def __bool__(self):
        return True

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
        library = self.__name__.split(".")[0]
        if library in REAL_WHERE_THERE and hasattr(typing, name):
            return getattr(typing, name)
        if f"{self.__name__}.{name}" in MODULES:
            return importlib.import_module(f"{self.__name__}.{name}")
        return {**FUNCTIONS, **MODULES.get(self.__name__, {})}.get(name) or Anything(library)


def axes(nrows=1, ncols=1, *, squeeze=True, **kwargs):
    """Axes in an array, as `figure.subplots` gives them."""
    made = np.empty((nrows, ncols), object)
    made.fill(ANYTHING)
    made = made.squeeze() if squeeze else made
    return made if made.ndim else made.item()


def subplots(*args, **kwargs):
    """A figure and its axes, as `pyplot.subplots` gives them."""
    return ANYTHING, axes(*args, **kwargs)


def display(*objects, **options):
    """Show nothing."""


def setup(seed=0, *args, **kwargs):
    """`cnncourse.setup`: start the random numbers from a seed."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - what notebooks draw from
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
    return np.random.default_rng(seed)


ANYTHING, UNCHECKED = Anything("matplotlib"), Unchecked("cnncourse")
FUNCTIONS = {
    "check": UNCHECKED,
    "plot": lambda *args, **kwargs: [ANYTHING],  # `line, = plt.plot(x, y)`
    "show": display,
    "subplots": axes,
}
MODULES = {
    "cnncourse": {"setup": setup},
    "matplotlib.pyplot": {"subplots": subplots},
    "IPython.display": {"display": display, "clear_output": display},
}


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers imports of these names, and of everything below them, with stand-ins."""

    def find_spec(self, name, path=None, target=None):
        """Name a stand-in as the module to load, where it is one of ours."""
        library = name.split(".")[0]
        wanted = library in REAL_WHERE_THERE and not _is_installed(name, path)
        if wanted or library in DRAWING | HINTS or name in stand_in_tqdm.MODULES:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        """Make the stand-in."""
        if spec.name.split(".")[0] == "tqdm":
            return stand_in_tqdm.module(spec.name)
        return StandIn(spec.name)

    def exec_module(self, module):
        """Nothing to run."""


def _is_installed(name, path):
    return importlib.machinery.PathFinder.find_spec(name, path) is not None


def put_in_place():
    """Answer from now on; a real library of these names is never used."""
    sys.meta_path.insert(0, Finder())
