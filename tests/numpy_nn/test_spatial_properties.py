"""Pooling, padding, unfolding and resizing on drawn arguments: equal to PyTorch's, or refused like there."""

import numpy as np
import pytest
import torch
import torch.nn.functional as T
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnncourse.numpy_nn import functional as F
from tests.numpy_nn.agreement import check_agreement, tensor
from tests.numpy_nn.test_conv_properties import per_axis

pytestmark = pytest.mark.usefixtures("version")  # plain and fast

SETTINGS = settings(max_examples=120, deadline=None, derandomize=True)
LAYOUTS = st.sampled_from(["contiguous", "strided", "transposed"])
DTYPES = st.sampled_from([torch.float64, torch.float32])
SEEDS = st.integers(0, 2**32 - 1)
BATCHES = st.sampled_from([(), (0,), (1,), (2,)])


@st.composite
def images(draw, axes, batches=BATCHES, largest=7, ties=False, smallest=1):
    """Draw a tensor (N, C, *spatial) or (C, *spatial), possibly of one element, possibly empty."""
    rng = np.random.default_rng(draw(SEEDS))
    shape = (*draw(batches), draw(st.integers(1, 3)), *(draw(st.integers(smallest, largest)) for _ in range(axes)))
    return tensor(rng, shape, draw(DTYPES), draw(LAYOUTS), ties=ties)


def agree(name, x, *args, **kwargs):
    """Hold one of our functions with a single array argument against PyTorch's of the same name."""
    ours = getattr(F, name), getattr(F, f"{name}_backward")
    return check_agreement(*ours, getattr(T, name), {"input": x}, *args, **kwargs)


@SETTINGS
@given(st.data(), st.integers(1, 3))
def test_max_pool(data, axes):
    dilation = data.draw(st.just(1) | per_axis(axes, 1, 2))
    # On one entry, a window with dilation 2 sees padding only, and PyTorch's index points outside.
    smallest = 1 if dilation == 1 else 2
    agree(
        f"max_pool{axes}d",
        data.draw(images(axes, ties=data.draw(st.booleans()), smallest=smallest)),
        data.draw(per_axis(axes, 1, 4)),
        data.draw(st.none() | per_axis(axes, 1, 3)),
        data.draw(per_axis(axes, 0, 2)),
        dilation,
        data.draw(st.booleans()),
        return_indices=data.draw(st.booleans()),
    )


@SETTINGS
@given(st.data(), st.integers(1, 3))
def test_avg_pool(data, axes):
    arguments = [
        data.draw(per_axis(axes, 1, 4)),
        data.draw(st.none() | per_axis(axes, 1, 3)),
        data.draw(per_axis(axes, 0, 2)),
        data.draw(st.booleans()),
        data.draw(st.booleans()),
    ]
    if axes > 1:
        arguments.append(data.draw(st.sampled_from([None, None, 0, 1, 3, -2])))
    agree(f"avg_pool{axes}d", data.draw(images(axes)), *arguments)


@SETTINGS
@given(st.data(), st.integers(1, 3))
def test_adaptive_avg_pool(data, axes):
    size = st.sampled_from([-1, 1, 2, 3, 4, 5, 9])
    sizes = data.draw(size | st.tuples(*[st.none() | size if axes > 1 else size] * axes))
    agree(f"adaptive_avg_pool{axes}d", data.draw(images(axes)), sizes)


@SETTINGS
@given(st.data())
def test_adaptive_max_pool(data):
    size = st.sampled_from([-1, 1, 2, 3, 4, 5, 9])
    sizes = data.draw(size | st.tuples(st.none() | size, size))
    x = data.draw(images(2, ties=data.draw(st.booleans())))
    agree("adaptive_max_pool2d", x, sizes, return_indices=data.draw(st.booleans()))


@SETTINGS
@given(st.data(), st.integers(1, 3), st.sampled_from(["constant", "reflect", "replicate", "circular"]))
def test_pad(data, axes, mode):
    x = data.draw(images(axes, largest=5))
    pairs = data.draw(st.integers(1, 3)) if data.draw(st.booleans()) else axes
    amounts = data.draw(st.lists(st.integers(-2, 5), min_size=2 * pairs, max_size=2 * pairs))
    value = data.draw(st.sampled_from([None, 0.0, 2.5]))
    if mode == "circular" and min(amounts) < 0:
        # Where it wraps around more than it kept, PyTorch reads memory that was never written.
        for size, before, after in zip(x.shape[::-1], amounts[::2], amounts[1::2], strict=False):
            assume(size + min(before, 0) + min(after, 0) >= max(before, after, 1))
    assume(mode != "circular" or x.numel())
    agree("pad", x, amounts, mode, value)


