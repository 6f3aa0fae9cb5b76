"""Transposed convolution, pooling, padding, unfolding, resizing against PyTorch's own test inputs."""

import numpy as np
import pytest
import torch

from cnncourse.numpy_nn import functional as F
from cnncourse.numpy_nn.functional import _blocks
from tests.numpy_nn.opdb import Operation, error_tests, sample_tests

CONV_ARRAYS = ("input", "weight", "bias")


def operation(name, arrays=("input",), variant="", skip=lambda sample: None):
    """Return the operation of op_db whose name our function shares."""
    ours, backward = getattr(F, name), getattr(F, f"{name}_backward")
    return Operation(f"nn.functional.{name}", ours, backward, arrays, variant, skip)


def upsample_aa(input, output_size, align_corners, scale_factors=None, scales_h=None, scales_w=None):
    """Antialiased resizing with the arguments of the operator beneath `interpolate`."""
    return F.interpolate(
        input, output_size, scale_factors, mode="bilinear", align_corners=align_corners, antialias=True
    )


def upsample_aa_backward(grad_output, input, output_size, align_corners, scale_factors=None, **scales):
    return F.interpolate_backward(
        grad_output, input, output_size, scale_factors, mode="bilinear", align_corners=align_corners, antialias=True
    )


def scale_beside_a_size(sample):
    """`interpolate` has no way to ask for a scale that differs from the ratio of the sizes."""
    return "a scale beside a size" if sample.kwargs.get("scales_h") else None


OPERATIONS = [
    Operation("_upsample_bilinear2d_aa", upsample_aa, upsample_aa_backward, skip=scale_beside_a_size),
    *(operation(f"conv_transpose{d}d", CONV_ARRAYS) for d in (1, 2, 3)),
    *(operation(f"max_pool{d}d") for d in (1, 2, 3)),
    *(operation(f"avg_pool{d}d") for d in (1, 2, 3)),
    *(operation(f"adaptive_avg_pool{d}d") for d in (1, 2, 3)),
    operation("adaptive_max_pool2d"),
    *(operation("pad", variant=mode) for mode in ("constant", "reflect", "replicate", "circular")),
    operation("pad", variant="replicate_negative"),
    operation("unfold"),
    *(operation("interpolate", variant=m) for m in ("nearest", "nearest-exact", "linear", "bilinear", "trilinear")),
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
    monkeypatch.setattr(_blocks.threads, "available", lambda: 2)
    rng = np.random.default_rng(0)
    x = np.maximum(rng.integers(-3, 3, (3, 5, 9, 8)), 0).astype(float)
    t = torch.from_numpy(x.copy()).requires_grad_()
    wanted = torch.nn.functional.max_pool2d(t, *options)
    g = rng.normal(size=wanted.shape)
    np.testing.assert_array_equal(F.max_pool2d(x, *options), wanted.detach())
    (wanted_grad,) = torch.autograd.grad(wanted, t, torch.from_numpy(g))
    np.testing.assert_allclose(F.max_pool2d_backward(g, x, *options), wanted_grad, rtol=1e-12, atol=1e-15)
