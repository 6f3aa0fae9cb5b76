"""One convolution, many algorithms: all equal to the loops that define it."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncourse.numpy_nn import algorithms, fast
from cnncourse.numpy_nn import functional as F
from cnncourse.numpy_nn.algorithms import fft, loops, toeplitz
from cnncourse.numpy_nn.fast import choice, depthwise, depthwise_toeplitz, im2col, shifted, threads, winograd
from cnncourse.numpy_nn.functional._windows import inside, pad_constant

SETTINGS = settings(max_examples=60, deadline=None, derandomize=True)


@st.composite
def geometries(draw):
    """Draw image, filters, bias (or None) and the arguments of a small convolution in two dimensions."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    S, P, D = (
        draw(st.tuples(st.integers(low, high), st.integers(low, high))) for low, high in ((1, 3), (0, 2), (1, 2))
    )
    K = draw(st.tuples(st.integers(1, 3), st.integers(1, 4)))
    least = [max(1, d * (k - 1) + 1 - 2 * p) for k, d, p in zip(K, D, P, strict=True)]
    H, W = (draw(st.integers(size, size + 4)) for size in least)
    groups, channels, filters = draw(st.sampled_from([(1, 1, 1), (1, 3, 2), (2, 2, 1), (3, 1, 2)]))
    x = rng.normal(size=(draw(st.integers(0, 2)), channels * groups, H, W))
    w = rng.normal(size=(filters * groups, channels, *K))
    b = draw(st.sampled_from([None, rng.normal(size=filters * groups)]))
    return x, w, b, {"stride": S, "padding": P, "dilation": D}, groups


@SETTINGS
@given(geometries())
def test_all_algorithms_equal_the_loops(geometry):
    x, w, b, arguments, groups = geometry
    wanted = loops.conv2d(x, w, b, **arguments, groups=groups)
    for algorithm in (algorithms.im2col, algorithms.shifted, fft):
        got = algorithm.conv2d(x, w, b, **arguments, groups=groups)
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12, err_msg=algorithm.__name__)
    if groups == 1:
        np.testing.assert_allclose(toeplitz.conv2d(x, w, b, **arguments), wanted, rtol=1e-12, atol=1e-12)
    if groups == x.shape[1]:
        got = F.conv2d(x, w, b, **arguments, groups=groups, algorithm="depthwise")
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)


@SETTINGS
@given(geometries())
def test_backward_by_loops_equals_the_fast_one(geometry):
    x, w, b, arguments, groups = geometry
    g = np.random.default_rng(0).normal(size=loops.conv2d(x, w, b, **arguments, groups=groups).shape)
    wanted = loops.conv2d_backward(g, x, w, b, **arguments, groups=groups)
    got = F.conv2d_backward(g, x, w, b, **arguments, groups=groups)
    S, D, P = arguments["stride"], arguments["dilation"], [(p, p) for p in arguments["padding"]]
    also = shifted.grad_input(g, w, x.shape, S, D, groups, P), shifted.grad_weight(g, x, w.shape, S, D, groups, P)
    for ours, by_definition in zip((*got, *also), (*wanted, *wanted[:2]), strict=True):
        if by_definition is None:
            assert ours is None
        else:
            np.testing.assert_allclose(ours, by_definition, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("m", [2, 4])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (4, 4), (5, 9), (8, 6), (13, 7)])
