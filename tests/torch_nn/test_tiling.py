"""Overlap-tile: equal to the whole picture to rounding, and only with a margin that is large enough."""

import numpy as np
import pytest
import torch

from cnncourse.numpy_nn import models as ours
from cnncourse.numpy_nn import tiling
from cnncourse.torch_nn import models as theirs
from cnncourse.torch_nn import tiling as torch_tiling
from tests.torch_nn.twins import twins

pytestmark = pytest.mark.usefixtures("one_torch_thread")

NETWORKS = [
    ("UNet", {"width": 2, "depth": 2}),
    ("UNet", {"width": 2, "depth": 1, "skips": False}),
    ("UNet", {"width": 2, "depth": 2, "padding": False}),
    ("FCN", {"width": 2, "depth": 2, "skips": 1}),
    ("FCN", {"width": 2, "depth": 2, "skips": 0}),
]
SIZES = [(61, 45), (40, 40), (3, 50), (1, 30)]


def options(network, **others):
    return {"step": network.step, "margin": network.margin, "padding": getattr(network, "padding", True)} | others


@pytest.mark.parametrize(("name", "arguments"), NETWORKS)
def test_tiles_equal_the_whole(name, arguments):
    a, b = twins(name, **arguments)
    a.eval()
    b.eval()
    for size in SIZES:
        x = np.random.default_rng(size).normal(size=(2, 3, *size))
        large = 64 if getattr(a, "padding", True) else 68
        whole = tiling.predict_tiles(a, x, large, **options(a))
        assert whole.shape == (2, 2, *size)
        if options(a)["padding"]:
            np.testing.assert_array_equal(tiling.predict_tiles(a, x, **options(a)), whole)
        for tile in (4, 12, 20):
            got = tiling.predict_tiles(a, x, tile, **options(a))
            np.testing.assert_allclose(got, whole, rtol=0, atol=1e-12 * np.abs(whole).max())
        got = torch_tiling.predict_tiles(b, torch.from_numpy(x), 12, **options(a))
        np.testing.assert_allclose(got, whole, rtol=0, atol=1e-10 * np.abs(whole).max())
        assert not got.requires_grad


@pytest.mark.parametrize("padding", [True, False])
def test_the_whole_is_the_network_on_the_picture_itself(padding):
    a, _ = twins("UNet", width=2, padding=padding)
    rng = np.random.default_rng(0)
    if padding:
        x = rng.normal(size=(1, 3, 32, 48))
        np.testing.assert_array_equal(tiling.predict_tiles(a, x, **options(a)), a(x))
        np.testing.assert_allclose(tiling.predict_tiles(a, x, 8, **options(a)), a(x), atol=1e-12)
    else:
        x = rng.normal(size=(1, 3, 44, 36))
        wide = np.pad(x, [(0, 0), (0, 0), (20, 20), (20, 28)], mode="reflect")
        np.testing.assert_allclose(tiling.predict_tiles(a, x, 12, **options(a)), a(wide)[..., :36], atol=1e-12)


@pytest.mark.parametrize(("name", "arguments"), [NETWORKS[0], NETWORKS[3], NETWORKS[4]])
def test_a_smaller_margin_is_not_enough(name, arguments):
    a, _ = twins(name, **arguments)
    x = np.random.default_rng(1).normal(size=(1, 3, 96, 96))
    whole = a(x)
    largest = np.abs(whole).max()
    short = tiling.predict_tiles(a, x, 8, **options(a, margin=a.margin - 2 * a.step))
    assert np.abs(short - whole).max() > 1e-9 * largest
    enough = tiling.predict_tiles(a, x, 8, **options(a))
    assert np.abs(enough - whole).max() < 1e-12 * largest


def test_tiles_from_other_places_would_differ():
    """The published 388 is no multiple of 16: tiles laid edge to edge would be pooled from other places."""
    a, _ = twins("UNet", width=2, padding=False)
    x = np.random.default_rng(2).normal(size=(1, 3, 60, 60))
    whole, moved = a(x), a(x[..., 2:-2])
    assert not np.allclose(moved, whole[..., 2:-2])
    np.testing.assert_allclose(a(x[..., 4:-4]), whole[..., 4:-4], atol=1e-12)


@pytest.mark.parametrize("module", [tiling, torch_tiling])
def test_mirrors_and_windows(module):
    for size, around, wanted in [(5, 3, 7), (5, 0, 5), (2, 4, 9), (1, 2, 3), (4, 11, 4)]:
        got = np.asarray(module.mirrored(size, around, wanted))
        np.testing.assert_array_equal(got, np.pad(np.arange(size), (around, around + wanted - size), mode="reflect"))
    for size, tile in [(20, 20), (44, 20), (22, 6), (8, 4)]:
        covered = np.zeros(size, int)
        for out, _, _ in module.windows(size, tile, 4, 8, True):
            assert out.start % 4 == 0 or size % 4
            covered[out] += 1
        assert covered.all()
    assert module.whole_size(10, 6, 4) == 10
    assert module.whole_size(11, 6, 4) == 14
    assert module.whole_size(3, 6, 4) == 6


@pytest.mark.parametrize(("module", "zeros"), [(tiling, np.zeros), (torch_tiling, torch.zeros)])
def test_refusals_name_the_argument(module, zeros):
    x = zeros((1, 1, 8, 8))
    for tile, margin in [(6, 4), (8, 3)]:
        with pytest.raises(ValueError, match="tile and margin: expected multiples of step, 4"):
            module.predict_tiles(lambda x: x, x, tile, step=4, margin=margin)
    with pytest.raises(ValueError, match="tile: expected what a network without padding can give"):
        module.predict_tiles(lambda x: x, x, step=4, margin=2, padding=False)


def test_both_libraries_have_the_same_steps_and_margins():
    for name, arguments in NETWORKS:
        a, b = getattr(ours, name)(**arguments), getattr(theirs, name)(**arguments)
        assert (a.step, a.margin) == (b.step, b.margin)
