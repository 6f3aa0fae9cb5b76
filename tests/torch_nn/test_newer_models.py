"""SENet, MobileNetV2, EfficientNet-Lite0, ConvNeXt: both libraries alike, and as torchvision where it has them."""

import numpy as np
import pytest
import torch
import torchvision

from cnncourse import numpy_nn
from cnncourse.from_torch import from_torch
from cnncourse.numpy_nn import models as ours
from cnncourse.numpy_nn.geometry import output_shape
from cnncourse.numpy_nn.state import entries
from cnncourse.torch_nn import models as theirs
from tests.torch_nn.twins import check_steps_from_the_start

NARROW = ((1, 8, 1, 1), (6, 8, 2, 2), (3, 16, 1, 2))
SMALL = [
    ("SqueezeExcitation", {"input_channels": 7, "squeeze_channels": 3}, (7, 5, 2)),
    ("seresnet20", {"in_channels": 1, "reduction": 5}, (1, 13, 18)),
    ("seresnet20", {"num_classes": 4, "shortcut": "projection"}, (3, 16, 16)),
    ("SEBottleneck", {"in_channels": 12, "planes": 3, "reduction": 4}, (12, 5, 8)),
    ("InvertedResidual", {"in_channels": 5, "channels": 5, "stride": 1, "expansion": 3}, (5, 7, 4)),
    ("InvertedResidual", {"in_channels": 5, "channels": 8, "stride": 2, "expansion": 1}, (5, 7, 4)),
    ("SmallMobileNetV2", {"in_channels": 1}, (1, 15, 22)),
    ("MobileNetV2", {"num_classes": 6, "width_mult": 0.35, "dropout": 0.0, "stages": NARROW}, (3, 33, 46)),
    ("EfficientNetLite0", {"num_classes": 5, "dropout": 0.0}, (3, 33, 20)),
    ("CNBlock", {"channels": 6, "layer_scale": 0.5}, (6, 9, 4)),
    ("SmallConvNeXt", {"in_channels": 1, "layer_scale": 0.7, "widths": (8, 12, 16)}, (1, 17, 26)),
    ("ConvNeXt", {"widths": (8, 16), "blocks": (1, 2), "num_classes": 5, "layer_scale": 1.5}, (3, 21, 34)),
]
LARGE = ("SEResNet", {"blocks": (1, 1, 1, 1), "num_classes": 5, "reduction": 32}, (3, 34, 47))
IDS = [f"{name}-{number}" for number, (name, _, _) in enumerate([*SMALL, LARGE])]


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Small maps: on a busy computer PyTorch's threads wait for each other longer than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pair(name, options):
    """Return the network of both libraries with the same random float64 state, statistics and factors included."""
    torch.manual_seed(0)
    a, b = (getattr(models, name, None) or getattr(models.senet, name) for models in (ours, theirs))
    a, b = a(**options).astype(np.float64), b(**options).double()
    with torch.no_grad():
        for key, value in b.state_dict().items():
            if key.endswith("running_var"):
                value.uniform_(0.5, 2)
            elif value.ndim == 1 and value.is_floating_point():
                value.add_(0.3 * torch.randn_like(value))  # so that no bias is zero
    assert list(a.state_dict()) == list(b.state_dict())
    a.load_state_dict(b.state_dict())
    return a, b


def close(got, wanted, what="", relative=1e-8):
    """Compare with an error relative to the largest value."""
    got, wanted = np.asarray(got), wanted.detach().numpy()
    np.testing.assert_allclose(got, wanted, rtol=0, atol=relative * max(np.abs(wanted).max(), 1e-3), err_msg=what)


@pytest.mark.parametrize(("name", "options", "shape"), SMALL, ids=IDS[:-1])
def test_same_outputs_and_gradients_from_the_same_weights(name, options, shape):
    a, b = pair(name, options)
    rng = np.random.default_rng(0)
    for mode in (True, False):
        a.train(mode)
        b.train(mode)
        a.zero_grad()
        b.zero_grad()
        x = rng.normal(size=(3, *shape))
        t = torch.from_numpy(x).requires_grad_()
        got, wanted = a(x), b(t)
        assert got.shape == output_shape(a, x.shape) == tuple(wanted.shape)
        close(got, wanted, "output")
        g = rng.normal(size=got.shape)
        wanted.backward(torch.from_numpy(g))
        close(a.backward(g), t.grad, "input")
        grads = dict(a.named_parameters())
        for key, parameter in b.named_parameters():
            close(grads[key].grad, parameter.grad, key)
    for key, value in b.state_dict().items():
        close(a.state_dict()[key], value.double(), key)


@pytest.mark.parametrize(("name", "options", "shape"), [*SMALL, LARGE], ids=IDS)
def test_the_state_goes_back_and_from_torch_reads_the_network(name, options, shape):
    a, b = pair(name, options)
    x = np.random.default_rng(2).normal(size=(2, *shape))
    for parameter in a.parameters():
        parameter.data = parameter.data * 1.1
    b.load_state_dict({key: torch.from_numpy(value) for key, value in a.state_dict().items()})
    with torch.no_grad():
        wanted = b.eval()(torch.from_numpy(x))
    close(a.eval()(x), wanted)
    close(from_torch(b)(x), wanted)
    close(numpy_nn.inference.prepare(a)(x), wanted, relative=1e-5)


# (parameters, multiply-adds of a 224×224 image)
COSTS = {
    "mobilenet_v2": (3_504_872, 300_774_272),
    "efficientnet_lite0": (4_652_008, 385_187_552),
    "convnext_tiny": (28_589_128, 4_455_531_264),
    "seresnet50": (28_088_024, 4_097_218_560),
}