def test_winograd_equals_the_loops_for_every_rest_of_tiles(m, size):
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(3, 2, *size)), rng.normal(size=(4, 2, 3, 3)), rng.normal(size=4)
    wanted = loops.conv2d(x, w, b, padding=(1, 2))
    np.testing.assert_allclose(algorithms.winograd.conv2d(x, w, b, padding=(1, 2), m=m), wanted, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("n", [4, 6, 10])
def test_one_dimensional_winograd_is_a_cross_correlation(n):
    rng = np.random.default_rng(n)
    signal, kernel = rng.normal(size=n), rng.normal(size=3)
    got = algorithms.winograd.winograd_f23(signal, kernel)
    np.testing.assert_allclose(got, np.correlate(signal, kernel), rtol=1e-12)


@pytest.mark.parametrize("m", [2, 4])
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("tiles", [1, 1000])
@pytest.mark.parametrize("size", [(9, 8), (3, 31)])
def test_winograd_strip_by_strip_and_panel_by_panel(m, workers, tiles, size, monkeypatch):
    for name, value in {"TILES": 2, "FEW_TILES": tiles, "MANY_TILES": tiles, "PANEL": 2}.items():
        monkeypatch.setattr(winograd, name, value)
    monkeypatch.setattr(threads, "available_threads", lambda: workers)
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(7, 3, *size)), rng.normal(size=(5, 3, 3, 3))
    y = algorithms.im2col.conv2d(x, w)
    np.testing.assert_allclose(winograd.convolve(x, winograd.Filters(w, m), (0, 0)), y, rtol=1e-11, atol=1e-11)
    computed = winograd.Filters(w, m).compute_all()
    np.testing.assert_allclose(winograd.convolve(x, computed, (0, 0)), y, rtol=1e-11, atol=1e-11)
    g = rng.normal(size=y.shape)
    wanted = im2col.grad_weight(g, x, w.shape, (1, 1), (1, 1), 1)
    np.testing.assert_allclose(winograd.grad_filters(g, x, (0, 0), m), wanted, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("algorithm", ["winograd2", "winograd4", "fft", "shifted"])
@pytest.mark.parametrize("padding", [0, 1, (2, 0), (3, 4), "same"])
@pytest.mark.parametrize("size", [(3, 3), (5, 9), (8, 6)])
@pytest.mark.parametrize(("tiles", "workers"), [(200, 1), (1, 1), (1, 2)])
def test_gradients_by_another_algorithm(algorithm, padding, size, tiles, workers, monkeypatch):
    """With more than two rows of padding the input's gradient leaves out some of the upstream gradient."""
    for name in ("TILES", "MANY_TILES"):
        monkeypatch.setattr(winograd, name, tiles)
    monkeypatch.setattr(threads, "available_threads", lambda: workers)
    monkeypatch.setattr(threads, "WORTH_SHARING", 0)
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(3, 2, *size)), rng.normal(size=(4, 2, 3, 3)), rng.normal(size=4)
    g = rng.normal(size=F.conv2d(x, w, padding=padding).shape)
    wanted = F.conv2d_backward(g, x, w, b, padding=padding, algorithm="im2col")
    got = F.conv2d_backward(g, x, w, b, padding=padding, algorithm=algorithm)
    for ours, theirs in zip(got, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11)


def test_winograd_reads_arrays_that_lie_in_memory_in_another_order():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(9, 10, 3, 2)).transpose(3, 2, 1, 0)[..., ::-1]
    w = rng.normal(size=(3, 3, 3, 5)).transpose(3, 2, 1, 0)
    g = rng.normal(size=(7, 8, 5, 2)).transpose(3, 2, 1, 0)
    got = F.conv2d_backward(g, x, w, algorithm="winograd4")[:2]
    wanted = F.conv2d_backward(*map(np.ascontiguousarray, (g, x, w)), algorithm="im2col")[:2]
    for ours, theirs in zip(got, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11)
    forward = F.conv2d(x, w, algorithm="winograd4")
    np.testing.assert_allclose(forward, F.conv2d(x, w, algorithm="im2col"), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("algorithm", ["winograd2", "winograd4"])
def test_winograd_of_no_images(algorithm):
    x, w = np.zeros((0, 2, 6, 5)), np.ones((4, 2, 3, 3))
    y = F.conv2d(x, w, algorithm=algorithm)
    assert y.shape == (0, 4, 4, 3)
    grad_input, grad_weight, _ = F.conv2d_backward(y, x, w, algorithm=algorithm)
    assert grad_input.shape == x.shape
    np.testing.assert_array_equal(grad_weight, np.zeros_like(w))


def test_prepared_filters_give_the_same_output():
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 64, 9, 10)).astype(np.float32), rng.normal(size=(70, 64, 3, 3)).astype(np.float32)
    prepared = fast.conv.prepare_conv2d(w)
    for m, some in ((4, x), (2, x[:1, :, :7, :6])):
        wanted = F.conv2d(some, w, padding=1, algorithm=f"winograd{m}")
        np.testing.assert_array_equal(F.conv2d(some, w, padding=1, prepared=prepared), wanted)
        assert len(prepared.computed[m].computed) == 3  # panels of 32
        assert prepared.filters(m) is prepared.computed[m]
    assert sorted(prepared.computed) == [2, 4]
    exact = F.conv2d(x, w, padding=1, prepared=prepared, algorithm="im2col")
    np.testing.assert_array_equal(exact, F.conv2d(x, w, padding=1, algorithm="im2col"))


