"""Inception and GoogLeNet: both libraries, the published numbers, torchvision's weights, auxiliary heads."""

import numpy as np
import pytest
import torch
import torchvision

from cnncourse.numpy_nn import models as ours
from cnncourse.numpy_nn import modules as M
from cnncourse.numpy_nn import summary
from cnncourse.torch_nn import models as theirs
from tests.torch_nn.twins import check_ten_steps, check_values_and_gradients, randomise, twins, without_dropout

pytestmark = pytest.mark.usefixtures("one_torch_thread")

BLOCK = {"in_channels": 6, "c1": 3, "c3": (2, 5), "c5": (4, 2), "c_pool": 1}
SMALL = {"num_classes": 5, "width": 1 / 8}
FORMS = [
    ("Inception", BLOCK, (2, 6, 7, 5)),
    ("Inception", BLOCK | {"batch_norm": True, "large": 3}, (3, 6, 4, 9)),
    ("Inception", BLOCK, (4, 6, 1, 2)),
    ("GoogLeNet", SMALL, (2, 3, 97, 64)),
    ("GoogLeNet", SMALL | {"aux_logits": True, "in_channels": 1}, (1, 1, 224, 224)),
    ("GoogLeNet", SMALL | {"batch_norm": True}, (2, 3, 64, 64)),
    ("GoogLeNet", SMALL | {"form": "torchvision", "aux_logits": True}, (3, 3, 96, 70)),
]
IDS = [f"{name}-{index}" for index, (name, _, _) in enumerate(FORMS)]


@pytest.mark.parametrize(("name", "options", "shape"), FORMS, ids=IDS)
def test_same_values_and_gradients(name, options, shape):
    check_values_and_gradients(*without_dropout(*twins(name, **options)), shape)


@pytest.mark.parametrize("options", [SMALL, SMALL | {"form": "torchvision"}], ids=["paper", "torchvision"])
def test_ten_training_steps(options):
    check_ten_steps(*without_dropout(*twins("GoogLeNet", **options)), (4, 3, 64, 64), lr=0.001)


def test_dropout_stands_before_the_last_layers():
    a, b = twins("GoogLeNet", **SMALL, form="torchvision", aux_logits=True)
    for module in (*a.modules(), *b.modules()):
        if isinstance(module, (M.Dropout, torch.nn.Dropout)):
            module.p = 1.0
    x = np.random.default_rng(0).normal(size=(2, 3, 64, 64))
    got, wanted = a(x), b(torch.from_numpy(x))
    for one, other, bias in zip(got, wanted, (b.fc.bias, b.aux2.fc2.bias, b.aux1.fc2.bias), strict=True):
        np.testing.assert_array_equal(one, other.detach())
        np.testing.assert_array_equal(one, bias.detach().expand(2, -1))


def test_gradient_of_the_logits_alone_leaves_the_auxiliary_heads_as_they_are():
    """After a backward pass through the heads, too: nothing of it stays behind."""
    network, _ = without_dropout(*twins("GoogLeNet", **SMALL, aux_logits=True))
    x = np.random.default_rng(0).normal(size=(1, 3, 224, 224))
    outputs = network(x)
    network.backward(ours.GoogLeNetOutputs(*(np.ones_like(one) for one in outputs)))
    network.zero_grad()
    network(x)
    network.backward(np.ones_like(outputs.logits))
    grads = dict(network.named_parameters())
    assert grads["aux1.fc2.weight"].grad is None
    assert grads["aux2.conv.conv.bias"].grad is None
    with_heads = grads["conv1.conv.weight"].grad
    network.zero_grad()
    network.aux1 = network.aux2 = None
    plain, _ = twins("GoogLeNet", **SMALL)
    plain.load_state_dict(network.state_dict())
    without_dropout(plain, plain)[0](x)
    plain.backward_parameters(np.ones_like(outputs.logits))
    np.testing.assert_allclose(dict(plain.named_parameters())["conv1.conv.weight"].grad, with_heads)


@pytest.mark.parametrize(
    ("network", "parameters"),
    [
        (ours.GoogLeNet(), 6_998_552),
        (ours.GoogLeNet(aux_logits=True), 13_378_280),
        (ours.googlenet(), 6_624_904),
        (ours.googlenet(aux_logits=True), 13_004_888),
    ],
    ids=["paper", "paper with heads", "torchvision", "torchvision with heads"],
)
def test_published_numbers_of_parameters(network, parameters):
    table = summary(network, (1, 3, 224, 224))
    assert table.parameters == parameters == sum(parameter.size for parameter in network.parameters())


def test_maps_are_as_large_as_in_the_paper():
    rows = summary(ours.GoogLeNet(), (1, 3, 224, 224)).rows
    sizes = list(dict.fromkeys(row.output_shape[2] for row in rows if len(row.output_shape) == 4))
    assert sizes == [112, 56, 28, 14, 7, 1]
    channels = {row.name: row.output_shape[1] for row in rows}
    assert [channels[f"inception{name}.branch2.1.conv"] for name in ("3a", "4e", "5b")] == [128, 320, 384]


def torchvision_googlenet(**options):
    """Return torchvision's, without the minute that it takes to draw its first weights."""
    return torchvision.models.googlenet(weights=None, init_weights=False, **options)


def test_torchvision_keys_and_weights():
    """The three outputs of training, and the one of evaluation."""
    reference = torchvision_googlenet()
    randomise(reference)
    mine, network = theirs.googlenet(aux_logits=True), ours.googlenet(aux_logits=True)
    assert list(mine.state_dict()) == list(reference.state_dict()) == list(network.state_dict())
    mine.load_state_dict(reference.state_dict())
    network.load_state_dict(reference.state_dict())
    without_dropout(reference, mine)
    x = torch.randn(2, 3, 65, 66, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for got, wanted in zip(mine(x), reference(x), strict=True):
            torch.testing.assert_close(got, wanted, rtol=0, atol=1e-4 * wanted.abs().max().item())
    for model in (reference, mine, network):
        model.eval()
    mine.load_state_dict(reference.state_dict())
    network.load_state_dict(reference.state_dict())
    with torch.no_grad():
        wanted = reference(x)
        largest = wanted.abs().max().item()
        torch.testing.assert_close(mine(x), wanted, rtol=0, atol=1e-4 * largest)
    np.testing.assert_allclose(network(x.numpy()), wanted, rtol=0, atol=1e-4 * largest)
    reference.load_state_dict({key: torch.from_numpy(value) for key, value in network.state_dict().items()})


def test_torchvision_keys_without_heads():
    with torch.device("meta"):  # shapes without memory
        reference, mine = torchvision_googlenet(aux_logits=False), theirs.googlenet()
    assert list(mine.state_dict()) == list(reference.state_dict()) == list(ours.googlenet().state_dict())


@pytest.mark.parametrize("models", [ours, theirs])
def test_an_unknown_form_is_refused(models):
    with pytest.raises(ValueError, match="form: expected 'paper' or 'torchvision', got '2014'"):
        models.GoogLeNet(form="2014")


@pytest.mark.parametrize("form", ["paper", "torchvision"])
def test_initial_weights_have_the_same_spread_in_both(form):
    a = ours.GoogLeNet(**SMALL, form=form, aux_logits=True, rng=np.random.default_rng(0)).state_dict()
    torch.manual_seed(0)
    for key, value in theirs.GoogLeNet(**SMALL, form=form, aux_logits=True).state_dict().items():
        if value.ndim > 1:
            assert abs(a[key].std() / value.numpy().std() - 1) < 6 / np.sqrt(value.numel()), key
