"""Layers of the newer networks: shuffled channels, norms of channels, layer scale, stochastic depth."""

import numpy as np
import pytest
import torch
import torchvision

from cnncourse import numpy_nn
from cnncourse.numpy_nn import functional as F
from cnncourse.numpy_nn import modules as M
from cnncourse.numpy_nn.geometry import output_shape

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("shape", "groups"), [((2, 12, 3, 5), 3), ((1, 12, 1), 4), ((3, 5, 2, 2, 1), 5), ((0, 6, 2), 2)]
)
def test_channel_shuffle_and_its_gradient(shape, groups):
    x = RNG.normal(size=shape)
    layer = torch.nn.ChannelShuffle(groups)
    np.testing.assert_array_equal(F.channel_shuffle(x, groups), layer(torch.from_numpy(x)))
    strided = np.repeat(x, 2, axis=-1)[..., ::2]
    np.testing.assert_array_equal(F.channel_shuffle(strided, groups), layer(torch.from_numpy(x)))
    g = RNG.normal(size=shape)
    t = torch.from_numpy(x).requires_grad_()
    layer(t).backward(torch.from_numpy(g))
    np.testing.assert_array_equal(F.channel_shuffle_backward(g, x, groups), t.grad)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda x: F.channel_shuffle(x, 4), r"input: expected .* groups=4, got shape \(2, 6, 3, 3\)"),
        (lambda x: F.channel_shuffle(x[:, :, 0, 0], 2), r"input: expected \(N, C, \*\)"),
        (lambda x: F.channel_shuffle(x, 0), "groups"),
        (lambda x: F.stochastic_depth(x, 1.5, "row"), "p: "),
        (lambda x: F.stochastic_depth(x, 0.5, "column"), "mode: expected 'row' or 'batch', got 'column'"),
        (lambda x: F.stochastic_depth(x, 0.5, "column", training=False), "mode: "),
        (lambda x: F.stochastic_depth(x, 0.5, "row"), "rng: "),
        (lambda x: F.stochastic_depth(x, 0.5, "row", mask=np.ones(2, bool)), r"mask: expected bool of shape \(2, 1,"),
        (lambda x: F.stochastic_depth_backward(x, x, 0.5, "row"), "mask: expected the mask"),
    ],
)
def test_refusals(call, named):
    with pytest.raises((TypeError, ValueError), match=named):
        call(np.zeros((2, 6, 3, 3)))


@pytest.mark.parametrize("mode", ["row", "batch"])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_stochastic_depth_drops_whole_images_and_keeps_the_mean(mode, p):
    x = RNG.normal(size=(4000, 2, 1))
    layer = M.StochasticDepth(p, mode, rng=np.random.default_rng(1))
    draws = [layer(x[:1]) for _ in range(4000)] if mode == "batch" else layer(x)
    first = np.concatenate(draws) if mode == "batch" else draws
    factors = first / (x[:1] if mode == "batch" else x)
    assert np.ptp(factors, axis=(1, 2)).max() < 1e-12  # one factor for an image
    assert np.allclose(np.unique(factors.round(9)), [1 / (1 - p)] if p == 0 else [0, 1 / (1 - p)] if p < 1 else [0])
    if p < 1:
        assert abs(factors.mean() - 1) <= 5 * np.sqrt(p / (1 - p) / 4000)
    if mode == "batch":
        assert np.ptp(layer(x) / x) < 1e-12  # one coin for all images
    np.testing.assert_array_equal(layer.eval()(x), x)


def test_the_gradient_of_stochastic_depth_is_that_of_its_mask():
    x, g = RNG.normal(size=(2, 6, 3, 1, 2))
    layer = M.StochasticDepth(0.4, rng=np.random.default_rng(3))
    factor = (layer(x) / x)[:, :1, :1, :1]
    assert len(np.unique(factor.round(9))) == 2
    np.testing.assert_allclose(layer.backward(g), factor * g, rtol=1e-12)
    layer.eval()(x)
    np.testing.assert_array_equal(layer.backward(g), g)
    with M.no_grad():
        layer(x)
    with pytest.raises(RuntimeError, match="StochasticDepth.backward: no saved forward pass"):
        layer.backward(g)


def compare(ours, theirs, shape):
    """Compare outputs and all gradients of two layers whose parameters have the same names."""
    for (_, a), b in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        a.data = RNG.normal(size=a.shape)
        b.data = torch.from_numpy(a.data)
    x, g = RNG.normal(size=shape), None
    t = torch.from_numpy(x).requires_grad_()
    wanted, got = theirs(t), ours(x)
    assert got.shape == output_shape(ours, shape) == tuple(wanted.shape)
    np.testing.assert_allclose(got, wanted.detach(), rtol=1e-10, atol=1e-12)
    g = RNG.normal(size=got.shape)
    wanted.backward(torch.from_numpy(g))
    np.testing.assert_allclose(ours.backward(g), t.grad, rtol=1e-8, atol=1e-10)
    for (name, a), b in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(a.grad, b.grad, rtol=1e-8, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("shape", [(2, 5, 3, 4), (3, 5, 1, 1), (1, 5, 1, 6)])
def test_layer_norm_of_channels_equals_torchvisions(shape):
    norm = torchvision.models.convnext.LayerNorm2d(5, eps=1e-6).double()
    compare(M.LayerNorm2d(5, eps=1e-6).astype(np.float64), norm, shape)


def test_permute_and_layer_scale_equal_their_formulas():
    compare(M.Permute([0, 2, 3, 1]), torchvision.ops.misc.Permute([0, 2, 3, 1]), (2, 5, 3, 4))

    class Scaled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(5, 1, 1))

        def forward(self, x):
            return self.weight * x

    compare(M.LayerScale(5).astype(np.float64), Scaled(), (2, 5, 3, 4))
    assert np.all(M.LayerScale(3, 0.25).weight.data == np.float32(0.25))


def test_a_summary_counts_a_gate_once():
    gate = M.Sequential(M.AdaptiveAvgPool2d(1), M.Conv2d(6, 2, 1), M.ReLU(), M.Conv2d(2, 6, 1), M.Sigmoid())
    table = numpy_nn.summary(M.Sequential(M.Conv2d(3, 6, 1), M.Scale(gate)), (1, 3, 4, 5))
    assert table.parameters == (3 * 6 + 6) + (6 * 2 + 2) + (2 * 6 + 6)
    assert table.multiply_adds == 20 * 18 + 12 + 12 + 20 * 6  # the last: the product itself