def test_prepared_filters_of_another_weight_are_refused():
    x, w = np.zeros((1, 64, 9, 9), np.float32), np.zeros((70, 64, 3, 3), np.float32)
    with pytest.raises(ValueError, match="prepared: expected"):
        F.conv2d(x, w, prepared=fast.conv.prepare_conv2d(np.zeros((64, 64, 3, 3), np.float32)))


@pytest.mark.parametrize(
    "weight", [np.zeros((64, 64, 5, 5), np.float32), np.zeros((64, 64, 3, 3)), np.zeros((64, 64, 3))]
)
def test_there_may_be_nothing_to_prepare(weight):
    assert fast.conv.prepare_conv2d(weight) is None


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("module", [depthwise, depthwise_toeplitz, shifted, im2col])
@pytest.mark.parametrize("S", [(2, 1, 2), (1, 1, 1), (3, 2, 1)])
@pytest.mark.parametrize(("workers", "nbytes"), [(1, 1), (5, 1), (5, 1 << 20)])
def test_block_by_block_in_every_dimension(module, axes, S, workers, nbytes, monkeypatch):
    rng = np.random.default_rng(0)
    monkeypatch.setattr(depthwise_toeplitz, "LARGEST", 1 << 20)
    monkeypatch.setattr(threads, "WORTH_SHARING", 0)
    groups = 2 if module in (shifted, im2col) else 4
    x, w = rng.normal(size=(3, 4, *(7, 6, 5)[:axes])), rng.normal(size=(8, 4 // groups, *(3, 2, 2)[:axes]))
    S, D, P = S[-axes:], (1, 2, 1)[:axes], [(1, 0), (2, 3), (0, 1)][:axes]
    padded = pad_constant(x, P)
    wanted = im2col.forward(padded, w, S, D, groups)
    g = rng.normal(size=wanted.shape)
    wanted_weight = im2col.grad_weight(g, padded, w.shape, S, D, groups)
    wanted_input = im2col.grad_input(g, w, padded.shape, S, D, groups)[inside(P, x.shape[2:])]
    monkeypatch.setattr(threads, "available_threads", lambda: workers)
    monkeypatch.setattr(module, "BLOCK_BYTES", nbytes)
    close = functools.partial(np.testing.assert_allclose, rtol=1e-12, atol=1e-12)
    close(module.forward(x, w, S, D, groups, P), wanted)
    close(module.grad_weight(g, x, w.shape, S, D, groups, P), wanted_weight)
    close(module.grad_input(g, w, x.shape, S, D, groups, P), wanted_input)
    if module is shifted:
        for ours, theirs in zip(
            shifted.gradients(g, x, w, S, P, D, groups), (wanted_input, wanted_weight), strict=True
        ):
            close(ours, theirs)


@pytest.mark.parametrize(("algorithm", "apart"), [("winograd4", "grad_filters"), ("shifted", "grad_weight")])
def test_both_gradients_are_computed_together(algorithm, apart, monkeypatch):
    rng = np.random.default_rng(0)
    x, w, g = (rng.normal(size=shape) for shape in ((20, 4, 16, 12), (6, 4, 3, 3), (20, 6, 16, 12)))
    both = F.conv2d_backward(g, x, w, padding=1, algorithm=algorithm)
    monkeypatch.setattr(choice.ALGORITHMS.get(algorithm, winograd), apart, None)  # it would fail if it were called
    again = F.conv2d_backward(g, x, w, padding=1, algorithm=algorithm)
    one = F.conv2d_backward(g, x, w, padding=1, algorithm=algorithm, output_mask=(True, False, False))
    for ours, theirs in ((again[0], one[0]), *zip(again[:2], both[:2], strict=True)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11)


def test_toeplitz_matrix_transposed_is_the_transposed_convolution():
    rng = np.random.default_rng(0)
    w, g = rng.normal(size=(4, 2, 3, 2)), rng.normal(size=(1, 4, 3, 7))
    M = toeplitz.conv_matrix(w, 5, 6, stride=(2, 1), padding=1)
    wanted = F.conv_transpose2d(g, w, stride=(2, 1), padding=1)
    assert wanted.shape == (1, 2, 5, 6)
    np.testing.assert_allclose(M.T @ g.ravel(), wanted.ravel(), rtol=1e-12, atol=1e-12)


def test_col2im_is_the_adjoint_of_im2col():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 3, 7, 6))
    columns = algorithms.im2col.im2col(x, (3, 2), (2, 3), (1, 0), (1, 2))
    assert columns.shape == F.unfold(x, (3, 2), (1, 2), (1, 0), (2, 3)).shape
    other = rng.normal(size=columns.shape)
    image = algorithms.im2col.col2im(other, x.shape, (3, 2), (2, 3), (1, 0), (1, 2))
    np.testing.assert_allclose((columns * other).sum(), (x * image).sum(), rtol=1e-12)


