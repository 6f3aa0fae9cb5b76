"""The book, built once for all tests."""

from __future__ import annotations

import os

import pytest
from filelock import FileLock

from tests.system import require


def need(group: str) -> None:
    """Skip a test where the cache lacks what npm and PyPI give; with ``CI=true`` that is a failure."""
    from tools.book import assets

    if assets.complete(group):
        return
    message = f"the cache lacks files for the book ({group}): run `make book ARGS=--fetch` with a network"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def html(tmp_path_factory):
    """The folder of the built site; several workers share one."""
    from tools.book.__main__ import build

    need("formulas")
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    target = base / "book" / "html"
    with FileLock(str(base / "book.lock")):
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            assert build(target, base / "book" / "scratch"), "Sphinx has warnings or failed: see its output"
    return target


@pytest.fixture(scope="module")
def reader(html):
    """A function that opens a window of a reader's browser on the built site: ``with reader(dark=True) as …``."""
    from tests.book import reader as parts

    need("audit")
    with parts.site(html) as address, parts.browser(require("chromium")) as chromium:
        yield lambda **options: parts.Reader(chromium, address, **options)
