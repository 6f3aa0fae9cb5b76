"""Read a download of submissions as it comes: whose each file is, what it is called, when it came.

| Source | Names in it |
| --- | --- |
| Canvas, "Download submissions" | `doejane_LATE_1234_56789_07_pooling-2.ipynb`, all in one folder |
| Moodle, in folders | `Jane Doe_1234_assignsubmission_file_/07_pooling.ipynb` |
| Moodle, without folders | `Jane Doe_1234_assignsubmission_file_07_pooling.ipynb` |
| nbgrader's exchange, `inbound` | `jdoe+07_pooling+2026-10-12 18:30:00 UTC/07_pooling.ipynb` |
| nbgrader's layout | `jdoe/07_pooling/07_pooling.ipynb`, with `timestamp.txt` |
| loose notebooks | `jdoe_07_pooling.ipynb`, `07_pooling (jdoe).ipynb`, `jdoe.ipynb` |

A file's own date is no submission time: Canvas and Moodle write other dates into their zips. Times come from
`timestamp.txt`, from the names of nbgrader's exchange, and from Moodle's grading worksheet (the roster).
"""

import re
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cnncourse.grading.host.notebook import MAX_BYTES
from cnncourse.places import exercises

MOST = 20_000
HOLDERS = ("submitted", "submissions", "inbound")
JUNK = re.compile(r"(^|/)(\.|__MACOSX/|Thumbs\.db$|desktop\.ini$)")
CANVAS = re.compile(r"(?P<name>[^_/]+)_(?P<late>LATE_)?(?P<id>\d+)_(?P<upload>\d+)_(?P<file>[^/]+)")
MOODLE = re.compile(r"(?P<name>[^/]+)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?/?(?P<file>.*)", re.DOTALL)
EXCHANGE = re.compile(
    r"(?P<who>[^+/]+)\+[^+/]+\+(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^+/]*)(?:\+[^/]*)?/(?P<file>.+)"
)


@dataclass(frozen=True)
class Arrival:
    """One file of a download.

    Attributes
    ----------
    name : str
        Where it lies in the download.
    who : tuple of str
        What is said of the student, the best first: an id, a login, a name; empty where nothing is said.
    file : str
        What the student called it.
    late : bool
        Whether Canvas has marked it as late.
    attempt : tuple
        The newest has the largest.
    time : str
        When it came, as the source writes it, or "".
    """

    name: str
    who: tuple
    file: str
    late: bool = False
    attempt: tuple = ()
    time: str = ""


class Download:
    """A zip or a folder of submissions; `names` are those of the files in it, with `/` between folders."""

    def __init__(self, path):
        self.path = Path(path)
        if self.path.is_dir():
            found = sorted(p for p in self.path.rglob("*") if p.is_file() and not p.is_symlink())
            self.files = {p.relative_to(self.path).as_posix(): p for p in found}
        elif zipfile.is_zipfile(self.path):
            with zipfile.ZipFile(self.path) as archive:
                members = [m for m in archive.infolist() if not m.is_dir() and not stat.S_ISLNK(m.external_attr >> 16)]
            self.files = {_name(m): m for m in members}
        elif self.path.exists():
            raise ValueError(f"{self.path}: neither a folder nor a zip")
        else:
            raise FileNotFoundError(2, "there is no such file or folder", str(self.path))
        self.names = [name for name in self.files if not JUNK.search(name)]
        if len(self.names) > MOST:
            raise ValueError(f"{self.path}: holds {len(self.names):,} files; at most {MOST:,} are read")
        self._drop_common_folder()

    def read(self, name):
        """A file's bytes, at most one more than a notebook may have."""
        file = self.files[name]
        if isinstance(file, Path):
            with file.open("rb") as opened:
                return opened.read(MAX_BYTES + 1)
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(file) as opened:
                return opened.read(MAX_BYTES + 1)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as problem:
            raise OSError(5, f"cannot be unpacked ({problem})", name) from None

    def _drop_common_folder(self):
        """Take away a folder that holds everything and tells nothing about students, such as the zip's own name."""
        while len(tops := {name.partition("/")[0] for name in self.names}) == 1 and all("/" in n for n in self.names):
            top = tops.pop()
            inner = [name.removeprefix(f"{top}/") for name in self.names]
            firsts = {name.partition("/")[0] for name in inner}
            students = len(firsts) > 1 and not any(re.match(r"\d{1,2}(?!\d)", first) for first in firsts)
            if not (top in HOLDERS or any(_fits(name) for name in inner) or (students and not _fits(f"{top}/x"))):
                return
            self.files = {name.removeprefix(f"{top}/"): file for name, file in self.files.items()}
            self.names = inner


