"""What `cnncourse grade` does: one grading run, from a folder to scores, reports and exports."""

import sys

from rich.console import Console

from cnncourse.checks.registry import units
from cnncourse.grading.deadlines import NAME as DEADLINES
from cnncourse.grading.deadlines import read_deadlines
from cnncourse.grading.host.class_run import LocalPool, grade_all
from cnncourse.grading.host.screen import print_summary, progress
from cnncourse.grading.host.seeds import alias, read_or_make_secret
from cnncourse.grading.manual import NAME as MANUAL
from cnncourse.grading.manual import apply_manual, read_manual
from cnncourse.grading.outputs import class_report, exports, likeness
from cnncourse.grading.outputs.feedback import clean, write_feedback
from cnncourse.grading.outputs.results import HANDED_OUT, OWNER, Results, write_whole
from cnncourse.grading.roster import read_roster
from cnncourse.grading.submissions import Submission, course_folder, find_submissions, passed_over, unit_name


def grade(options):
    """Grade one notebook or a class; returns the exit status."""
    unit = known_unit(options.unit)
    submissions = find_submissions(options.path, unit)
    remarks = _remarks(options, submissions)
    if options.roster:
        submissions += _absent(options.roster, submissions, unit)
    folder = results_folder(options)
    secret = read_or_make_secret(options.seed_file or folder / "secret-seed")
    results = Results(folder, unit)
    rows, deadlines = read_manual(folder / unit / MANUAL), _deadlines(options, unit)
    if unknown := set(options.only) - {s.student for s in submissions}:
        raise ValueError(f"--only: no student called {', '.join(sorted(unknown))} is in {options.path}")
    for submission in submissions:
        if options.again or submission.student in options.only:
            results.path(submission.student).unlink(missing_ok=True)
    console = Console(stderr=True)
    pool = _pool(options)
    try:
        with progress(console) as shown:
            bar = shown.add_task(f"Unit {unit}", total=len(submissions))
            summary = grade_all(
                submissions, secret, results, pool, slack=options.slack, advance=lambda record: shown.advance(bar)
            )
    finally:
        pool.close()
    by_student = {s.student: s for s in submissions}
    records, remarks[f"In {MANUAL}, and fits nothing"] = apply_manual(summary.records, rows)
    summary.records = records = [deadlines.apply(record, by_student[record["student"]]) for record in records]
    print_summary(summary, unit, folder)
    for title, lines in remarks.items():
        if lines:
            print(clean(f"{title}: {'; '.join(lines)}"), file=sys.stderr)
    names = {who: alias(secret, who) if options.anonymous else who for who in by_student}
    shown = [record | {"student": names[record["student"]]} for record in records]
    shown.sort(key=lambda record: record["student"])  # the order tells no name either
    if records:
        if options.anonymous:
            write_whole(folder / unit / "anonymous.csv", exports.to_aliases(names))
        _write_report(options, shown, remarks, likeness.in_class(submissions, unit, names), folder / unit)
    if not options.accept_zeros and (doubt := _doubtful(records)):
        print(doubt, file=sys.stderr)
        return 4
    is_written = _write(options, records, shown, submissions, unit)
    return 1 if summary.failed or not is_written else 0


def _deadlines(options, unit):
    """What the class's `deadlines.toml` and `--due` say."""
    if options.deadlines and not options.deadlines.exists():
        raise FileNotFoundError(f"--deadlines: there is no file {options.deadlines}")
    return read_deadlines(options.deadlines or course_folder(options.path) / DEADLINES, options.due, unit)


def _write_report(options, shown, remarks, pairs, folder):
    """The class report, and where answers are alike the page with their texts; `--report` names where both go."""
    unit = shown[0]["unit"]
    path = options.report or folder / "class-report.html"
    beside, mode = path.with_name("likeness.html"), HANDED_OUT if options.report else OWNER
    if pairs:
        write_whole(beside, likeness.to_html(pairs, unit), mode)
    else:
        beside.unlink(missing_ok=True)
    remarks = {title: lines for title, lines in remarks.items() if lines and not options.anonymous}
    write_whole(path, class_report.to_html(shown, unit, remarks, pairs, beside.name), mode)


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


def known_unit(text):
    """A unit that has tasks, as two digits."""
    unit = unit_name(text)
    if unit not in units():
        raise ValueError(f"there are no tasks for unit {unit}; known are {', '.join(units())}")
    return unit


def results_folder(options):
    """The folder that holds a course's scores, a folder in it for each unit."""
    return options.results or course_folder(options.path) / "grading"


def _pool(options):
    if options.dask:
        from cnncourse.grading.host.cluster import DaskPool

        return DaskPool(options.dask, trust=options.trust_submissions, slack=options.slack)
    return LocalPool(options.jobs, trust=options.trust_submissions, slack=options.slack)


def _write(options, records, shown, submissions, unit):
    """Write what was asked for; says whether the gradebook took the scores."""
    if not records:
        return True
    files = {kind: getattr(options, kind) for kind in ("json", "csv", "mistakes", "canvas", "moodle")}
    exports.write_exports(records, unit, files, options.roster, shown)
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
