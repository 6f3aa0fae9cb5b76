"""One set of sandboxes for all grading tests; where there is no bubblewrap, the tests that need it are skipped."""

import pytest

from cnncourse.grading.host.grade import Sandboxes
from tests.system import require


@pytest.fixture(scope="session")
def sandboxes():
    """Sandboxes that stay open over the whole test run, as in a real one."""
    require("bwrap")
    with Sandboxes() as opened:
        yield opened
