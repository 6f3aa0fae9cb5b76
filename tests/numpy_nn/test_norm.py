"""Normalisations against PyTorch's test inputs, running statistics included."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncourse.numpy_nn import functional as F
from cnncourse.numpy_nn.fast import blocks as _blocks
from cnncourse.numpy_nn.functional.batch_norm import batch_statistics
from tests.numpy_nn.opdb import Operation, error_tests, sample_tests

pytestmark = pytest.mark.usefixtures("version")  # plain and fast

torch_F = torch.nn.functional


def without_running(backward):
    """Drop the two gradients of the running statistics, which PyTorch's autograd does not list."""

    def differentiable(*args, **kwargs):
        grad_input, no_mean, no_var, grad_weight, grad_bias = backward(*args, **kwargs)
        assert no_mean is None
        assert no_var is None
        return grad_input, grad_weight, grad_bias

    return differentiable


def nearly_constant(sample):
    """Find samples whose exact gradient is zero or nearly so: PyTorch's is then its own rounding noise."""
    if sample.input.numel() == 1:
        return "one value: PyTorch's gradient is rounding noise"
    if sample.input.dtype == torch.float32 and sample.input.numel() == 2:
        return "two values in float32: PyTorch's gradient is rounding noise"
    return None


ARRAYS = ("input", "weight", "bias")
OPERATIONS = [
    Operation(
        "nn.functional.batch_norm", F.batch_norm, without_running(F.batch_norm_backward), ARRAYS, skip=nearly_constant
    ),
    Operation("nn.functional.instance_norm", F.instance_norm, without_running(F.instance_norm_backward), ARRAYS),
    Operation("nn.functional.layer_norm", F.layer_norm, F.layer_norm_backward, ARRAYS, skip=nearly_constant),
    Operation("nn.functional.group_norm", F.group_norm, F.group_norm_backward, ARRAYS, skip=nearly_constant),
    Operation("nn.functional.local_response_norm", F.local_response_norm, F.local_response_norm_backward),
    Operation("nn.functional.linear", F.linear, F.linear_backward, ARRAYS),
]
test_samples = sample_tests(OPERATIONS)
test_errors = error_tests([Operation("nn.functional.group_norm", F.group_norm)])


@pytest.mark.parametrize("shape", [(4, 3), (5, 2, 7), (3, 4, 5, 2), (2, 3, 1, 4, 3)])
def test_batch_norm_several_steps_then_evaluation(shape):
    """Output, gradients and both running statistics over four steps, then evaluation with them."""
    rng = np.random.default_rng(0)
    C = shape[1]
    ours = np.zeros(C), np.ones(C)
    theirs = torch.zeros(C, dtype=torch.float64), torch.ones(C, dtype=torch.float64)
    gamma, beta = rng.normal(size=C), rng.normal(size=C)
    for training in (True, True, True, True, False):
        x = rng.normal(3, 2, size=shape)
        g = rng.normal(size=shape)
        tensors = [torch.from_numpy(a).requires_grad_() for a in (x, gamma, beta)]
        wanted = torch_F.batch_norm(tensors[0], *theirs, *tensors[1:], training, 0.3, 1e-3)
        wanted_grads = torch.autograd.grad(wanted, tensors, torch.from_numpy(g))
        args = (x, *ours, gamma, beta, training, 0.3, 1e-3)
        np.testing.assert_allclose(F.batch_norm(*args), wanted.detach(), rtol=1e-10, atol=1e-12)
        grads = F.batch_norm_backward(g, *args)
        for got, wanted_grad in zip((grads[0], *grads[3:]), wanted_grads, strict=True):
            np.testing.assert_allclose(got, wanted_grad, rtol=1e-9, atol=1e-11)
        if training:
            before = [a.copy() for a in ours]
            updated = F.batch_norm_running(x, *ours, momentum=0.3)
            for a, b in zip(ours, before, strict=True):
                np.testing.assert_array_equal(a, b, err_msg="the old statistics were modified")
            ours = updated
        for a, t in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, t, rtol=1e-12)


def test_instance_norm_running_statistics():
    rng = np.random.default_rng(1)
    ours = np.zeros(3), np.ones(3)
    theirs = torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    for _ in range(3):
        x = rng.normal(2, 3, size=(4, 3, 5, 2))
        torch_F.instance_norm(torch.from_numpy(x), *theirs, momentum=0.2)
        ours = F.instance_norm_running(x, *ours, momentum=0.2)
        for a, t in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, t, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_that_are_zero_come_out_as_zero(dtype):
    """One value is its own mean; of two, ±1 whatever they are: nothing is left for a gradient."""
    one, two, g = np.array([[3.0]], dtype), np.array([[3.0, -1.5]], dtype), np.array([[0.3, -2.0]], dtype)
    grad_input, grad_weight, _ = F.layer_norm_backward(g[:, :1], one, 1, np.ones(1, dtype))
    assert grad_input == grad_weight == 0
    wanted = F.group_norm_backward(g.astype(np.float64), two.astype(np.float64), 1)[0]
    np.testing.assert_allclose(F.group_norm_backward(g, two, 1)[0], wanted, atol=np.finfo(dtype).eps)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 9])
