"""What all tests share: ``--all``, other seeds in a margin run, the count of PyTorch's own test inputs."""

from collections import Counter

from cnncourse.bounds import shift_seeds
from tests.sampling import Sampling


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="run all cases of sampled tests (see tests/sampling.py)")


def pytest_configure(config):
    shift_seeds()
    config.addinivalue_line("markers", "sampled(share, reason): an ordinary run takes this share of the cases")
    config.pluginmanager.register(Sampling(), "sampling")


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