@SETTINGS
@given(st.data())
def test_unfold(data):
    agree(
        "unfold",
        data.draw(images(2)),
        data.draw(per_axis(2, 1, 3)),
        data.draw(per_axis(2, 1, 2)),
        data.draw(per_axis(2, 0, 2)),
        data.draw(per_axis(2, 1, 3)),
    )


@SETTINGS
@given(st.data())
def test_fold(data):
    size = data.draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    K, D, P, S = (data.draw(per_axis(2, low, high)) for low, high in ((1, 3), (1, 2), (0, 2), (1, 3)))
    try:
        rows, L = T.unfold(torch.zeros(2, *size), K, D, P, S).shape
    except RuntimeError:
        rows, L = 18, 5
    rng = np.random.default_rng(data.draw(SEEDS))
    wrong = data.draw(st.sampled_from([(0, 0), (0, 0), (0, 1), (1, 0)]))
    shape = (*data.draw(BATCHES), rows + wrong[0], L + wrong[1])
    agree("fold", tensor(rng, shape, data.draw(DTYPES), data.draw(LAYOUTS)), size, K, D, P, S)


MODES = ["nearest", "nearest-exact", "linear", "bilinear", "trilinear", "cubic"]


@SETTINGS
@given(st.data(), st.integers(1, 3), st.sampled_from(MODES))
def test_interpolate(data, axes, mode):
    x = data.draw(images(axes, st.sampled_from([(1,), (2,)])))
    arguments = {"mode": mode, "align_corners": data.draw(st.sampled_from([None, None, False, True]))}
    if data.draw(st.booleans()):
        arguments["size"] = data.draw(per_axis(axes, 0, 12))
    else:
        factor = st.sampled_from([0.3, 0.5, 0.75, 1.0, 1.7, 2.0, 3.0])
        arguments["scale_factor"] = data.draw(factor | st.tuples(*[factor] * axes))
        arguments["recompute_scale_factor"] = data.draw(st.sampled_from([None, False, True]))
    asked = arguments.get("size", arguments.get("scale_factor"))
    last = asked[-1] if isinstance(asked, tuple) else asked
    if mode == "bilinear" and (last if "size" in arguments else int(x.shape[-1] * last)) != 1:
        # PyTorch's antialias gives every row of an output one pixel wide the value of the first one.
        arguments["antialias"] = data.draw(st.booleans())
    agree("interpolate", x, **arguments)


@pytest.mark.parametrize("size", [(3, 4), (24, 7), (5, 40), (11, 13)])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_antialiased_resizing_of_a_larger_image(size, align_corners, dtype):
    x = tensor(np.random.default_rng(0), (2, 3, 23, 31), dtype)
    result = agree("interpolate", x, size, mode="bilinear", align_corners=align_corners, antialias=True)
    assert result == "equal"


@pytest.mark.parametrize("mode", ["lanczos", "nearest-exact-bicubic"])
def test_modes_we_do_not_have_are_refused_by_name(mode):
    with pytest.raises(ValueError, match=f"mode: expected one of nearest, .* got '{mode}'"):
        F.interpolate(np.zeros((1, 1, 4, 4)), 2, mode=mode)


@SETTINGS
@given(st.data(), st.integers(1, 3))
def test_pixel_shuffle(data, r):
    x = data.draw(images(2, st.sampled_from([(), (1,), (2,), (2, 3)])))
    agree("pixel_shuffle", x.repeat_interleave(r * r, -3), r)
    agree("pixel_unshuffle", x.repeat_interleave(r, -1).repeat_interleave(r, -2), r)
    agree("pixel_shuffle", x.clone(), r)
    agree("pixel_unshuffle", x.clone(), r)


def test_pixel_shuffle_of_an_empty_batch():
    """PyTorch forgets to rearrange the shape of an empty tensor; we do not."""
    assert F.pixel_shuffle(np.zeros((0, 8, 3, 4)), 2).shape == (0, 2, 6, 8)
    assert F.pixel_unshuffle(np.zeros((0, 2, 6, 8)), 2).shape == (0, 8, 3, 4)


def with_nan(*places, shape=(1, 1, 4, 4)):
    x = np.arange(np.prod(shape), dtype=float).reshape(shape) % 7
    x.flat[list(places)] = np.nan
    return torch.from_numpy(x)


