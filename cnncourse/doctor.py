"""``cnncourse doctor``: look over Python, packages, data, disk and Jupyter, and tell how to fix what is wrong.

Nothing here may fail on a broken installation, so every import of another package is inside a check, and
what could crash (PyTorch, a kernel) runs in a process of its own.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

PACKAGE = "cnncourse"
OLDEST_PYTHON = (3, 11)  # what pyproject.toml says; for folders that were never installed
STATES = {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "bold red"}
GIGABYTE = 1e9
COURSE_AGAIN = "run `make lab` again (on Windows `py make.py lab`), or `pip install -e .` in the course's folder"
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


@dataclass(frozen=True)
class Finding:
    """What a check found: ``state`` is one of ``STATES``; ``cure`` says what to do, where there is something."""

    state: str
    what: str
    found: str
    cure: str = ""


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


def check_data() -> Iterator[Finding]:
    from cnncourse.data import DataError, fashion_mnist, photographs

    try:
        images = sum(len(fashion_mnist(split)[0]) for split in ("train", "test"))
        pictures = len(photographs())
        found = f"{images:,} Fashion-MNIST images with the right checksum, {pictures} photographs"
        yield Finding("ok", "data that comes along", found)
    except DataError as error:
        yield Finding("problem", "data that comes along", error.problem, error.cure)


def check_full_sets() -> Iterator[Finding]:
    from cnncourse.data import DataError, MissingDataError, cifar10, fashion_mnist, mnist
    from cnncourse.data.sources import CIFAR10, FASHION_MNIST, MNIST
    from cnncourse.data.storage import VARIABLE, candidate_folders, find_folder

    try:
        candidate_folders(MNIST)
    except MissingDataError as error:
        yield Finding("problem", VARIABLE, error.problem, error.cure)
        return
    for source, load in ((FASHION_MNIST, fashion_mnist), (MNIST, mnist), (CIFAR10, cifar10)):
        what = f"full {source.title}"
        try:
            folder = find_folder(source)
        except MissingDataError:
            found = f"not on this computer, and few experiments use it; it is downloaded then ({source.megabytes} MB)"
            yield Finding("note", what, found)
            continue
        try:
            count = sum(len(load(split, full=True, download=False)[0]) for split in ("train", "test"))
            yield Finding("ok", what, f"{count:,} images in {folder}, checksums right")
        except DataError as error:
            yield Finding("problem", what, error.problem, error.cure)


def check_disk() -> Iterator[Finding]:
    from cnncourse.data.storage import cache_folder

    for what, folder in (("this folder", Path.cwd()), ("the data's cache", cache_folder())):
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free / GIGABYTE
        state = "ok" if free >= 3 else "warning" if free >= 0.5 else "problem"
        cure = "" if state == "ok" else "free some space: notebooks and checkpoints want 1 GB, the full data sets 1 GB"
        yield Finding(state, f"disk of {what}", f"{free:.1f} GB free at {folder}", cure)


def hiding_files(folder: Path) -> list[str]:
    """Files of a folder that hide a library from the notebooks in it, such as random.py."""
    libraries = sys.stdlib_module_names | set(metadata.packages_distributions())
    return sorted(path.name for path in folder.glob("*.py") if path.stem in libraries)


def check_folder() -> Iterator[Finding]:
    """In Jupyter a notebook imports from its own folder first."""
    if found := hiding_files(Path.cwd()):
        hidden = f"{', '.join(found)} hide the libraries of the same name from notebooks in {Path.cwd()}"
        yield Finding("problem", "files in this folder", hidden, "rename them")


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


def check_for_teachers_and_contributors() -> Iterator[Finding]:
    """What only grading and the project's own tests need."""
    try:
        yield Finding("ok", "nbgrader (for teachers)", f"{metadata.version('nbgrader')} is installed")
    except metadata.PackageNotFoundError:
        yield Finding("note", "nbgrader (for teachers)", "not installed", "to use it: `pip install -e '.[classroom]'`")
    what = "bubblewrap (for grading)"
    if not sys.platform.startswith("linux"):
        yield Finding("note", what, f"not on {sys.platform}", "to grade other people's work, use Linux or a container")
    elif shutil.which("bwrap") is None:
        yield Finding("note", what, "not installed", "to grade other people's work: `sudo apt install bubblewrap`")
    else:
        command = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "true"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
        cure = "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1), or grade in a virtual machine"
        if done.returncode == 0:
            yield Finding("ok", what, "works")
        else:
            yield Finding("warning", what, f"cannot isolate here: {last_line(done.stderr)}", cure)
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    cure = "" if browser else "to run the browser tests: `sudo apt install chromium`"
    yield Finding("ok" if browser else "note", "chromium (for contributors)", browser or "not installed", cure)


# What a learner needs comes first, in the order in which one would repair it. The slow ones start PyTorch or a kernel.
CHECKS = (
    check_python,
    check_packages,
    check_torch_versions,
    check_torch,
    check_folder,
    check_kernel,
    check_data,
    check_disk,
    check_kind_of_torch,  # from here on, what works as it is and could be better
    check_full_sets,
    check_blas,
    check_for_teachers_and_contributors,
)
SLOW = (check_torch, check_blas, check_kernel)


def trial(code: str, seconds: float) -> tuple[str, str | None]:
    """Run ``code`` in a new Python; return what it printed, and what went wrong or None."""
    try:
        done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return "", f"no answer within {seconds:.0f} seconds"
    except OSError as error:
        return "", f"Python itself cannot be started: {error}"
    if done.returncode == 0:
        return done.stdout.strip(), None
    if done.returncode < 0:
        return "", f"it crashed (signal {-done.returncode}) {last_line(done.stderr)}".strip()
    return "", last_line(done.stderr) or f"exit status {done.returncode}"


def last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""


def examine(checks: Iterable[Callable]) -> list[Finding]:
    """Run the checks; one that fails itself becomes a finding, never a traceback."""
    findings = []
    for check in checks:
        try:
            findings += check()
        except Exception as error:
            name = check.__name__.removeprefix("check_").replace("_", " ")
            found = f"could not be checked: {type(error).__name__}: {error}"
            findings.append(Finding("problem", name, found, f"first fix what stands above, or {COURSE_AGAIN}"))
    return findings


def show(findings: list[Finding]) -> None:
    """Print the findings as a table, or as plain lines where rich is missing."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal without these letters shows "?" instead of failing
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except Exception:
        for finding in findings:
            print(f"{finding.state:8} {finding.what}: {finding.found}")
            if finding.cure:
                print(f"         What to do: {finding.cure}")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")  # a path is broken into lines, not cut
    for finding in findings:
        found = Text(finding.found)
        if finding.cure:
            found.append(f"\nWhat to do: {finding.cure}", style="bold")
        table.add_row(Text(finding.state, style=STATES[finding.state]), Text(finding.what), found)
    Console().print(table)


def main(argv: list[str] | None = None) -> int:
    """Examine, print, and return 1 if there is a problem, else 0."""
    parser = argparse.ArgumentParser(prog="cnncourse doctor", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="do not start PyTorch or a kernel (half a minute less)")
    arguments = parser.parse_args(argv)
    findings = examine([check for check in CHECKS if not (arguments.quick and check in SLOW)])
    show(findings)
    problems = sum(finding.state == "problem" for finding in findings)
    if problems:
        print(f"{problems} problem{'s' * (problems > 1)} found; fix them from the top down.")
    else:
        print("Everything that the course needs is in order.")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
