"""Freed memory serves the next layer: no page is asked for twice."""

import subprocess
import sys

import pytest

from cnncourse.numpy_nn.algorithms import memory

FAULTS = """
import resource, sys
import numpy as np
from cnncourse.numpy_nn import functional as F
from cnncourse.numpy_nn.algorithms import memory, winograd

x, filters = np.ones((1, 64, 56, 56), np.float32), winograd.Filters(np.ones((64, 64, 3, 3), np.float32)).keep()
for _ in range(5):
    winograd.convolve(x, filters, (1, 1))
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    winograd.convolve(x, filters, (1, 1))
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 10)
"""


@pytest.mark.skipif(not memory.keep_freed(), reason="the C library cannot be told")
def test_a_layer_finds_the_memory_of_the_last_one():
    def faults(script):
        output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        return float(output.stdout)

    forgetful = "import sys; sys.platform = 'none'\n" + FAULTS  # importing numpy_nn tells nobody
    assert faults(FAULTS) < 20
    assert faults(forgetful) > 200


def test_elsewhere_nothing_is_told(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    assert memory.keep_freed() is False
