"""Whatever an answer does, the learner gets a plain sentence: one test for each way to go wrong."""

import threading
import time

import numpy as np
import pytest

from cnncourse.checks import check
from cnncourse.checks.student import LocalStudent


def correlate(image, kernel):
    """A right answer to build wrong ones from."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijuv,uv->ij", windows, kernel)


def judge(answer, task_id="02.cross_correlate2d"):
    report = check(task_id, answer)
    text = report.to_text()
    assert "Traceback" not in text
    assert report._repr_html_().startswith("<div")
    return report


def stub(image, kernel):
    raise NotImplementedError()


def test_not_attempted():
    report = judge(stub)
    assert (report.score, report.status, report.mistake) == (0, "missing", None)
    assert "Not attempted yet." in report.message


def test_partly_attempted_earns_what_is_there():
    def square_only(image, kernel):
        if image.shape[0] != image.shape[1] or kernel.shape[0] != kernel.shape[1]:
            raise NotImplementedError("only squares so far")
        return correlate(image, kernel)

    report = judge(square_only)
    assert (report.score, report.status) == (1, "partial")
    assert "only squares so far" in report.message


def test_wrong_number_of_arguments():
    report = judge(lambda image: image)
    assert (report.status, report.mistake) == ("error", "signature")
    assert "Wanted: cross_correlate2d(image, kernel)" in report.message


def test_wrong_name_of_an_argument():
    def conv2d(input, weight, bias=None, strides=1, padding=0, dilation=1, groups=1):
        return None

    report = judge(conv2d, "03.conv2d")
    assert any("unexpected keyword argument 'stride'" in (t or "") for t in [report.error_text])


def test_not_a_function():
    report = judge(np.zeros((3, 3)))
    assert "it is a ndarray, not a function" in report.message


@pytest.mark.parametrize(
    ("wrap", "mistake", "words"),
    [
        (lambda y: None, "returns-none", "is None"),
        (lambda y: y.tolist(), "returns-list", "a list of 3"),
        (lambda y: tuple(y), "returns-tuple", "a tuple of 3"),
        (lambda y: float(y.sum()), "returns-number", "the float"),
        (lambda y: str(y), "returns-string", "the str"),
        (lambda y: (v for v in y), "unsupported-value", "a generator"),
        (lambda y: {1, 2}, "unsupported-value", "a set"),
        (lambda y: y.astype(object), "unsupported-value", "dtype object"),
        (lambda y: y.astype(np.float16), "wrong-dtype", "float16"),
        (lambda y: y.astype(complex), "wrong-dtype", "complex128"),
        (lambda y: np.where(y > 0, np.nan, y), "not-finite", "nan"),
        (lambda y: np.where(y > 0, np.inf, y), "not-finite", "inf"),
        (lambda y: 0 * y, "all-zeros", "wanted"),
        (lambda y: -y, "wrong-sign", "wanted"),
        (lambda y: 3 * y, "constant-factor", "wanted"),
        (lambda y: y + 1.5, "constant-offset", "wanted"),
        (lambda y: y.round(3), "rounded", "wanted"),
        (lambda y: y[:-1], "crops-output", "wanted: (3, 3)"),
        (lambda y: np.pad(y, 1), "extra-border", "wanted: (3, 3)"),
        (lambda y: y[None], "extra-axis", "(1, 3, 3)"),
        (lambda y: y.ravel(), "flattened", "(9,)"),
        (lambda y: y[::-1], "flipped", "wanted"),
        (lambda y: np.broadcast_to(np.float64(1), (40_000, 40_000)), "too-large", "far larger"),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_wrong_kinds_of_result_have_their_own_sentence(wrap, mistake, words):
    report = judge(lambda image, kernel: wrap(correlate(image, kernel)))
    assert report.score == 0
    assert report.mistake == mistake
    assert words in report.message


@pytest.mark.parametrize(
    ("wrap", "mistake"),
    [
        (lambda y: 100 * y, "constant-factor"),
        (lambda y: -y, "wrong-sign"),
        (lambda y: y + 1, "constant-offset"),
        (lambda y: round(y, 4), "rounded"),
        (lambda y: np.sin(y), None),
    ],
)
def test_numbers_that_are_wrong_in_one_way(wrap, mistake):
    def mean_iou(confusion):
        union = confusion.sum(0) + confusion.sum(1) - np.diag(confusion)
        return float((np.diag(confusion)[union > 0] / union[union > 0]).mean())

    assert judge(lambda confusion: wrap(mean_iou(confusion)), "19.mean_iou").mistake == mistake


def test_a_number_with_too_few_digits():
    assert judge(lambda: 0.67, "19.answer_dice_of_half").mistake == "too-few-digits"
    assert judge(lambda: 0.7, "19.answer_dice_of_half").mistake is None
    assert judge(lambda: 0.667, "19.answer_dice_of_half").passed


def test_tensor():
    torch = pytest.importorskip("torch")
    report = judge(lambda image, kernel: torch.zeros(3, 3))
    assert report.mistake in ("unsupported-value", "banned-library")
    assert "torch" in report.message


def test_float_where_an_int_is_wanted():
    report = judge(lambda size, k, stride=1, padding=0, dilation=1: 24.0, "03.conv_output_size")
    assert "24.0" in report.message
    assert "use // where you divide" in report.message


def test_raising_names_the_learners_own_line():
    def careless(image, kernel):
        rows = image.shape[0] - kernel.shape[0]
        return np.zeros(rows)[rows + 5]  # this line

    report = judge(careless)
    assert (report.status, report.mistake) == ("error", "raises")
    assert "IndexError" in report.message
    assert "return np.zeros(rows)[rows + 5]  # this line" in report.message


@pytest.mark.parametrize("error", [SystemExit(3), RecursionError("deep"), MemoryError(), GeneratorExit()])
def test_whatever_is_raised_is_caught(error):
    def answer(image, kernel):
        raise error

    assert judge(answer).status == "error"


def test_endless_recursion():
    def answer(image, kernel):
        return answer(image, kernel)

    assert "RecursionError" in judge(answer).message


def loop(*arguments, **options):
    while True:
        try:
            pass
        except BaseException:  # swallows the first interruption
            pass


@pytest.mark.parametrize("in_thread", [False, True])
def test_endless_loop_is_interrupted(in_thread):
    student, box = LocalStudent(loop), []

    def call():
        box.append(student.call("f", "function", (1,), {}, seconds=0.3))

    start = time.monotonic()
    if in_thread:
        thread = threading.Thread(target=call)
        thread.start()
        thread.join(30)
    else:
        call()
    assert box[0].error.kind == "timeout"
    assert time.monotonic() - start < 20


def test_endless_loop_report(monkeypatch):
    from cnncourse.checks import load_task

    monkeypatch.setattr(load_task("02.convolve2d"), "seconds", 0.2)
    report = judge(loop, "02.convolve2d")
    assert (report.status, report.mistake) == ("timeout", "timeout")
    assert "did not come back within 0.2 seconds" in report.message


def test_the_timer_of_the_caller_goes_on():
    signal = pytest.importorskip("signal")
    old = signal.setitimer(signal.ITIMER_REAL, 100)
    try:
        assert judge(correlate).passed
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 100
    finally:
        signal.setitimer(signal.ITIMER_REAL, *old)


def test_changed_input_costs_half_and_is_said():
    def answer(image, kernel):
        result = correlate(image, kernel)
        if image.flags.writeable:
            image[:] = 0
        return result

    report = judge(answer)
    assert report.mistake == "changes-input"
    assert "changes its argument image" in report.message
    assert 0 < report.score < report.max_score


def test_answers_that_remember():
    seen = {}

    def counting(image, kernel):
        key = image.tobytes()
        seen[key] = seen.get(key, 0) + 1
        return correlate(image, kernel) * seen[key]

    report = judge(counting)
    assert report.mistake == "remembers-calls"
    assert "once more" in report.message


def test_results_kept_by_shape():
    kept = {}

    def answer(image, kernel):
        return kept.setdefault((image.shape, kernel.shape), correlate(image, kernel))

    report = judge(answer)
    assert report.mistake == "remembers-calls"
    assert "same shapes and other values" in report.message
    assert report.score < report.max_score


def test_accumulating_in_a_default_argument():
    def answer(image, kernel, total={}):  # noqa: B006 - the mistake in question
        total["y"] = total.get("y", 0) + correlate(image, kernel).sum()
        return correlate(image, kernel) + 0 * total["y"] + (len(total) - 1)

    assert judge(answer).passed  # keeps something, and still gives the right values

    def wrong(image, kernel, cache=[]):  # noqa: B006 - the mistake in question
        cache.append(correlate(image, kernel))
        return cache[0]

    assert not judge(wrong).passed


def test_prints_are_swallowed_and_noted(capsys):
    def answer(image, kernel):
        print("working…" * 1000)
        return correlate(image, kernel)

    report = judge(answer)
    assert report.passed
    assert any("prints" in note for note in report.notes)
    assert capsys.readouterr().out == ""


def test_warnings_are_harmless(recwarn):
    def answer(image, kernel):
        np.array(1.0) / np.array(0.0)
        return correlate(image, kernel)

    assert judge(answer).passed
    assert not recwarn


def test_float64_for_float32_is_noted_and_right():
    report = judge(lambda image, kernel: correlate(image.astype(float), kernel.astype(float)))
    assert report.passed
    assert any("float32 came in" in note for note in report.notes)


def test_single_precision_is_noticed():
    report = judge(lambda image, kernel: correlate(image.astype("f4"), kernel.astype("f4")))
    assert report.mistake == "low-precision"
    report = judge(lambda image, kernel: correlate(image.astype("f4"), kernel.astype("f4")).astype(float))
    assert report.mistake == "low-precision"


def test_libraries_that_the_task_excludes():
    signal = pytest.importorskip("scipy.signal")
    report = judge(lambda image, kernel: signal.correlate2d(image, kernel, mode="valid"))
    assert (report.score, report.status, report.mistake) == (0, "refused", "banned-library")
    assert "scipy.correlate2d" in report.message


def test_disguised_torch_is_noticed():
    torch = pytest.importorskip("torch")
    hidden = torch.conv2d

    def answer(image, kernel):
        image, kernel = (torch.tensor(np.ascontiguousarray(a)) for a in (image, kernel))
        return hidden(image[None, None], kernel[None, None])[0, 0].numpy()

    report = judge(answer)
    assert (report.status, report.mistake) == ("refused", "banned-library")


def test_importing_a_library_without_using_it_is_harmless():
    pytest.importorskip("torch")

    def answer(image, kernel):
        import torch  # noqa: F401

        return correlate(image, kernel)

    assert judge(answer).passed


def test_the_courses_own_solution_is_noticed():
    from cnncourse.numpy_nn import functional

    def answer(image, kernel):
        return functional.conv2d(image[None, None], kernel[None, None])[0, 0]

    assert judge(answer).status == "refused"


def test_other_seeds_draw_other_inputs():
    from cnncourse.checks import load_task

    task = load_task("02.cross_correlate2d")
    assert not np.array_equal(task.draw(0)[0].args[0], task.draw(1)[0].args[0])
    assert np.array_equal(task.draw(7)[0].args[0], task.draw(7)[0].args[0])
    task.draw(2**200)


def test_unknown_task():
    with pytest.raises(ValueError, match="there is no task '02.conv3d'.*02.conv2d"):
        check("02.conv3d", correlate)
    with pytest.raises(ValueError, match="there is no task"):
        check("77.nothing", correlate)
    with pytest.raises(ValueError, match="there is no task"):
        check("../../etc", correlate)


def test_the_hidden_message_tells_nothing_of_the_inputs():
    def leak(image, kernel):
        raise ValueError(f"{image[0, 0]!r} {kernel.tolist()}")

    class Sneaky(Exception):
        pass

    def leak_by_name(image, kernel):
        raise type(f"Error{image[0, 0]}", (Sneaky,), {})("x")

    for answer in (leak, leak_by_name, lambda image, kernel: image, lambda image, kernel: correlate(image, kernel) + 1):
        report = check("02.cross_correlate2d", answer)
        assert not any(character.isdigit() for character in report.hidden_message().replace("02", ""))
    assert "ValueError" in check("02.cross_correlate2d", leak).hidden_message()


def test_html_is_escaped():
    def answer(image, kernel):
        raise ValueError("<script>alert(1)</script>")

    assert "<script>" not in judge(answer)._repr_html_()


def test_html_shows_got_wanted_and_difference():
    html = judge(lambda image, kernel: correlate(image, kernel[::-1, ::-1]))._repr_html_()
    assert html.count("<img alt=") == 3
    assert all(word in html for word in ("got 3×3", "wanted 3×3", "difference, largest"))


def test_a_count_may_be_an_int_or_a_float_where_a_share_is_wanted():
    for number in (int, float):
        report = check("11.top_k_error", lambda logits, labels, k, number=number: number(_misses(logits, labels, k)))
        assert report.mistake == "count-for-share"


def _misses(logits, labels, k):
    return ((logits > logits[np.arange(len(labels)), labels][:, None]).sum(axis=1) >= k).sum()


def test_a_column_and_a_row_are_a_known_mistake_however_they_share_their_scale():
    def through_one_entry(kernel):
        i, j = np.unravel_index(np.abs(kernel).argmax(), kernel.shape)
        return -3 * kernel[:, j], kernel[i] / (-3 * (kernel[i, j] or 1))

    assert check("13.separate_kernel", through_one_entry).mistake == "through-the-largest-entry"


def test_a_misspelt_name_is_no_known_mistake_that_raises():
    report = check("04.translate", lambda images, dy, dx, mode: imagse)  # noqa: F821
    assert (report.mistake, "imagse" in report.message) == ("raises", True)


def test_a_wrong_shape_speaks_of_windows_only_where_there_are_some():
    def every_other(grad_output, channels):
        return [grad_output[:, i :: len(channels)] for i in range(len(channels))]

    assert "window" not in check("13.concat_backward", every_other).message
    wide = check("02.correlate_with_stride", lambda image, kernel, stride: image[::stride] if stride == 1 else image)
    assert "window" in wide.message


def test_a_guarded_logarithm_is_no_low_precision():
    def guarded(logits, labels):
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        return float(-np.log((e / e.sum(axis=1, keepdims=True))[np.arange(len(labels)), labels] + 1e-9).mean())

    assert check("09.cross_entropy", guarded).mistake == "tiny-number-in-the-logarithm"


def test_bits_of_another_type_get_a_sentence():
    report = judge(lambda x: (x.view(np.uint32) >> 16).astype(np.uint16), "21.to_bfloat16")
    assert (report.passed, report.mistake) == (False, "wrong-dtype")


def test_a_list_has_the_cause_that_an_array_has():
    def block(count, world_size, rank, epoch, seed):
        order, length = np.random.default_rng([seed, epoch]).permutation(count), -(-count // world_size)
        return np.resize(order, length * world_size)[rank * length : (rank + 1) * length].tolist()

    assert judge(block, "21.shard").mistake == "blocks-instead-of-strides"


def test_lost_digits_are_one_cause_in_whatever_order_the_sums_are_taken():
    def one_pass(counts, means, variances):
        share = counts / counts.sum()
        return share @ means, share @ (variances + means**2) - (share @ means) ** 2

    assert judge(one_pass, "21.merge_statistics").mistake == "one-pass"


def test_a_table_of_floats_counts_as_well():
    def table(target, prediction, num_classes, ignore_index=255):
        kept = target != ignore_index
        counts = np.zeros((num_classes, num_classes))
        np.add.at(counts, (target[kept], prediction[kept]), 1)
        return counts

    assert judge(table, "19.confusion_matrix").passed
    assert not judge(lambda *a, **k: table(*a, **k) / 2, "19.confusion_matrix").passed


def test_a_number_that_is_nothing_but_rounding_is_zero():
    def rate(step, total, warmup, peak, floor=0.0):
        x = min((step - warmup) / (total - warmup), 1)
        return peak * step / warmup if step < warmup else floor + (peak - floor) * np.cos(np.pi * x / 2) ** 2

    assert judge(rate, "21.warmup_cosine").passed


def test_whole_numbers_for_floats_are_not_rounded():
    def line(shift):
        return (np.arange(-abs(shift), abs(shift) + 1) == -shift).astype(int)

    assert check("02.shift_kernel", lambda dy, dx: np.outer(line(dy), line(dx))).mistake == "wrong-dtype"


def test_lost_digits_are_part_of_a_cause_only_where_digits_are_lost():
    def magnitude(image):
        across, down = (convolved(image, kernel) for kernel in (SOBEL, SOBEL.T))
        return np.hypot(across, down) / max(np.hypot(across, down).max(), 1e-12)

    def convolved(image, kernel):
        windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
        return np.einsum("ijuv,uv->ij", windows, kernel)

    SOBEL = np.outer([1.0, 2, 1], [-1.0, 0, 1])
    assert "low-precision" not in (check("02.sobel_magnitude", magnitude).mistake or "")
