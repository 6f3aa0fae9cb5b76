"""`from_torch` on ordinary code: every way to write a call, changes in place, sizes, and what must be refused."""

# ruff: noqa: E501  (one rule a line)

import inspect
import random

import numpy as np
import pytest
import torch
import torch.nn.functional as T
from torch import nn

from cnncourse.from_torch import from_torch
from cnncourse.from_torch.operations import MAYBE_VIEWS, OPERATIONS, PIECES, VIEWS


class Rule(nn.Module):
    """A convolution, a layer that changes in place, and a rule of one's own."""

    def __init__(self, rule):
        super().__init__()
        self.conv, self.relu, self.rule = nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True), rule
        self.norm, self.drop = nn.BatchNorm2d(4), nn.Dropout2d(0.5)
        self.gain = nn.Parameter(torch.randn(4, 1, 1))
        self.register_buffer("count", torch.zeros(1))
        self.calls, self.seen = 0, None

    def forward(self, x):
        return self.rule(self, x)


@torch.no_grad()
def compare(module, *shapes):
    """Hold the translation, plain and prepared, to the module on inputs of the given shapes."""
    module.eval().double()
    ours = from_torch(module)
    for again in (ours, ours.prepare()):
        for shape in shapes:
            x = torch.randn(*shape, dtype=torch.float64)
            before = x.clone()
            got = again(x.numpy())
            np.testing.assert_array_equal(x, before, err_msg="the caller's array was changed")
            wanted = module(x)
            wanted = wanted if isinstance(wanted, (tuple, list)) else [wanted]
            got = got if isinstance(got, (tuple, list)) else [got]
            for a, b in zip(got, wanted, strict=True):
                assert a.shape == tuple(b.shape)
                np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def residual_that_was_rectified(s, x):
    y = s.conv(x)
    return s.conv(s.relu(y)[:, :3]) + y


def sum_in_place(s, x):
    old = y = s.conv(x)
    y += 1
    return old * 2 + y


def product_and_power_in_place(s, x):
    old = y = s.conv(x)
    y *= s.gain
    y **= 2
    return torch.cat([old, y], 1)


def method_in_place(s, x):
    y = s.conv(x)
    z = y.add_(x.mean()).mul_(2).clamp_(min=-1)
    return y - 3 * z, y


def view_changed(s, x):
    y = s.conv(x)
    T.relu(y.view(x.shape[0], -1), inplace=True)
    return y


def whole_changed_after_view(s, x):
    y = s.conv(x)
    rows, columns = y[:, 1:3], y.permute(0, 2, 3, 1)
    y.sigmoid_()
    return rows, columns, y


def slices_assigned(s, x):
    y = s.conv(x)
    left, right = y.chunk(2, dim=1)
    y[:, 0] = 1
    y[:, 2:, ::2] += x[:, :2, ::2]
    left.mul_(3)
    return y, left, right


def nested_view_changed(s, x):
    y = s.conv(x)
    y.transpose(1, 2)[:, 1].unsqueeze(0).neg_()
    return y


def output_given(s, x):
    y = s.conv(x)
    torch.add(y, 1, out=y)
    return y


def input_changed(s, x):
    old = x
    x += 1
    return old, s.conv(x)


def dropout_is_the_same_tensor(s, x):
    y = s.conv(x)
    s.drop(y).relu_()
    return y


IN_PLACE = (residual_that_was_rectified, sum_in_place, product_and_power_in_place, method_in_place, view_changed,
            whole_changed_after_view, slices_assigned, nested_view_changed, output_given, dropout_is_the_same_tensor)  # fmt: skip


@pytest.mark.parametrize("rule", IN_PLACE, ids=lambda rule: rule.__name__)
def test_changes_in_place_are_seen_by_every_reader(rule):
    torch.manual_seed(0)
    compare(Rule(rule), (2, 3, 6, 5))


def test_the_callers_array_stays():
    torch.manual_seed(0)
    net, x = Rule(input_changed).eval(), torch.randn(1, 3, 4, 4)
    array = x.numpy().copy()
    got = from_torch(net)(array)
    np.testing.assert_array_equal(array, x)
    np.testing.assert_allclose(got[0], x + 1, rtol=1e-6)


