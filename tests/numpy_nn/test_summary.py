"""`summary`: counts as in the papers, shapes as computed, receptive fields as measured."""

import numpy as np
import pytest
import torch

from cnncourse.numpy_nn import models, modules, summary


def test_lenet_of_1998_layer_by_layer():
    table = summary(models.LeNet5Original(), (1, 1, 32, 32))
    counts = {row.name: row.parameters for row in table.rows if row.parameters}
    assert counts == {"c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164}
    shapes = {row.name: row.output_shape[1:] for row in table.rows if row.name}
    assert shapes["c1"] == (6, 28, 28)
    assert shapes["s2"] == (6, 14, 14)
    assert shapes["c3"] == (16, 10, 10)
    assert shapes["s4"] == (16, 5, 5)
    assert shapes["c5"] == (120, 1, 1)
    assert table.rows[-1].output_shape == (1, 10)
    fields = [row.receptive_field.size for row in table.rows if row.name in ("c1", "s2", "c3", "s4", "c5")]
    assert fields == [(5, 5), (6, 6), (14, 14), (16, 16), (32, 32)]


# (parameters, multiply-adds at 224×224); the latter as torch's own flop counter says, halved
COSTS = {
    "vgg16": (138_357_544, 15_470_264_320),
    "resnet18": (11_689_512, 1_814_073_344),
    "resnet50": (25_557_032, 4_089_184_256),
}


@pytest.mark.parametrize("name", COSTS)
def test_parameters_and_multiply_adds(name):
    table = summary(getattr(models, name)(), (1, 3, 224, 224))
    assert (table.parameters, table.multiply_adds) == COSTS[name]
    doubled = summary(getattr(models, name)(), (2, 3, 224, 224))
    assert doubled.multiply_adds == 2 * table.multiply_adds


def test_multiply_adds_agree_with_torch_flop_counter():
    from torch.utils.flop_counter import FlopCounterMode

    from cnncourse.torch_nn import models as torch_models

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        torch_models.resnet20()(torch.zeros(1, 3, 32, 32))
    assert summary(models.resnet20(), (1, 3, 32, 32)).multiply_adds * 2 == counter.get_total_flops()


class Everything(modules.Network):
    def __init__(self):
        nn = modules
        self.a = nn.Conv2d(2, 4, 3, stride=2, padding=1, dilation=2, rng=np.random.default_rng(0))
        self.b = nn.Conv2d(4, 4, (3, 5), padding="same", groups=2, rng=np.random.default_rng(1))
        self.c = nn.Conv2d(4, 4, 1, rng=np.random.default_rng(2))
        self.d = nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1, rng=np.random.default_rng(3))
        branch = nn.Sequential(nn.AvgPool2d(3, 1, 1), self.b)
        self.wire(
            nn.Sequential(
                self.a, nn.Residual(branch, self.c), nn.Concat(nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(2, ceil_mode=True)),
                self.d, nn.Upsample(scale_factor=2),
            )
        )  # fmt: skip


def test_shapes_and_receptive_field_agree_with_a_real_pass():
    """Back-propagate from one output: no pixel outside of the stated patch may matter, its edges must."""
    net = Everything().astype(np.float64)
    shape = (1, 2, 61, 71)
    table = summary(net, shape)
    x = np.random.default_rng(0).normal(size=shape)
    output = net(x)
    assert table.rows[-1].output_shape == output.shape
    for axis, (size, jump, start) in enumerate(table.rows[-1].receptive_field.axes):
        position = output.shape[2 + axis] // 2
        reached = np.zeros(shape[2 + axis], bool)
        for offset in range(4):  # max pooling hides pixels, so look at several inputs
            x = np.random.default_rng(offset).normal(size=shape)
            output = net(x)
            grad = np.zeros_like(output)
            index = [slice(None), slice(None), output.shape[2] // 2, output.shape[3] // 2]
            grad[tuple(index)] = np.random.default_rng(offset).normal(size=grad[tuple(index)].shape)
            others = tuple(i for i in range(4) if i != 2 + axis)
            reached |= np.abs(net.backward(grad)).sum(axis=others) > 0
        pixels = np.flatnonzero(reached)
        centre = start + float(jump) * position
        assert centre - size / 2 - 1 <= pixels[0]
        assert pixels[-1] <= centre + size / 2 + 1
        assert np.ptp(pixels) + 1 >= size - 6


def test_receptive_field_of_plain_stacks_is_exact():
    nn = modules
    three = summary(nn.Sequential(*(nn.Conv2d(1, 1, 3) for _ in range(3))), (1, 1, 20, 20)).rows[-1]
    assert three.receptive_field.size == (7, 7)
    assert three.receptive_field.axes[0] == (7, 1, 3.0)
    strided = summary(nn.Sequential(nn.Conv2d(1, 1, 5, 2, 2), nn.MaxPool2d(2)), (1, 1, 20, 20))
    assert strided.rows[1].receptive_field.axes[1] == (7, 4, 1.0)
    sequence = summary(nn.Conv1d(2, 3, 4, stride=3), (5, 2, 10))
    assert sequence.rows[0].output_shape == (5, 3, 3)
    assert sequence.rows[0].receptive_field.size == (4,)
    assert summary(nn.Linear(5, 2), (3, 5)).rows[0].receptive_field.size == ()


def test_it_prints_a_table_and_draws_no_weight():
    network = models.vgg16()
    text = str(summary(network, (1, 3, 224, 224)))
    assert "138,357,544" in text
    assert "features.0" in text
    assert len({len(line) for line in text.splitlines()[1:2]}) == 1
    assert all(parameter._data is None for parameter in network.parameters())


@pytest.mark.parametrize(
    ("shape", "error", "names"),
    [((1, 1, 12, 12), ValueError, r"input_shape: .* the layer after MaxPool2d .* padded size of at least \(5, 5\)"),
     ((1, 3, 32, 32), ValueError, "input_shape: .* the first layer .* expected 1 channels"),
     ((1, 1.0, 32, 32), TypeError, "input_shape"),
     ((3,), TypeError, "input_shape")],
)  # fmt: skip
def test_refusals(shape, error, names):
    with pytest.raises(error, match=names):
        summary(models.LeNet5(), shape)
