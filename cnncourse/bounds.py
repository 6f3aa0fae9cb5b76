"""Bounds on trained results: asserted in an ordinary run, recorded in a margin run.

A trained accuracy differs from seed to seed and from processor to processor. A lesson or test that claims
"at least 0.8" therefore needs a bound that is far from what comes out by chance. Claims on trained results go
through `at_least` and `at_most`. ``make processors`` runs them with other seeds and on other processors, collects
what they record, and prints how many standard deviations lie between the values and each bound.
"""

from __future__ import annotations

import json
import os
import random

import numpy as np

MARGINS = "CNNCOURSE_MARGINS"  # names the file that a margin run writes
SEED = "CNNCOURSE_SEED"  # a whole number: a margin run with another one draws other random numbers
STRIDE = 1_000_003  # between the seeds of two margin runs: far more than a loop over seeds goes
PROCESSOR = (  # what makes one machine compute like another; see tools/processors/machines.py
    "NPY_DISABLE_CPU_FEATURES",
    "OPENBLAS_CORETYPE",
    "MKL_ENABLE_INSTRUCTIONS",
    "ONEDNN_MAX_CPU_ISA",
    "ATEN_CPU_CAPABILITY",
    "OMP_NUM_THREADS",
)


def at_least(value, bound: float, name: str) -> None:
    """Assert ``value >= bound``, or record both if ``CNNCOURSE_MARGINS`` names a file.

    Parameters
    ----------
    value
        A number; or an array of the results of several starts, whose mean is judged.
    bound
        What it must reach.
    name
        Unit and claim, for example ``"14/residual-beats-plain"``. It must stay the same from run to run.

    Raises
    ------
    AssertionError
        If the value (or the mean) is smaller, or NaN. Never in a margin run, which must reach the end.

    Examples
    --------
    >>> at_least([0.81, 0.85], 0.8, "10/accuracy")
    >>> at_least(0.7, 0.8, "10/accuracy")
    Traceback (most recent call last):
    AssertionError: 10/accuracy: got 0.7, wanted at least 0.8
    """
    _judge("at least", value, bound, name)


def at_most(value, bound: float, name: str) -> None:
    """Assert ``value <= bound``; everything else is as in `at_least`.

    >>> at_most(0.3, 0.5, "10/loss")
    """
    _judge("at most", value, bound, name)


def _judge(side, value, bound, name):
    starts = np.asarray(value, dtype=float).ravel()
    if starts.size == 0:
        raise ValueError(f"value must be a number or an array of at least one, got an empty array ({name})")
    if not isinstance(name, str) or "/" not in name or name != "".join(name.split()):
        raise ValueError(f"name must be 'unit/claim' without spaces, for example '14/depth-helps', got {name!r}")
    mean, bound = float(starts.mean()), float(bound)
    spread = float(starts.std(ddof=1)) if starts.size > 1 else None
    if os.environ.get(MARGINS):
        _record(name=name, side=side, value=mean, bound=bound, spread=spread, starts=starts.size)
        return
    holds = mean >= bound if side == "at least" else mean <= bound
    if not holds:
        found = f"{mean:.6g}" if spread is None else f"{mean:.6g} (mean of {starts.size}, which spread by {spread:.2g})"
        raise AssertionError(f"{name}: got {found}, wanted {side} {bound:.6g}")


def _record(**line):
    """Append one line to the file of the margin run, in a single write: several processes share it."""
    line |= {"seed": run_seed(), "processor": {key: os.environ[key] for key in PROCESSOR if key in os.environ}}
    with open(os.environ[MARGINS], "ab", buffering=0) as file:
        file.write((json.dumps(line) + "\n").encode())


def run_seed() -> int:
    """Return the number of this margin run, 0 in an ordinary run."""
    text = os.environ.get(SEED) or "0"
    if not text.isdecimal():
        raise ValueError(f"{SEED} must be a whole number of at least 0, got {text!r}")
    return int(text)


def shift_seeds() -> None:
    """Make seeded generators draw other numbers if ``CNNCOURSE_SEED`` is set; do nothing otherwise.

    `cnncourse.setup` calls this, and so does the start of the tests. From then on ``default_rng(3)``,
    ``torch.manual_seed(3)``, ``torch.Generator().manual_seed(3)``, ``np.random.seed(3)`` and ``random.seed(3)`` take
    3 plus a multiple of `STRIDE`.
    """
    shift = run_seed() * STRIDE
    if not shift or hasattr(np.random.default_rng, "shifted"):
        return
    import torch

    default_rng = np.random.default_rng

    def shifted_rng(seed=None):
        if isinstance(seed, (int, np.integer)):
            return default_rng(int(seed) + shift)
        return default_rng([shift, *seed] if isinstance(seed, (list, tuple)) else seed)

    def shifted(function):
        return lambda seed: function(int(seed) + shift if isinstance(seed, (int, np.integer)) else seed)

    class Generator(torch.Generator):
        def manual_seed(self, seed):
            super().manual_seed(int(seed) + shift)
            return self

    shifted_rng.shifted = True
    np.random.default_rng = shifted_rng
    np.random.seed = shifted(np.random.seed)
    random.seed = shifted(random.seed)
    torch.manual_seed = torch.random.manual_seed = shifted(torch.manual_seed)
    torch.Generator = Generator
