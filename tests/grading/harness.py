"""What the grading tests share: honest answers, notebooks, and a look at what a sandbox left behind."""

import json
import os
from pathlib import Path

from cnncourse.checks.registry import load_task
from cnncourse.grading.host.grade import grade_cells

IMPORTS = "import numpy as np\nfrom cnncourse.checks import check"
ANSWERS = {
    "01.to_tensor": """
def to_tensor(image):
    if image.ndim == 2:
        image = image[:, :, np.newaxis]
    return image.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
""",
    "01.channel_statistics": """
def channel_statistics(images):
    return images.mean(axis=(0, 2, 3)), images.std(axis=(0, 2, 3))
""",
    "01.normalize": """
def normalize(images, mean, std):
    mean = np.asarray(mean, images.dtype).reshape(1, -1, 1, 1)
    return (images - mean) / np.asarray(std, images.dtype).reshape(1, -1, 1, 1)
""",
    "01.mlp_parameters": """
def mlp_parameters(shape, hidden):
    inputs = 1
    for size in shape:
        inputs *= size
    return (inputs + 1) * hidden
""",
    "01.conv_parameters": """
def conv_parameters(c_in, c_out, kernel_size, bias=True):
    k_h, k_w = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return c_out * (c_in * k_h * k_w + bool(bias))
""",
    "02.cross_correlate2d": """
def cross_correlate2d(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("hwij,ij->hw", windows, kernel)
""",
}
CORRELATE = "02.cross_correlate2d"
UNIT_01 = [answer for task, answer in ANSWERS.items() if task.startswith("01.")]


def notebook_json(cells):
    """A notebook with these code cells, as text."""
    content = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "execution_count": None, "source": cell}
        for i, cell in enumerate(cells)
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": content})


def hand_in(course, student, cells, unit="01_images"):
    """Put a notebook where nbgrader would collect it; returns its path."""
    path = Path(course) / "submitted" / student / unit / f"{unit}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(cells if isinstance(cells, str) else notebook_json(cells))
    return path


def grade_one(sandboxes, cells, task_id=CORRELATE, *, seed=20240229, slack=2.0):
    """Grade cells on one task; returns the Graded."""
    return grade_cells(cells, [load_task(task_id)], seed, sandboxes, slack)[0]


def descendants(pid):
    """All processes below a process, whatever namespaces they hide in."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            children.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(entry))
    found, waiting = [], [pid]
    while waiting:
        waiting += children.get(waiting[0], [])
        found += children.get(waiting.pop(0), [])
    return found


def open_files():
    """The descriptors that this process has open, and what they lead to."""
    found = {}
    for entry in os.listdir("/proc/self/fd"):
        try:
            found[entry] = os.readlink(f"/proc/self/fd/{entry}").split(":")[0]
        except OSError:
            continue  # the one that listed them
    return found
