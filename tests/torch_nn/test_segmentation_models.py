"""FCN and UNet: the same in both libraries, the paper's sizes, and what each part is there for."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from cnncourse.numpy_nn import depth, summary
from cnncourse.numpy_nn import models as ours
from cnncourse.numpy_nn import modules as M
from cnncourse.numpy_nn.geometry import output_shape
from cnncourse.numpy_nn.gradcheck import gradcheck_module
from cnncourse.numpy_nn.modules import init
from cnncourse.torch_nn import models as theirs
from cnncourse.torch_nn.models.fcn import bilinear_kernel
from tests.torch_nn.twins import check_values_and_gradients, twins

pytestmark = pytest.mark.usefixtures("one_torch_thread")

SMALL = [
    ("UNet", {"width": 2, "num_classes": 3}, (2, 3, 12, 20)),
    ("UNet", {"c_in": 1, "width": 3, "depth": 1, "skips": False}, (3, 1, 6, 4)),
    ("UNet", {"width": 2, "depth": 3, "skips": (True, False, True)}, (1, 3, 16, 24)),
    ("UNet", {"c_in": 2, "width": 2, "padding": False}, (2, 2, 44, 52)),
    ("UNet", {"width": 2, "padding": False, "skips": (False, True)}, (1, 3, 44, 44)),
    ("FCN", {"width": 2, "num_classes": 4}, (2, 3, 16, 24)),
    ("FCN", {"width": 2, "depth": 2, "skips": 0}, (3, 3, 8, 12)),
    ("FCN", {"c_in": 1, "width": 2, "depth": 3, "skips": 1}, (2, 1, 24, 16)),
]


@pytest.mark.parametrize(("name", "options", "shape"), SMALL, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(SMALL)])
def test_same_values_and_gradients(name, options, shape):
    check_values_and_gradients(*twins(name, **options), shape)


def test_the_papers_u_net():
    network = ours.UNet(1, 2, width=64, depth=4, padding=False)
    table = summary(network, (1, 1, 572, 572))
    assert table.parameters == 31_030_658
    assert table.rows[-1].output_shape == (1, 2, 388, 388)
    assert (572 - 388) // 2 == network.margin == 92
    assert depth(network) == 23  # "In total the network has 23 convolutional layers"
    with torch.device("meta"):
        twin = theirs.UNet(1, 2, width=64, depth=4, padding=False)
        assert twin(torch.zeros(1, 1, 572, 572)).shape == (1, 2, 388, 388)
    assert sum(p.numel() for p in twin.parameters()) == 31_030_658


def test_without_a_skip_a_level_has_half_the_maps_to_read():
    shapes = [
        {key: value.shape for key, value in library.UNet(width=4, skips=skips).state_dict().items()}
        for library in (ours, theirs)
        for skips in (True, (True, False))
    ]
    assert shapes[0] == shapes[2]
    assert shapes[1] == shapes[3]
    changed = {key for key in shapes[0] if shapes[0][key] != shapes[1][key]}
    assert changed == {"decoder.1.0.weight"}


def test_fcn_begins_without_opinion_and_interpolates():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 3, 16, 24)).astype(np.float32)
    network = ours.FCN(num_classes=3, width=2, rng=rng)
    assert not network(x).any()
    assert not theirs.FCN(num_classes=3, width=2)(torch.from_numpy(x)).any()
    scores = rng.normal(size=(1, 3, 5, 6))
    for stride in (2, 4):
        layer = M.ConvTranspose2d(3, 3, 2 * stride, stride, padding=stride // 2, bias=False, dtype=np.float64)
        layer.weight.redraw(init.bilinear(stride))
        wanted = F.interpolate(torch.from_numpy(scores), scale_factor=stride, mode="bilinear", align_corners=False)
        inside = (..., slice(stride, -stride), slice(stride, -stride))  # at the border it mixes with zeros
        np.testing.assert_allclose(layer(scores)[inside], wanted[inside], atol=1e-12)


@pytest.mark.parametrize("stride", range(1, 7))
def test_the_bilinear_kernel(stride):
    kernel = init.bilinear_kernel(stride)
    np.testing.assert_allclose(bilinear_kernel(stride), kernel, rtol=1e-6)
    assert kernel.sum() == pytest.approx(stride**2)
    K = len(kernel)
    flat = np.ones((1, 1, 5, 5))
    spread = F.conv_transpose2d(torch.from_numpy(flat), torch.from_numpy(kernel)[None, None], stride=stride,
                                padding=(K - stride) // 2)[0, 0]  # fmt: skip
    np.testing.assert_allclose(spread[K:-K, K:-K], 1)


def test_initial_weights_have_the_same_spread_in_both():
    for name in ("UNet", "FCN"):
        a = getattr(ours, name)(width=8, rng=np.random.default_rng(0)).state_dict()
        torch.manual_seed(0)
        for key, value in getattr(theirs, name)(width=8).state_dict().items():
            if value.ndim < 2 or not value.any() or key.startswith(("up", "head")):
                continue
            assert abs(a[key].std() / value.numpy().std() - 1) < 6 / np.sqrt(value.numel()), key
        assert not a["encoder.0.0.bias" if name == "UNet" else "stages.0.0.bias"].any()


def test_crop_concat_cuts_the_middle_and_gives_the_rest_no_gradient():
    x = np.arange(2 * 5 * 6.0).reshape(1, 2, 5, 6)
    layer = M.CropConcat(M.Identity(), M.AvgPool2d(2, stride=1, padding=0))
    out = layer(x)
    assert out.shape == (1, 4, 4, 5)
    np.testing.assert_array_equal(out[:, :2], x[:, :, :4, :5])  # an odd row and column go at the bottom and right
    skip = M.CropConcat(M.Identity(), M.Conv2d(2, 3, 3, rng=np.random.default_rng(0), dtype=np.float64))
    np.testing.assert_array_equal(skip(x)[:, :2], x[:, :, 1:4, 1:5])
    gradcheck_module(skip, x)
    table = summary(skip, x.shape)
    assert output_shape(skip, x.shape) == (1, 5, 3, 4)
    assert table.rows[-1].receptive_field.size == (3, 3)
    with pytest.raises(ValueError, match="skip: expected at least the body's size"):
        M.CropConcat(M.MaxPool2d(2), M.Identity())(x)


@pytest.mark.parametrize("library", [ours, theirs])
def test_refusals_name_the_argument(library):
    zeros = np.zeros if library is ours else lambda shape, dtype: torch.zeros(shape)
    with pytest.raises(ValueError, match="skips: expected a bool or 2"):
        library.UNet(skips=(True,))
    with pytest.raises(ValueError, match=r"input: .*multiples of 4, got \(8, 6\)"):
        library.UNet(width=2)(zeros((1, 3, 8, 6), np.float32))
    for side in (40, 46):  # nothing would be left; the second pooling would cut a row off
        with pytest.raises(ValueError, match=r"input: .*over 40, 4 less than a multiple of 4"):
            library.UNet(width=2, padding=False)(zeros((1, 3, 44, side), np.float32))
    with pytest.raises(ValueError, match="skips: expected 0 to 2, .*got 3"):
        library.FCN(skips=3)
    with pytest.raises(ValueError, match="input: .*multiples of 8"):
        library.FCN(width=2)(zeros((1, 3, 8, 12), np.float32))
