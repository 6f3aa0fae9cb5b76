"""What the commands do: one grading run from folder to scores, and the replay of one score."""

import sys

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cnncourse.checks.registry import tasks_of_unit, units
from cnncourse.grading.host.class_run import LocalPool, grade_all
from cnncourse.grading.host.grade import Sandboxes, grade_submission, prepare
from cnncourse.grading.host.seeds import read_or_make_secret
from cnncourse.grading.outputs import class_report, exports
from cnncourse.grading.outputs.feedback import SAID, clean, write_feedback
from cnncourse.grading.outputs.results import Results, write_whole
from cnncourse.grading.roster import read_roster
from cnncourse.grading.submissions import Submission, course_folder, find_submissions, passed_over, unit_name

SHOWN = 40


def grade(options):
    """Grade one notebook or a class; returns the exit status."""
    unit = _known_unit(options.unit)
    submissions = find_submissions(options.path, unit)
    remarks = _remarks(options, submissions)
    if options.roster:
        submissions += _absent(options.roster, submissions, unit)
    folder = _results_folder(options)
    secret = read_or_make_secret(options.seed_file or folder / "secret-seed")
    results = Results(folder, unit)
    if unknown := set(options.only) - {s.student for s in submissions}:
        raise ValueError(f"--only: no student called {', '.join(sorted(unknown))} is in {options.path}")
    for submission in submissions:
        if options.again or submission.student in options.only:
            results.path(submission.student).unlink(missing_ok=True)
    console = Console(stderr=True)
    pool = _pool(options)
    try:
        with _progress(console) as progress:
            bar = progress.add_task(f"Unit {unit}", total=len(submissions))
            summary = grade_all(
                submissions, secret, results, pool, slack=options.slack, advance=lambda record: progress.advance(bar)
            )
    finally:
        pool.close()
    _print_summary(summary, unit, folder)
    for title, lines in remarks.items():
        print(clean(f"{title}: {'; '.join(lines)}"), file=sys.stderr)
    if summary.records:
        report = class_report.to_html(summary.records, unit, remarks)
        write_whole(options.report or folder / unit / "class-report.html", report)
    if not options.accept_zeros and (doubt := _doubtful(summary.records)):
        print(doubt, file=sys.stderr)
        return 4
    is_written = _write(options, summary.records, submissions, unit)
    return 1 if summary.failed or not is_written else 0


def _doubtful(records):
    """Why the scores should be looked at before they are exported, or ""."""
    without = [r for r in records if not r["score"]]
    if len(records) == 1 or 3 * len(without) <= len(records):
        return ""
    absent = sum(not r["handed_in"] for r in without)
    return (
        f"{len(without)} of {len(records)} students have no points ({absent} of them have not handed in). That is more "
        "than a third, and may come from how the files were put here. Look at the class report. Nothing was exported; "
        "--accept-zeros exports all the same."
    )


def _absent(roster, submissions, unit):
    """Those on the roster whom no submission belongs to."""
    table = read_roster(roster)
    taken = set(table.match([s.student for s in submissions]).values())
    logins = [table.login(row) for place, row in enumerate(table.rows) if place not in taken]
    return [Submission(login, unit, None) for login in logins if login]


def _remarks(options, submissions):
    """What a teacher should look at before trusting the table: titles, each with lines."""
    remarks = {
        "Not read, because it lies outside of the students' folders": passed_over(options.path),
        "More than one notebook": [f"{s.student}: {s.note}" for s in submissions if s.note],
    }
    if options.roster:
        came = [s.student for s in submissions if s.path or s.problem]
        matched = read_roster(options.roster).match(came)
        remarks["Handed in, but not on the roster"] = [who for who in came if who not in matched]
    return {title: lines for title, lines in remarks.items() if lines}


def _known_unit(text):
    unit = unit_name(text)
    if unit not in units():
        raise ValueError(f"there are no tasks for unit {unit}; known are {', '.join(units())}")
    return unit


def _results_folder(options):
    return options.results or course_folder(options.path) / "grading"


def _pool(options):
    if options.dask:
        from cnncourse.grading.host.cluster import DaskPool

        return DaskPool(options.dask, trust=options.trust_submissions, slack=options.slack)
    return LocalPool(options.jobs, trust=options.trust_submissions, slack=options.slack)


def _progress(console):
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _write(options, records, submissions, unit):
    """Write what was asked for; says whether the gradebook took the scores."""
    if not records:
        return True
    exports.write_exports(
        records, unit, json_file=options.json, csv_file=options.csv, canvas=options.canvas, moodle=options.moodle,
        roster=options.roster,
    )  # fmt: skip
    if options.feedback:
        write_feedback(records, options.feedback)
    if not options.gradebook:
        return True
    from cnncourse.grading.outputs.gradebook import GradebookFailed

    try:
        _into_nbgrader(options, records, submissions, unit)
    except GradebookFailed as problem:
        print(f"{problem} Everything else is written.", file=sys.stderr)
        return False
    return True


