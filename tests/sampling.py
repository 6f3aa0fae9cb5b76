"""Parametrised tests of which an ordinary run takes a share, and ``--all`` takes every case.

    pytestmark = pytest.mark.sampled(share=1 / 8, reason="each case starts a browser")

marks a module (or, above a function, that function). Which cases are taken depends only on their ids, so every
machine takes the same ones. Cases that the command line asks for, by ``-k``, ``-m`` or a test's id, are all run.
The summary says what was left out.
"""

import hashlib
from collections import Counter

import pytest


def rank(text: str) -> float:
    """Return a number in [0, 1) made from the text, as if drawn by chance."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48


def choose(names, share: float) -> set[str]:
    """Return those of the names whose rank is below `share`; the lowest one at least."""
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {share!r}")
    names = list(names)
    return {name for name in names if rank(name) < share} or {min(names, key=rank)}


class Sampling:
    """The plugin that ``tests/conftest.py`` registers."""

    def __init__(self):
        self.left_out = {}  # (test function, reason) -> [taken, all]

    @pytest.hookimpl(trylast=True)  # after -k and -m
    def pytest_collection_modifyitems(self, config, items):
        """Deselect what is not in the sample."""
        asked = config.option.keyword or config.option.markexpr or any("::" in word for word in config.args)
        if config.getoption("--all") or asked:
            return
        functions = {}
        for item in items:
            if marker := item.get_closest_marker("sampled"):
                key = (item.nodeid.partition("[")[0], marker.kwargs["reason"])
                functions.setdefault(key, (marker.kwargs["share"], []))[1].append(item.nodeid)
        drop = set()
        for key, (share, cases) in functions.items():
            taken = choose(cases, share)
            drop.update(set(cases) - taken)
            if len(taken) < len(cases):
                self.left_out[key] = [len(taken), len(cases)]
        if drop:
            config.hook.pytest_deselected(items=[item for item in items if item.nodeid in drop])
            items[:] = [item for item in items if item.nodeid not in drop]

    def pytest_sessionfinish(self, session):
        """In a worker of xdist: hand over to the process that prints."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["sampled"] = [[*key, *counts] for key, counts in self.left_out.items()]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        """In the process that prints: every worker has collected the same."""
        for function, reason, *counts in getattr(node, "workeroutput", {}).get("sampled", ()):
            self.left_out[function, reason] = counts

    def pytest_terminal_summary(self, terminalreporter):
        """Print what was sampled, by file and reason."""
        totals = Counter()
        for (function, reason), (taken, cases) in self.left_out.items():
            key = function.partition("::")[0], reason
            totals[key, "taken"] += taken
            totals[key, "cases"] += cases
        if totals:
            terminalreporter.section("sampled; with --all everything runs")
        for file, reason in sorted({key for key, _ in totals}):
            taken, cases = totals[(file, reason), "taken"], totals[(file, reason), "cases"]
            terminalreporter.line(f"{taken:5} of {cases:5} cases of {file}: {reason}")
