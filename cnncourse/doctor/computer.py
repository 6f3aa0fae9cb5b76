"""Data, disk, the current folder, and programs that only teachers and contributors need."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from .finding import Finding, last_line

GIGABYTE = 1e9


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
