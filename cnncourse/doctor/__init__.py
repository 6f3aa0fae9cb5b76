"""``cnncourse doctor``: look over Python, packages, data, disk and Jupyter, and tell how to fix what is wrong.

Nothing here may fail on a broken installation, so every import of another package is inside a check, and
what could crash (PyTorch, a kernel) runs in a process of its own.
"""

import argparse
import sys
from collections.abc import Callable, Iterable

from . import computer, installation
from .finding import COURSE_AGAIN, STATES, Finding

# What a learner needs comes first, in the order in which one would repair it. The slow ones start PyTorch or a kernel.
CHECKS = (
    installation.check_python,
    installation.check_packages,
    installation.check_torch_versions,
    installation.check_torch,
    computer.check_folder,
    installation.check_kernel,
    computer.check_data,
    computer.check_disk,
    installation.check_kind_of_torch,  # from here on, what works as it is and could be better
    computer.check_full_sets,
    installation.check_blas,
    computer.check_for_teachers_and_contributors,
)
SLOW = (installation.check_torch, installation.check_blas, installation.check_kernel)


def examine(checks: Iterable[Callable]) -> list[Finding]:
    """Run the checks; one that fails itself becomes a finding, never a traceback."""
    findings = []
    for check in checks:
        try:
            findings += check()
        except Exception as error:
            name = check.__name__.removeprefix("check_").replace("_", " ")
            found = f"could not be checked: {type(error).__name__}: {error}"
            findings.append(Finding("problem", name, found, f"first fix what stands above, or {COURSE_AGAIN}"))
    return findings


def show(findings: list[Finding]) -> None:
    """Print the findings as a table, or as plain lines where rich is missing."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal without these letters shows "?" instead of failing
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except Exception:
        for finding in findings:
            print(f"{finding.state:8} {finding.what}: {finding.found}")
            if finding.cure:
                print(f"         What to do: {finding.cure}")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")  # a path is broken into lines, not cut
    for finding in findings:
        found = Text(finding.found)
        if finding.cure:
            found.append(f"\nWhat to do: {finding.cure}", style="bold")
        table.add_row(Text(finding.state, style=STATES[finding.state]), Text(finding.what), found)
    Console().print(table)


def main(argv: list[str] | None = None) -> int:
    """Examine, print, and return 1 if there is a problem, else 0."""
    parser = argparse.ArgumentParser(prog="cnncourse doctor", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="do not start PyTorch or a kernel (half a minute less)")
    arguments = parser.parse_args(argv)
    findings = examine([check for check in CHECKS if not (arguments.quick and check in SLOW)])
    show(findings)
    problems = sum(finding.state == "problem" for finding in findings)
    if problems:
        print(f"{problems} problem{'s' * (problems > 1)} found; fix them from the top down.")
    else:
        print("Everything that the course needs is in order.")
    return 1 if problems else 0
