"""Every layer against its PyTorch twin: keys, output, all gradients, buffers, shapes; and the containers."""

import numpy as np
import pytest
import torch

from cnncourse.numpy_nn import models
from cnncourse.numpy_nn import modules as nn
from cnncourse.numpy_nn.geometry import output_shape
from cnncourse.weights import load_weights, save_weights

tnn = torch.nn

# (name, positional arguments, keyword arguments, input shape)
LAYERS = [
    ("Conv1d", (3, 4, 3), {"stride": 2, "padding": 1}, (2, 3, 9)),
    ("Conv2d", (4, 6, (3, 2)), {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2), "groups": 2}, (2, 4, 9, 7)),
    ("Conv2d", (1, 2, 3), {"bias": False}, (1, 1, 3, 3)),
    ("Conv2d", (2, 3, 4), {"padding": "same", "padding_mode": "circular"}, (2, 2, 6, 7)),
    ("Conv2d", (2, 3, 3), {"padding": (2, 1), "padding_mode": "reflect"}, (2, 2, 6, 7)),
    ("Conv2d", (2, 3, 3), {"padding": 1, "padding_mode": "replicate", "stride": 2}, (2, 2, 6, 7)),
    ("Conv2d", (2, 3, 3), {"padding": "valid"}, (2, 2, 5, 4)),
    ("Conv2d", (2, 3, 3), {"padding": "same", "dilation": 2}, (2, 2, 6, 7)),
    ("Conv3d", (2, 3, 2), {"stride": (1, 2, 1)}, (2, 2, 3, 4, 5)),
    ("ConvTranspose1d", (3, 2, 3), {"stride": 2}, (2, 3, 4)),
    ("ConvTranspose2d", (4, 6, 3), {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2}, (2, 4, 3, 5)),
    ("ConvTranspose2d", (3, 2, (2, 3)), {"dilation": 2, "bias": False}, (1, 3, 4, 3)),
    ("ConvTranspose3d", (2, 3, 2), {}, (2, 2, 3, 2, 4)),
    ("Linear", (5, 3), {}, (4, 5)),
    ("Linear", (5, 3), {"bias": False}, (2, 3, 5)),
    ("BatchNorm1d", (3,), {}, (5, 3)),
    ("BatchNorm1d", (3,), {"momentum": None}, (4, 3, 6)),
    ("BatchNorm2d", (3,), {"momentum": 0.3, "eps": 1e-3}, (4, 3, 2, 5)),
    ("BatchNorm2d", (3,), {"affine": False}, (4, 3, 2, 5)),
    ("BatchNorm2d", (3,), {"track_running_stats": False}, (4, 3, 2, 5)),
    ("BatchNorm3d", (2,), {}, (3, 2, 2, 3, 2)),
    ("InstanceNorm1d", (3,), {}, (2, 3, 5)),
    ("InstanceNorm2d", (3,), {"affine": True, "track_running_stats": True}, (2, 3, 4, 3)),
    ("InstanceNorm2d", (3,), {"track_running_stats": True, "momentum": None}, (2, 3, 4, 3)),
    ("LayerNorm", ((3, 4),), {}, (2, 3, 4)),
    ("LayerNorm", (4,), {"bias": False}, (2, 3, 4)),
    ("GroupNorm", (2, 6), {}, (3, 6, 4, 2)),
    ("LocalResponseNorm", (4,), {"alpha": 0.1}, (2, 7, 3, 2)),
    *((name, (), {}, (3, 4, 5)) for name in (
        "ReLU", "LeakyReLU", "ReLU6", "SiLU", "GELU", "Hardswish", "Hardsigmoid", "Sigmoid", "Tanh", "Identity",
        "Flatten",
    )),
    ("GELU", (), {"approximate": "tanh"}, (3, 4)),
    ("Softmax", (1,), {}, (3, 4, 2)),
    ("LogSoftmax", (-1,), {}, (3, 4)),
    ("MaxPool1d", (3, 2), {}, (2, 3, 8)),
    ("MaxPool2d", ((3, 2),), {"stride": 2, "padding": 1, "ceil_mode": True}, (2, 3, 6, 7)),
    ("MaxPool2d", (2,), {"dilation": 2, "stride": 1}, (2, 3, 6, 7)),
    ("MaxPool3d", (2,), {}, (2, 2, 4, 5, 3)),
    ("AvgPool1d", (2,), {}, (2, 3, 7)),
    ("AvgPool2d", (3,), {"stride": 2, "padding": 1, "count_include_pad": False}, (2, 3, 6, 7)),
    ("AvgPool2d", (3,), {"stride": 2, "ceil_mode": True}, (2, 3, 6, 8)),
    ("AvgPool3d", (2,), {}, (2, 2, 4, 5, 3)),
    ("AdaptiveAvgPool1d", (3,), {}, (2, 3, 7)),
    ("AdaptiveAvgPool2d", ((3, None),), {}, (2, 3, 7, 5)),
    ("AdaptiveAvgPool3d", ((None, 2, 1),), {}, (2, 2, 3, 5, 4)),
    ("AdaptiveMaxPool2d", (2,), {}, (2, 3, 7, 5)),
    ("Upsample", (), {"scale_factor": 2}, (2, 3, 3, 4)),
    ("Upsample", (), {"size": (5, 9), "mode": "bilinear", "align_corners": False}, (2, 3, 3, 4)),
    ("ChannelShuffle", (3,), {}, (2, 12, 3, 1)),
    ("PixelShuffle", (2,), {}, (2, 8, 3, 2)),
]  # fmt: skip


