"""The networks exist twice, with the same keys and values, and torchvision's where it has them."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision

from cnncourse import numpy_nn
from cnncourse.numpy_nn import models as ours
from cnncourse.numpy_nn.geometry import output_shape
from cnncourse.numpy_nn.models import lenet_tables
from cnncourse.numpy_nn.state import entries
from cnncourse.torch_nn import models as theirs
from cnncourse.torch_nn.models import lenet as torch_lenet
from tests.torch_nn.twins import check_steps_from_the_start

SMALL = [
    ("LeNet5", {}, (1, 32, 32)),
    ("LeNet5", {"num_classes": 4, "in_channels": 3}, (3, 32, 32)),
    ("LeNet5Original", {}, (1, 32, 32)),
    ("SmallVGG", {}, (3, 32, 32)),
    ("SmallVGG", {"batch_norm": True, "in_channels": 1}, (1, 32, 32)),
    ("resnet20", {}, (3, 32, 32)),
    ("plain20", {}, (3, 32, 32)),
    ("resnet20", {"shortcut": "projection", "in_channels": 1, "num_classes": 5}, (1, 32, 32)),
    ("resnet56", {}, (3, 32, 32)),
    ("plain56", {}, (3, 16, 16)),
    ("resnet18", {}, (3, 65, 47)),
    ("resnet50", {"num_classes": 7}, (3, 40, 64)),
]
TORCHVISION = ["vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn",
               "resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]  # fmt: skip
PARAMETERS = {
    "vgg11": 132_863_336, "vgg13": 133_047_848, "vgg16": 138_357_544, "vgg19": 143_667_240,
    "resnet18": 11_689_512, "resnet34": 21_797_672, "resnet50": 25_557_032, "resnet101": 44_549_160,
    "resnet152": 60_192_808,
}  # fmt: skip


MADE_OF = {"VGG", "ResNet"}  # the classes behind the networks that are compared
A_LAYER = {"CausalConv1d"}  # in NumPy it is in `modules`


def test_no_network_is_without_its_twin_and_none_is_left_out_of_the_comparisons():
    assert set(ours.__all__) == set(theirs.__all__) - A_LAYER
    tests = " ".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    quoted = set(re.findall(r'"(\w+)"', tests)) | set(re.findall(r"\b(?:ours|models)\.(\w+)\(", tests))
    assert set(ours.__all__) - MADE_OF - quoted == set()


@pytest.mark.parametrize(("name", "options", "shape"), SMALL, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(SMALL)])
def test_same_output_and_gradients_from_the_same_weights(name, options, shape):
    torch.manual_seed(0)
    a = getattr(ours, name)(**options).astype(np.float64)
    b = getattr(theirs, name)(**options).double()
    assert list(a.state_dict()) == list(b.state_dict())
    a.load_state_dict(b.state_dict())
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, *shape))
    t = torch.from_numpy(x).requires_grad_()
    wanted = b(t)
    got = a(x)
    assert output_shape(a, x.shape) == got.shape
    np.testing.assert_allclose(got, wanted.detach(), rtol=1e-8, atol=1e-9 * np.abs(got).max())
    g = rng.normal(size=got.shape)
    wanted.backward(torch.from_numpy(g))
    grad = a.backward(g)
    np.testing.assert_allclose(grad, t.grad, rtol=0, atol=1e-8 * np.abs(grad).max())
    grads = {key: parameter.grad for key, parameter in a.named_parameters()}
    for key, parameter in b.named_parameters():
        tolerance = 1e-8 * max(np.abs(grads[key]).max(), 1e-3)
        np.testing.assert_allclose(grads[key], parameter.grad, rtol=0, atol=tolerance, err_msg=key)
    a.eval()
    b.eval()
    wanted = b(t).detach()
    np.testing.assert_allclose(a(x), wanted, rtol=1e-8, atol=1e-9 * wanted.abs().max().item())


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvision_keys_shapes_and_parameter_count(name):
    with torch.device("meta"):  # shapes without memory
        reference = getattr(torchvision.models, name)(weights=None).state_dict()
        mine = getattr(theirs, name)().state_dict()
    network = getattr(ours, name)()
    numpy_shapes = {path: getattr(owner, key).shape for path, owner, key in entries(network)}
    assert list(mine) == list(reference) == list(numpy_shapes)
    for key, value in reference.items():
        assert mine[key].shape == value.shape == numpy_shapes[key]
    if name in PARAMETERS:
        assert numpy_nn.summary(network, (1, 3, 224, 224)).parameters == PARAMETERS[name]


def test_torchvision_weights_give_torchvision_outputs():
    torch.manual_seed(0)
    reference = torchvision.models.resnet18(weights=None).double().eval()
    with torch.no_grad():
        for module in reference.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_var.uniform_(0.5, 2)
                module.running_mean.normal_()
        x = torch.randn(1, 3, 70, 50, dtype=torch.float64)
        wanted = reference(x)
        mine = theirs.resnet18().double().eval()
        mine.load_state_dict(reference.state_dict())
        torch.testing.assert_close(mine(x), wanted)
    network = ours.resnet18().astype(np.float64).eval()
    network.load_state_dict(reference.state_dict())
    np.testing.assert_allclose(network(x.numpy()), wanted, rtol=1e-9)


TRAINED = [("LeNet5", (1, 32, 32), 0.05, 8), ("LeNet5Original", (1, 32, 32), 0.002, 8),
           ("SmallVGG", (3, 32, 32), 0.05, 4), ("resnet20", (3, 32, 32), 0.05, 8)]  # fmt: skip


@pytest.mark.parametrize(("name", "shape", "lr", "N"), TRAINED)
def test_twenty_training_steps_are_the_same_in_numpy_and_pytorch(name, shape, lr, N):
    """Same initial weights, same batches, float64: losses to 1e-8, parameters to 1e-6."""
    check_steps_from_the_start(name, (N, *shape), 20, lr=lr, nesterov=True)


def test_initial_weights_of_resnet_and_vgg_have_torchvision_spread():
    for name, key in [
        ("resnet20", "layer3.1.conv2.weight"),
        ("SmallVGG", "features.12.weight"),
        ("LeNet5Original", "c3.weight"),
    ]:
        a = getattr(ours, name)(rng=np.random.default_rng(0)).state_dict()[key]
        torch.manual_seed(0)
        b = getattr(theirs, name)().state_dict()[key].numpy()
        assert abs(a.std() / b.std() - 1) < 4 / np.sqrt(a.size)
        assert abs(a.mean()) < 4 * a.std() / np.sqrt(a.size)


def test_zero_init_residual_starts_as_the_shortcuts():
    for make in (ours.resnet20(zero_init_residual=True), theirs.resnet20(zero_init_residual=True)):
        state = make.state_dict()
        assert float(abs(np.asarray(state["layer2.1.bn2.weight"])).max()) == 0
        assert float(abs(np.asarray(state["layer2.1.bn1.weight"])).min()) == 1


@pytest.mark.parametrize("models", [ours, theirs])
def test_small_resnet_refusals(models):
    with pytest.raises(ValueError, match="depth"):
        models.SmallResNet(21)
    with pytest.raises(ValueError, match="shortcut"):
        models.SmallResNet(20, shortcut="none")


def test_both_packages_have_the_same_lenet_tables():
    assert lenet_tables.C3_TABLE == torch_lenet.C3_TABLE
    codes = lenet_tables.digit_codes()
    np.testing.assert_array_equal(codes, torch_lenet.digit_codes())
    assert codes.shape == (10, 84)
    assert set(np.unique(codes)) == {-1, 1}
    differing = (codes[:, None] != codes[None]).sum(axis=2)
    assert differing[~np.eye(10, dtype=bool)].min() >= 8  # no two digits share nearly the same drawing
