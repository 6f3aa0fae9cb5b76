"""`from_torch` on what people write beside layers: sorting, grids, limits of a dtype, sizes given to weights."""

# ruff: noqa: E501  (one rule a line)

import copy
import itertools
import math
import random
import time

import numpy as np
import pytest
import torch
import torch.nn.functional as T
from torch import nn

from cnncourse.from_torch import from_torch
from cnncourse.from_torch.operations import OPERATIONS
from cnncourse.from_torch.operations.pointwise import STAND_INS
from cnncourse.numpy_nn import functional
from cnncourse.numpy_nn.inference import prepare
from tests.torch_nn.test_from_torch_code import compare


class Rule(nn.Module):
    """Weights of several shapes, and a rule of one's own."""

    def __init__(self, rule):
        super().__init__()
        self.rule, self.conv = rule, nn.Conv2d(3, 3, 3, padding=1)
        self.token, self.places = nn.Parameter(torch.randn(1, 1, 8)), nn.Parameter(torch.randn(1, 9, 8))
        self.theta = nn.Parameter(torch.tensor([1.1, 0.2, 0.1, -0.3, 0.9, 0.2]))
        self.up = nn.ConvTranspose2d(3, 3, 2, stride=2)
        self.register_buffer("grid", torch.randn(3, 9, 9))

    def forward(self, x):
        return self.rule(self, x)


LSTM = nn.LSTM(8, 2).eval()


@torch.jit.script
def compiled(x):
    return x * torch.tanh(torch.nn.functional.softplus(x))


def squeezed_in_place(s, x):
    y = x.mean((2, 3), keepdim=True)
    same, other = y.cpu(), y.detach()  # the tensor itself; another one with the same memory
    y.squeeze_(-1).unsqueeze_(0)
    y += 1
    return same, other, y.shape[0] * y


def pieces_in_place(s, x):
    y = s.conv(x)
    first, second = y.chunk(2, dim=-1)
    first.mul_(2)
    second.add_(first)
    y[:, :, ::2, 1::3] = 7.0
    y[y < -0.5] = 0
    return y, first


def copied(s, x):
    y = s.conv(x)
    flat, deep, shape = copy.copy(y), copy.deepcopy(y), copy.copy(x.shape)
    y.add_(1)
    return flat, deep * shape[1]


def with_token(s, x):
    x = x.flatten(1)[:, :24].unflatten(1, (3, 8))
    return torch.cat([s.token.expand(x.size(0), -1, -1), x], 1) + s.places[:, : x.size(1) + 1]