def test_local_response_norm_gradient_with_even_and_wide_windows(size):
    """An even window is lopsided, so its transpose leans the other way."""
    rng = np.random.default_rng(2)
    x, g = rng.normal(size=(2, 2, 5, 3, 2))
    t = torch.from_numpy(x).requires_grad_()
    args = (size, 0.7, 0.6, 1.5)
    wanted = torch_F.local_response_norm(t, *args)
    (wanted_grad,) = torch.autograd.grad(wanted, t, torch.from_numpy(g))
    np.testing.assert_allclose(F.local_response_norm(x, *args), wanted.detach(), rtol=1e-12)
    np.testing.assert_allclose(F.local_response_norm_backward(g, x, *args), wanted_grad, rtol=1e-11)


@settings(max_examples=40, deadline=None)
@given(
    N=st.integers(0, 3), groups=st.integers(1, 3), per_group=st.integers(1, 3), H=st.integers(1, 4),
    W=st.integers(1, 3), seed=st.integers(0, 2**31), constant=st.booleans(), with_affine=st.booleans(),
)  # fmt: skip
def test_group_norm_on_any_shape_and_view(N, groups, per_group, H, W, seed, constant, with_affine):
    """Empty batches, groups of one channel, equal values, and a view that is not contiguous."""
    if per_group * H * W == 1:
        H = 2
    rng = np.random.default_rng(seed)
    C = groups * per_group
    x = rng.normal(size=(N, H, W, 2 * C)).astype(np.float64).transpose(0, 3, 1, 2)[:, ::2]
    if constant:
        x[...] = 1.5
    g = rng.normal(size=x.shape)
    gamma, beta = rng.normal(size=(2, C)) if with_affine else (None, None)
    arrays = [torch.from_numpy(a.copy()).requires_grad_() for a in (x, gamma, beta) if a is not None]
    wanted = torch_F.group_norm(arrays[0], groups, *arrays[1:])
    wanted_grads = torch.autograd.grad(wanted, arrays, torch.from_numpy(g))
    got = F.group_norm(x, groups, gamma, beta)
    grads = [grad for grad in F.group_norm_backward(g, x, groups, gamma, beta) if grad is not None]
    np.testing.assert_allclose(got, wanted.detach(), rtol=1e-9, atol=1e-11)
    for a, b in zip(grads, wanted_grads, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: F.batch_norm(np.ones((1, 3)), None, None, training=True), "input.*more than one value"),
        (lambda: F.batch_norm(np.ones((2, 3)), None, None), "running_mean"),
        (lambda: F.batch_norm(np.ones((2, 3)), np.ones(2), np.ones(3)), r"running_mean.*\(3,\).*\(2,\)"),
        (lambda: F.batch_norm(np.ones((2, 3)), np.ones(3), np.ones(3, np.float32)), "running_var.*float32"),
        (lambda: F.batch_norm(np.ones(3), np.ones(3), np.ones(3)), "input"),
        (lambda: F.instance_norm(np.ones((2, 3, 1, 1))), "input.*more than one position"),
        (lambda: F.instance_norm(np.ones((2, 3))), "input.*spatial"),
        (lambda: F.layer_norm(np.ones((2, 3)), (2,)), "normalized_shape"),
        (lambda: F.layer_norm(np.ones((2, 3)), (3,), np.ones(2)), "weight"),
        (lambda: F.group_norm(np.ones((2, 7, 4)), 2), "num_groups.*C = 7.*got 2"),
        (lambda: F.group_norm(np.ones((2, 4, 4)), 0), "num_groups.*got 0"),
        (lambda: F.local_response_norm(np.ones((2, 4)), 2), "input.*3 dimensions"),
        (lambda: F.local_response_norm(np.ones((2, 4, 2)), 0), "size.*got 0"),
        (lambda: F.linear(np.ones((2, 4)), np.ones((3, 5))), r"input.*\(2, 4\)"),
        (lambda: F.linear(np.ones((2, 4)), np.ones((3, 4)), np.ones(4)), "bias"),
        (lambda: F.linear(np.ones((2, 4)), np.ones((3, 4), np.float32)), "weight.*float32"),
    ],
)
def test_refusals_name_the_argument(call, names):
    with pytest.raises((TypeError, ValueError), match=names):
        call()


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-13)])
@pytest.mark.parametrize("first", [0, 30])
def test_statistics_survive_a_distant_mean(dtype, tolerance, first):
    """Mean 1000 σ away, or a first image unlike the others: no digits are lost as in mean(x²) − mean(x)²."""
    x = np.random.default_rng(1).normal(1000, 1, (32, 3, 9, 11)).astype(dtype)
    x[0] += first
    mean, var = batch_statistics(x)
    exact = x.astype(np.longdouble)
    np.testing.assert_allclose(mean, exact.mean(axis=(0, 2, 3)).astype(float), rtol=tolerance / 50)
    np.testing.assert_allclose(var, exact.var(axis=(0, 2, 3)).astype(float), rtol=tolerance)


