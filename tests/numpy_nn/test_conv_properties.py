"""Convolution and its transpose on drawn arguments: equal to PyTorch's, or refused where PyTorch refuses."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnncourse.numpy_nn import functional as F
from tests.numpy_nn.agreement import check_agreement, tensor

pytestmark = pytest.mark.usefixtures("version")  # plain and fast

ARRAYS = ("input", "weight", "bias")
SETTINGS = settings(max_examples=120, deadline=None, derandomize=True)


def per_axis(axes, low, high):
    """Draw an int, or a tuple of one or `axes` ints."""
    number = st.integers(low, high)
    return number | st.tuples(number) | st.tuples(*[number] * axes)


@st.composite
def conv_calls(draw):
    """Draw dimension, arrays and arguments of a convolution; about half of the calls are wrong somewhere."""
    axes = draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    channels, filters = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    layout = draw(st.sampled_from(["contiguous", "strided", "transposed"]))
    batch = draw(st.sampled_from([(), (0,), (1,), (2,), (3,)]))
    wrong = draw(st.sampled_from([0] * 6 + [1]))
    size = [draw(st.integers(1, 7)) for _ in range(axes)]
    kernel = [draw(st.integers(1, 3)) for _ in range(axes)]
    dtype = draw(st.sampled_from([torch.float64, torch.float32]))
    arrays = {
        "input": tensor(rng, (*batch, channels * groups + wrong, *size), dtype, layout),
        # PyTorch's own backward stumbles over transposed weights.
        "weight": tensor(rng, (filters * groups, channels, *kernel), dtype, layout.replace("transposed", "strided")),
        "bias": draw(st.sampled_from([None, tensor(rng, (filters * groups,), dtype)])),
    }
    arguments = {
        "stride": draw(per_axis(axes, 1, 3)),
        "padding": draw(per_axis(axes, 0, 2) | st.sampled_from(["same", "valid", "full"])),
        "dilation": draw(per_axis(axes, 1, 2)),
        "groups": groups,
    }
    return axes, arrays, arguments


@SETTINGS
@given(conv_calls())
def test_conv(call):
    axes, arrays, arguments = call
    name = f"conv{axes}d"
    check_agreement(
        getattr(F, name), getattr(F, f"{name}_backward"), getattr(torch.nn.functional, name), arrays, **arguments
    )


@SETTINGS
@given(conv_calls(), st.data())
def test_conv_transpose(call, data):
    axes, arrays, arguments = call
    if isinstance(arguments["padding"], str):
        arguments["padding"] = 0
    arguments["output_padding"] = data.draw(per_axis(axes, 0, 2))
    # Whether PyTorch takes an output of size 0 depends on the library it calls; we never do.
    numbers = [np.broadcast_to(arguments[name], axes) for name in ("stride", "padding", "dilation", "output_padding")]
    for i, k, (s, p, d, extra) in zip(
        arrays["input"].shape[-axes:], arrays["weight"].shape[2:], np.transpose(numbers), strict=True
    ):
        assume((i - 1) * s - 2 * p + d * (k - 1) + extra + 1 != 0)
    if len(arrays["input"]) == 0:  # PyTorch does not look at the arguments of an empty batch
        arguments |= {"padding": 0, "output_padding": 0}
    # As the convolution back from output to input: its filters are this one's input channels.
    channels = arrays["weight"].shape[1] * arguments["groups"]
    x = arrays["input"]
    arrays["input"] = tensor(
        np.random.default_rng(0), (*x.shape[: -axes - 1], arrays["weight"].shape[0], *x.shape[-axes:]), x.dtype
    )
    if arrays["bias"] is not None:
        arrays["bias"] = torch.ones(channels, dtype=x.dtype)
    name = f"conv_transpose{axes}d"
    check_agreement(
        getattr(F, name), getattr(F, f"{name}_backward"), getattr(torch.nn.functional, name), arrays, **arguments
    )


def test_many_images_are_computed_block_by_block(monkeypatch):
    """The columns are made for some images at a time; the seams must not show."""
    monkeypatch.setattr("cnncourse.numpy_nn.fast.im2col.BLOCK_BYTES", 4000)
    rng = np.random.default_rng(0)
    arrays = {
        "input": tensor(rng, (7, 4, 6, 5)),
        "weight": tensor(rng, (6, 2, 3, 2)),
        "bias": tensor(rng, (6,)),
    }
    result = check_agreement(
        F.conv2d, F.conv2d_backward, torch.nn.functional.conv2d, arrays, stride=(2, 1), padding=1, groups=2
    )
    assert result == "equal"


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("mask", list(itertools.product([True, False], repeat=3)))
def test_only_the_gradients_that_are_wanted(axes, mask):
    rng = np.random.default_rng(0)
    conv, backward = getattr(F, f"conv{axes}d"), getattr(F, f"conv{axes}d_backward")
    x, w, b = rng.normal(size=(2, *(6, 5, 4)[:axes])), rng.normal(size=(3, 2, *(2, 3, 1)[:axes])), rng.normal(size=3)
    g = rng.normal(size=conv(x, w, b).shape)
    for got, wanted, asked in zip(backward(g, x, w, b, output_mask=mask), backward(g, x, w, b), mask, strict=True):
        if asked:
            np.testing.assert_array_equal(got, wanted)
        else:
            assert got is None


def test_one_by_one_kernel_leaves_the_input_alone():
    """A 1×1 convolution reads the image in place; its bias must not end up there."""
    x = np.ones((1, 1, 2, 2))
    y = F.conv2d(x, np.ones((1, 1, 1, 1)), np.array([5.0]))
    assert (x == 1).all()
    assert (y == 6).all()


X, W = np.zeros((1, 2, 5, 5)), np.zeros((4, 2, 3, 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((X.astype(np.float32), W), "weight: expected float32 as in input, got float64"),
        ((X.astype(int), W.astype(int)), "input: expected float32 or float64, got int64"),
        ((X.tolist(), W), "input: expected a NumPy array, got list"),
        ((X[0, 0], W), r"input: expected 4 dimensions .* got shape \(5, 5\)"),
        ((X, W[0]), r"weight: expected 4 dimensions .* got shape \(2, 3, 3\)"),
        ((X, W[:, :1]), r"input: expected 1 channels .* got 2 in shape \(1, 2, 5, 5\)"),
        ((X, W, np.zeros(3)), r"bias: expected shape \(4,\), .* got \(3,\)"),
        ((X, W, None, 0), "stride: expected at least 1, got 0"),
        ((X, W, None, 1.5), "stride: expected an int or 2 ints, got 1.5"),
        ((X, W, None, (1, 1, 1)), "stride: expected an int or 2 ints, got 3"),
        ((X, W, None, 1, -1), "padding: expected at least 0, got -1"),
        ((X, W, None, 1, "full"), "padding: expected 'valid', 'same' or ints, got 'full'"),
        ((X, W, None, 2, "same"), r"stride: expected 1 with padding='same', got \(2, 2\)"),
        ((X, W, None, 1, 0, 3), r"input: expected a padded size of at least \(7, 7\).* got \(5, 5\)"),
        ((X, W[:3, :1], None, 1, 0, 1, 2), "weight: expected a number of filters that groups=2 divides, got 3"),
        ((X, W, None, 1, 0, 1, True), "groups: expected an int, got True"),
    ],
)
def test_refusals_name_the_argument(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        F.conv2d(*arguments)


def test_gradient_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match=r"grad_output: expected the output's shape \(1, 4, 3, 3\)"):
        F.conv2d_backward(np.zeros((1, 4, 5, 5)), X, W)
    with pytest.raises(TypeError, match="grad_output: expected float64 as in input, got float32"):
        F.conv2d_backward(np.zeros((1, 4, 3, 3), np.float32), X, W)


def test_unknown_algorithm_is_refused_where_there_is_a_choice(version):
    if version == "plain":  # which has one way, whatever is asked
        np.testing.assert_array_equal(F.conv2d(X, W, algorithm="magic"), F.conv2d(X, W))
        return
    with pytest.raises(ValueError, match="algorithm: expected one of auto, .* got 'magic'"):
        F.conv2d(X, W, algorithm="magic")
