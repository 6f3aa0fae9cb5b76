"""Scores on disk: one JSON file a student and unit, written whole or not at all, with all that a replay needs."""

import contextlib
import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import secrets
import sys
from functools import cache
from pathlib import Path
from urllib.parse import quote

FORMAT = 1
COURSE = Path(__file__).parents[2]
OWNER = 0o600  # records, and all that lies beside them: they name students, and seeds lead to hidden inputs
HANDED_OUT = 0o666  # less the umask, as with any new file: a web server or a colleague shall read it


def write_whole(path, content, mode=OWNER):
    """Write text or bytes so that there is, at every moment, the old file or the new one.

    Parameters
    ----------
    path : path
    content : str or bytes
    mode : OWNER or HANDED_OUT
        Who may read the file: only its owner, or everyone who may read any new file, as the umask says.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}")
    try:
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror, str(path)) from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def file_name(student):
    """A student's name as part of a path: whatever could mean something there is written as %XX."""
    name = quote(student, safe=" @+,=").replace(".", "%2E", student.startswith("."))
    return name if len(name) < 200 else name[:150] + hashlib.sha256(student.encode()).hexdigest()[:32]


def _sharing(pairs):
    """A dict; the same text in thousands of records is kept once."""
    return {key: sys.intern(value) if type(value) is str else value for key, value in pairs}


class Results:
    """The folder with the records of one unit."""

    def __init__(self, folder, unit):
        self.folder, self.unit = Path(folder) / unit, unit

    def path(self, student):
        """The file of a student's record."""
        return self.folder / f"{file_name(student)}.json"

    def load(self, student):
        """A student's record, or None where there is none that is whole."""
        try:
            record = json.loads(self.path(student).read_text(encoding="utf-8"), object_pairs_hook=_sharing)
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) and record.get("format") == FORMAT else None

    def save(self, record, seed, slack):
        """Complete a record with what a replay needs, and keep it; returns it."""
        record = record | {
            "format": FORMAT,
            "seed": seed,
            "slack": slack,
            "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }
        write_whole(self.path(record["student"]), json.dumps(record, indent=1, ensure_ascii=False) + "\n")
        return record

    def is_current(self, record, prepared, seed):
        """Whether a kept record would come out the same again: same notebook, seed, tasks."""
        return (
            record is not None
            and record["seed"] == seed
            and record["checks_sha256"] == checks_fingerprint(self.unit)
            and all(record[key] == prepared[key] for key in ("notebook_sha256", "problem", "handed_in"))
        )

    def remove_unfinished(self):
        """Remove what an interrupted writing left."""
        for path in self.folder.glob(".*.json.*"):
            path.unlink(missing_ok=True)


@cache
def versions():
    """Versions of all that takes part in a score."""
    names = ("cnncourse", "numpy", "torch")
    return {name: importlib.metadata.version(name) for name in names} | {"python": platform.python_version()}


@cache
def checks_fingerprint(unit):
    """A fingerprint of the code that judges a unit: its tasks, the checks and the grader."""
    digest = hashlib.sha256()
    folders = ("checks", f"checks/tasks/u{unit}", "grading/inside", "grading/host")
    for path in sorted(path for folder in folders for path in (COURSE / folder).glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
