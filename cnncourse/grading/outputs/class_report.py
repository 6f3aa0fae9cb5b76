"""What a class got right and wrong, on one page: points per task, common mistakes, time-outs, who is missing."""

from collections import Counter, defaultdict

from cnncourse.grading.outputs.feedback import SAID, escape, page

MOST = 5


def to_html(records, unit, remarks=None, pairs=(), likeness="likeness.html"):
    """The class report as a page.

    Parameters
    ----------
    records : list of dict
    unit : "06"
    remarks : dict or None
        Titles, each with lines, of what a teacher should look at first.
    pairs : list of likeness.Pair
    likeness : where the page with their texts lies, seen from this one
    """
    came = [r for r in records if r["handed_in"]]
    parts = [_overview(records, came)]
    parts += [_tasks(came), _mistakes(came)] if came else []
    parts += [
        *(_people(title, [(line, "") for line in lines]) for title, lines in (remarks or {}).items()),
        _people("Late", _late(came)),
        _people("Time-outs", _with_status(came, "timeout")),
        _people("Could not be read", [(r["student"], r["problem"]) for r in came if r["problem"]]),
        _people("Not handed in", [(r["student"], "") for r in records if not r["handed_in"]]),
        _identical(came),
        _alike(pairs, likeness),
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
            f'<tr><td><code>{escape(task["name"])}</code></td><td class="number">{mean:.2f} of {task["max_score"]:g}'
            f"</td><td>{_bars(mine)}</td><td>{said}</td></tr>"
        )
    head = "<tr><th>Task</th><th>Mean</th><th>Points: students</th><th>Answers</th></tr>"
    return f"<h2>Tasks</h2><table>{head}{''.join(rows)}</table>"


def _bars(tasks):
    """How many students have how many points, as words and bars."""
    counts = sorted(Counter(t["score"] for t in tasks).items())
    most = max(count for _, count in counts)
    lines = (
        f'<div>{points:g}: {count} <span style="display:inline-block;height:.7rem;background:#4a90d9;'
        f'width:{6 * count / most:.1f}rem"></span></div>'
        for points, count in counts
    )
    return "".join(lines)


def _late(came):
    """Who handed in late, by how much, and what it costs."""
    rows = []
    for record in came:
        if days := record.get("late_days"):
            said = f"{days} day{'s' if days > 1 else ''}"
            rows.append((record["student"], f"{said}, {record['penalty']:g} points off" if record["penalty"] else said))
        elif record.get("marked_late"):
            rows.append((record["student"], "marked by Canvas; how late is not known, and nothing is taken off"))
    return rows


def mistakes(records):
    """Likely mistakes by frequency: (times, task, slug, explanation, section of the lesson) of each."""
    found = [(t["name"], t["mistake"]) for r in records for t in r["tasks"] if t["mistake"]]
    said = {(t["name"], t["mistake"]): (t["message"], t["see"]) for r in records for t in r["tasks"]}
    return [(count, *known, *said[known]) for known, count in Counter(found).most_common()]


def _mistakes(came):
    found = mistakes(came)
    if not found:
        return ""
    rows = "".join(
        f'<tr><td class="number">{count}</td><td><code>{escape(name)}</code></td><td>{escape(slug)}</td>'
        f"<td>{escape(message)}</td><td>{escape(see)}</td></tr>"
        for count, name, slug, message, see in found[: 3 * MOST]
    )
    head = "<tr><th>Times</th><th>Task</th><th>Likely mistake</th><th>What students read</th><th>Lesson</th></tr>"
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
    items = "".join(f"<li>{escape(who)}{': ' + escape(what) if what else ''}</li>" for who, what in rows)
    return f"<h2>{title} ({len(rows)})</h2><ul>{items}</ul>"


def _identical(came):
    groups = identical_submissions(came)
    items = "".join(f"<li>{', '.join(map(escape, students))}</li>" for students in groups)
    note = "<p>The same code, line by line. Short tasks have few correct answers: look before you conclude.</p>"
    return f"<h2>Identical submissions ({len(groups)})</h2>{note}<ul>{items}</ul>" if groups else ""


def _alike(pairs, likeness):
    if not pairs:
        return ""
    items = "".join(
        f"<li><code>{escape(p.task)}</code>: {escape(p.first)} and {escape(p.second)}, {p.share:.0%}</li>"
        for p in pairs
    )
    link = f'<p>Their texts side by side: <a href="{escape(likeness)}">{escape(likeness)}</a>. A hint, no proof.</p>'
    return f"<h2>Alike, with other names or comments ({len(pairs)})</h2>{link}<ul>{items}</ul>"


def _scores(records):
    rows = "".join(
        f'<tr><td>{escape(r["student"])}</td><td class="number">{r["score"]:g}</td>'
        + "".join(f'<td class="number">{t["score"]:g}</td>' for t in r["tasks"])
        + "</tr>"
        for r in records
    )
    names = "".join(f"<th>{escape(t['name'])}</th>" for t in records[0]["tasks"]) if records else ""
    return f"<h2>Scores</h2><table><tr><th>Student</th><th>Sum</th>{names}</tr>{rows}</table>"


def _isolation(came):
    counts = Counter(r["isolation"] for r in came if not r["problem"])
    said = ", ".join(f"{escape(level)}: {count}" for level, count in counts.items())
    return f"<p><small>Isolation of the submissions: {said or 'none ran'}.</small></p>"
