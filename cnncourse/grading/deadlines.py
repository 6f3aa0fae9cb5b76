"""When work was due, when it came, and what that costs: the class's file `deadlines.toml`.

    grace_minutes = 15          # so much later is still in time
    points_a_day = 2            # for each day that has begun; 0 only marks
    most = 10                   # no more than this is taken off

    [due]
    01 = 2026-10-12T23:59:00+02:00

    [extensions.student07]
    01 = 2026-10-19T23:59:00+02:00

A time without a zone is in this computer's.
"""

import datetime
import math
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

NAME = "deadlines.toml"
FORMS = (
    "%A, %d %B %Y, %I:%M %p", "%A, %d %B %Y, %H:%M", "%d %B %Y, %I:%M %p", "%d %B %Y, %H:%M", "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
)  # fmt: skip


@dataclass
class Deadlines:
    """What is due when: `due` by unit, `extensions` by student and unit; times with a zone."""

    due: dict = field(default_factory=dict)
    extensions: dict = field(default_factory=dict)
    grace_minutes: float = 0
    points_a_day: float = 0
    most: float = math.inf

    def apply(self, record, submission):
        """The record with `due`, `came`, `late_days`, `marked_late` and `penalty`; its score without the penalty.

        Where no time is known, Canvas's mark says that it was late, and nothing is taken off.
        """
        due = self.extensions.get(record["student"], {}).get(record["unit"]) or self.due.get(record["unit"])
        came, is_marked = submission_time(submission), is_marked_late(submission)
        late = (came - due).total_seconds() / 60 - self.grace_minutes if due and came and record["handed_in"] else 0
        days = math.ceil(max(late, 0) / 1440)
        penalty = min(days * self.points_a_day, self.most, record["score"])
        return record | {
            "due": due.isoformat() if due else "", "came": came.isoformat() if came else "", "late_days": days,
            "marked_late": is_marked, "penalty": penalty, "score": record["score"] - penalty,
        }  # fmt: skip


def read_deadlines(path, due=None, unit=""):
    """Read `deadlines.toml`; a time given as `due` is the unit's, whatever the file says.

    Raises
    ------
    ValueError
        Where the file or the time cannot be read; names it, and what was wanted.
    """
    path, content = Path(path), {}
    if path.exists():
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise ValueError(f"{path}: {problem}") from None
    known = {"due", "extensions", "grace_minutes", "points_a_day", "most"}
    if strange := sorted(content.keys() - known):
        raise ValueError(f"{path}: {', '.join(strange)} is not known; known are {', '.join(sorted(known))}")
    numbers = {key: content[key] for key in ("grace_minutes", "points_a_day", "most") if key in content}
    for key, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
            raise ValueError(f"{path}: {key} is {value!r}, wanted is a number that is not negative")
    dates = _dates(path, "due", content.get("due", {}))
    if due is not None:
        moment = read_time(due)
        if moment is None:
            raise ValueError(f"--due: got {due!r}, wanted a time such as 2026-10-12 23:59")
        dates[unit] = moment
    extensions = content.get("extensions", {})
    if not isinstance(extensions, dict):
        raise ValueError(f"{path}: extensions is {extensions!r}, wanted is a table for each student")
    extensions = {who: _dates(path, f"extensions.{who}", table) for who, table in extensions.items()}
    return Deadlines(dates, extensions, **numbers)


def _dates(path, name, table):
    if not isinstance(table, dict):
        raise ValueError(f"{path}: {name} is {table!r}, wanted is a table: a unit and its time in each line")
    dates = {}
    for unit, value in table.items():
        moment = read_time(value.isoformat() if isinstance(value, datetime.datetime) else value)
        if moment is None or not re.fullmatch(r"\d{1,2}", unit):
            raise ValueError(f"{path}: {name}: got {unit} = {value}, wanted such as 01 = 2026-10-12T23:59:00")
        dates[unit.zfill(2)] = moment
    return dates


def read_time(text):
    """A moment with a zone, from what nbgrader, Moodle or a person writes; None where it cannot be read."""
    text = " ".join(str(text).replace("\u202f", " ").split())
    text = re.sub(r" ?(UTC|GMT|Z)$", "+00:00", text)
    moment = _iso(text) or _iso(re.sub(r" ([+-]\d\d:?\d\d)$", r"\1", text))
    for form in FORMS if moment is None else ():
        try:
            moment = datetime.datetime.strptime(text, form)
            break
        except ValueError:
            continue
    if moment is None:
        return None
    return moment if moment.tzinfo else moment.astimezone()


def _iso(text):
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        return None


def submission_time(submission):
    """When a submission came, by the `timestamp.txt` that nbgrader and `cnncourse collect` put beside it, or None."""
    text = _beside(submission, "timestamp.txt")
    return read_time(text) if text else None


def is_marked_late(submission):
    """Whether Canvas marked a submission as late."""
    return bool(_beside(submission, "late.txt"))


def _beside(submission, name):
    path = submission.path and submission.path.parent / name
    if not path or path.is_symlink() or not path.is_file() or path.stat().st_size > 1000:
        return ""
    return path.read_text(encoding="utf-8", errors="replace").strip()
