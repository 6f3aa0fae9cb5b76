"""Losses and dropout against PyTorch's test inputs, and their options in all combinations."""

import itertools

import numpy as np
import pytest
import torch

from cnncourse.numpy_nn import functional as F
from tests.numpy_nn.opdb import Operation, sample_tests

pytestmark = pytest.mark.usefixtures("version")  # plain and fast

torch_F = torch.nn.functional


def first_gradient(backward):
    """Keep grad_input alone: op_db's class indices and class weights have no gradient."""
    return lambda *args, **kwargs: backward(*args, **kwargs)[0]


OPERATIONS = [
    Operation("nn.functional.cross_entropy", F.cross_entropy, first_gradient(F.cross_entropy_backward)),
    Operation("nn.functional.nll_loss", F.nll_loss, first_gradient(F.nll_loss_backward)),
    Operation("nn.functional.mse_loss", F.mse_loss, F.mse_loss_backward, ("input", "target", "weight")),
]
test_samples = sample_tests(OPERATIONS)


def compare(name, x, target, **options):
    """Compare a loss and its gradients by input and by a target of probabilities."""
    rng = np.random.default_rng(9)
    tensors = {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    t_x, t_target = torch.from_numpy(x).requires_grad_(), torch.from_numpy(target)
    wrt = [t_x]
    if target.dtype.kind == "f":
        wrt.append(t_target.requires_grad_())
    wanted = getattr(torch_F, name)(t_x, t_target, **tensors)
    g = rng.normal(size=tuple(wanted.shape)) if wanted.ndim else np.array(-1.7)
    wanted_grads = torch.autograd.grad(wanted, wrt, torch.as_tensor(g, dtype=t_x.dtype))
    got = getattr(F, name)(x, target, **options)
    grads = getattr(F, name + "_backward")(g.astype(x.dtype), x, target, **options)
    np.testing.assert_allclose(got, wanted.detach(), rtol=1e-12, atol=1e-15)
    for a, b in zip(grads, wanted_grads, strict=False):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-14)
    assert [a is None for a in grads] == [False, len(wrt) == 1, True]


OPTIONS = list(itertools.product(["mean", "sum", "none"], [False, True], [0.0, 0.1, 1.0]))


@pytest.mark.parametrize("shape", [(5,), (4, 3), (2, 5, 3), (2, 3, 2, 3)])
@pytest.mark.parametrize(("reduction", "weighted", "smoothing"), OPTIONS)
def test_cross_entropy_options(shape, reduction, weighted, smoothing):
    rng = np.random.default_rng(0)
    x = rng.normal(0, 3, size=shape)
    C = shape[0] if len(shape) == 1 else shape[1]
    options = {"reduction": reduction, "label_smoothing": smoothing}
    options["weight"] = rng.uniform(0.1, 2, C) if weighted else None
    places = shape[1:] if len(shape) == 1 else (shape[0], *shape[2:])
    classes = rng.integers(0, C, places)
    compare("cross_entropy", x, np.asarray(classes), ignore_index=1, **options)
    compare("cross_entropy", x, rng.dirichlet(np.ones(C), places).astype(x.dtype).swapaxes(-1, min(1, x.ndim - 1))
            if x.ndim < 4 else np.moveaxis(rng.dirichlet(np.ones(C), places), -1, 1), **options)  # fmt: skip


def test_all_targets_ignored_and_empty_batch():
    x = np.ones((3, 4))
    assert np.isnan(F.cross_entropy(x, np.full(3, -100)))
    assert F.cross_entropy(x, np.full(3, -100), reduction="sum") == 0
    assert np.isnan(F.cross_entropy(x[:0], np.zeros(0, int)))
    grad, _, _ = F.cross_entropy_backward(1.0, x[:0], np.zeros(0, int), reduction="sum")
    assert grad.shape == (0, 4)


def test_impossible_classes_that_nobody_wants_cost_nothing():
    """A logit of −∞ rules a class out; the loss of another class is finite."""
    x = np.array([[0.0, -np.inf, 0.0]])
    assert F.cross_entropy(x, np.array([0])) == pytest.approx(np.log(2))
    grad, _, _ = F.cross_entropy_backward(1.0, x, np.array([0]))
    np.testing.assert_allclose(grad, [[-0.5, 0, 0.5]])


