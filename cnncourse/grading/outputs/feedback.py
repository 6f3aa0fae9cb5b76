"""What a student gets back, as Markdown and HTML: points, what was tried, the likely mistake, where to read.

Nothing here shows a hidden input or an expected value, and everything that a student wrote is escaped.
"""

import html
import re

from cnncourse.checks.failures import STATUSES
from cnncourse.grading.outputs.results import HANDED_OUT, file_name, write_whole

SAID = {name: status.words for name, status in STATUSES.items()}
STYLE = """
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5 }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 }
th, td { text-align: left; padding: .3rem .8rem; border-bottom: 1px solid #8888; vertical-align: top }
td.number { text-align: right; font-variant-numeric: tabular-nums }
code, pre { background: #8882; padding: .1rem .3rem; border-radius: .2rem; white-space: pre-wrap }
small { opacity: .8 }
"""


OBEYED = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]"
)


def clean(text):
    """Text from a student's side without control characters, which a terminal or a page could obey."""
    return OBEYED.sub("\N{REPLACEMENT CHARACTER}", text)


def escape_markdown(text):
    """Escape what Markdown or the HTML inside it would take as an instruction."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~&$])", r"\\\1", clean(text)).replace("\n", " ")


def to_markdown(record):
    """One student's feedback as Markdown."""
    lines = [f"# Unit {record['unit']}: {record['score']:g} of {record['max_score']:g} points", ""]
    lines += [f"Student: {escape_markdown(record['student'])}", ""]
    if record["problem"]:
        lines += [escape_markdown(record["problem"]), ""]
    for said in _remarks(record):
        lines += [escape_markdown(said), ""]
    for task in record["tasks"]:
        lines += [f"## {escape_markdown(task['name'])}: {task['score']:g} of {task['max_score']:g}", ""]
        lines += [f"{SAID[task['status']].capitalize()}. {escape_markdown(task['message'])}", ""]
        for said in _by_hand(task):
            lines += [escape_markdown(said), ""]
        for name, earned, points in task["criteria"]:
            lines.append(f"- {'✓' if earned == points else '✗'} {escape_markdown(name)}: {earned:g} of {points:g}")
        lines += [""] if task["criteria"] else []
    problems = _problems(record)
    if problems:
        lines += ["## While your notebook was loaded", ""]
        lines += [f"- {escape_markdown(line)}" for line in problems] + [""]
    return "\n".join(lines)


def to_html(record):
    """One student's feedback as a page of its own."""
    e = escape
    parts = [f"<p>Student: {e(record['student'])}</p>"]
    if record["problem"]:
        parts.append(f"<p><strong>{e(record['problem'])}</strong></p>")
    parts += [f"<p>{e(said)}</p>" for said in _remarks(record)]
    for task in record["tasks"]:
        parts.append(f"<h2><code>{e(task['name'])}</code>: {task['score']:g} of {task['max_score']:g}</h2>")
        parts.append(f"<p>{SAID[task['status']].capitalize()}. {e(task['message'])}</p>")
        parts += [f"<p>{e(said)}</p>" for said in _by_hand(task)]
        rows = "".join(
            f"<tr><td>{'✓' if earned == points else '✗'}</td><td>{e(name)}</td>"
            f'<td class="number">{earned:g} of {points:g}</td></tr>'
            for name, earned, points in task["criteria"]
        )
        parts.append(f"<table>{rows}</table>" if rows else "")
    problems = _problems(record)
    if problems:
        items = "".join(f"<li><code>{e(line)}</code></li>" for line in problems)
        parts.append(f"<h2>While your notebook was loaded</h2><ul>{items}</ul>")
    title = f"Unit {record['unit']}: {record['score']:g} of {record['max_score']:g} points"
    return page(title, "\n".join(parts))


def _remarks(record):
    """Sentences about the whole notebook: when it came, what that cost, what the teacher says."""
    said = []
    if record.get("late_days"):
        days = f"{record['late_days']} day{'s' if record['late_days'] > 1 else ''} late"
        cost = f", which costs {record['penalty']:g} points" if record["penalty"] else ""
        said.append(f"Due {record['due']}, handed in {record['came']}: {days}{cost}.")
    elif record.get("marked_late"):
        said.append("Marked as late.")
    return said + ([f"Your teacher writes: {record['comment']}"] if record.get("comment") else [])


def _by_hand(task):
    """Sentences about what a teacher changed in one task."""
    changed = f"Points given by your teacher; the grader gave {task['auto_score']:g}." if "auto_score" in task else ""
    comment = f"Your teacher writes: {task['comment']}" if task.get("comment") else ""
    return [said for said in (changed, comment) if said]


def page(title, body):
    """A whole HTML page that loads nothing and runs nothing."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )


def write_feedback(records, folder):
    """Write `folder/<student>/<unit>.html` and `.md` for each record; returns how many."""
    for record in records:
        place = folder / file_name(record["student"])
        write_whole(place / f"{record['unit']}.html", to_html(record), HANDED_OUT)
        write_whole(place / f"{record['unit']}.md", to_markdown(record), HANDED_OUT)
    return len(records)


def _problems(record):
    """Statements of the student's own cells that failed while loading, each once."""
    lines = [
        f"cell {p['cell']}, line {p['line'] or '?'}: {p['text']}" for task in record["tasks"] for p in task["problems"]
    ]
    return list(dict.fromkeys(lines))[:10]


def escape(text):
    return html.escape(clean(str(text)))
