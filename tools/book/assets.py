"""Fetch what the book needs from other projects into the cache, by version and SHA-256: MathJax, Pyodide, NumPy, axe.

Each file is looked for in the cache first, then in the package registries through npm and pip, and NumPy's wheel last
at its publisher. Without a network and with an empty cache one gets fewer files, never wrong ones.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import urllib.request
import zipfile
from pathlib import Path

from cnncourse.data.storage import cache_folder

LIST = tomllib.loads((Path(__file__).parent / "assets.toml").read_text(encoding="utf-8"))
BARE_IMPORT = re.compile(r"""from ['"]((?:@[\w-]+/)?[\w-]+)['"]""")
SECONDS = 300  # for one download
CURE = (
    "The book needs MathJax for its formulas, and it is not in the cache ({folder}).\n"
    "Install npm (Debian: apt install npm), then run with a network: python -m tools.book --fetch"
)


class MissingAssetsError(Exception):
    """What the book cannot be built without is not there; the text says what to do."""


def folder() -> Path:
    """Return where the fetched files are kept, by package and version."""
    return cache_folder() / "book"


def path(entry: dict, name: str) -> Path:
    """Return where a file of an entry of the list belongs in the cache."""
    return folder() / f"{entry['folder']}-{entry['package'].replace('/', '-')}-{entry['version']}" / name


def entries(group: str) -> list[dict]:
    """Return the entries of one group: "formulas", "practice" or "audit"."""
    return [entry for entry in LIST["npm"] if entry["group"] == group]


def complete(group: str) -> bool:
    """Whether all files of a group are in the cache."""
    found = all(path(entry, name).is_file() for entry in entries(group) for name in entry["files"].values())
    return found and (group != "practice" or numpy_wheel().is_file())


def numpy_wheel() -> Path:
    """Return where NumPy's wheel for the browser belongs in the cache."""
    return folder() / "numpy" / LIST["numpy"]["file"]


def fetch(say=print) -> None:
    """Fetch what is missing. What cannot be had is said and left out."""
    for group in ("formulas", "practice", "audit"):
        missing = [e for e in entries(group) if not all(path(e, name).is_file() for name in e["files"].values())]
        if missing:
            _try(", ".join(f"{entry['package']} {entry['version']}" for entry in missing), _from_npm, missing, say=say)
    if not numpy_wheel().is_file():
        done = _try("NumPy for the browser, from its package", _numpy_from_wheel, say=say)
        done or _try("NumPy for the browser, from its publisher", _numpy_from_publisher, say=say)


def copy(group: str, target: Path) -> None:
    """Copy the files of a group into `target`, each into its entry's folder.

    Raises
    ------
    MissingAssetsError
        If they are not all in the cache.
    """
    if not complete(group):
        raise MissingAssetsError(CURE.format(folder=folder()))
    for entry in entries(group):
        (target / entry["folder"]).mkdir(parents=True, exist_ok=True)
        for name in entry["files"].values():
            shutil.copyfile(path(entry, name), target / entry["folder"] / name)
            if entry["folder"] == "editor":
                _link_modules(target / entry["folder"] / name)
    if group == "practice":
        shutil.copyfile(numpy_wheel(), target / "pyodide" / numpy_wheel().name)


def _link_modules(module: Path) -> None:
    """Let a module of the editor import its neighbours as files: a browser does not know packages by name."""
    text = module.read_text(encoding="utf-8")
    text = BARE_IMPORT.sub(lambda found: f"from './{_file_name(found[1])}.js'", text)
    module.write_text(text, encoding="utf-8")


def _file_name(package: str) -> str:
    return package.lstrip("@").replace("/", "-")


def _try(what: str, action, *arguments, say) -> bool:
    try:
        action(*arguments)
    except (OSError, subprocess.SubprocessError, tarfile.TarError, zipfile.BadZipFile, KeyError, ValueError) as problem:
        say(f"not fetched: {what} ({problem})")
        return False
    say(f"fetched: {what}")
    return True


def _from_npm(wanted: list[dict]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        _run("npm", "pack", "--silent", *(f"{entry['package']}@{entry['version']}" for entry in wanted), cwd=scratch)
        for entry in wanted:
            name = f"{_file_name(entry['package'])}-{entry['version']}.tgz"
            archive = _verify((Path(scratch) / name).read_bytes(), entry["sha256"], name)
            with tarfile.open(fileobj=io.BytesIO(archive)) as content:
                for member, target in entry["files"].items():
                    _keep(content.extractfile(f"package/{member}").read(), path(entry, target))


def _numpy_from_wheel() -> None:
    numpy = LIST["numpy"]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    with tempfile.TemporaryDirectory() as scratch:
        _run(*pip, "--only-binary=:all:", numpy["wheel"], cwd=scratch)
        (wheel,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(wheel) as content:
            data = content.read(numpy["member"])
    _keep(_verify(data, numpy["sha256"], numpy["file"]), numpy_wheel())


def _numpy_from_publisher() -> None:
    numpy = LIST["numpy"]
    with urllib.request.urlopen(numpy["publisher"], timeout=SECONDS) as answer:
        data = answer.read()
    _keep(_verify(data, numpy["sha256"], numpy["file"]), numpy_wheel())


def _run(*command: str, cwd: str) -> None:
    program = shutil.which(command[0])
    if program is None:
        raise FileNotFoundError(f"{command[0]} is not installed")
    done = subprocess.run([program, *command[1:]], cwd=cwd, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise OSError(f"{command[0]} failed: {last}")


def _verify(data: bytes, wanted: str, name: str) -> bytes:
    found = hashlib.sha256(data).hexdigest()
    if found != wanted:
        raise ValueError(f"{name} has the SHA-256 {found}, and {wanted} is wanted")
    return data


def _keep(data: bytes, target: Path) -> None:
    """Write a file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.chmod(name, 0o644)
    os.replace(name, target)
