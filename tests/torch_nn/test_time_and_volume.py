"""Causal stacks and networks for clips: both libraries alike, what they see, and torchvision's block."""

import numpy as np
import pytest
import torch
from torchvision.models.video import resnet as torchvision_video

from cnncourse import numpy_nn
from cnncourse.numpy_nn import models as ours
from cnncourse.numpy_nn import modules as M
from cnncourse.numpy_nn.geometry import output_shape
from cnncourse.torch_nn import models as theirs
from tests.torch_nn.twins import check_ten_steps, check_values_and_gradients, twins

pytestmark = pytest.mark.usefixtures("one_torch_thread")
STACK = {"in_channels": 2, "out_channels": 3, "channels": 5, "kernel_size": 3, "dilations": (1, 3, 2)}
NETWORKS = [
    ("CausalStack", STACK, (2, 2, 17)),
    ("CausalStack", {"kernel_size": 1, "dilations": (4,)}, (3, 1, 2)),
    ("CausalBlock", {"channels": 3, "kernel_size": 2, "dilation": 9}, (2, 3, 5)),  # most taps before the beginning
    ("Conv2Plus1D", {"in_planes": 2, "out_planes": 3, "stride": 2}, (2, 2, 5, 6, 7)),
    ("Conv2Plus1D", {"in_planes": 3, "out_planes": 2, "midplanes": 4, "stride": (1, 3)}, (2, 3, 1, 5, 4)),
    *(
        ("SmallVideoNet", {"num_classes": 5, "in_channels": 2, "kind": kind, "widths": (3, 4)}, (2, 2, 3, 6, 5))
        for kind in ("3d", "2+1d", "2d")
    ),
]


@pytest.mark.parametrize(("name", "options", "shape"), NETWORKS)
def test_same_values_and_gradients_from_the_same_weights(name, options, shape):
    check_values_and_gradients(*twins(name, **options), shape)


@pytest.mark.parametrize("kind", ["3d", "2+1d"])
def test_ten_training_steps_are_the_same(kind):
    a, b = twins("SmallVideoNet", num_classes=5, in_channels=1, kind=kind, widths=(3, 4))
    check_ten_steps(a, b, (4, 1, 3, 5, 6))


@pytest.mark.parametrize("models", [ours, theirs])
def test_a_causal_stack_does_not_look_ahead_and_sees_its_whole_receptive_field(models):
    """A change at step t changes the outputs t to t + field − 1, and not one before."""
    options = STACK | {"rng": np.random.default_rng(0)} if models is ours else STACK
    torch.manual_seed(0)
    network = models.CausalStack(**options)
    field = models.stack_receptive_field(3, STACK["dilations"])
    assert field == 1 + 2 * 6
    x = np.random.default_rng(1).normal(size=(1, 2, 40)).astype(np.float32)
    changed = x.copy()
    changed[:, :, 11] += 100

    def run(array):
        return network(array) if models is ours else network(torch.from_numpy(array)).detach().numpy()

    steps = np.flatnonzero((run(x) != run(changed)).any(axis=(0, 1)))
    assert (steps.min(), steps.max()) == (11, 11 + field - 1)


def test_the_last_tap_is_the_present():
    layer = M.CausalConv1d(1, 1, 3, dilation=2, bias=False).astype(np.float64)
    layer.weight.data = np.array([[[1.0, 10.0, 100.0]]])
    got = layer(np.arange(1.0, 7.0).reshape(1, 1, 6))
    np.testing.assert_array_equal(got, [[[100, 200, 310, 420, 531, 642]]])


def test_a_summary_knows_what_a_stack_sees_and_costs():
    network = ours.CausalStack(channels=4, kernel_size=2, dilations=(1, 2, 4, 8))
    table = numpy_nn.summary(network, (1, 1, 50))
    assert table.rows[-1].receptive_field.size == (16,)
    assert table.rows[-1].output_shape == (1, 1, 50)
    assert table.multiply_adds == 50 * (4 + 4 * (2 * 16 + 16) + 4)
    with pytest.raises(ValueError, match="expected 4 channels"):
        output_shape(M.CausalConv1d(4, 4, 2), (1, 3, 9))


def test_the_block_is_torchvisions_and_has_about_the_weights_of_a_whole_kernel():
    for i, o in ((64, 64), (64, 128), (3, 8)):
        reference = torchvision_video.BasicBlock(i, o, torchvision_video.Conv2Plus1D)
        mid = reference.conv1[0][0].out_channels
        assert ours.middle_channels(i, o) == theirs.middle_channels(i, o) == mid
        weights = sum(p.size for p in ours.Conv2Plus1D(i, o).parameters() if len(p.shape) == 5)
        assert 0.9 * 27 * i * o < weights <= 27 * i * o
    reference = torchvision_video.Conv2Plus1D(3, 4, 5, stride=2).double()
    block = theirs.Conv2Plus1D(3, 4, 5, stride=2).double()
    block.load_state_dict(reference.state_dict())
    x = torch.randn(2, 3, 4, 7, 6, dtype=torch.float64)
    torch.testing.assert_close(block(x), reference(x), rtol=1e-12, atol=1e-12)


def test_a_network_of_frames_cannot_tell_their_order_and_one_with_time_can():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 8, 8))
    for kind, alike in (("2d", True), ("3d", False), ("2+1d", False)):
        network = ours.SmallVideoNet(kind=kind, rng=np.random.default_rng(3)).astype(np.float64).eval()
        assert np.allclose(network(x), network(x[:, :, ::-1]), rtol=0, atol=1e-12) is alike


@pytest.mark.parametrize("models", [ours, theirs])
def test_refusals(models):
    with pytest.raises(ValueError, match="kind: expected '3d', '2\\+1d' or '2d', got '4d'"):
        models.SmallVideoNet(kind="4d")
