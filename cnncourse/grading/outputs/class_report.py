"""What a class got right and wrong, on one page: points per task, common mistakes, time-outs, who is missing."""

from collections import Counter, defaultdict

from cnncourse.grading.outputs.feedback import SAID, _escape, page

MOST = 5


def to_html(records, unit, remarks=None):
    """The class report as a page; `remarks` are titles, each with lines, of what a teacher should look at first."""
    came = [r for r in records if r["handed_in"]]
    parts = [_overview(records, came)]
    parts += [_tasks(came), _mistakes(came)] if came else []
    parts += [
        *(_people(title, [(line, "") for line in lines]) for title, lines in (remarks or {}).items()),
        _people("Time-outs", _with_status(came, "timeout")),
        _people("Could not be read", [(r["student"], r["problem"]) for r in came if r["problem"]]),
        _people("Not handed in", [(r["student"], "") for r in records if not r["handed_in"]]),
        _identical(came),
        _scores(records),
        _isolation(came),
    ]
    return page(f"Unit {unit}: the class", "\n".join(parts))


def identical_submissions(records):
    """Groups of students whose code is the same, line by line, and has earned something."""
    groups = defaultdict(list)
    for record in records:
        if record["code_sha256"] and record["score"]:
            groups[record["code_sha256"]].append(record["student"])
    return sorted(students for students in groups.values() if len(students) > 1)


def _overview(records, came):
    if not came:
        return f"<p>{len(records)} students, none of whom has handed in.</p>"
    scores = sorted(r["score"] for r in came)
    middle = (scores[(len(scores) - 1) // 2] + scores[len(scores) // 2]) / 2
    return (
        f"<p>{len(came)} of {len(records)} students handed in. Median {middle:g}, lowest {scores[0]:g}, highest "
        f"{scores[-1]:g} of {came[0]['max_score']:g} points.</p>"
    )


def _tasks(came):
    rows = []
    for i, task in enumerate(came[0]["tasks"]):
        mine = [r["tasks"][i] for r in came]
        mean = sum(t["score"] for t in mine) / len(mine)
        counts = Counter(t["status"] for t in mine)
        said = ", ".join(f"{count} {SAID[status]}" for status, count in counts.most_common())
        rows.append(
            f'<tr><td><code>{_escape(task["name"])}</code></td><td class="number">{mean:.2f} of {task["max_score"]:g}'
            f"</td><td>{said}</td></tr>"
        )
    return f"<h2>Tasks</h2><table><tr><th>Task</th><th>Mean</th><th>Answers</th></tr>{''.join(rows)}</table>"


def _mistakes(came):
    counts = Counter((t["name"], t["mistake"]) for r in came for t in r["tasks"] if t["mistake"])
    if not counts:
        return ""
    said = {(t["name"], t["mistake"]): t["see"] for r in came for t in r["tasks"]}
    rows = "".join(
        f'<tr><td class="number">{count}</td><td><code>{_escape(name)}</code></td><td>{_escape(slug)}</td>'
        f"<td>{_escape(said[name, slug])}</td></tr>"
        for (name, slug), count in counts.most_common(3 * MOST)
    )
    head = "<tr><th>Times</th><th>Task</th><th>Likely mistake</th><th>Lesson</th></tr>"
    return f"<h2>Most common mistakes</h2><table>{head}{rows}</table>"


def _with_status(came, status):
    return [
        (r["student"], ", ".join(t["name"] for t in r["tasks"] if t["status"] == status))
        for r in came
        if any(t["status"] == status for t in r["tasks"])
    ]


def _people(title, rows):
    if not rows:
        return ""
    items = "".join(f"<li>{_escape(who)}{': ' + _escape(what) if what else ''}</li>" for who, what in rows)
    return f"<h2>{title} ({len(rows)})</h2><ul>{items}</ul>"


def _identical(came):
    groups = identical_submissions(came)
    items = "".join(f"<li>{', '.join(map(_escape, students))}</li>" for students in groups)
    note = "<p>The same code, line by line. Short tasks have few correct answers: look before you conclude.</p>"
    return f"<h2>Identical submissions ({len(groups)})</h2>{note}<ul>{items}</ul>" if groups else ""


def _scores(records):
    rows = "".join(
        f'<tr><td>{_escape(r["student"])}</td><td class="number">{r["score"]:g}</td>'
        + "".join(f'<td class="number">{t["score"]:g}</td>' for t in r["tasks"])
        + "</tr>"
        for r in records
    )
    names = "".join(f"<th>{_escape(t['name'])}</th>" for t in records[0]["tasks"]) if records else ""
    return f"<h2>Scores</h2><table><tr><th>Student</th><th>Sum</th>{names}</tr>{rows}</table>"


def _isolation(came):
    counts = Counter(r["isolation"] for r in came if not r["problem"])
    said = ", ".join(f"{_escape(level)}: {count}" for level, count in counts.items())
    return f"<p><small>Isolation of the submissions: {said or 'none ran'}.</small></p>"
