"""Activations and softmax against PyTorch's test inputs, and at the places where formulas break."""

import numpy as np
import pytest
import torch

from cnncourse.numpy_nn import functional as F
from cnncourse.numpy_nn.fast import blocks as _blocks
from cnncourse.numpy_nn.functional.erf import erf
from tests.numpy_nn.agreement import ACTIVATIONS
from tests.numpy_nn.opdb import Operation, error_tests, sample_tests

pytestmark = pytest.mark.usefixtures("version")  # plain and fast


def with_numpy_dtype(function):
    """Let PyTorch's samples pass their dtype to our function."""

    def call(*args, dtype=None, **kwargs):
        return function(*args, dtype=dtype and str(dtype).removeprefix("torch."), **kwargs)

    def forward(input, dim=None, *, dtype=None):
        return call(input, dim, dtype=dtype)

    def backward(grad_output, input, dim=None, *, dtype=None):
        return call(grad_output, input, dim, dtype=dtype)

    return backward if function.__name__.endswith("_backward") else forward


OPERATIONS = [
    Operation("nn.functional.relu", F.relu, F.relu_backward),
    Operation("nn.functional.leaky_relu", F.leaky_relu, F.leaky_relu_backward),
    Operation("nn.functional.relu6", F.relu6, F.relu6_backward),
    Operation("nn.functional.silu", F.silu, F.silu_backward),
    Operation("nn.functional.gelu", F.gelu, F.gelu_backward),
    Operation("nn.functional.hardswish", F.hardswish, F.hardswish_backward),
    Operation("nn.functional.hardsigmoid", F.hardsigmoid, F.hardsigmoid_backward),
    Operation("sigmoid", F.sigmoid, F.sigmoid_backward),
    Operation("tanh", F.tanh, F.tanh_backward),
    *(
        Operation(name, with_numpy_dtype(forward), with_numpy_dtype(backward), variant=variant)
        for name, forward, backward in [
            ("softmax", F.softmax, F.softmax_backward),
            ("log_softmax", F.log_softmax, F.log_softmax_backward),
        ]
        for variant in ("", "with_dtype")
    ),
]
test_samples = sample_tests(OPERATIONS)
test_errors = error_tests([operation for operation in OPERATIONS if operation.name.endswith("gelu")])

KINKS = [-1e4, -800.0, -30.0, -6.0, -3.0, -1e-9, -0.0, 0.0, 1e-9, 0.5, 3.0, 6.0, 30.0, 800.0, 1e4]


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_kinks_ties_and_far_ends(name, dtype):
    """At a kink the one-sided choice is PyTorch's; far out nothing overflows."""
    x = torch.tensor(KINKS, dtype=dtype, requires_grad=True)
    g = torch.linspace(-2, 3, len(KINKS), dtype=dtype)
    wanted = getattr(torch.nn.functional, name)(x)
    (wanted_grad,) = torch.autograd.grad(wanted, x, g)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        got = getattr(F, name)(x.detach().numpy())
        got_grad = getattr(F, name + "_backward")(g.numpy(), x.detach().numpy())
    tolerance = {"rtol": 1e-12 if dtype == torch.float64 else 2e-6, "atol": 1e-30}
    if name in ("gelu", "silu", "tanh"):  # both sides round 1 + erf, 1 − σ or 1 − tanh² near zero
        tolerance["atol"] = 1e-15 if dtype == torch.float64 else 1e-6
    if name == "hardsigmoid":  # PyTorch's backward has 1/6 in float32 even for float64
        tolerance["rtol"] = 1e-7 if dtype == torch.float64 else 2e-6
    np.testing.assert_allclose(got, wanted.detach().numpy(), **tolerance)
    np.testing.assert_allclose(got_grad, wanted_grad.numpy(), **tolerance)
    assert got.dtype == got_grad.dtype == x.detach().numpy().dtype


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_blocks_and_threads_change_nothing(monkeypatch, name):
    x, g = np.random.default_rng(0).normal(size=(2, 3, 5, 7))
    forward, backward = getattr(F, name), getattr(F, name + "_backward")
    wanted = forward(x), backward(g, x)
    monkeypatch.setattr(_blocks, "BLOCK", 8)
    monkeypatch.setattr(_blocks.threads, "WORTH_SHARING", 0)
    monkeypatch.setattr(_blocks.threads, "available_threads", lambda: 2)
    np.testing.assert_array_equal((forward(x), backward(g, x)), wanted)