ORDINARY = {
    "emptied": lambda s, x: s.conv(x).zero_() + x.clone(memory_format=torch.contiguous_format),
    "squeezed in place": squeezed_in_place,
    "pieces in place": pieces_in_place,
    "copied by Python": copied,
    "transposed in place": lambda s, x: s.conv(x).transpose_(1, 2),
    "matrices turned": lambda s, x: (x[0, 0].t(), torch.rot90(x, 1, [2, 3]), x.fliplr(), x.tril(), x.triu(1)),
    "a weight repeated by a size": lambda s, x: s.token.repeat(x.shape[0], x.shape[1], 1),
    "a weight expanded and cut by sizes": with_token,
    "a buffer cut by sizes": lambda s, x: x + s.grid[:, : x.shape[2], -x.shape[3] :] * x.shape[1] + x.size(0) * s.theta[0],
    "a buffer reshaped by a size": lambda s, x: s.grid.view(x.size(1), -1).sum(1),
    "a weight resized": lambda s, x: x + T.interpolate(s.grid[None], size=x.shape[-2:], mode="bicubic", align_corners=False),
    "a filter for each channel": lambda s, x: T.conv2d(x, s.grid[:1, None, :3, :3].expand(x.shape[1], 1, 3, 3), groups=x.shape[1]),
    "an output of a given size": lambda s, x: s.up(T.max_pool2d(x, 2), output_size=x.size()),
    "sums over axes that a rank names": lambda s, x: x.sum(list(range(1, x.ndim - 1))),
    "logarithm of a size": lambda s, x: x * math.log2(x.shape[-1]) + math.pow(x.size(1), 0.5) + math.gcd(x.size(2), 4),
    "NumPy's root of a size": lambda s, x: x / np.sqrt(x.size(1)) * np.float64(2) + np.int64(3) * x.size(1),
    "both parts of a quotient": lambda s, x: x.flatten(1)[:, : divmod(x.size(-1), 3)[0] + divmod(17, x.size(2))[1]],
    "the least number of a dtype": lambda s, x: x.masked_fill(x < 0, torch.finfo(x.dtype).min).softmax(1),
    "the axes of a norm": lambda s, x: x.norm(dim=1) if x.norm(dim=1).dim() == 3 else x,
    "spread and mean": lambda s, x: (*torch.std_mean(x, dim=1), *torch.var_mean(x, (2, 3), keepdim=True)),
    "lengths and distances": lambda s, x: (torch.linalg.norm(x, dim=1), T.pairwise_distance(x, s.conv(x), p=1)),
    "sorted": lambda s, x: (*x.sort(dim=-1, descending=True), torch.sort(x, 0)[0], x.argsort(1)),
    "the largest": lambda s, x: (*torch.topk(x.flatten(1), 3), x.flatten(1).topk(5, largest=False).values),
    "gathered": lambda s, x: (x.gather(1, x.argsort(1)[:, :2, :3]), torch.take_along_dim(x, x.argmax(1, keepdim=True), 1)),
    "scattered": lambda s, x: torch.zeros_like(x).scatter_(1, x.argmax(1, keepdim=True), 1.0),
    "put back after pooling": lambda s, x: T.max_unpool2d(*T.max_pool2d(x, 2, return_indices=True), 2, output_size=x.size()),
    "one-hot and embedding": lambda s, x: (T.one_hot(x.argmax(1), 5), T.embedding(x.argmax(1), s.places[0])),
    "windows of an axis": lambda s, x: x.unfold(2, 3, 2),
    "batches of matrices": lambda s, x: torch.baddbmm(x[:, 1], x[:, 0].mT.mT @ x[:, 1].mT, x[:, 2], beta=0.5, alpha=2),
    "attention": lambda s, x: (T.scaled_dot_product_attention(x, x, x, is_causal=True), T.scaled_dot_product_attention(x, x * 2, x, x[0, 0] @ x[0, 0].mT > 0, scale=0.3)),
    "a bilinear form": lambda s, x: T.bilinear(x, s.conv(x), s.grid[:, : x.shape[-1], : x.shape[-1]]),
    "coordinates": lambda s, x: torch.stack(torch.meshgrid([torch.arange(x.shape[2]), torch.arange(x.shape[3])], indexing="xy")) * x.mean(),
    "functions of one entry": lambda s, x: (x.erf(), x.erfc(), x.frac(), x.exp2(), x.sinc(), x.tan(), x.sgn(), torch.logit(x, 0.1), (x / 0).nan_to_num(1.0), x.isfinite(), T.softmin(x, 1), x.sigmoid().asin()),
    "functions of two entries": lambda s, x: (torch.hypot(x, x), torch.logaddexp(x, -x), torch.fmin(x, -x), x.diff(dim=2), torch.count_nonzero(x > 0, dim=1), torch.cumprod(x, 2), torch.outer(x[0, 0, 0], x[0, 0, 1])),
    "a compiled function": lambda s, x: compiled(s.conv(x)),
}  # fmt: skip
for _corners in (True, False):
    for _mode in ("bilinear", "nearest"):
        for _edge in ("zeros", "border"):
            ORDINARY[f"a grid, {_mode}, {_edge}, {_corners}"] = (
                lambda s, x, corners=_corners, mode=_mode, edge=_edge: T.grid_sample(
                    x, T.affine_grid(s.theta.view(1, 2, 3).expand(x.size(0), 2, 3), (x.size(0), 3, 5, 7), corners),
                    mode, edge, corners,
                )
            )  # fmt: skip


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_code_gives_pytorchs_values(name):
    torch.manual_seed(0)
    compare(Rule(ORDINARY[name]), (2, 3, 6, 8), (1, 3, 8, 6))


