"""Bounds on trained results: asserted in an ordinary run, recorded in a margin run, which draws other numbers."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from cnncourse import at_least, at_most


@pytest.fixture(autouse=True)
def ordinary_run(monkeypatch):
    for name in ("CNNCOURSE_MARGINS", "CNNCOURSE_SEED"):
        monkeypatch.delenv(name, raising=False)


def test_what_holds_passes_the_bound_included():
    at_least(0.8, 0.8, "99/reaches")
    at_most(np.float32(0.5), 0.5, "99/stays-below")
    at_least([0.5, 0.9], 0.6, "99/mean-of-the-starts")


@pytest.mark.parametrize(
    ("claim", "value", "bound", "says"),
    [
        (at_least, 0.716, 0.75, "99/x: got 0.716, wanted at least 0.75"),
        (at_most, 3, 2.5, "99/x: got 3, wanted at most 2.5"),
        (at_least, float("nan"), 0, "99/x: got nan, wanted at least 0"),
        (at_most, float("nan"), 0, "99/x: got nan, wanted at most 0"),
        (at_least, np.array([0.2, 0.4]), 0.5, "got 0.3 (mean of 2, which spread by 0.14), wanted at least 0.5"),
    ],
)
def test_what_does_not_hold_says_value_and_bound(claim, value, bound, says):
    with pytest.raises(AssertionError) as failure:
        claim(value, bound, "99/x")
    assert says in str(failure.value)


@pytest.mark.parametrize("name", ["claim", "99/two words", "", None])
def test_names_that_could_not_be_found_again_are_refused(name):
    with pytest.raises(ValueError, match="name must be 'unit/claim'"):
        at_least(1, 0, name)


def test_no_value_at_all_is_refused():
    with pytest.raises(ValueError, match="got an empty array"):
        at_least([], 0, "99/x")


def test_a_margin_run_records_instead_of_failing(monkeypatch, tmp_path):
    file = tmp_path / "margins.jsonl"
    monkeypatch.setenv("CNNCOURSE_MARGINS", str(file))
    monkeypatch.setenv("CNNCOURSE_SEED", "2")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    at_least(0.1, 0.9, "99/fails")
    at_most([1, 3], 5, "99/holds")
    first, second = [json.loads(line) for line in file.read_text().splitlines()]
    assert (first["name"], first["side"], first["value"], first["bound"]) == ("99/fails", "at least", 0.1, 0.9)
    assert first["spread"] is None
    assert second["value"] == 2
    assert second["spread"] == pytest.approx(2**0.5)
    assert second["seed"] == 2
    assert second["processor"]["OPENBLAS_CORETYPE"] == "Nehalem"
    assert second["processor"]["OMP_NUM_THREADS"] == "1"


DRAWS = """
import random, cnncourse
rng = cnncourse.setup(seed=5)
import numpy as np, torch
torch.Generator.__call__  # still a class
print(rng.random(), random.random(), np.random.random(), torch.rand(1).item())
print(np.random.default_rng(3).random(), np.random.default_rng([3, 4]).random())
torch.manual_seed(3); print(torch.rand(1).item())
g = torch.Generator().manual_seed(3); print(torch.rand(1, generator=g).item(), torch.randperm(9, generator=g).sum())
cnncourse.setup(seed=5); print(torch.rand(1).item())
"""


def draws(seed):
    environment = {key: value for key, value in os.environ.items() if key != "CNNCOURSE_SEED"}
    if seed is not None:
        environment["CNNCOURSE_SEED"] = seed
    return subprocess.run([sys.executable, "-c", DRAWS], env=environment, capture_output=True, text=True)


def test_every_seeded_generator_draws_other_numbers_in_another_margin_run():
    ordinary, one, two = (draws(seed).stdout.split() for seed in (None, "1", "2"))
    assert len(ordinary) == 10
    same = [k for k in range(10) if ordinary[k] == one[k] or one[k] == two[k]]
    assert same == [8]  # the sum of a permutation, there to see that it can still be drawn
    assert one[3] == one[9], "a second setup starts the same numbers again"


def test_a_seed_that_is_no_number_is_named():
    assert "CNNCOURSE_SEED must be a whole number of at least 0, got 'x'" in draws("x").stderr
