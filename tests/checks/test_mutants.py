"""Mutants of every reference must fail: the checks' own check. Prints the mutation score; `--all` tries every one."""

import pytest

from tests.checks.equivalent_mutants import EQUIVALENT
from tests.checks.mutants import survivors
from tests.checks.test_known_mistakes import TASKS, is_large

SCORES = {}
# A changed training run may train as well: what matters there is the accuracy alone. ResNet20's reference is one
# call into a network with options, and each wrong option is a known mistake.
MUTABLE = [task for task in TASKS if not task.observe.trains and task.id != "14.ResNet20"]


@pytest.mark.sampled(share=1 / 3, reason="each task's mutants are tried one by one")
@pytest.mark.parametrize("task", MUTABLE, ids=lambda task: task.id)
def test_every_mutant_fails(task, pytestconfig):
    equivalent = EQUIVALENT.get(task.id, {})
    assert all(len(reason) > 10 for reason in equivalent.values())
    sample = 1 / 6 if is_large(task) else 1 / 4
    share = 1.0 if pytestconfig.getoption("--all") else sample
    count, alive = survivors(task, equivalent=equivalent, share=share)
    SCORES[task.id] = (count - len(alive), count)
    print(f"{task.id}: {count - len(alive)} of {count} mutants fail")
    assert count >= 2
    assert not alive, "\n".join(["these mutants get full points:", *alive])