def _into_nbgrader(options, records, submissions, unit):
    """Scores into the gradebook; where the course was released from there, notebooks to where the formgrader looks."""
    from cnncourse.grading.outputs.autograded import place
    from cnncourse.grading.outputs.gradebook import write_gradebook

    assignment, count = write_gradebook(options.gradebook, records, unit)
    course = course_folder(options.path)
    released = course / "release" / assignment / f"{assignment}.ipynb"
    readable = {r["student"] for r in records if r["notebook_sha256"]}
    if released.is_file() and options.path.is_dir():
        for submission in submissions:
            if submission.student in readable:
                place(submission, released, course, assignment)
    print(f"{count} students' scores for {assignment} are in the gradebook.")


def _print_summary(summary, unit, folder):
    console = Console()
    if len(summary.records) == 1:
        _print_one(console, summary.records[0])
    elif summary.records:
        _print_class(console, summary.records)
    levels = sorted({r["isolation"] for r in summary.records if r["handed_in"] and not r["problem"]})
    if "process" in levels:
        console.print("[bold]Not isolated[/]: this code ran with your own rights, because you trusted it.")
    kept = len(summary.records) - summary.graded
    unchanged = f", {kept} unchanged since an earlier run" if kept else ""
    console.print(f"{summary.graded} graded{unchanged}. Scores and class report: {escape(str(folder / unit))}")
    for student, why in summary.failed:
        print(f"Not graded: {clean(student)}: {clean(why)}", file=sys.stderr)


def _print_one(console, record):
    console.print(f"[bold]{record['score']:g} of {record['max_score']:g} points[/]")
    if record["problem"]:
        console.print(escape(clean(record["problem"])))
        return
    for task in record["tasks"]:
        points = f"{task['score']:g}/{task['max_score']:g}"
        console.print(f"[bold]{task['name']}[/] {points}, {SAID[task['status']]}. {escape(clean(task['message']))}")


def _print_class(console, records):
    table = Table("student", "points", "tasks")
    for record in records[:SHOWN]:
        counts = " ".join(f"{t['score']:g}" for t in record["tasks"])
        note = clean(record["problem"]) or ("" if record["handed_in"] else "not handed in") or counts
        table.add_row(escape(clean(record["student"])), f"{record['score']:g}", escape(note))
    console.print(table)
    if len(records) > SHOWN:
        console.print(f"... and {len(records) - SHOWN} more: all of them are in the class report.")


def regrade(options):
    """Replay one stored score from its own seed and say whether it comes out the same; returns the exit status."""
    unit = _known_unit(options.unit)
    results = Results(_results_folder(options), unit)
    stored = results.load(options.student)
    if stored is None:
        raise FileNotFoundError(f"no stored score of {options.student} for unit {unit} in {results.folder}")
    submission = next((s for s in find_submissions(options.path, unit) if s.student == options.student), None)
    if submission is None:
        raise FileNotFoundError(f"no submission of {options.student} below {options.path}")
    prepared = prepare(submission)
    console = Console()
    if prepared["notebook_sha256"] != stored["notebook_sha256"]:
        console.print("The notebook is not the one that was graded: it has changed since.")
    with Sandboxes(trust=options.trust_submissions) as sandboxes:
        record = grade_submission(prepared, stored["seed"], sandboxes, options.slack)
        if options.show_inputs:
            _print_inputs(console, prepared, stored["seed"], sandboxes, options.slack)
    same = True
    for old, new in zip(stored["tasks"], record["tasks"], strict=True):
        equal = (old["score"], old["status"]) == (new["score"], new["status"])
        same = same and equal
        verdict = "the same" if equal else f"now {new['score']:g} ({SAID[new['status']]})"
        console.print(f"{new['name']}: {old['score']:g} ({SAID[old['status']]}), {verdict}")
    console.print(f"Stored {stored['time']}: {stored['score']:g}. Replayed with the same inputs: {record['score']:g}.")
    if options.save and not same:
        results.save(record, stored["seed"], options.slack)
        console.print("The new score is stored.")
    return 0 if same else 1


def _print_inputs(console, prepared, seed, sandboxes, slack):
    """The full reports, hidden inputs and wanted values included: for the teacher's eyes."""
    from cnncourse.grading.host.grade import grade_cells

    for graded in grade_cells(prepared["cells"] or [], tasks_of_unit(prepared["unit"]), seed, sandboxes, slack):
        console.print(escape(clean(str(graded.report))))
