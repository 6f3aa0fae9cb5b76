"""Transposed convolution, pooling, padding, unfolding, resizing against PyTorch's own test inputs."""

import numpy as np
import pytest
import torch

from cnncourse.numpy_nn import functional as F
from cnncourse.numpy_nn.fast import blocks as _blocks
from cnncourse.numpy_nn.functional import resize
from tests.numpy_nn.opdb import Operation, error_tests, sample_tests

pytestmark = pytest.mark.usefixtures("version")  # plain and fast

CONV_ARRAYS = ("input", "weight", "bias")


def operation(name, arrays=("input",), variant="", skip=lambda sample: None):
    """Return the operation of op_db whose name our function shares."""
    ours, backward = getattr(F, name), getattr(F, f"{name}_backward")
    return Operation(f"nn.functional.{name}", ours, backward, arrays, variant, skip)


def upsample_aa(input, output_size, align_corners, scale_factors=None, scales_h=None, scales_w=None):
    """Antialiased resizing with the arguments of the operator beneath `interpolate`: a size and scales at once."""
    if output_size is None:
        return F.interpolate(input, None, scale_factors, "bilinear", align_corners, antialias=True)
    return resize.resize(input, output_size, (scales_h, scales_w), "bilinear", align_corners, antialias=True)


def upsample_aa_backward(
    grad_output, input, output_size, align_corners, scale_factors=None, scales_h=None, scales_w=None
):
    g, x = grad_output, input
    if output_size is None:
        return F.interpolate_backward(g, x, None, scale_factors, "bilinear", align_corners, antialias=True)
    return resize.resize_backward(g, x, output_size, (scales_h, scales_w), "bilinear", align_corners, antialias=True)


OPERATIONS = [
    Operation("_upsample_bilinear2d_aa", upsample_aa, upsample_aa_backward),
    *(operation(f"conv_transpose{d}d", CONV_ARRAYS) for d in (1, 2, 3)),
    *(operation(f"max_pool{d}d") for d in (1, 2, 3)),
    *(operation(f"avg_pool{d}d") for d in (1, 2, 3)),
    *(operation(f"adaptive_avg_pool{d}d") for d in (1, 2, 3)),
    operation("adaptive_max_pool2d"),
    *(operation("pad", variant=mode) for mode in ("constant", "reflect", "replicate", "circular")),
    operation("pad", variant="replicate_negative"),
    operation("unfold"),
    *(operation("interpolate", variant=mode) for mode in resize.MODES),
    operation("channel_shuffle"),
    operation("pixel_shuffle"),
    operation("pixel_unshuffle"),
]
test_samples = sample_tests(OPERATIONS)
test_errors = error_tests(OPERATIONS)


@pytest.mark.parametrize("options", [(2,), (3, 2, 1), (3, 1, 1), ((2, 3), (3, 1), (1, 0), (1, 2))])
def test_max_pooling_in_many_blocks(monkeypatch, options):
    """A few channels at a time and two threads: PyTorch's winners among ties, and its sums where windows overlap."""
    monkeypatch.setattr(_blocks, "LARGE_BLOCK", 200)
    monkeypatch.setattr(_blocks.threads, "WORTH_SHARING", 0)
    monkeypatch.setattr(_blocks.threads, "available_threads", lambda: 2)
    rng = np.random.default_rng(0)
    x = np.maximum(rng.integers(-3, 3, (3, 5, 9, 8)), 0).astype(float)
    t = torch.from_numpy(x.copy()).requires_grad_()
    wanted = torch.nn.functional.max_pool2d(t, *options)
    g = rng.normal(size=wanted.shape)
    np.testing.assert_array_equal(F.max_pool2d(x, *options), wanted.detach())
    (wanted_grad,) = torch.autograd.grad(wanted, t, torch.from_numpy(g))
    np.testing.assert_allclose(F.max_pool2d_backward(g, x, *options), wanted_grad, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("factor", [1.00001, 1.1, 2.05, 0.99999])
@pytest.mark.parametrize(
    ("mode", "antialias"), [*((mode, False) for mode in resize.MODES), ("bilinear", True), ("bicubic", True)]
)
def test_scale_factors_that_leave_or_double_a_size(mode, factor, antialias):
    """PyTorch copies or doubles some axes whatever the factor; where its backward is the transpose, so is ours."""
    rng = np.random.default_rng(0)
    for axes in resize.MODES[mode]:
        for factors in (factor, (factor, *[1.5] * (axes - 1))):
            x = torch.from_numpy(rng.normal(size=(1, 2, 8, 5, 4)[: axes + 2])).requires_grad_()
            options = {"scale_factor": factors, "mode": mode, "antialias": antialias}
            wanted = torch.nn.functional.interpolate(x, **options)
            got = F.interpolate(x.detach().numpy(), **options)
            np.testing.assert_allclose(got, wanted.detach(), rtol=1e-9, atol=1e-12)
            g = torch.from_numpy(rng.normal(size=wanted.shape))
            (grad,) = torch.autograd.grad(wanted, x, g)
            if torch.isclose((wanted * g).sum(), (grad * x).sum(), rtol=1e-10, atol=1e-10):
                got = F.interpolate_backward(g.numpy(), x.detach().numpy(), **options)
                np.testing.assert_allclose(got, grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("size", [(9, 4), (4, 9), (3, 3)])
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(
    ("mode", "antialias"), [("bilinear", True), ("bicubic", True), ("bicubic", False), ("area", False)]
)
def test_resizing_spreads_no_number_that_is_none(mode, antialias, value, size):
    x = np.random.default_rng(0).normal(size=(1, 1, 6, 7))
    x[0, 0, 2, 0] = value
    options = {"size": size, "mode": mode, "antialias": antialias}
    wanted = torch.nn.functional.interpolate(torch.from_numpy(x), **options)
    np.testing.assert_allclose(F.interpolate(x, **options), wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize("stride", [(), [], None])
def test_no_stride_is_the_kernel_size(name, stride):
    x = np.random.default_rng(0).normal(size=(1, 2, 6, 7))
    np.testing.assert_array_equal(getattr(F, name)(x, 2, stride), getattr(F, name)(x, 2, 2))