ELSEWHERE = {"Dropout", "Module", "Parameter", "Sequential", "init"}  # what draws, holds layers or is none


def test_every_layer_that_pytorch_has_is_compared_with_its_twin():
    both = {name for name in nn.__all__ if hasattr(tnn, name)}
    assert both - ELSEWHERE == {name for name, *_ in LAYERS} & both


def twins(name, args, kwargs):
    """Return our layer and PyTorch's with the same random float64 state."""
    ours = getattr(nn, name)(*args, **kwargs).astype(np.float64)
    theirs = getattr(tnn, name)(*args, **kwargs).double()
    rng = np.random.default_rng(4)
    state = {}
    for key, value in theirs.state_dict().items():
        random = np.abs(rng.normal(1, 0.4, size=tuple(value.shape))) + 0.1
        state[key] = random if value.is_floating_point() else value.numpy()
    theirs.load_state_dict({key: torch.as_tensor(value) for key, value in state.items()})
    ours.load_state_dict(state)
    return ours, theirs


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize(("name", "args", "kwargs", "shape"), LAYERS, ids=[f"{x[0]}-{i}" for i, x in enumerate(LAYERS)])
def test_layer_equals_its_twin(name, args, kwargs, shape, training):
    ours, theirs = twins(name, args, kwargs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.train(training)
    theirs.train(training)
    rng = np.random.default_rng(0)
    for _ in range(2):  # gradients add up over two passes; running statistics move twice
        x = rng.normal(size=shape)
        t = torch.from_numpy(x).requires_grad_()
        wanted = theirs(t)
        got = ours(x)
        assert got.shape == output_shape(ours, shape) == tuple(wanted.shape)
        np.testing.assert_allclose(got, wanted.detach(), rtol=1e-10, atol=1e-12)
        g = rng.normal(size=got.shape)
        wanted.backward(torch.from_numpy(g))
        np.testing.assert_allclose(ours.backward(g), t.grad, rtol=1e-7, atol=1e-10)
    parameters = dict(ours.named_parameters())
    for key, parameter in theirs.named_parameters():
        np.testing.assert_allclose(parameters[key].grad, parameter.grad, rtol=1e-8, atol=1e-10)
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key], value, rtol=1e-10)
        assert str(ours.state_dict()[key].dtype) == str(value.dtype).removeprefix("torch.")
    assert repr(ours).startswith(name)


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [("Conv2d", (8, 16, (3, 5)), {"groups": 2}), ("Linear", (50, 40), {}), ("ConvTranspose2d", (16, 6, 4), {})],
)
def test_initial_weights_have_torch_distribution(name, args, kwargs):
    """Same bound, and a uniform law: its quartiles within a few standard errors."""
    theirs = getattr(tnn, name)(*args, **kwargs)
    for key in ("weight", "bias"):
        draws = [getattr(getattr(nn, name)(*args, rng=np.random.default_rng(s), **kwargs), key).data for s in range(30)]
        values = np.concatenate([draw.ravel() for draw in draws])
        torch.manual_seed(0)
        reference = []
        for _ in range(30):
            theirs.reset_parameters()
            reference.append(getattr(theirs, key).detach().numpy().ravel().copy())
        reference = np.concatenate(reference)
        error = np.ptp(reference) / np.sqrt(len(values))
        for q in (0.01, 0.25, 0.5, 0.75, 0.99):
            assert abs(np.quantile(values, q) - np.quantile(reference, q)) < 4 * error
        assert draws[0].dtype == np.float32