@pytest.mark.parametrize("name", ["relu", "relu6", "hardsigmoid", "hardswish", "leaky_relu"])
def test_infinite_gradients_stop_where_the_derivative_is_zero(name):
    """There 0 · ∞ would be NaN."""
    x = torch.tensor([-7.0, 1.0, -7.0, -7.0], requires_grad=True)
    g = torch.tensor([np.inf, -np.inf, np.nan, -1.0])
    (wanted,) = torch.autograd.grad(getattr(torch.nn.functional, name)(x), x, g)
    np.testing.assert_array_equal(getattr(F, name + "_backward")(g.numpy(), x.detach().numpy()), wanted)


def test_gelu_tanh_formula_backward_in_float32():
    x = torch.linspace(-5, 5, 41, requires_grad=True)
    g = torch.linspace(-1, 2, 41)
    (wanted,) = torch.autograd.grad(torch.nn.functional.gelu(x, approximate="tanh"), x, g)
    got = F.gelu_backward(g.numpy(), x.detach().numpy(), "tanh")
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


def test_erf_to_the_last_places():
    """Over all three of the formula's ranges and their seams."""
    x = np.concatenate([np.linspace(-7, 7, 20001), [0.46875, -0.46875, 4.0, -4.0, 6.0, 1e-300, np.inf, -np.inf]])
    wanted = torch.erf(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(erf(x), wanted, rtol=1e-15, atol=0)
    assert np.isnan(erf(np.nan))


def test_softmax_of_huge_scores():
    """exp(1000) overflows; the shifted form does not, and log_softmax keeps what softmax rounds away."""
    x = np.array([[1000.0, 0.0, -1000.0]])
    np.testing.assert_array_equal(F.softmax(x, 1), [[1, 0, 0]])
    np.testing.assert_array_equal(F.log_softmax(x, 1), [[0, -1000, -2000]])


def test_softmax_on_a_non_contiguous_view():
    x = np.random.default_rng(0).normal(size=(6, 4, 5))[::2, :, ::-2].transpose(2, 0, 1)
    wanted = torch.softmax(torch.from_numpy(x.copy()), 1)
    np.testing.assert_allclose(F.softmax(x, 1), wanted, rtol=1e-13)


def test_softmax_without_dim_warns():
    with pytest.warns(UserWarning, match="dim"):
        got = F.softmax(np.zeros((2, 4)))
    np.testing.assert_array_equal(got, np.full((2, 4), 0.25))


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: F.relu(np.arange(3)), "input.*int64"),
        (lambda: F.relu([1.0]), "input.*list"),
        (lambda: F.gelu(np.ones(3, np.float16)), "input.*float16"),
        (lambda: F.gelu(np.ones(3), "erf"), "approximate.*'erf'"),
        (lambda: F.softmax(np.ones((2, 3)), 2), "dim: .*got 2"),
        (lambda: F.softmax(np.ones((2, 3)), -3), "dim: .*got -3"),
        (lambda: F.tanh_backward(np.ones((2, 3)), np.ones((3, 2))), "grad_output.*2, 3"),
        (lambda: F.tanh_backward(np.ones(2, np.float32), np.ones(2)), "grad_output.*float32"),
    ],
)
def test_refusals_name_the_argument(call, names):
    with pytest.raises((TypeError, ValueError), match=names):
        call()


def test_nothing_is_done_in_place():
    """`inplace=False` is PyTorch's default; True is refused by name."""
    x = np.array([-1.0, 2.0])
    for function in (F.relu, F.relu6, F.silu, F.hardswish, F.hardsigmoid):
        np.testing.assert_array_equal(function(x, False), function(x))
        with pytest.raises(ValueError, match="inplace"):
            function(x, inplace=True)
    np.testing.assert_array_equal(F.leaky_relu(x, 0.1, False), F.leaky_relu(x, 0.1))
    np.testing.assert_array_equal(F.dropout(x, 0.5, False, False), x)


def test_nan_lets_the_gradient_of_relu_through():
    x = torch.tensor([np.nan, -1.0, 2.0, np.inf], requires_grad=True)
    torch.nn.functional.relu(x).backward(torch.arange(4.0))
    np.testing.assert_array_equal(F.relu_backward(np.arange(4, dtype=np.float32), x.detach().numpy()), x.grad)


def test_softmax_takes_the_level_of_its_warning():
    x = np.array([[1.0, 2.0]])
    np.testing.assert_array_equal(F.softmax(x, 1, _stacklevel=5), F.softmax(x, 1, 3))