def test_volumes_are_sampled():
    torch.manual_seed(0)
    theta = torch.randn(2, 3, 4, dtype=torch.float64)
    rule = Rule(lambda s, x: T.grid_sample(x, T.affine_grid(theta, (2, 3, 4, 5, 2), False), align_corners=False))
    compare(rule, (2, 3, 4, 6, 5))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (lambda s, x: T.grid_sample(x, x, padding_mode="reflection"), r"padding_mode='reflection'"),
        (lambda s, x: T.scaled_dot_product_attention(x, x, x, dropout_p=0.1), "drops values in evaluation mode"),
        (lambda s, x: torch.norm(x, p="nuc", dim=(2, 3)), "nuclear norm"),
        (lambda s, x: torch.linalg.norm(x, ord=2, dim=(2, 3)), "a matrix norm"),
        (lambda s, x: LSTM(x[0])[0], r"without a NumPy counterpart: lstm"),
        (lambda s, x: x.view(-1).squeeze_() + x.contiguous().squeeze_(0), "in place by squeeze_, and perhaps another's"),
        (lambda s, x: sum(x[:, k] for k in range(x.size(1))), "needs a size"),
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_refused_by_name_and_line(rule, said):
    with pytest.raises(NotImplementedError, match=rf"{said}.*test_from_torch_ordinary.py, line \d+"):
        from_torch(Rule(rule).eval())


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_takes_its_arguments_by_pytorchs_names(name):
    """NumPy's own functions call their first argument `a`: handed over as they are, they refuse `input`."""
    function = OPERATIONS[name]
    code = getattr(function, "__wrapped__", function).__code__
    first = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    assert {"input", "tensors", "query", "x1", "input1", "theta", "condition", "equation", "size", "data", "start"} & {*first}


def test_stand_ins_are_for_what_numpy_nn_has_not():
    """The course's own function runs as soon as it is there; then its stand-in is taken out of the table."""
    assert STAND_INS.keys() & {*functional.__all__} == set()


CALLS = itertools.count()
OWN = {"random": random.Random(0), "numpy": np.random.default_rng(0), "seen": [0], "array": np.ones(3)}


def counted(x):
    OWN["seen"][0] += 1
    return x * OWN["seen"][0]


@pytest.mark.parametrize(
    "rule",
    [
        lambda s, x: x * OWN["random"].random(),
        lambda s, x: x[:, OWN["numpy"].permutation(64)[:3] % 3],
        lambda s, x: x + next(CALLS),
        lambda s, x: counted(x),
        lambda s, x: x * time.perf_counter(),
        lambda s, x: x + torch.tensor(np.add(OWN["array"], 1, out=OWN["array"])).mean(),
        lambda s, x: x if next(CALLS) % 2 else s.conv(x),
    ],
)
def test_what_differs_from_call_to_call_is_refused(rule):
    with pytest.raises(NotImplementedError, match="not do the same at each call"):
        from_torch(Rule(rule).eval())


def test_numbers_from_a_generator_that_begins_anew_are_constants():
    compare(Rule(lambda s, x: x * np.random.default_rng(0).random()), (2, 3, 4, 4))


class Compiled(torch.jit.ScriptModule):
    @torch.jit.script_method
    def forward(self, x):
        return x + 1


def test_a_compiled_layer_is_refused_with_its_line():
    with pytest.raises(NotImplementedError, match=r"Compiled.*test_from_torch_ordinary.py, line \d+, in layer '1'"):
        from_torch(nn.Sequential(nn.ReLU(), Compiled()).eval())


def test_a_translation_is_prepared_like_a_network():
    graph = from_torch(nn.Conv2d(3, 2, 1).eval())
    assert prepare(graph) is graph


def test_nothing_of_the_patches_stays():
    before = {name: getattr(torch.Tensor, name) for name in ("__getitem__", "expand", "view")}
    from_torch(Rule(with_token).eval())
    assert all(getattr(torch.Tensor, name) is function for name, function in before.items())
    assert not {"__getitem__", "expand", "view"} & {*vars(torch.Tensor)}
    assert torch.finfo(torch.float32).eps == np.finfo("f4").eps