def test_drawing_is_late_and_does_not_depend_on_the_order_of_looking():
    def build():
        rng = np.random.default_rng(3)
        return nn.Linear(4, 3, rng=rng), nn.Linear(3, 2, rng=rng)

    a, b = build()
    c, d = build()
    first = [a.weight.data, b.weight.data]
    second = [d.weight.data, c.weight.data][::-1]
    for x, y in zip(first, second, strict=True):
        np.testing.assert_array_equal(x, y)
    huge = nn.Linear(10**6, 10**6)  # four terabytes, if it were drawn
    assert huge.weight.size == 10**12


class Twice(nn.Module):
    """A layer of our own: doubles, and defines no geometry."""

    def forward(self, input):
        return 2 * input

    def backward(self, grad_output):
        return 2 * grad_output


def containers():
    """A network with every container, and the same in PyTorch with the same keys."""
    ours = nn.Sequential(
        nn.Residual(nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU()), nn.Conv2d(3, 3, 1)),
        nn.Concat(nn.Conv2d(3, 2, 1), nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(3, 4, 1)), Twice()),
        nn.Scale(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(9, 9, 1), nn.Sigmoid())),
        nn.Residual(nn.Conv2d(9, 9, 3, padding=1)),
    )

    class Residual(tnn.Module):
        def __init__(self, body, shortcut=None):
            super().__init__()
            self.body, self.shortcut = body, shortcut or tnn.Identity()

        def forward(self, x):
            return self.body(x) + self.shortcut(x)

    class Concat(tnn.Sequential):
        def forward(self, x):
            return torch.cat([branch(x) for branch in self] + [2 * x], dim=1)

    class Scale(tnn.Module):
        def __init__(self, gate):
            super().__init__()
            self.gate = gate

        def forward(self, x):
            return x * self.gate(x)

    theirs = tnn.Sequential(
        Residual(tnn.Sequential(tnn.Conv2d(3, 3, 3, padding=1), tnn.ReLU()), tnn.Conv2d(3, 3, 1)),
        Concat(tnn.Conv2d(3, 2, 1), tnn.Sequential(tnn.MaxPool2d(3, 1, 1), tnn.Conv2d(3, 4, 1))),
        Scale(tnn.Sequential(tnn.AdaptiveAvgPool2d(1), tnn.Conv2d(9, 9, 1), tnn.Sigmoid())),
        Residual(tnn.Conv2d(9, 9, 3, padding=1)),
    )
    return ours.astype(np.float64), theirs.double()


def test_containers_forward_and_backward():
    ours, theirs = containers()
    ours.load_state_dict(theirs.state_dict())
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2, 3, 5, 4))
    t = torch.from_numpy(x).requires_grad_()
    wanted = theirs(t)
    g = rng.normal(size=tuple(wanted.shape))
    wanted.backward(torch.from_numpy(g))
    np.testing.assert_allclose(ours(x), wanted.detach(), rtol=1e-11)
    np.testing.assert_allclose(ours.backward(g), t.grad, rtol=1e-10, atol=1e-12)
    grads = {key: parameter.grad for key, parameter in ours.named_parameters()}
    for key, parameter in theirs.named_parameters():
        np.testing.assert_allclose(grads[key], parameter.grad, rtol=1e-9, atol=1e-12, err_msg=key)
    assert output_shape(ours, x.shape) == wanted.shape