@pytest.mark.parametrize("name", COSTS)
def test_parameters_multiply_adds_and_torchvisions_keys(name):
    with torch.device("meta"):  # shapes without memory
        mine = getattr(theirs, name)().state_dict()
        known = getattr(torchvision.models, name, getattr(theirs, name))
        reference = known().state_dict()
    network = getattr(ours, name)()
    shapes = {path: getattr(owner, key).shape for path, owner, key in entries(network)}
    assert list(mine) == list(reference) == list(shapes)
    assert all(mine[key].shape == value.shape == shapes[key] for key, value in reference.items())
    table = numpy_nn.summary(network, (1, 3, 224, 224))
    assert (table.parameters, table.multiply_adds) == COSTS[name]


@pytest.mark.parametrize("name", ["mobilenet_v2", "convnext_tiny"])
def test_torchvisions_weights_give_torchvisions_outputs(name):
    torch.manual_seed(0)
    reference = getattr(torchvision.models, name)(weights=None).eval()
    with torch.no_grad():
        for key, value in reference.state_dict().items():
            if key.endswith(("running_var", "layer_scale")):  # at 1e-6 a wrong block would not be seen
                value.uniform_(0.5, 2)
        x = torch.randn(1, 3, 70, 37)
        wanted = reference(x)
        mine = getattr(theirs, name)().eval()
        mine.load_state_dict(reference.state_dict())
        close(mine(x).numpy(), wanted, relative=1e-5)
    network = getattr(ours, name)().eval()
    network.load_state_dict(reference.state_dict())
    close(network(x.numpy()), wanted, relative=1e-4)
    reference.load_state_dict({key: torch.from_numpy(value) for key, value in network.state_dict().items()})


@pytest.mark.parametrize("width", [0.35, 0.5, 0.75, 1.4])
def test_widths_are_rounded_as_torchvision_does(width):
    with torch.device("meta"):
        reference = torchvision.models.mobilenet_v2(width_mult=width).state_dict()
        mine = theirs.mobilenet_v2(width_mult=width).state_dict()
    assert {key: value.shape for key, value in mine.items()} == {key: v.shape for key, v in reference.items()}


@pytest.mark.parametrize("name", ["seresnet20", "SmallMobileNetV2", "SmallConvNeXt"])
def test_ten_training_steps_are_the_same_in_numpy_and_pytorch(name):
    """Same initial weights, same batches, float64: losses to 1e-8, parameters to 1e-6."""
    check_steps_from_the_start(name, (4, 3, 16, 16), 10, lr=0.05)


@pytest.mark.parametrize("r", [2, 16])
def test_a_gate_costs_two_squares_of_its_channels_over_r(r):
    """Table 10's parameters: 2C²/r weights a block, and biases."""
    gate = ours.SqueezeExcitation(64, 64 // r)
    assert sum(parameter.size for parameter in gate.parameters()) == 2 * 64**2 // r + 64 + 64 // r
    widths = [256] * 3 + [512] * 4 + [1024] * 6 + [2048] * 3
    plain, gated = (numpy_nn.summary(network, (1, 3, 224, 224)).parameters
                    for network in (ours.resnet50(), ours.seresnet50(reduction=r)))  # fmt: skip
    assert gated - plain == sum(2 * C**2 // r + C + C // r for C in widths)


def test_stochastic_depth_grows_with_depth():
    for network in (ours.convnext_tiny(), theirs.convnext_tiny()):
        drops = [module.p for name, module in network.named_modules() if name.endswith("stochastic_depth")]
        assert drops == pytest.approx(np.linspace(0, 0.1, 18).tolist())
    torch.manual_seed(0)
    layer = theirs.CNBlock(2, 1.0, 0.5).stochastic_depth
    kept = layer(torch.ones(2000, 2, 1, 1))
    assert set(kept.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(kept[:, 0], kept[:, 1])
    assert abs(kept.mean().item() - 1) < 5 / np.sqrt(2000)
    assert layer.eval()(kept) is kept


@pytest.mark.parametrize("models", [ours, theirs])
def test_refusals(models):
    with pytest.raises(ValueError, match="reduction: expected between 1 and the block's 16 channels, got 17"):
        models.seresnet20(reduction=17)
    with pytest.raises(ValueError, match="depth: expected 6n"):
        models.SmallSEResNet(21)
    with pytest.raises(ValueError, match="shortcut: expected 'pad' or 'projection', got None"):
        models.seresnet20(shortcut=None)


@pytest.mark.parametrize(
    ("name", "key"),
    [("seresnet20", "layer3.1.se.fc1.weight"), ("seresnet20", "layer3.1.conv1.weight"),
     ("SmallMobileNetV2", "features.6.conv.1.0.weight"), ("SmallMobileNetV2", "classifier.1.weight"),
     ("SmallConvNeXt", "features.3.0.block.3.weight"), ("SmallConvNeXt", "features.3.0.layer_scale")],
)  # fmt: skip
def test_initial_weights_have_the_same_spread(name, key):
    a = getattr(ours, name)(rng=np.random.default_rng(0)).state_dict()[key]
    torch.manual_seed(0)
    b = getattr(theirs, name)().state_dict()[key].numpy()
    if a.std() == 0:
        np.testing.assert_array_equal(a, b)
    else:
        assert abs(a.std() / b.std() - 1) < 4 / np.sqrt(a.size)
