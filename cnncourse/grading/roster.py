"""The list of students that Canvas or Moodle exports, and which of them a folder's name means.

Columns are tried in the order of COLUMNS; in each, first the very text, then without regard to case, outer spaces and
ways of writing an accent. A name that fits two students fits none of them.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

COLUMNS = (
    "SIS Login ID", "Login ID", "Username", "SIS User ID", "ID", "ID number", "Student ID", "Email address", "Email",
    "Identifier",
)  # fmt: skip
NAMES = ("Student", "Full name", "Name")


@dataclass
class Roster:
    """A table of students: the columns' names in order, and a dict of texts for each student."""

    columns: list
    rows: list
    path: Path = field(default=Path("roster"))

    def __post_init__(self):
        self.keys = [c for wanted in COLUMNS for c in self.columns if c.strip().casefold() == wanted.casefold()]
        if not self.keys:
            raise ValueError(
                f"{self.path}: no column that identifies students; one of {', '.join(COLUMNS)} is wanted, "
                f"found are {', '.join(self.columns)[:200] or 'none'}"
            )

    def login(self, row):
        """What a student is called in the first of COLUMNS that says something."""
        return next((row[key].strip() for key in self.keys if row[key].strip()), "")

    def match(self, students):
        """Find the row of each student; returns a dict from student to the row's place, of those that are found."""
        found = {}
        for normal in (str.strip, folded, _before_at):
            for key in self.keys:
                places = _unique({i: normal(row[key]) for i, row in enumerate(self.rows)})
                wanted = _unique({student: normal(student) for student in students if student not in found})
                taken = set(found.values())
                hits = {who: places[text] for text, who in wanted.items() if text and text in places}
                found |= {who: place for who, place in hits.items() if place not in taken}
        return found

    def find(self, texts):
        """The place of the one student whom one of these texts names, by an identifier or else by name; or None."""
        for text in texts:
            if (place := self.match([text]).get(text)) is not None:
                return place
        for text in texts:
            fitting = [i for i, row in enumerate(self.rows) if _letters(text) in self._names(row)]
            if len(fitting) == 1 and _letters(text):
                return fitting[0]
        return None

    def _names(self, row):
        names = [row[c] for c in self.columns if c in NAMES] + [f"{row.get('First name')} {row.get('Last name')}"]
        return {_letters(name) for name in names} | {_letters(" ".join(name.split(",")[::-1])) for name in names}

    def fill(self, records):
        """The record for each row that has one; those who handed in come first where two names mean one student."""
        came = {r["student"]: r for r in records if r["handed_in"]}
        others = {r["student"]: r for r in records if not r["handed_in"]}
        found = {place: others[who] for who, place in self.match(list(others)).items()}
        found |= {place: came[who] for who, place in self.match(list(came)).items()}
        return dict(sorted(found.items()))


def read_roster(path):
    """Read a table with whatever separator and encoding; the row that holds the points possible is no student.

    Raises
    ------
    ValueError
        Where it is no table, or no column identifies students; names the file.
    """
    text = _text(path).lstrip()
    if told := re.match(r"sep=(.)\r?\n", text):  # a line for Excel
        text = text[told.end() :]
    separator = told[1] if told else max(",;\t|", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, restval="")
    columns = [name.strip() for name in reader.fieldnames or []]
    reader.fieldnames = columns
    rows = [{key: row[key] or "" for key in columns} for row in reader]
    names = [c for c in columns if c in NAMES]
    rows = [row for row in rows if not any(row[c].strip().startswith("Points Possible") for c in names)]
    rows = [row for row in rows if any(value.strip() for value in row.values())]
    return Roster(columns, rows, Path(path))


def folded(text):
    """A name without regard to case, outer spaces and ways of writing an accent."""
    return unicodedata.normalize("NFC", text).strip().casefold()


def _letters(text):
    """A name without spaces and signs: Canvas writes "Doe, Jane" as doejane."""
    return "".join(filter(str.isalnum, folded(text)))


def _before_at(text):
    return folded(text).partition("@")[0]


def _unique(texts):
    """From text to the only one who has it."""
    counts = Counter(texts.values())
    return {text: who for who, text in texts.items() if counts[text] == 1}


def _text(path):
    data = Path(path).read_bytes()
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError(f"{path}: not a table in text form (CSV); export it again as CSV")
