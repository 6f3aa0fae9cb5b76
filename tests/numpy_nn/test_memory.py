"""Freed memory serves the next layer: no page is asked for twice."""

import subprocess
import sys

import pytest

from cnncourse.numpy_nn.fast import memory

FAULTS = """
import resource, sys
import numpy as np
from cnncourse import numpy_nn
from cnncourse.numpy_nn.fast import winograd

CHOICE

x, filters = np.ones((1, 64, 56, 56), np.float32), winograd.Filters(np.ones((64, 64, 3, 3), np.float32)).compute_all()
for _ in range(5):
    winograd.convolve(x, filters, (1, 1))
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    winograd.convolve(x, filters, (1, 1))
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the C library cannot be told")
def test_a_layer_finds_the_memory_of_the_last_one():
    def faults(script):
        output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        return float(output.stdout)

    assert faults(FAULTS.replace("CHOICE", 'numpy_nn.use("fast")')) < 20
    assert faults(FAULTS.replace("CHOICE", "")) > 200  # importing alone changes nothing


def test_elsewhere_nothing_is_told(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    assert memory.keep_freed() is False