def test_dropout_keeps_the_expected_value_and_backward_uses_the_same_mask():
    rng = np.random.default_rng(0)
    x = np.full((200, 300), 2.0)
    mask = F.dropout_mask(x.shape, 0.3, rng)
    y = F.dropout(x, 0.3, mask=mask)
    assert set(np.unique(y)) == {0.0, 2.0 / 0.7}
    assert abs((y > 0).mean() - 0.7) < 0.01  # six standard deviations
    g = rng.normal(size=x.shape)
    np.testing.assert_allclose(F.dropout_backward(g, x, 0.3, mask=mask), g * (y > 0) / 0.7, rtol=1e-15)
    np.testing.assert_array_equal(F.dropout(x, 0.3, rng=np.random.default_rng(5)),
                                  F.dropout(x, 0.3, rng=np.random.default_rng(5)))  # fmt: skip
    np.testing.assert_array_equal(F.dropout(x, 0.3, training=False), x)
    np.testing.assert_array_equal(F.dropout(x, 1.0, rng=rng), 0 * x)
    np.testing.assert_array_equal(F.dropout(x, 0.0), x)


def test_dropout_on_op_db_samples():
    """Random masks cannot be compared with PyTorch's; its certain cases (p = 0, p = 1, eval) can."""
    from torch.testing._internal.common_methods_invocations import op_db

    (info,) = [row for row in op_db if row.name == "nn.functional.dropout"]
    certain = 0
    for sample in info.sample_inputs("cpu", torch.float64, requires_grad=False):
        x, p, training = sample.input.numpy(), sample.kwargs.get("p", 0.5), sample.kwargs.get("training", True)
        got = F.dropout(x, p, training, rng=np.random.default_rng(0))
        if not training or p in (0.0, 1.0):
            np.testing.assert_array_equal(got, torch_F.dropout(sample.input, p, training))
            certain += 1
        else:
            kept = got != 0
            np.testing.assert_allclose(got[kept], (x / (1 - p))[kept], rtol=1e-15)
    assert certain >= 10


X = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: F.cross_entropy([[0.0]], np.array([0])), "input: .*list"),
        (lambda: F.cross_entropy(X, [0, 1]), "target: .*list"),
        (lambda: F.cross_entropy(X, np.array([0, 3])), "target: .*0 … 2, got 3"),
        (lambda: F.cross_entropy(X, np.array([0, -1])), "target: .*got -1"),
        (lambda: F.cross_entropy(X, np.array([0.0, np.nan])), "target.*float64"),
        (lambda: F.cross_entropy(X, np.array([0, 1], np.int32)), "target.*int32"),
        (lambda: F.cross_entropy(X, np.full((2, 3), np.nan)), "target: .*NaN"),
        (lambda: F.cross_entropy(X, np.full((2, 3), 0.5, np.float32)), "target.*float32"),
        (lambda: F.cross_entropy(X, np.array([0])), r"target.*\(1,\)"),
        (lambda: F.cross_entropy(X, np.array([0, 1]), np.ones(2)), r"weight.*\(2,\)"),
        (lambda: F.cross_entropy(X, np.full((2, 3), 0.5), ignore_index=1), "ignore_index"),
        (lambda: F.cross_entropy(X, np.array([0, 1]), label_smoothing=1.5), "label_smoothing: .*1.5"),
        (lambda: F.cross_entropy(X, np.array([0, 1]), reduction="avg"), "reduction: .*'avg'"),
        (lambda: F.nll_loss(np.zeros(()), np.array(0)), "input: "),
        (lambda: F.cross_entropy_backward(np.ones(2), X, np.array([0, 1])), "grad_output.*\\(2,\\)"),
        (lambda: F.mse_loss(X, np.zeros((2, 1))), "target: "),
        (lambda: F.mse_loss(X, X, weight=np.ones(3)), "weight: "),
        (lambda: F.dropout(X, 1.1), "p: .*1.1"),
        (lambda: F.dropout(X, 0.5), "rng: "),
        (lambda: F.dropout(X, 0.5, mask=np.ones((3, 2), bool)), "mask: "),
        (lambda: F.dropout_backward(X, X, 0.5), "mask: "),
    ],
)
def test_refusals_name_the_argument(call, names):
    with pytest.raises((TypeError, ValueError), match=names):
        call()


def test_mse_weighted_mean_divides_by_the_weights():
    x, t, w = np.array([1.0, 2.0]), np.array([0.0, 4.0]), np.array([3.0, 1.0])
    assert F.mse_loss(x, t, weight=w) == 7 / 4
    grad_input, grad_target, none = F.mse_loss_backward(2.0, x, t, weight=w)
    np.testing.assert_allclose(grad_input, [2 * 3 * 1 * 2 / 4, 2 * 1 * -2 * 2 / 4])
    np.testing.assert_array_equal(grad_target, -grad_input)
    assert none is None