CODE = {
    "keyword names": lambda s, x: T.max_pool2d(input=s.conv(x), kernel_size=2).mean(axis=(2, 3), keepdims=True),
    "input as self": lambda s, x: torch.flatten(input=torch.relu(input=s.conv(input=x)), start_dim=1),
    "private names": lambda s, x: T.log_softmax(s.conv(x), 1, _stacklevel=5) + T.softmax(s.conv(x), dim=-1),
    "old max pooling": lambda s, x: torch.max_pool2d(s.conv(x), 2, stride=2, padding=[1, 1], ceil_mode=True),
    "pow and sqrt": lambda s, x: torch.sqrt(s.conv(x).pow(2) + 1e-3) + torch.pow(2, x.mean(1, keepdim=True)) ** 0.5,
    "expand": lambda s, x: x.mean(1, True).expand_as(s.conv(x)) + x[:, :1].expand(-1, 4, -1, -1) + s.gain.expand(4, 1, 1),
    "sizes": lambda s, x: x.view(x.size(0), -1).view(x.size()[0], x.size(dim=1), *x.shape[-2:]),
    "unpacked sizes": lambda s, x: (lambda n, c, h, w: x.reshape(n, c * h // c, -1))(*x.shape),
    "len": lambda s, x: x.reshape(len(x), -1) if len(x.shape) == 4 else x,
    "dim": lambda s, x: x.unsqueeze(0) if x.dim() == 3 else x.flatten(1) if x.ndim == 4 else x,
    "a branch on a size": lambda s, x: T.pad(x, (0, 1)) if x.shape[-1] % 2 == 1 else x[..., :-1],
    "max of sizes": lambda s, x: T.pad(x, [0, max(8 - x.size(3), 0), 0, max(0, 8 - x.shape[2])]),
    "converted sizes": lambda s, x: x[:, : int(x.size(1) * 0.5)] * float(x.size(2)) + int(2.5) if isinstance(int(x.size(0)), int) else x,
    "loop over axes": lambda s, x: sum(x.mean(k).sum() for k in range(x.dim())),
    "layers made in forward": lambda s, x: nn.Sequential(nn.ReLU(), nn.MaxPool2d(2))(s.conv(x)),
    "new tensors": lambda s, x: torch.cat([x, torch.zeros(x.size(0), 1, *x.shape[2:], dtype=x.dtype)], 1) + x.new_ones(1),
    "arange": lambda s, x: x * torch.arange(x.size(3)).view(1, 1, 1, -1) / math_sqrt(x.size(3)),
    "weights computed first": lambda s, x: T.conv2d(x, (s.conv.weight - s.conv.weight.mean()) * s.gain.unsqueeze(1)),
    "isinstance": lambda s, x: s.conv(x) if isinstance(x, torch.Tensor) else None,
    "iterated": lambda s, x: torch.stack([row * 2 for row in x.unbind(1)] if x.size(1) < 0 else list(x.chunk(3, 1))[::-1]),
    "split": lambda s, x: torch.cat(torch.split(s.conv(x), [1, 3], dim=1)[::-1], dim=1) + torch.cat(s.conv(x).split(2, 1), 1),
    "extremes": lambda s, x: s.conv(x).max(1, keepdim=True)[0] + torch.min(x, dim=1, keepdim=True).values + x.amax((1, 2, 3))[0],
    "both poolings": lambda s, x: T.adaptive_avg_pool2d(x, (2, None)) - T.adaptive_max_pool2d(x, output_size=(2, x.size(3))),
    "conditions": lambda s, x: torch.where(x > 0, x, x.abs() * 0.1).masked_fill(x < -1, 0.5),
    "shuffles": lambda s, x: T.pixel_shuffle(T.channel_shuffle(s.conv(x), 2), 2),
    "old upsampling": lambda s, x: nn.Upsample(scale_factor=2)(x) + nn.UpsamplingBilinear2d(scale_factor=2)(x),
    "resized to a shape": lambda s, x: T.interpolate(T.avg_pool2d(x, 2), size=x.shape[2:], mode="bilinear"),
    "normalised": lambda s, x: T.normalize(x, dim=1) + T.cosine_similarity(x, x.flip(1), dim=1).unsqueeze(1),
    "spread": lambda s, x: torch.var(x, dim=(2, 3), unbiased=False) + x.std((2, 3)) + x.var((2, 3), correction=0),
    "matrices": lambda s, x: torch.einsum("nchw,nkhw->nck", x, x) + x.flatten(2) @ x.flatten(2).transpose(-1, -2),
    "activations": lambda s, x: sum(f(x) for f in (nn.ELU(), nn.SELU(), nn.CELU(0.5), nn.Mish(), nn.Softplus(), nn.GELU(),
        nn.Hardtanh(-2, 2), nn.PReLU().double(), nn.LogSigmoid(), nn.Softsign(), nn.Tanhshrink(), nn.Hardshrink(),
        nn.Softshrink(), nn.Threshold(0.1, 20), nn.LeakyReLU(0.2), nn.Hardswish(), nn.Hardsigmoid(), nn.SiLU(), nn.RReLU().eval())),
}  # fmt: skip


def math_sqrt(value):
    import math

    return math.sqrt(value)


@pytest.mark.parametrize("name", CODE)
def test_ordinary_code(name):
    torch.manual_seed(0)
    compare(Rule(CODE[name]), (2, 3, 6, 5), (1, 3, 4, 7))


def test_every_dropout_is_the_identity():
    layers = ((nn.Dropout(), (2, 3)), (nn.Dropout1d(), (2, 3, 8)), (nn.Dropout2d(), (2, 3, 4, 4)), (nn.AlphaDropout(), (2, 3)),
              (nn.Dropout3d(), (2, 3, 2, 4, 4)), (nn.FeatureAlphaDropout(), (2, 3, 4, 4)))  # fmt: skip
    for layer, shape in layers:
        compare(nn.Sequential(layer), shape)


class OwnNorm(nn.BatchNorm2d):
    """A subclass that calls its parent."""

    def forward(self, x):
        return super().forward(x) * 2


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(nn.BatchNorm1d(3), (2, 3)), (nn.BatchNorm1d(3), (2, 3, 5)), (nn.BatchNorm2d(3), (2, 3, 4, 4)), (OwnNorm(3), (2, 3, 4, 4)),
     (nn.BatchNorm3d(3), (2, 3, 2, 2, 2)), (nn.BatchNorm2d(3, track_running_stats=False), (2, 3, 4, 4)),
     (nn.InstanceNorm2d(3), (2, 3, 4, 4)), (nn.InstanceNorm2d(3, affine=True, track_running_stats=True), (3, 4, 4)),
     (nn.InstanceNorm1d(3), (2, 3, 5)), (nn.GroupNorm(3, 3), (2, 3, 4)), (nn.LayerNorm(4), (2, 3, 4)), (nn.RMSNorm(4), (2, 4)),
     (nn.Softmax2d(), (3, 4, 4)), (nn.LocalResponseNorm(2), (2, 3, 4, 4))],
)  # fmt: skip
def test_norm_layers_alone(layer, shape):
    torch.manual_seed(0)
    if getattr(layer, "running_mean", None) is not None:
        layer.running_mean.normal_(), layer.running_var.uniform_(0.5, 2)
    compare(layer, shape)
    if isinstance(layer, nn.BatchNorm2d):
        with pytest.raises(ValueError, match="4D"):
            from_torch(layer)(np.zeros((3, 4, 4)))


