"""The references themselves, against PyTorch and against numbers worked out by hand."""

import re
from pathlib import Path

import numpy as np
import pytest

from cnncourse.checks import load_task, tasks_of_unit, units

torch = pytest.importorskip("torch")
LESSONS = Path(__file__).resolve().parents[2] / "notebooks" / "source"


def reference(task_id):
    return load_task(task_id).reference


@pytest.mark.parametrize("task_id", ["02.conv2d", "03.conv2d"])
def test_convolutions_are_pytorchs(task_id):
    task = load_task(task_id)
    for seed in range(5):
        for case in task.draw(seed):
            args = [None if a is None or isinstance(a, (int, tuple)) else torch.tensor(np.array(a)) for a in case.args]
            args = [a if t is None else t for a, t in zip(case.args, args, strict=True)]
            kwargs = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in case.kwargs.items()}
            wanted = torch.nn.functional.conv2d(*args, **kwargs).numpy()
            tolerance = 1e-12 if wanted.dtype == np.float64 else 1e-5
            np.testing.assert_allclose(task.wanted(case), wanted, rtol=0, atol=tolerance * np.abs(wanted).max())


def test_conv1x1_is_pytorchs():
    task = load_task("03.conv1x1")
    for case in task.draw(0):
        wanted = torch.nn.functional.conv2d(*(torch.tensor(np.array(a)) for a in case.args)).numpy()
        np.testing.assert_allclose(task.wanted(case), wanted, atol=1e-5)


def test_output_sizes_are_pytorchs():
    task = load_task("03.conv_output_size")
    for seed in range(10):
        for case in task.draw(seed):
            names = ("size", "kernel_size", "stride", "padding", "dilation")
            given = dict(zip(names, case.args, strict=False)) | case.kwargs
            size, kernel_size = given.pop("size"), given.pop("kernel_size")
            signal, kernel = torch.zeros(1, 1, size), torch.zeros(1, 1, kernel_size)
            assert task.wanted(case) == torch.nn.functional.conv1d(signal, kernel, **given).shape[2]


def test_receptive_fields_are_those_of_back_propagation():
    """Pixels whose gradient is not zero, for stacks of convolutions with positive weights."""
    for case in load_task("03.receptive_field").draw(3):
        (layers,) = case.args
        expected = reference("03.receptive_field")(layers)
        jump = int(np.prod([s for _, s in layers]))
        x = torch.zeros(1, 1, expected + 3 * jump, dtype=torch.float64, requires_grad=True)
        y = x
        for kernel_size, stride in layers:
            y = torch.nn.functional.conv1d(y, torch.ones(1, 1, kernel_size, dtype=torch.float64), stride=stride)
        y[0, 0, 0].backward()
        seen = x.grad[0, 0].nonzero().flatten()
        # A stride larger than the kernel leaves gaps: the field reaches from the first to the last pixel seen.
        assert int(seen[-1] - seen[0]) + 1 == expected


def test_numbers_of_the_lessons():
    assert reference("01.mlp_parameters")((3, 224, 224), 512) == 150_528 * 512 + 512 == 77_070_336 + 512
    assert reference("01.conv_parameters")(3, 8, 5) == 600 + 8
    assert reference("01.conv_parameters")(1, 1, 3) == 10
    assert reference("01.conv_parameters")(3, 5, 8) == 965
    assert reference("03.conv_output_size")(28, 5) == 24
    assert reference("03.conv_cost")(3, 10, 5, 32, 32) == (760, 768_000)
    assert reference("03.receptive_field")([(3, 1)] * 3) == 7
    die = np.full(6, 1 / 6)
    np.testing.assert_allclose(reference("02.sum_distribution")(die, die)[5], 6 / 36)


def test_sobel_is_skimages():
    filters = pytest.importorskip("skimage.filters")
    image = np.random.default_rng(0).random((9, 7))
    wanted = np.hypot(filters.sobel_h(image), filters.sobel_v(image))[1:-1, 1:-1] * 4
    np.testing.assert_allclose(reference("02.sobel_magnitude")(image), wanted, atol=1e-12)


def slug(text):
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-")


def headings(unit):
    for source in LESSONS.glob(f"{unit}_*.py"):
        for line in source.read_text(encoding="utf-8").splitlines():
            if re.match(r"# #{2,4} ", line):
                yield slug(re.sub(r"^# #+ (\d+\. )?", "", line))


@pytest.mark.parametrize("task", [t for unit in units() for t in tasks_of_unit(unit)], ids=lambda task: task.id)
def test_reading_advice_leads_to_a_section(task):
    """Every `see` names a lesson, and words of a heading in it."""
    advice = {task.see, *(mistake.see for mistake in getattr(task, "mistakes", []))} - {""}
    assert advice
    for see in advice:
        unit, _, section = see.partition("#")
        assert re.fullmatch(r"\d\d", unit)
        found = list(headings(unit))
        if found and section:
            assert any(slug(section) in heading for heading in found), f"{see}: no such heading in lesson {unit}"
