"""The first cell of every notebook: make the run repeatable."""

from __future__ import annotations

import os
import random

THREADS = 2


def setup(seed: int = 0, threads: int = THREADS):
    """Seed every random generator, fix the number of threads, choose the fast NumPy functions, set how arrays print.

    Sums of floats depend on their order, and their order depends on the number of threads; with both
    fixed, a notebook prints the same numbers on every run.

    Parameters
    ----------
    seed
        Non-negative; seeds `random`, NumPy's global generator and PyTorch.
    threads
        At least 1; how many threads PyTorch uses for one operation.

    Returns
    -------
    numpy.random.Generator
        A generator seeded with `seed`, for code that takes an explicit one.

    Examples
    --------
    >>> rng = setup(seed=0)
    >>> rng.normal(size=(2, 3)).shape
    (2, 3)
    """
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed must be a non-negative int, got {seed!r}")
    if not isinstance(threads, int) or threads < 1:
        raise ValueError(f"threads must be an int of at least 1, got {threads!r}")
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))  # read when torch and BLAS are first loaded
    # Waiting threads sleep instead of spinning: three times as fast where other programs want the cores too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "10")  # the same for NumPy's: 2^10 ticks instead of 2^26
    import numpy as np
    import torch

    from cnncourse.bounds import shift_seeds

    shift_seeds()  # only in a margin run, which needs other random numbers
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - for code that still uses the global generator
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    np.set_printoptions(precision=3, suppress=True, linewidth=100)
    torch.set_printoptions(precision=3, sci_mode=False, linewidth=100)

    from cnncourse import numpy_nn
    from cnncourse.viz.style import use_style

    numpy_nn.use("fast")
    use_style()
    return np.random.default_rng(seed)


def versions() -> None:
    """Print what the course runs on: Python, the system, and the packages that its numbers depend on."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    print(f"{'Python':<14}{platform.python_version()} on {platform.system()} {platform.machine()}")
    for package in ("cnncourse", "numpy", "torch", "torchvision", "matplotlib", "jupyterlab"):
        try:
            found = version(package)
        except PackageNotFoundError:
            found = "not installed: run `cnncourse doctor`"
        print(f"{package:<14}{found}")
