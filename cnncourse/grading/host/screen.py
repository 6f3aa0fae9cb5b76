"""What the grader says on the screen: one score, a class, and what failed."""

import sys

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cnncourse.grading.outputs.feedback import SAID, clean

SHOWN = 40


def progress(console):
    """A progress bar, where the console is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


def print_summary(summary, unit, folder):
    """Points of all, where they are kept, and whom the grader could not grade."""
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