@pytest.mark.parametrize("shape", [(5, 4, 3, 7), (7, 30, 2, 2), (2, 3, 30, 20), (1, 9, 8, 8), (6, 5)])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("workers", "block", "large_block"), [(1, 64, 10**6), (2, 10**6, 64), (2, 64, 10**6)])
def test_batch_norm_in_many_blocks(monkeypatch, shape, training, workers, block, large_block):
    """Blocks of a few images or channels and two threads give what one block gives, and PyTorch's gradients."""
    monkeypatch.setattr(_blocks, "BLOCK", block)
    monkeypatch.setattr(_blocks, "LARGE_BLOCK", large_block)
    monkeypatch.setattr(_blocks.threads, "WORTH_SHARING", 0)
    monkeypatch.setattr(_blocks.threads, "available_threads", lambda: workers)
    rng = np.random.default_rng(2)
    x, g = rng.normal(3, 2, (2, *shape))
    mean, var, weight, bias = rng.uniform(1, 2, (4, shape[1]))
    tensors = [torch.from_numpy(a.copy()).requires_grad_() for a in (x, weight, bias)]
    wanted = torch.nn.functional.batch_norm(
        tensors[0], torch.from_numpy(mean), torch.from_numpy(var), *tensors[1:], training
    )
    np.testing.assert_allclose(
        F.batch_norm(x, mean, var, weight, bias, training), wanted.detach(), rtol=1e-10, atol=1e-12
    )
    grads = F.batch_norm_backward(g, x, mean, var, weight, bias, training)
    wanted_grads = torch.autograd.grad(wanted, tensors, torch.from_numpy(g))
    for got, wanted_grad in zip((grads[0], *grads[3:]), wanted_grads, strict=True):
        np.testing.assert_allclose(got, wanted_grad, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("without", [(), ("conv_b",), ("bn_w", "bn_b")])
def test_batch_norm_folds_into_the_convolution_as_in_pytorch(axes, without):
    rng = np.random.default_rng(0)
    w, var = rng.normal(size=(5, 2, *(3, 2, 1)[:axes])), rng.uniform(0.1, 2, 5)
    vectors = {"conv_b": rng.normal(size=5), "bn_rm": rng.normal(size=5), "bn_rv": var, "bn_eps": 1e-3}
    vectors |= {"bn_w": rng.normal(size=5), "bn_b": rng.normal(size=5)} | dict.fromkeys(without)
    tensors = {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in vectors.items()}
    wanted = torch.nn.utils.fuse_conv_bn_weights(torch.from_numpy(w), **tensors)
    for ours, theirs in zip(F.fuse_conv_bn_weights(w, **vectors), wanted, strict=True):
        np.testing.assert_allclose(ours, theirs.detach(), rtol=1e-12, atol=1e-12)


def test_folding_refuses_vectors_of_other_lengths():
    w, v = np.zeros((5, 2, 3, 3)), np.ones(5)
    with pytest.raises(ValueError, match=r"bn_rv: expected shape \(5,\)"):
        F.fuse_conv_bn_weights(w, None, v, v[:2], 1e-5)
    with pytest.raises(TypeError, match="float"):
        F.fuse_conv_bn_weights(w, None, v.astype(np.float32), v, 1e-5)


def test_batch_norm_takes_no_momentum_and_both_or_no_running_statistics():
    x, ones = np.random.default_rng(0).normal(size=(3, 2, 4)), np.ones(2)
    for training in (True, False):
        got = F.batch_norm(x, ones, ones, training=training, momentum=None)
        np.testing.assert_array_equal(got, F.batch_norm(x, ones, ones, training=training))
    with pytest.raises(ValueError, match="running_mean, running_var"):
        F.batch_norm(x, None, ones, training=True)