def relative_error(algorithm, x, w, **arguments):
    """Return the largest float32 error, measured against float64, in units of the output's largest entry."""
    exact = F.conv2d(x.astype(np.float64), w.astype(np.float64), **arguments, algorithm="im2col")
    return np.abs(F.conv2d(x, w, **arguments, algorithm=algorithm) - exact).max() / np.abs(exact).max()


@pytest.mark.parametrize("algorithm", [name for name in choice.NAMES if "depthwise" not in name and name != "dense"])
@pytest.mark.parametrize(("channels", "size"), [(64, 28), (256, 9)])
def test_float32_errors_stay_small(algorithm, channels, size):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, channels, size, size)).astype(np.float32)
    w = rng.normal(size=(channels, channels, 3, 3)).astype(np.float32)
    error = relative_error(algorithm, x, w, padding=1)
    # F(4×4)'s own error is near 1e-5, and differs with the number of threads; the promise is 1e-4.
    assert 0 < error < (3e-5 if algorithm in ("winograd4", "auto") else 1e-6)


@pytest.mark.parametrize(("channels", "padding"), [(64, 1), (80, 0)])
def test_float32_gradients_stay_close(channels, padding):
    """Both gradients take the same short cut as the forward pass."""
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, channels, 23, 20)), rng.normal(size=(64, channels, 3, 3))
    g = rng.normal(size=F.conv2d(x, w, padding=padding).shape)
    exact = F.conv2d_backward(g, x, w, padding=padding)
    got = F.conv2d_backward(*(a.astype(np.float32) for a in (g, x, w)), padding=padding)
    for ours, wanted in zip(got[:2], exact[:2], strict=True):
        assert 0 < np.abs(ours - wanted).max() / np.abs(wanted).max() < 3e-5


