"""AlexNet and ZFNet: both libraries, the published numbers, torchvision's weights."""

import numpy as np
import pytest
import torch
import torchvision

from cnncourse.numpy_nn import models as ours
from cnncourse.numpy_nn import modules as M
from cnncourse.numpy_nn import summary
from cnncourse.torch_nn import models as theirs
from tests.torch_nn.twins import check_evaluation, check_ten_steps, check_values_and_gradients, twins, without_dropout

pytestmark = pytest.mark.usefixtures("one_torch_thread")

SMALL = {"num_classes": 5, "widths": (4, 6, 8, 6, 4), "hidden": 12}
FORMS = [
    ("AlexNet", SMALL, (2, 3, 227, 227)),
    ("AlexNet", SMALL | {"groups": 1, "lrn": False, "in_channels": 1}, (1, 1, 227, 227)),
    ("AlexNetOneColumn", SMALL, (2, 3, 150, 97)),
    ("ZFNet", SMALL, (2, 3, 224, 224)),
    ("SmallAlexNet", {}, (3, 3, 32, 32)),
    ("SmallAlexNet", {"groups": 1, "lrn": False, "overlap": False, "in_channels": 1, "num_classes": 4}, (2, 1, 32, 32)),
]
IDS = [f"{name}-{index}" for index, (name, _, _) in enumerate(FORMS)]


@pytest.mark.parametrize(("name", "options", "shape"), FORMS, ids=IDS)
def test_same_values_and_gradients(name, options, shape):
    check_values_and_gradients(*without_dropout(*twins(name, **options)), shape)


@pytest.mark.parametrize(("name", "options", "shape"), FORMS[::2], ids=IDS[::2])
def test_dropout_stands_at_the_same_places(name, options, shape):
    """With everything dropped, what is left is what comes after the last dropout."""
    a, b = twins(name, **options, dropout=1.0)
    x = np.random.default_rng(0).normal(size=shape)
    with torch.no_grad():
        wanted = b(torch.from_numpy(x))
    np.testing.assert_allclose(a(x), wanted, rtol=1e-9)
    dropped = wanted
    b.eval()
    assert not torch.allclose(b(torch.from_numpy(x)), dropped)


@pytest.mark.parametrize(("name", "options", "shape"), FORMS[::2], ids=IDS[::2])
def test_ten_training_steps(name, options, shape):
    check_ten_steps(*without_dropout(*twins(name, **options)), (2, *shape[1:]))


def test_an_activation_of_choice():
    a = ours.SmallAlexNet(activation=M.Tanh).astype(np.float64)
    b = theirs.SmallAlexNet(activation=torch.nn.Tanh).double()
    a.load_state_dict(b.state_dict())
    check_evaluation(a, b, np.random.default_rng(0).normal(size=(2, 3, 32, 32)))


@pytest.mark.parametrize(
    ("network", "size", "parameters"),
    [
        (ours.AlexNet(), 227, 60_965_224),
        (ours.AlexNet(groups=1), 227, 62_378_344),
        (ours.ZFNet(), 224, 62_357_608),
        (ours.alexnet(), 224, 61_100_840),
    ],
    ids=["AlexNet", "without groups", "ZFNet", "alexnet"],
)
def test_published_numbers_of_parameters(network, size, parameters):
    assert summary(network, (1, 3, size, size)).parameters == parameters


@pytest.mark.parametrize(
    ("network", "size", "wanted"),
    [
        (ours.AlexNet(), 227, [55, 27, 27, 13, 13, 13, 13, 6]),
        (ours.alexnet(), 224, [55, 27, 27, 13, 13, 13, 13, 6]),
        (ours.ZFNet(), 224, [110, 55, 26, 13, 13, 13, 13, 6]),
    ],
    ids=["AlexNet", "alexnet", "ZFNet"],
)
def test_maps_are_as_large_as_in_the_papers(network, size, wanted):
    rows = summary(network, (1, 3, size, size)).rows
    assert [row.output_shape[2:] for row in rows if row.layer in ("Conv2d", "MaxPool2d")] == [(n, n) for n in wanted]


def test_an_image_of_224_does_not_fit_the_form_of_2012():
    with pytest.raises(ValueError, match="input"):
        ours.AlexNet(**SMALL)(np.zeros((1, 3, 224, 224), np.float32))


def test_torchvision_keys_and_weights():
    reference = torchvision.models.alexnet(weights=None).eval()
    mine, network = theirs.alexnet().eval(), ours.alexnet().eval()
    assert list(mine.state_dict()) == list(reference.state_dict()) == list(network.state_dict())
    mine.load_state_dict(reference.state_dict())
    network.load_state_dict(reference.state_dict())
    x = torch.randn(1, 3, 100, 131, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        wanted = reference(x)
        torch.testing.assert_close(mine(x), wanted)
    np.testing.assert_allclose(network(x.numpy()), wanted, rtol=0, atol=1e-5)
    reference.load_state_dict({key: torch.from_numpy(value) for key, value in network.state_dict().items()})


@pytest.mark.parametrize("name", ["AlexNet", "ZFNet", "SmallAlexNet"])
def test_initial_weights_have_the_same_spread_in_both(name):
    options = {} if name == "SmallAlexNet" else SMALL
    a = getattr(ours, name)(**options, rng=np.random.default_rng(0)).state_dict()
    torch.manual_seed(0)
    for key, value in getattr(theirs, name)(**options).state_dict().items():
        if key.endswith("bias"):
            np.testing.assert_array_equal(a[key], value, err_msg=key)
        else:
            assert abs(a[key].std() / value.numpy().std() - 1) < 6 / np.sqrt(value.numel()), key