def nets_whose_first_layer_is_a_convolution():
    rng = np.random.default_rng(3)
    plain = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1, rng=rng), nn.ReLU(), nn.Conv2d(3, 2, 2, rng=rng))
    nested = nn.Sequential(nn.Sequential(nn.Conv2d(2, 3, 3, padding=1, padding_mode="reflect", bias=False, rng=rng)))
    return {
        "plain": (plain, 2),
        "nested": (nested, 2),
        "alone": (nn.Conv2d(2, 5, (3, 1), stride=2, rng=rng), 2),
        "network": (models.resnet20(rng=rng), 3),
    }


@pytest.mark.parametrize("name", nets_whose_first_layer_is_a_convolution())
def test_backward_parameters_spares_nothing_but_the_gradient_by_the_pictures(name, monkeypatch):
    net, C = nets_whose_first_layer_is_a_convolution()[name]
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, C, 9, 7)).astype(np.float32)
    g = rng.normal(size=net(x).shape).astype(np.float32)
    net.backward(g)
    wanted = [parameter.grad for parameter in net.parameters()]
    first = next(module for module in net.modules() if isinstance(module, nn.Conv2d))
    asked = []
    monkeypatch.setattr(
        nn.Conv2d,
        "_backward",
        lambda self, g, mask, real=nn.Conv2d._backward: (asked.append((self is first, mask)), real(self, g, mask))[1],
    )
    for parameter in net.parameters():
        parameter.grad = None
    assert net.backward_parameters(g) is None
    for parameter, grad in zip(net.parameters(), wanted, strict=True):
        np.testing.assert_array_equal(parameter.grad, grad)
    assert asked[-1] == (True, (False, True, True))
    assert all(mask == (True, True, True) for is_first, mask in asked if not is_first)


def test_backward_parameters_where_no_convolution_comes_first():
    rng = np.random.default_rng(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(6, 4, rng=rng))
    net(np.ones((2, 2, 3), np.float32))
    net.backward_parameters(np.ones((2, 4), np.float32))
    np.testing.assert_array_equal(net[1].weight.grad, np.full((4, 6), 2))
    nn.Sequential().backward_parameters(np.ones(3))


def test_safetensors_both_ways(tmp_path):
    ours, theirs = containers()
    save_weights(theirs, tmp_path / "a.safetensors")
    load_weights(ours, tmp_path / "a.safetensors")
    for key, value in theirs.state_dict().items():
        np.testing.assert_array_equal(ours.state_dict()[key], value)
    _, other = containers()
    save_weights(ours, tmp_path / "b.safetensors")
    load_weights(other, tmp_path / "b.safetensors")
    for key, value in theirs.state_dict().items():
        torch.testing.assert_close(other.state_dict()[key], value, rtol=0, atol=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.safetensors", "b.safetensors"]
    norm = nn.BatchNorm2d(3)  # its counter has shape ()
    save_weights(norm, tmp_path / "c.safetensors")
    load_weights(tnn.BatchNorm2d(3), tmp_path / "c.safetensors")


def test_bad_weight_files_are_refused(tmp_path):
    path = tmp_path / "x.safetensors"
    save_weights(nn.Linear(2, 3), path)
    for model in (nn.Linear(2, 4), tnn.Linear(2, 4)):
        with pytest.raises(ValueError, match="weight"):
            load_weights(model, path)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ValueError, match="expected a safetensors file"):
        load_weights(nn.Linear(2, 3), path)
    with pytest.raises(FileNotFoundError):
        load_weights(nn.Linear(2, 3), tmp_path / "none")


