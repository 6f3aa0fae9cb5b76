"""Which seeds a test of tasks tries."""

import pytest

from tests.sampling import rank


@pytest.fixture
def seeds_of(pytestconfig, request):
    """Give a test's seeds: with --all `most` (some, where a network is built or trained); else a sample.

    The sample is an eighth, drawn by the test's name, so that all tests together meet every seed.
    """
    whole = pytestconfig.getoption("--all")

    def seeds(task, most=20):
        few = task.observe.test_seeds
        if few < 20:
            return range(min(few, most) if whole else 1)
        return range(most) if whole else range(int(8 * rank(request.node.nodeid)), most, 8)

    return seeds
