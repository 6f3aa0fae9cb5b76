"""A prepared network computes what the network computes, with fewer steps."""

import numpy as np
import pytest

from cnncourse.numpy_nn import inference, models
from cnncourse.numpy_nn import modules as nn


def seen_some_pictures(net, x):
    """Give all batch norms statistics and affine parameters of their own; return the network for evaluation."""
    rng = np.random.default_rng(3)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d) and module.weight:
            module.weight.data = rng.uniform(0.5, 1.5, module.num_features).astype(np.float32)
            module.bias.data = rng.normal(size=module.num_features).astype(np.float32)
    net.train()
    for _ in range(20):
        net(x)
    return net.eval()


def names(graph):
    return [step.name for step in graph.steps]


def test_batch_norms_are_folded_into_the_convolutions_before_them():
    rng = np.random.default_rng(0)
    net = nn.Sequential(
        models.resnet.BasicBlock(3, 40, 2, models.resnet.projection(3, 40, 2, rng), rng=rng),
        nn.Sequential(nn.Conv2d(40, 33, 3, rng=rng), nn.BatchNorm2d(33, affine=False), nn.BatchNorm2d(33), nn.ReLU()),
        nn.Conv2d(33, 8, 1, groups=1, rng=rng),
        nn.ReLU(),
        nn.BatchNorm2d(8),
        nn.Conv2d(8, 8, 3, groups=8, rng=rng),
        nn.BatchNorm2d(8, track_running_stats=False),
    )
    x = rng.normal(size=(3, 3, 29, 31)).astype(np.float32)
    wanted = seen_some_pictures(net, x)(x)
    ready = inference.prepare(net)
    # neither the second in a row, nor the one after ReLU, nor the one without statistics
    assert names(ready).count("folded batch_norm") == 4
    assert names(ready).count("prepared conv2d") == 6
    np.testing.assert_allclose(ready(x), wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())
    np.testing.assert_array_equal(net(x), wanted)  # the network is as it was


def test_a_relu_in_place_changes_only_what_is_its_own():
    rng = np.random.default_rng(0)
    block = models.resnet.BasicBlock(3, 3, 1, nn.Identity(), rng=rng)
    net = nn.Sequential(nn.ReLU(), nn.Conv2d(3, 3, 1, rng=rng), nn.ReLU6(), nn.ReLU(), block, nn.Flatten(), nn.ReLU())
    x = rng.normal(size=(2, 3, 5, 4)).astype(np.float32)
    before, wanted = x.copy(), seen_some_pictures(net, x)(x)
    ready = inference.prepare(net)
    # after the convolution, inside and at the end of the block
    assert names(ready).count("relu in place") == 3
    np.testing.assert_allclose(ready(x), wanted, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(x, before)


def test_every_container_and_layer_passes_through():
    rng = np.random.default_rng(0)
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, padding_mode="reflect", rng=rng),
        nn.Concat(nn.Conv2d(4, 3, 1, rng=rng), nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Dropout())),
        nn.Scale(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Sigmoid())),
        nn.Residual(nn.GELU()),
        nn.Flatten(),
        nn.Linear(7 * 6 * 5, 3, rng=rng),
    )
    x = rng.normal(size=(2, 2, 6, 5)).astype(np.float32)
    net.train()
    np.testing.assert_allclose(inference.prepare(net)(x), net.eval()(x), rtol=1e-5, atol=1e-6)
    assert net[5].training is False
    net.train()
    inference.prepare(net)(x)
    assert all(module.training for module in net.modules())


def test_a_network_that_changes_is_prepared_again():
    net = nn.Sequential(nn.Conv2d(64, 64, 3, rng=np.random.default_rng(0))).eval()
    x = np.random.default_rng(1).normal(size=(1, 64, 20, 20)).astype(np.float32)
    before = inference.prepare(net)(x)
    net[0].weight.data = 2 * net[0].weight.data
    assert np.abs(inference.prepare(net)(x) - before).max() > 0.01
    np.testing.assert_allclose(inference.prepare(net)(x), net(x), rtol=1e-4, atol=1e-4)


def test_it_refuses_another_number_of_inputs():
    with pytest.raises(TypeError, match="expected 1 inputs, got 2"):
        inference.prepare(nn.ReLU())(np.ones(3), np.ones(3))