@pytest.mark.parametrize("places", [(0,), (5,), (5, 6), (0, 1, 4), (9, 10, 15)])
def test_nan_wins_in_max_pooling(places):
    assert agree("max_pool2d", with_nan(*places), 2, 1, return_indices=True) == "equal"
    assert agree("max_pool2d", with_nan(*places), 2, 1) == "equal"
    assert agree("max_pool3d", with_nan(*places, shape=(1, 1, 2, 2, 4)), 2, 1, return_indices=True) == "equal"
    assert agree("max_pool1d", with_nan(*places, shape=(1, 1, 16)), 3, 2, return_indices=True) == "equal"
    assert agree("adaptive_max_pool2d", with_nan(*places), (2, 3), return_indices=True) == "equal"


def test_nan_and_infinity_stay_in_their_own_bins():
    x = with_nan(5)
    x[..., 3, 3] = np.inf
    for call in (("avg_pool2d", 2), ("adaptive_avg_pool2d", (2, 3)), ("interpolate", (6, 7))):
        assert agree(call[0], x, *call[1:]) == "equal"


def test_a_window_of_minus_infinity_has_its_maximum_inside_the_image():
    x = torch.full((1, 1, 3, 3), -np.inf, dtype=torch.float64)
    assert agree("max_pool2d", x, 3, 2, 1, return_indices=True) == "equal"
    assert agree("max_pool2d", x, 2, 2, 1, 2, return_indices=True) == "equal"


def test_ties_go_to_the_first_maximum():
    """All ones: each 2×2 window's gradient belongs to its upper left corner alone."""
    grad = F.max_pool2d_backward(np.full((1, 1, 2, 2), 3.0), np.ones((1, 1, 4, 4)), 2)
    wanted = np.zeros((4, 4))
    wanted[::2, ::2] = 3
    np.testing.assert_array_equal(grad[0, 0], wanted)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: F.max_pool2d(x, 0), "kernel_size: expected at least 1, got 0"),
        (
            lambda x: F.max_pool2d(x, 2, padding=2),
            r"padding: expected at most half of kernel_size \(2, 2\), got \(2, 2\)",
        ),
        (lambda x: F.max_pool2d(x, 6), "kernel_size: expected windows of extent at most the padded input's"),
        (lambda x: F.max_pool2d(x.astype(int), 2), "input: expected float32 or float64, got int64"),
        (lambda x: F.avg_pool2d(x, 2, divisor_override=0), "divisor_override: expected a number other than 0"),
        (lambda x: F.adaptive_avg_pool2d(x, (2, 2, 2)), "output_size: expected an int or 2 entries"),
        (lambda x: F.pad(x, (1, 1), "mirror"), "mode: expected one of constant, reflect, .* got 'mirror'"),
        (lambda x: F.pad(x, (1,)), "pad: expected pairs"),
        (
            lambda x: F.pad(x[0], (4, 0), "reflect"),
            r"pad: expected at most 3 in mode 'reflect' on size 4, got \(4, 0\)",
        ),
        (lambda x: F.pad(x, (1, 1), "circular", 2.0), "value: expected None with mode 'circular', got 2.0"),
        (lambda x: F.unfold(x, 5), r"input: expected room for a window of kernel_size \(5, 5\)"),
        (lambda x: F.fold(x[0], 4, 2), r"input: expected .* got"),
        (lambda x: F.interpolate(x), "size: expected exactly one of size and scale_factor, got None and None"),
        (lambda x: F.interpolate(x, 2, 2.0), "size: expected exactly one of size and scale_factor, got 2 and 2.0"),
        (lambda x: F.interpolate(x, scale_factor="2"), "scale_factor: expected .* got '2'"),
        (lambda x: F.interpolate(x, 2, align_corners=True), "align_corners: expected None with mode 'nearest'"),
        (lambda x: F.pixel_shuffle(x, 2), r"input: expected channels that upscale_factor² = 4 divides"),
        (lambda x: F.conv_transpose2d(x, np.zeros((2, 1, 3, 3))), "weight: expected C_in=1 as first size"),
        (
            lambda x: F.conv_transpose2d(x, np.zeros((1, 1, 3, 3)), output_padding=1),
            r"output_padding: expected less than stride \(1, 1\) or dilation \(1, 1\), got \(1, 1\)",
        ),
    ],
)
def test_refusals_name_the_argument(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call(np.zeros((1, 1, 4, 4)))