@pytest.mark.parametrize(
    ("size", "channels", "dtype", "prepared", "name"),
    [
        ((1, 30, 30), 64, np.float64, False, "im2col"),  # exact unless asked otherwise
        ((1, 30, 30), 64, np.float32, False, "winograd4"),
        ((1, 30, 30), 31, np.float32, False, "shifted"),
        ((1, 30, 30), 6, np.float32, False, "im2col"),
        ((8, 7, 7), 512, np.float32, False, "winograd4"),
        ((2, 7, 7), 512, np.float32, False, "im2col"),
        ((2, 7, 7), 512, np.float32, True, "winograd4"),
        ((1, 7, 7), 512, np.float32, True, "winograd2"),
    ],
)
def test_which_algorithm_suits(size, channels, dtype, prepared, name):
    x, w, P = (size[0], channels, *size[1:]), np.zeros((channels, channels, 3, 3), dtype), ((1, 1), (1, 1))
    assert choice.choose(x, w, (1, 1), P, (1, 1), 1, prepared) == name
    for stride, dilation, groups in (((1, 2), (1, 1), 1), ((1, 1), (2, 1), 1), ((1, 1), (1, 1), 2)):
        wanted = ("shifted", "im2col") if dtype == np.float32 else ("im2col",)
        assert choice.choose(x, w, stride, P, dilation, groups, prepared) in wanted
    assert choice.choose(x, w[:, :, :1, :1], (1, 1), P, (1, 1), 1, prepared) == "im2col"
    wanted = "depthwise_toeplitz" if size[0] > 1 and size[1] == 7 else "depthwise"
    assert choice.choose(x, w[:, :1], (2, 1), P, (1, 1), channels, prepared) == wanted
    whole = (size[0], channels, 3, 3)
    assert choice.choose(whole, w, (1, 1), ((0, 0), (0, 0)), (1, 1), 1, prepared) == "dense"
    assert choice.choose(whole, w, (1, 1), ((0, 0), (0, 1)), (1, 1), 1, prepared) != "dense"


