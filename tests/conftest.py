"""What all tests share: the count of PyTorch's own test inputs that were run, printed at the end."""

from collections import Counter


def pytest_terminal_summary(terminalreporter):
    """Print how many of op_db's inputs ran, per kind, as the tests recorded it (see numpy_nn/opdb.py)."""
    totals, operations = Counter(), set()
    for report in terminalreporter.getreports("passed"):
        for name, value in getattr(report, "user_properties", ()):
            if name == "op_db" and report.when == "call":
                operation, kind, counts = value
                operations.add(operation)
                for what, number in counts.items():
                    totals[kind, what] += number
    if not operations:
        return
    terminalreporter.section("PyTorch's own test inputs (op_db)")
    for (kind, what), number in sorted(totals.items()):
        terminalreporter.line(f"{number:6} {kind:8} {what}")
    terminalreporter.line(f"operations {len(operations)}: {', '.join(sorted(operations))}")
