"""The benchmarks' own tools: how they time, count, compare and publish. What they measure is nobody's pass or fail."""

import json
import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as overview
from benchmarks import bench_roofline, contenders, contention, layers, lines, measure, tables

ROOT = Path(__file__).parents[1]


def bench(*arguments):
    line = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(line, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True)


def test_contenders_take_turns_and_the_call_before_each_timed_one_is_not_counted(monkeypatch):
    clock, calls = [0.0], []
    monkeypatch.setattr(measure, "clock", lambda: clock[0])
    monkeypatch.setattr(measure, "REST", 0)

    def contender(name, seconds):
        def call():
            calls.append(name)
            clock[0] += seconds.pop(0)

        return call

    a = contender("a", [9, 9, 1, 9, 5, 9, 2])
    b = contender("b", [1, 1, 4, 1, 4, 1, 4])
    times = measure.side_by_side({"a": a, "b": b}, budget=0, least=3, patience=100)
    assert "".join(calls) == "ab" + 3 * "aabb"
    assert times == {"a": [1.5, 2, 3.5], "b": [4, 4, 4]}


def test_contenders_rest_and_warm_up_before_each_timed_call(monkeypatch):
    clock, log = [0.0], []

    def passes(seconds, name):
        log.append(name)
        clock[0] += seconds

    for name in ("perf_counter", "sleep"):
        monkeypatch.setattr(measure.time, name, {"sleep": lambda s: passes(s, "z")}.get(name, lambda: clock[0]))
    monkeypatch.setattr(measure, "clock", lambda: clock[0])
    contenders = {"a": lambda: passes(0.02, "a"), "b": lambda: passes(3, "b")}
    times = measure.side_by_side(contenders, budget=0, least=2, patience=100)
    assert "".join(log) == "ab" + 2 * ("z" + 3 * "a" + "a" + "zbb")  # 50 ms of a; of b one call takes longer anyway
    assert times["a"] == pytest.approx([0.02] * 3)
    assert times["b"] == pytest.approx([3] * 3)


