"""DenseNet: both libraries, the published number of parameters, torchvision's weights."""

import numpy as np
import pytest
import torch
import torchvision

from cnncourse.numpy_nn import models as ours
from cnncourse.numpy_nn import summary
from cnncourse.torch_nn import models as theirs
from tests.torch_nn.twins import check_ten_steps, check_values_and_gradients, randomise, twins

pytestmark = pytest.mark.usefixtures("one_torch_thread")

SMALL = {"growth_rate": 3, "block_config": (2, 1, 3), "num_init_features": 5, "num_classes": 5}


@pytest.mark.parametrize("shape", [(3, 3, 40, 57), (2, 3, 33, 32)])
def test_same_values_and_gradients(shape):
    check_values_and_gradients(*twins("DenseNet", **SMALL), shape)


def test_ten_training_steps():
    check_ten_steps(*twins("DenseNet", **SMALL), (4, 3, 40, 40))


def test_published_number_of_parameters():
    assert summary(ours.densenet121(), (1, 3, 224, 224)).parameters == 7_978_856


def test_torchvision_keys_and_weights():
    reference = torchvision.models.densenet121(weights=None)
    randomise(reference)
    mine, network = theirs.densenet121(), ours.densenet121()
    assert list(mine.state_dict()) == list(reference.state_dict()) == list(network.state_dict())
    mine.load_state_dict(reference.state_dict())
    network.load_state_dict(reference.state_dict())
    x = torch.randn(1, 3, 64, 75, generator=torch.Generator().manual_seed(0))
    for model in (reference, mine, network):
        model.eval()
    with torch.no_grad():
        wanted = reference(x)
        torch.testing.assert_close(mine(x), wanted)
    np.testing.assert_allclose(network(x.numpy()), wanted, rtol=0, atol=1e-4 * wanted.abs().max().item())
    reference.load_state_dict({key: torch.from_numpy(value) for key, value in network.state_dict().items()})


def test_initial_weights_have_the_same_spread_in_both():
    a = ours.DenseNet(**SMALL, rng=np.random.default_rng(0)).state_dict()
    torch.manual_seed(0)
    for key, value in theirs.DenseNet(**SMALL).state_dict().items():
        if value.ndim > 1:
            assert abs(a[key].std() / value.numpy().std() - 1) < 6 / np.sqrt(value.numel()), key