@pytest.mark.parametrize(
    ("N", "C_in", "C_out", "size", "K", "stride", "padding", "groups", "names"),
    [
        (8, 3, 64, 224, 7, 2, 3, 1, ("im2col", "im2col")),  # to add up 64 outputs four times is no less than 147 copies
        (1, 64, 128, 56, 3, 2, 1, 1, ("im2col", "im2col")),
        (64, 6, 16, 14, 5, 1, 2, 1, ("shifted", "shifted")),
        (64, 6, 16, 14, 5, 1, 0, 1, ("shifted", "im2col")),  # the gradient gets a border of four zeros all around
        (64, 32, 64, 14, 5, 1, 0, 1, ("shifted", "im2col")),
        (32, 16, 16, 14, 7, 1, 0, 1, ("shifted", "shifted")),
        (64, 1, 6, 32, 5, 1, 2, 1, ("im2col", "im2col")),  # one channel: a kernel row has five taps, few for a GEMM
        (64, 6, 4, 32, 5, 1, 2, 1, ("shifted", "im2col")),
        (8, 64, 128, 56, 3, 2, 1, 1, ("shifted", "im2col")),  # a stride: as im2col adds them up, nothing is copied
        (8, 256, 512, 14, 3, 2, 1, 1, ("im2col", "im2col")),  # few places for so many filters
        (8, 20, 500, 56, 3, 1, 1, 2, ("im2col", "im2col")),  # adding up so many outputs outweighs the copies
        (8, 512, 8, 28, 3, 1, 1, 1, ("shifted", "shifted")),
        (1, 192, 192, 14, 5, 1, 2, 1, ("im2col", "shifted")),
        (8, 256, 64, 56, 1, 1, 0, 1, ("im2col", "im2col")),
        (8, 96, 96, 28, 2, 2, 1, 1, ("im2col", "im2col")),  # nothing overlaps: both copy everything once
    ],
)
def test_kernels_are_taken_apart_into_rows_where_that_saves_something(
    N, C_in, C_out, size, K, stride, padding, groups, names
):
    w, P = np.zeros((C_out, C_in // groups, K, K), np.float32), ((padding, padding),) * 2
    arguments = (N, C_in, size, size), w, (stride, stride), P, (1, 1), groups
    assert tuple(choice.choose(*arguments, of_input=of_input) for of_input in (False, True)) == names


@pytest.mark.parametrize(("axes", "kernel"), [(1, (5,)), (2, (3, 4)), (2, (1, 1)), (3, (2, 1, 3))])
@pytest.mark.parametrize("N", [1, 3, 0])
def test_a_kernel_as_large_as_the_image_is_a_fully_connected_layer(axes, kernel, N):
    rng = np.random.default_rng(0)
    conv, backward = getattr(F, f"conv{axes}d"), getattr(F, f"conv{axes}d_backward")
    x, w, b = rng.normal(size=(N, 2, *kernel)), rng.normal(size=(4, 2, *kernel)), rng.normal(size=4)
    x, w = x[:, ::-1], w[:, ::-1]  # not contiguous
    y = conv(x, w, b)
    np.testing.assert_allclose(y, conv(x, w, b, algorithm="im2col"), rtol=1e-12, atol=1e-12)
    g = rng.normal(size=y.shape)
    wanted = [np.einsum("no,oc...->nc...", g.reshape(N, 4), w), np.einsum("no,nc...->oc...", g.reshape(N, 4), x)]
    for ours, theirs in zip(backward(g, x, w, b), [*wanted, g.reshape(N, 4).sum(axis=0)], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("algorithm", [name for name in choice.NAMES if name != "dense"])
def test_every_algorithm_by_name(algorithm):
    rng = np.random.default_rng(0)
    groups = 4 if "depthwise" in algorithm else 1
    x, w, b = rng.normal(size=(2, 4, 8, 7)), rng.normal(size=(8, 4 // groups, 3, 3)), rng.normal(size=8)
    wanted = loops.conv2d(x, w, b, padding=1, groups=groups)
    got = F.conv2d(x, w, b, padding=1, groups=groups, algorithm=algorithm)
    np.testing.assert_allclose(got, wanted, rtol=1e-11, atol=1e-11)
    assert got.flags.c_contiguous


@pytest.mark.parametrize(
    ("algorithm", "arguments"),
    [
        ("winograd4", {"stride": 2}),
        ("winograd2", {"dilation": 2}),
        ("depthwise", {}),
        ("depthwise_toeplitz", {}),
        ("depthwise_toeplitz", {"groups": 2, "padding": 2}),
        ("dense", {}),
    ],
)
def test_an_algorithm_that_cannot_says_so(algorithm, arguments):
    weight = np.zeros((2, 2 // arguments.get("groups", 1), 3, 3))
    with pytest.raises(ValueError, match="algorithm: expected another than"):
        F.conv2d(np.zeros((1, 2, 8, 8)), weight, **arguments, algorithm=algorithm)


@pytest.mark.parametrize("shape", [(1, 2, 2), (2, 2, 1), (1, 2, 1, 3), (1, 1, 1, 1), (3, 2, 2, 2)])
def test_matrices_of_images_with_one_row_or_one_channel(shape):
    """Where the bands are contiguous, a view that reaches back over where it begins must not be made of their end."""
    rng = np.random.default_rng(0)
    one = [1] * (len(shape) - 2)
    x, g, weight = rng.normal(size=shape), rng.normal(size=shape), rng.normal(size=(shape[1], 1, *one))
    forward, backward = (F.conv1d, F.conv1d_backward) if len(shape) == 3 else (F.conv2d, F.conv2d_backward)
    y = forward(x, weight, groups=shape[1], algorithm="depthwise_toeplitz")
    grad_input, grad_weight = backward(g, x, weight, groups=shape[1], algorithm="depthwise_toeplitz")[:2]
    np.testing.assert_allclose(y, x * weight.reshape(-1, *one))
    np.testing.assert_allclose(grad_input, g * weight.reshape(-1, *one))
    np.testing.assert_allclose(grad_weight.ravel(), (g * x).sum(axis=(0, *range(2, len(shape)))))