def test_time_is_charged_to_the_line_that_spends_it(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(measure, "clock", lambda: clock[0])
    monkeypatch.setattr(measure, "warm_up", lambda call: call())
    spend = lambda seconds: clock.__setitem__(0, clock[0] + seconds)
    code = "def inner(spend):\n    spend(2)\n\ndef outer(spend):\n    spend(3)\n    inner(spend)\n    spend(3)\n"
    (tmp_path / "two.py").write_text(code)
    names = {}
    exec(compile(code, str(tmp_path / "two.py"), "exec"), names)
    before = sys.gettrace()
    found = lines.by_line(lambda: names["outer"](spend), rounds=4, folder=tmp_path)
    assert sys.gettrace() is before
    assert found[:2] == [("two.outer", "spend(3)", 6.0), ("two.inner", "spend(2)", 2.0)]  # twice 3: lines of one text
    assert all(took == 0 for *_, took in found[2:])


def test_the_share_of_matrix_products(monkeypatch):
    found = [
        ("a.f", "np.matmul(a, b)", 3.0),
        ("a.f", "y = w[c] @ x", 2.0),
        ("a.g", "y += 1", 1.0),
        ("a.g", "@cache", 0.1),
    ]
    monkeypatch.setattr(lines, "by_line", lambda call: found)
    assert lines.matrix_products(None) == 5
    assert lines.expensive(None) == found[:3]


@pytest.mark.parametrize("start", [threading.Thread, multiprocessing.get_context("spawn").Process])
def test_a_layer_is_timed_beside_another_thread_or_process(start, monkeypatch):
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    monkeypatch.setattr(contention, "SECONDS", 0.05)
    event = threading.Event if start is threading.Thread else multiprocessing.get_context("spawn").Event
    low, median, high = contention.beside(start, event, contention.layer_backward())
    assert 0 < low <= median <= high
    assert before is None or os.sched_getaffinity(0) == before


def test_a_contender_that_takes_too_long_is_called_once(monkeypatch):
    clock, calls = [0.0], []
    monkeypatch.setattr(measure, "clock", lambda: clock[0])
    monkeypatch.setattr(measure, "REST", 0)

    def slow():
        calls.append("slow")
        clock[0] += 7

    times = measure.side_by_side({"slow": slow, "fast": lambda: calls.append("fast")}, budget=0, patience=3)
    assert calls.count("slow") == 1
    assert calls.count("fast") > 1
    assert times["slow"] == [7, 7, 7]


def test_means_errors_and_cells():
    assert measure.geometric_mean([0.5, 2]) == pytest.approx(1)
    assert measure.relative_error(np.array([1.0, 4.5]), np.array([1.0, -5.0])) == pytest.approx(1.9)
    assert tables.milliseconds([0.0101, 0.012, 0.0138]) == "12.0 (10.1–13.8)"
    assert tables.milliseconds([0.11, 0.2, 0.3]) == "200 (110–300)"
    assert tables.table(["a", "b"], [["x", 1]]) == "| a | b |\n| --- | ---: |\n| x | 1 |\n"


def test_what_a_layer_computes_and_moves():
    layer = layers.Layer("", N=2, C_in=6, C_out=4, size=7, K=3, stride=2, padding=1, groups=2)
    assert layer.output_size == 4
    assert layer.flops == 2 * (2 * 4 * 4 * 4) * 27
    assert layer.bytes == 4 * (2 * 6 * 49 + 4 * 27 + 2 * 4 * 16)
    shapes = [array.shape for array in layer.arrays(np.random.default_rng(0))]
    assert shapes == [(2, 6, 7, 7), (4, 3, 3, 3), (2, 4, 4, 4)]


@pytest.mark.parametrize("name", ["SciPy", "JAX"])
@pytest.mark.parametrize("geometry", [{}, {"stride": 2}, {"dilation": 2, "padding": 2}, {"K": 1, "padding": 0}])
def test_contenders_compute_the_same_convolution(name, geometry):
    try:
        contender = contenders.ELSEWHERE[name]()
    except ImportError as error:
        pytest.skip(str(error))
    layer = layers.Layer("", 2, 3, 16, 9, **geometry)
    arrays = layer.arrays(np.random.default_rng(0))
    ours, theirs = contenders.Ours().calls(layer, *arrays), contender.calls(layer, *arrays)
    output = contender.image(theirs[0]())
    np.testing.assert_allclose(output, ours[0]()[: len(output), : output.shape[1]], atol=1e-4)
    assert output.size == contender.share(layer) * ours[0]().size
    if theirs[1]:
        grad_input, grad_weight = theirs[1]()
        np.testing.assert_allclose(contender.image(grad_input), ours[1]()[0], atol=1e-4)
        np.testing.assert_allclose(contender.filters(grad_weight), ours[1]()[1], atol=1e-3)


def test_a_part_writes_a_table_a_picture_and_its_numbers(tmp_path):
    layer = "5×5, 6→16"
    result = bench("conv", "--quick", "--threads", "1", "--only", layer, "--results", str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"conv-1.json", "conv.md", "conv.png"}
    (row,) = json.loads((tmp_path / "conv-1.json").read_text())
    assert row["forward"]["numpy"][0] <= row["forward"]["numpy"][1] <= row["forward"]["numpy"][2]
    assert 0 < row["error"] < 1e-4
    assert layer in (tmp_path / "conv.md").read_text()
    assert (tmp_path / "conv.md").read_text().strip() in result.stdout


def test_the_roofline_counts_what_winograd_spares():
    rng = np.random.default_rng(0)
    plain, short_cut = layers.Layer("", 1, 3, 64, 32), layers.Layer("", 1, 64, 64, 32)
    assert bench_roofline.real_flops(plain, *plain.arrays(rng)[:2], None) == plain.flops
    x, w, _ = short_cut.arrays(rng)
    assert bench_roofline.real_flops(short_cut, x, w, w) == short_cut.flops / 4


def test_an_absent_library_is_passed_over_with_a_line(tmp_path):
    arguments = ("--without", "SciPy", "JAX", "--only", "5×5, 6→16", "--quick", "--threads", "1")
    result = bench("others", *arguments, "--results", str(tmp_path), "--numpy-ml", str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert "without numpy-ml: No module named 'numpy_ml'" in result.stderr
    assert "without CS231n: No module named 'cs231n'" in result.stderr


def test_help_lists_the_parts_and_a_wrong_one_is_named():
    text = bench("--help").stdout
    for name in overview.PARTS:
        assert f"\n  {name} " in text
    result = bench("nonsense")
    assert result.returncode == 1
    assert "'nonsense' is none of the parts: bounds, conv, others" in result.stderr
    assert "--profile" in bench("networks", "--help").stdout


def test_publishing_replaces_what_is_between_the_marks(tmp_path):
    page, results = tmp_path / "page.md", tmp_path / "results"
    results.mkdir()
    (tmp_path / "images").mkdir()
    page.write_text("A\n<!-- conv -->\nold\n<!-- end -->\nB\n<!-- others -->\nkept\n<!-- end -->\n")
    (results / "conv.md").write_text(r"new \1" + "\n")
    (results / "conv.png").write_bytes(b"picture")
    overview.publish(results, page)
    assert page.read_text() == "A\n<!-- conv -->\nnew \\1\n<!-- end -->\nB\n<!-- others -->\nkept\n<!-- end -->\n"
    assert (tmp_path / "images" / "bench_conv.png").read_bytes() == b"picture"


def test_the_promised_ratios_of_other_processors_stay(tmp_path):
    page, results = tmp_path / "page.md", tmp_path / "results"
    results.mkdir()
    pieces = [
        f"*{name}, 2 cores; Python 3.11, NumPy 2 ({kernels}), PyTorch; load 1.*\n\n| a table |\n\nIn bold: {note}."
        for name, kernels, note in [
            ("One (R) CPU", "openblas for SkylakeX", "old"),
            ("One (R) CPU", "openblas for Haswell", "kept"),
            ("Two", "openblas for SkylakeX", "kept too"),
            ("One (R) CPU", "openblas for SkylakeX", "new"),
        ]
    ]
    page.write_text("A\n<!-- bounds -->\n" + "\n\n".join(pieces[:3]) + "\n<!-- end -->\nB\n")
    (results / "bounds.md").write_text(pieces[3] + "\n")
    overview.publish(results, page)
    expected = "\n\n".join([pieces[3], pieces[1], pieces[2]])
    assert page.read_text() == f"A\n<!-- bounds -->\n{expected}\n<!-- end -->\nB\n"


def test_the_page_has_a_place_for_each_part():
    page = overview.PAGE.read_text(encoding="utf-8")
    for name in overview.PARTS:
        assert page.count(f"<!-- {name} -->\n") == 1
