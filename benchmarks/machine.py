"""What a benchmark runs on: the processor, the kernels of both libraries, and what their matrix products reach."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from benchmarks.measure import MEDIAN, side_by_side

SIDE = 1024  # of the square matrices


def describe():
    """Return one line: processor, cores, versions, the kernels that both libraries have chosen, the computer's load."""
    return (
        f"{processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, "
        f"NumPy {version('numpy')} ({numpy_kernels()}), PyTorch {version('torch')} ({torch_kernels()}); "
        f"load {load():.1f} when it started"
    )


def numpy_kernels():
    """Return NumPy's BLAS and the processor it has chosen its kernels for."""
    import numpy  # noqa: F401 - loads the BLAS that is asked about
    from threadpoolctl import threadpool_info

    blas = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return ", ".join(f"{library['internal_api']} for {library['architecture']}" for library in blas[:1])


def torch_kernels():
    """Return the instructions that PyTorch's own loops use, and the libraries that compute its products."""
    import torch

    libraries = {"oneDNN": torch.backends.mkldnn.is_available(), "MKL": torch.backends.mkl.is_available()}
    return ", ".join([torch.backends.cpu.get_cpu_capability(), *(name for name, there in libraries.items() if there)])


def products(threads, budget=0.3):
    """Return one line: how many Gflop/s a product of square matrices reaches in each library."""
    import numpy as np
    import torch

    torch.set_num_threads(threads)
    a, out = np.ones((SIDE, SIDE), np.float32), np.empty((SIDE, SIDE), np.float32)
    A, Out = torch.from_numpy(a), torch.empty(SIDE, SIDE)
    contenders = {"NumPy": lambda: np.matmul(a, a, out=out), "PyTorch": lambda: torch.matmul(A, A, out=Out)}
    took = side_by_side(contenders, budget)
    speeds = ", ".join(f"{name} {2 * SIDE**3 / times[MEDIAN] / 1e9:.0f}" for name, times in took.items())
    noun = "thread" if threads == 1 else "threads"
    return f"A product of {SIDE}×{SIDE} matrices reaches, in Gflop/s on {threads} {noun}: {speeds}"


def load():
    """Return how many processes want to run, a mean over the last minute; not a number where nobody counts."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def processor():
    """Return the processor's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
