"""Find a full data set on this computer, or download it into the cache.

Looked through in this order: the folder that the environment variable ``CNNCOURSE_DATA`` names, the
cache, Debian's package folder. What is found nowhere is downloaded through torchvision.
"""

import http.client
import os
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path

from .errors import DataError, DownloadError, MissingDataError
from .idx import read_idx
from .sources import FASHION_MNIST, MNIST, Source

VARIABLE = "CNNCOURSE_DATA"
TIMEOUT = 30.0  # seconds without a byte before a host counts as unreachable

SCRATCH = "unfinished-"


def cache_folder() -> Path:
    """Return the folder where downloads are kept (it may not exist yet)."""
    if sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "cnncourse"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "cnncourse"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cnncourse"


def candidate_folders(source: Source) -> list[Path]:
    """List the folders in which ``source`` may lie, the preferred one first.

    Raises
    ------
    MissingDataError
        ``CNNCOURSE_DATA`` is set and names no folder.
    """
    candidates = []
    named = os.environ.get(VARIABLE)
    if named:
        root = Path(named).expanduser()
        if not root.is_dir():
            raise MissingDataError(
                f"{VARIABLE} names {root}, which is not a folder.",
                f"correct the variable, or unset it to use the cache ({cache_folder()}).",
            )
        candidates += [root / folder for folder in source.folders]
        # MNIST and Fashion-MNIST use the same file names, so the folder itself may hold the other one.
        if not any(_holds(root, other) for other in (FASHION_MNIST, MNIST) if other is not source):
            candidates.append(root)
    candidates.append(cache_folder() / source.cache_name)
    if source.system_folder:
        candidates.append(source.system_folder)
    return candidates


def _holds(folder: Path, source: Source) -> bool:
    """Tell whether ``folder`` holds ``source`` by its smallest file, the test labels."""
    smallest = source.files["test"][1]
    path = file_in(folder, smallest.name)
    try:
        return path is not None and read_idx(path, smallest.md5) is not None
    except DataError:
        return False


def file_in(folder: Path, name: str) -> Path | None:
    """Return the path of ``name`` or ``name.gz`` in ``folder``, or None."""
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    return None


def find_folder(source: Source, download: bool = False) -> Path:
    """Return the first folder that holds a file of ``source``, downloading it if allowed.

    Raises
    ------
    MissingDataError
        It is nowhere and ``download`` is false, or ``CNNCOURSE_DATA`` names no folder.
    DownloadError
        The download failed; nothing is left behind.
    """
    candidates = candidate_folders(source)
    for folder in candidates:
        if any(file_in(folder, file.name) for file in source.all_files):
            return folder
    if download:
        return fetch(source)
    looked = ", ".join(str(folder) for folder in candidates)
    raise MissingDataError(
        f"The full {source.title} is not on this computer (looked in {looked}).", by_hand(source)
    )


def by_hand(source: Source) -> str:
    """Say how to get ``source`` where downloading is impossible."""
    names = ", ".join(f"{file.name}" for file in source.all_files)
    text = (
        f"put its files ({names}; gzipped is fine) into a folder named {source.cache_name!r} inside "
        f"any folder, and name that outer folder in the environment variable {VARIABLE}"
    )
    if source.system_folder:
        text += "; on Debian and Ubuntu, `sudo apt install dataset-fashion-mnist` is enough"
    return text + "."


def fetch(source: Source) -> Path:
    """Download ``source`` through torchvision into the cache and return its folder there.

    The download goes to a temporary folder beside its final place and is renamed when its checksums
    are right, so that an interrupted one leaves nothing behind. torchvision shows a progress bar.

    Raises
    ------
    DownloadError
        No network, no host has the right files, or the disk is full or read-only.
    """
    target = cache_folder() / source.cache_name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(target.parent)
        scratch = Path(tempfile.mkdtemp(dir=target.parent, prefix=SCRATCH))
    except OSError as error:
        raise DownloadError(
            f"The cache folder {target.parent} cannot be written: {error.strerror or error}.",
            "make room or correct its permissions, or set XDG_CACHE_HOME to another folder.",
        ) from None
    patience = socket.getdefaulttimeout()
    try:
        socket.setdefaulttimeout(TIMEOUT)
        print(f"Downloading {source.title} ({source.megabytes} MB) into {target} …", file=sys.stderr)
        _torchvision_class(source)(root=str(scratch), download=True)
        fresh = scratch / source.downloaded
        _keep_only_needed(fresh, source)
        try:
            os.rename(fresh, target)
        except OSError:
            # Another process was faster: its copy has passed the same checks.
            if not target.is_dir():
                raise
    except DataError:
        raise
    except (OSError, RuntimeError, EOFError, ValueError, http.client.HTTPException) as error:
        raise DownloadError(
            f"{source.title} could not be downloaded: {error}",
            f"check the network and the free disk space and try again, or {by_hand(source)}",
        ) from None  # the message holds its cause; the long trace through torchvision would not help
    finally:
        socket.setdefaulttimeout(patience)
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def _remove_abandoned(folder: Path) -> None:
    # A killed process cannot tidy up; a download that is a day old has no process any more.
    for path in folder.glob(f"{SCRATCH}*"):
        if time.time() - path.stat().st_mtime > 86_400:
            shutil.rmtree(path, ignore_errors=True)


def _torchvision_class(source: Source):
    try:
        import torchvision
    except Exception as error:  # a torchvision that does not fit torch raises RuntimeError on import
        raise DownloadError(
            f"torchvision, which does the downloading, cannot be imported: {error}",
            "run `cnncourse doctor`, which tells how to fix it.",
        ) from error
    return getattr(torchvision.datasets, source.torchvision)


def _keep_only_needed(folder: Path, source: Source) -> None:
    # torchvision leaves each file packed and unpacked; the packed one is enough.
    wanted = {file_in(folder, file.name) for file in source.all_files}
    for path in folder.iterdir():
        if path not in wanted:
            path.unlink()