def draws_in_python(s, x):
    return x * random.random()


def draws_in_numpy(s, x):
    return x * np.random.rand()  # noqa: NPY002


def remembers(s, x):
    s.calls += 1
    return x * s.calls


def counts(s, x):
    s.count += 1
    return x * s.count


def asks_for_a_value(s, x):
    return x if x.sum() > 0 else -x


def asks_for_an_item(s, x):
    return x * x.mean().item()


def reads_a_perhaps_shared(s, x):
    y = s.conv(x)
    z = y.reshape(-1)
    y += 1
    return z


REFUSED = {
    "drops by default": (lambda s, x: T.dropout(x), "dropout"),
    "drops whole maps": (lambda s, x: T.dropout2d(x, 0.2, training=True), "dropout2d"),
    "draws numbers": (lambda s, x: x + torch.rand(3, 1, 1), "random numbers by rand"),
    "draws like": (lambda s, x: x + torch.randn_like(x), "random.*randn_like"),
    "draws a mask": (lambda s, x: x * torch.empty(x.size(0), 1, 1, 1).bernoulli_(0.5), "random.*bernoulli"),
    "draws in Python": (draws_in_python, "random numbers"),
    "draws in NumPy": (draws_in_numpy, "random numbers"),
    "a layer with new weights": (lambda s, x: nn.Conv2d(3, 3, 1)(x), "random numbers"),
    "remembers": (remembers, "'calls'"),
    "counts in a buffer": (counts, "parameter or a buffer"),
    "updates statistics": (lambda s, x: T.batch_norm(s.conv(x), s.norm.running_mean, s.norm.running_var, training=True), "statistics"),
    "a value decides": (asks_for_a_value, "path that depends on a tensor's values"),
    "an item": (asks_for_an_item, "item"),
    "perhaps shared memory": (reads_a_perhaps_shared, "perhaps shares memory"),
    "a weight changed": (lambda s, x: s.gain.mul_(2) * x, "parameter or a buffer"),
    "an unknown operation": (lambda s, x: torch.fft.fft2(x).real, "fft"),
    "a Python number": (lambda s, x: x[:, [k for k in range(x.size(1) // 2)]], "Python number"),
    "half precision": (lambda s, x: x.half(), "float16"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name_and_line_when_it_is_translated(name):
    rule, words = REFUSED[name]
    net = Rule(rule).eval()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    generators = random.getstate(), torch.get_rng_state()
    _, line = inspect.getsourcelines(rule)
    with pytest.raises(NotImplementedError, match=words) as caught:
        from_torch(net)
    assert "test_from_torch_code.py, line " in str(caught.value)
    named = int(str(caught.value).split("test_from_torch_code.py, line ")[1].split(",")[0].split(")")[0])
    assert line <= named <= line + 3
    assert generators[0] == random.getstate()
    assert torch.equal(generators[1], torch.get_rng_state())
    assert net.calls == 0
    for key, value in net.state_dict().items():
        assert torch.equal(value, before[key]), f"{key} was changed by the translation"


def test_a_path_that_the_module_itself_refuses():
    def rule(s, x):
        assert x.shape[1] == 3, "three colours"
        return s.conv(x)

    net = Rule(rule)
    compare(net, (1, 3, 4, 4))
    with pytest.raises(ValueError, match="three colours"):
        from_torch(net)(np.zeros((1, 2, 4, 4)))


def test_hooks_run_and_what_is_kept_for_later_is_put_back():
    def rule(s, x):
        s.seen = s.conv(x)
        return s.seen * 2

    net = Rule(rule)
    net.conv.register_forward_hook(lambda module, given, output: output + given[0].mean())
    compare(net, (2, 3, 4, 4))
    net.seen = None
    from_torch(net)
    assert net.seen is None


def test_scripted_and_training_modules_are_refused_by_name():
    with pytest.warns(), pytest.raises(NotImplementedError, match="torch.jit"):
        from_torch(torch.jit.trace(nn.Conv2d(1, 1, 1).eval(), torch.zeros(1, 1, 2, 2)))
    net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)).eval()
    net[1].train()
    with pytest.raises(ValueError, match="'1' .a BatchNorm2d"):
        from_torch(net)
    with pytest.raises(NotImplementedError, match="bfloat16"):
        from_torch(nn.Linear(2, 2).bfloat16().eval())


def test_every_operation_shares_memory_exactly_where_pytorchs_does():
    """PyTorch's schemas mark results that alias an input."""
    marked = set()
    for name in OPERATIONS:
        for schema in torch._C._jit_get_schemas_for_operator(f"aten::{name}"):
            tensors = schema.arguments and str(schema.arguments[0].type) == "Tensor"
            out = any(argument.is_out for argument in schema.arguments)
            if tensors and not out and "dim_" not in schema.overload_name and schema.returns:
                marked |= {name} if schema.returns[0].alias_info is not None else set()
    other_function = {"unfold"}  # the method of this name is another one than the function
    unmarked = {"type_as", "cast", "getitem", "unfold_axis"}  # made of others, or named otherwise
    assert marked - other_function == {*VIEWS, *PIECES, *MAYBE_VIEWS} - unmarked