def read_arrivals(download):
    """List the files of a download as `Arrival`s, in the order of their names.

    Returns
    -------
    kind : str
        "Canvas", "Moodle", "nbgrader's exchange", "folders" or "loose notebooks".
    arrivals : list of Arrival
        `who` is empty for a file that does not fit the kind.
    """
    kind = max(("Canvas", "Moodle", "nbgrader's exchange"), key=lambda k: _count(k, download.names))
    if 2 * _count(kind, download.names) < len(download.names) or not download.names:
        kind = "folders" if all("/" in name for name in download.names) else "loose notebooks"
    return kind, [READERS[kind](name, download) for name in sorted(download.names)]


def assignments():
    """The names of the course's exercises, such as 01_images_as_tensors."""
    return sorted(path.stem for path in exercises().glob("[0-9][0-9]_*"))


def _count(kind, names):
    return sum(PATTERNS[kind].fullmatch(name) is not None for name in names)


def _fits(name):
    return any(pattern.fullmatch(name) for pattern in PATTERNS.values())


def _name(member):
    """A member's name; zips of old programs that are UTF-8 without saying so are read as such."""
    name = member.filename
    if not member.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return name.replace("\\", "/").lstrip("/")


def _of_canvas(name, download):
    found = CANVAS.fullmatch(name)
    if not found:
        return Arrival(name, (), PurePosixPath(name).name)
    stem, dot, end = found["file"].rpartition(".")
    version = re.fullmatch(r"(.+)-(\d{1,3})", stem)  # Canvas adds -1, -2 to a name that was handed in before
    file = f"{version[1]}{dot}{end}" if version else found["file"]
    attempt = (int(found["upload"]), int(version[2]) if version else 0)
    return Arrival(name, (found["id"], found["name"]), file, bool(found["late"]), attempt)


def _of_moodle(name, download):
    found = MOODLE.fullmatch(name)
    if not found or not found["file"]:
        return Arrival(name, (), PurePosixPath(name).name)
    return Arrival(name, (f"Participant {found['id']}", found["id"], found["name"]), PurePosixPath(found["file"]).name)


def _of_exchange(name, download):
    found = EXCHANGE.fullmatch(name)
    if not found:
        return Arrival(name, (), PurePosixPath(name).name)
    return Arrival(name, (found["who"],), PurePosixPath(found["file"]).name, False, (found["time"],), found["time"])


def _of_folder(name, download):
    parts = PurePosixPath(name).parts
    beside = str(PurePosixPath(name).with_name("timestamp.txt"))
    time = download.read(beside)[:100].decode("utf-8", "replace").strip() if beside in download.files else ""
    return Arrival(name, (parts[0],), parts[-1], False, (time, len(parts) == 3, -len(parts)), time)


def _loose(name, download):
    """A login is what is left of a file's name without the unit; a roster finds it in other places too."""
    path = PurePosixPath(name)
    if len(path.parts) > 1:
        return _of_folder(name, download)
    known = "|".join(map(re.escape, assignments()))
    left = re.sub(rf"({known})|\(\d+\)|[-_ ]copy\d*$", " ", path.stem, flags=re.IGNORECASE).strip(" _-()[]")
    left = re.sub(r"^\d{1,2}(?=[ _-])", "", left).strip(" _-")
    who = [text for text in (left, *left.split()) if text and not re.fullmatch(r"\d{1,2}", text)]
    return Arrival(name, tuple(dict.fromkeys(who)), path.name)


PATTERNS = {"Canvas": CANVAS, "Moodle": MOODLE, "nbgrader's exchange": EXCHANGE}
READERS = {
    "Canvas": _of_canvas, "Moodle": _of_moodle, "nbgrader's exchange": _of_exchange, "folders": _of_folder,
    "loose notebooks": _loose,
}  # fmt: skip
