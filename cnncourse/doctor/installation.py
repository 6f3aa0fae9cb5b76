"""Python, the packages, PyTorch, BLAS and Jupyter's kernel: does what was installed work?"""

import os
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from .finding import COURSE_AGAIN, Finding, trial

PACKAGE = "cnncourse"
OLDEST_PYTHON = (3, 11)  # what pyproject.toml says; for folders that were never installed
REINSTALL = "`python -m pip install --force-reinstall torch torchvision`"
TOGETHER = (
    "torch and torchvision come from different releases or builds (one for the CPU, one for CUDA, say), so "
    "torchvision's compiled part does not load. Install both in one command, so that they are chosen "
    f"together: {REINSTALL}"
)

TORCH_TRIAL = """
import torch, torchvision
torchvision.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)
print(torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU, which the course does not need")
"""
BLAS_TRIAL = """
import numpy
from threadpoolctl import threadpool_info
for library in threadpool_info():
    if library["user_api"] == "blas":
        print(library["internal_api"], library["version"], library.get("architecture", ""))
"""
KERNEL_TRIAL = """
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(startup_timeout=60, kernel_name="python3")
try:
    show = lambda message: print(message["content"].get("text", ""), end="")
    client.execute_interactive("import sys; print(sys.prefix)", timeout=30, output_hook=show)
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
"""


def check_python() -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < OLDEST_PYTHON:
        oldest = ".".join(str(part) for part in OLDEST_PYTHON)
        cure = f"install Python {oldest} or newer (python.org, conda, or your system's packages), then {COURSE_AGAIN}"
        yield Finding("problem", "Python", f"{version}, too old: the course needs {oldest}", cure)
    else:
        yield Finding("ok", "Python", f"{version} in {sys.prefix}")


def check_packages() -> Iterator[Finding]:
    from packaging.requirements import Requirement

    try:
        listed = [Requirement(line) for line in metadata.requires(PACKAGE) or []]
    except metadata.PackageNotFoundError:
        yield Finding("problem", "packages", f"{PACKAGE} is not installed in this Python", COURSE_AGAIN)
        return
    needed = [item for item in listed if item.marker is None or item.marker.evaluate({"extra": ""})]
    fine = 0
    for item in needed:
        cure = f"`python -m pip install --upgrade '{item.name}{item.specifier}'`, or {COURSE_AGAIN}"
        try:
            version = metadata.version(item.name)
        except metadata.PackageNotFoundError:
            yield Finding("problem", item.name, "not installed", cure)
            continue
        if item.specifier.contains(version, prereleases=True):
            fine += 1
        else:
            yield Finding("problem", item.name, f"{version}, but the course needs {item.specifier}", cure)
    yield Finding("ok", "packages", f"{fine} of {len(needed)} are there and new enough")


def check_torch_versions() -> Iterator[Finding]:
    """Compare what torchvision's own metadata asks of torch with what is installed."""
    from packaging.requirements import Requirement

    try:
        torch, torchvision = metadata.version("torch"), metadata.version("torchvision")
    except metadata.PackageNotFoundError:
        return  # check_packages has said so
    for line in metadata.requires("torchvision") or []:
        wanted = Requirement(line)
        if wanted.name == "torch" and not wanted.specifier.contains(torch, prereleases=True):
            found = f"torchvision {torchvision} wants torch{wanted.specifier}, found torch {torch}"
            yield Finding("problem", "torch and torchvision", found, TOGETHER)


def check_torch() -> Iterator[Finding]:
    """Import both in a process of their own and run one compiled operator of torchvision."""
    output, error = trial(TORCH_TRIAL, seconds=180)
    if error is None:
        versions = f"torch {metadata.version('torch')}, torchvision {metadata.version('torchvision')}"
        yield Finding("ok", "torch and torchvision", f"{versions} work together; {output}")
    elif "torchvision::nms" in error:
        yield Finding("problem", "torch and torchvision", "operator torchvision::nms does not exist", TOGETHER)
    elif "No module named" in error:
        yield Finding("problem", "torch and torchvision", error, f"{REINSTALL}, or {COURSE_AGAIN}")
    else:
        cure = f"{REINSTALL}; if that does not help, delete the folder .venv and {COURSE_AGAIN}"
        yield Finding("problem", "torch and torchvision", f"cannot be used: {error}", cure)


def check_kind_of_torch() -> Iterator[Finding]:
    """Which of the two PyTorches `make lab` has taken, and why (see tools/which_torch.py)."""
    try:
        version = metadata.version("torch")
    except metadata.PackageNotFoundError:
        return  # check_packages has said so
    what = "kind of PyTorch"
    try:
        kind, _, reason = Path(sys.prefix, "torch.txt").read_text(encoding="utf-8").partition("\n")
    except OSError:
        kind, reason = ("cpu" if "+cpu" in version else "default"), ""
    because = f" ({reason.strip()})" if reason.strip() else ""
    if kind == "cpu":
        yield Finding("ok", what, f"the small one, only for the CPU{because}")
    elif sys.platform.startswith("linux") and "NVIDIA GPU, but" in reason:
        cure = "the small one saves 4 GB and computes the same: `make lab TORCH=cpu`, where its index can be reached"
        yield Finding("note", what, f"the ordinary one, with CUDA{because}", cure)
    else:
        yield Finding("ok", what, f"the ordinary one{because}")


def check_blas() -> Iterator[Finding]:
    """Which library computes NumPy's matrix products, and with which processor's kernels."""
    output, error = trial(BLAS_TRIAL, seconds=60)
    if error is not None:
        yield Finding("warning", "NumPy's matrix products", f"could not be asked: {error}", COURSE_AGAIN)
    elif os.environ.get("OPENBLAS_CORETYPE"):
        cure = "matrix products may be faster without this variable: `make bench` measures without it"
        yield Finding("note", "NumPy's matrix products", f"{output}, as OPENBLAS_CORETYPE asks", cure)
    else:
        yield Finding("ok", "NumPy's matrix products", output)


def check_kernel() -> Iterator[Finding]:
    """Start the kernel that the lessons name and ask it which Python it is."""
    own = f"`{sys.executable} -m ipykernel install --sys-prefix --name python3`"
    output, error = trial(KERNEL_TRIAL, seconds=120)
    if error is not None and "NoSuchKernel" in error:
        yield Finding("problem", "Jupyter kernel", "no kernel named python3", own)
    elif error is not None:
        yield Finding("problem", "Jupyter kernel", f"does not start: {error}", f"{own}, or {COURSE_AGAIN}")
    elif not output or not Path(output).exists() or not os.path.samefile(output, sys.prefix):
        cure = f"{own}; then the lessons run with the packages that were checked here"
        yield Finding("warning", "Jupyter kernel", f"runs another Python: {output or 'it did not say which'}", cure)
    else:
        yield Finding("ok", "Jupyter kernel", "python3 starts and runs this Python")