def test_load_state_dict_names_all_that_does_not_fit_and_loads_nothing():
    layer = nn.Linear(2, 3)
    before = layer.state_dict()
    with pytest.raises(
        ValueError, match=r"missing bias.*unexpected gamma.*weight: expected shape \(3, 2\), got \(2, 3\)"
    ):
        layer.load_state_dict({"weight": np.zeros((2, 3)), "gamma": np.zeros(1)})
    for key, value in layer.state_dict().items():
        np.testing.assert_array_equal(value, before[key])
    layer.load_state_dict({"bias": np.ones(3), "gamma": np.ones(1)}, strict=False)
    np.testing.assert_array_equal(layer.bias.data, np.ones(3, np.float32))
    assert layer.bias.dtype == np.float32


def test_state_dict_is_a_copy():
    layer = nn.BatchNorm2d(2)
    layer.state_dict()["running_mean"][:] = 7
    np.testing.assert_array_equal(layer.running_mean, 0)


def test_dropout_module_uses_one_mask_for_both_directions():
    layer = nn.Dropout(0.4, rng=np.random.default_rng(0))
    x = np.ones((50, 40))
    y = layer(x)
    np.testing.assert_array_equal(layer.backward(x), y)
    assert 0 < (y == 0).mean() < 1
    layer.eval()
    np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)


class Net(nn.Network):
    def __init__(self, wiring=None):
        self.conv = nn.Conv2d(1, 2, 3)
        self.wire(wiring or nn.Sequential(self.conv, nn.Dropout(0.5)))


def test_network_reaches_nameless_layers_and_refuses_nameless_parameters():
    net = Net()
    assert [key for key, _ in net.named_parameters()] == ["conv.weight", "conv.bias"]
    net.eval()
    assert not any(module.training for module in net.modules())
    assert sum(isinstance(module, nn.Dropout) for module in net.modules()) == 1
    with pytest.raises(ValueError, match=r"wiring.*\['0.weight', '0.bias'\]"):
        Net(nn.Sequential(nn.Linear(2, 2)))


@pytest.mark.parametrize(
    ("call", "error", "names"),
    [
        (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "groups: .*3 and out_channels 4, got 2"),
        (lambda: nn.ConvTranspose2d(3, 4, 3, groups=2), ValueError, "groups"),
        (lambda: nn.Conv2d(3, 4, 3, padding_mode="mirror"), ValueError, "padding_mode.*mirror"),
        (lambda: nn.GroupNorm(2, 5), ValueError, "num_groups"),
        (lambda: nn.BatchNorm2d(3)(np.ones((2, 3), np.float32)), ValueError, r"input: expected 4 dim.*\(2, 3\)"),
        (lambda: nn.Sequential(np.tanh), TypeError, "modules.*ufunc"),
        (lambda: nn.Concat(), ValueError, "branches"),
        (lambda: nn.ReLU().backward(np.ones(3)), RuntimeError, "ReLU.backward"),
        (lambda: nn.Residual(nn.Conv2d(1, 2, 1))(np.ones((1, 1, 2, 2), np.float32)), ValueError, "shortcut"),
        (lambda: nn.Parameter([1.0]), TypeError, "data.*list"),
        (lambda: nn.Parameter(np.arange(3)), TypeError, "data.*int64"),
        (lambda: nn.Parameter(np.ones(3)).redraw(None), TypeError, "redraw"),
    ],
)
def test_refusals(call, error, names):
    with pytest.raises(error, match=names):
        call()


def test_repr_shows_the_tree():
    text = repr(nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU()))
    assert text == "Sequential(\n  (0): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))\n  (1): ReLU()\n)"


def test_no_grad_saves_nothing_and_changes_no_output():
    model = models.LeNet5(rng=np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(2, 1, 32, 32)).astype(np.float32)
    wanted = model(x)
    with nn.no_grad():
        np.testing.assert_array_equal(model(x), wanted)
        with pytest.raises(ValueError, match="shape"), nn.no_grad():
            model(x[:, :, :3])
        np.testing.assert_array_equal(model(x), wanted)
    assert all(module.saved is None for module in model.modules())
    with pytest.raises(RuntimeError, match="no_grad"):
        model.backward(np.ones_like(wanted))
    model(x)
    assert model.backward(np.ones_like(wanted)).shape == x.shape
