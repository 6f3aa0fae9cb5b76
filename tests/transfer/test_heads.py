"""freeze, replace_head and parameter_groups, judged by what the network then does."""

import copy
import io
import pickle

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnncourse.torch_nn import models
from cnncourse.transfer import freeze, last_linear, parameter_groups, replace_head, unfreeze


def body():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(12, 5),
        nn.BatchNorm1d(5), nn.LayerNorm(5),
    )  # fmt: skip


class Whole(nn.Module):
    def __init__(self, part):
        super().__init__()
        self.part, self.norm, self.head = part, nn.BatchNorm1d(5), nn.Linear(5, 3)

    def forward(self, x):
        return self.head(self.norm(self.part(x)))


def train_steps(network, steps=3):
    """Train for real, in training mode, on pictures far from what the statistics know."""
    torch.manual_seed(1)
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], 0.1)
    network.train()
    for _ in range(steps):
        loss = F.cross_entropy(network(5 + torch.randn(6, 2, 4, 4)), torch.tensor([0, 1, 2, 0, 1, 2]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def values(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def changed(module, before):
    return {name for name, value in module.state_dict().items() if not torch.equal(value, before[name])}


def test_nothing_of_a_frozen_part_moves_and_all_else_does():
    part = body()
    network = Whole(part)
    assert freeze(part) is part
    before = values(network)
    train_steps(network)
    assert {name.split(".")[0] for name in changed(network, before)} == {"norm", "head"}
    assert all(p.grad is None for p in part.parameters())
    assert list(network.state_dict()) == list(Whole(body()).state_dict())


def test_requires_grad_alone_is_not_enough():
    part = body().requires_grad_(False)
    network = Whole(part)
    before = values(network)
    train_steps(network)
    assert {"part.1.running_mean", "part.1.running_var", "part.6.running_mean"} <= changed(network, before)


@pytest.mark.parametrize("whole", [True, False])
def test_batch_norms_and_only_they_behave_as_in_evaluation(whole):
    part = body()
    network = Whole(part)
    freeze(network if whole else part)
    x = 3 + torch.randn(4, 3, 2, 2)
    for call in (network.train, lambda: part.train(True), part[1].train, lambda: network.eval().train()):
        call()
        want = F.batch_norm(x, part[1].running_mean, part[1].running_var, part[1].weight, part[1].bias)
        assert torch.equal(part[1](x), want)
        assert part[1].num_batches_tracked == 0
        assert isinstance(part[1], nn.BatchNorm2d)
    network.train()
    dropped = part[3](torch.ones(1000))
    assert 300 < (dropped == 0).sum() < 700
    assert part[3].training
    assert network.norm.training is not whole


def test_gradients_pass_to_the_input():
    part = freeze(body())
    x = torch.randn(4, 2, 4, 4, requires_grad=True)
    part(x).sum().backward()
    assert x.grad.abs().max() > 0


def test_frozen_twice_copied_pickled_saved_and_thawed():
    network = Whole(freeze(freeze(body())))
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        before = values(network)
        train_steps(other)
        assert changed(network, before) == set()
        assert not {name for name in changed(other, before) if name.startswith("part")}
    buffer = io.BytesIO()
    torch.save(network.state_dict(), buffer)
    buffer.seek(0)
    Whole(body()).load_state_dict(torch.load(buffer, weights_only=True))
    network.train()
    assert unfreeze(network.part) is network.part
    assert type(network.part[1]) is nn.BatchNorm2d
    assert network.part[1].training
    before = values(network)
    train_steps(network)
    assert {"part.0.weight", "part.1.running_mean", "part.6.running_var"} <= changed(network, before)
    assert all(p.requires_grad for p in network.parameters())


def test_other_kinds_of_batch_norm():
    class Own(nn.BatchNorm1d):
        pass

    other = nn.InstanceNorm1d(3, track_running_stats=True)  # no batch norm
    network = nn.Sequential(Own(3), nn.BatchNorm3d(2), nn.SyncBatchNorm(2), other)
    freeze(network).train()
    assert [module.training for module in network] == [False, False, False, True]
    assert isinstance(network[0], Own)
    alone = freeze(nn.BatchNorm2d(3))
    assert not alone.train().training


@pytest.mark.parametrize("bias", [True, False])
def test_a_new_head_stands_where_the_last_linear_layer_stood(bias):
    network = nn.ModuleDict({"a": body(), "b": nn.Sequential(nn.ReLU(), nn.Linear(5, 3, bias=bias).double())})
    network["a"].requires_grad_(False)
    network["b"][1].eval().requires_grad_(False)
    old, others = network["b"][1], [module for module in network.modules() if module is not network["b"][1]]
    state = [(module, module.training) for module in others]
    frozen = {id(p): p.requires_grad for p in network["a"].parameters()}
    assert last_linear(network) is old
    assert replace_head(network, 7) is network
    new = network["b"][1]
    assert new is not old
    assert (new.in_features, new.out_features, new.bias is None) == (5, 7, not bias)
    assert new.weight.dtype == torch.float64
    assert new.weight.requires_grad
    assert not new.training
    assert [module for module in network.modules() if module is not new] == others
    assert all(module.training == mode for module, mode in state)
    assert {id(p): p.requires_grad for p in network["a"].parameters()} == frozen


def test_a_head_in_two_places_and_heads_of_the_courses_networks():
    shared = nn.Linear(2, 2)
    network = replace_head(nn.Sequential(shared, nn.ReLU(), nn.Sequential(shared)), 2)
    assert network[0] is network[2][0] is not shared
    for make, size in ((models.efficientnet_lite0, 32), (models.resnet20, 32), (models.LeNet5, 32)):
        network = replace_head(make(), 4).eval()
        channels = 1 if make is models.LeNet5 else 3
        assert network(torch.zeros(2, channels, size, size)).shape == (2, 4)


def test_groups_learn_more_slowly_the_earlier_they_are():
    shared = nn.Linear(3, 3)
    frozen, last = freeze(nn.Linear(3, 3)), nn.Sequential(nn.Linear(3, 3), shared)
    stages = nn.Sequential(nn.Linear(2, 3), shared, nn.ReLU(), frozen, last)
    stages[4][0].bias.requires_grad_(False)
    groups = parameter_groups(stages, 0.8, 0.5)
    assert [group["lr"] for group in groups] == pytest.approx([0.8 * 0.5**4, 0.8])
    assert [len(group["params"]) for group in groups] == [2, 3]
    found = [id(p) for group in groups for p in group["params"]]
    assert sorted(found) == sorted({id(p) for p in stages.parameters() if p.requires_grad})
    before = values(stages)
    optimizer = torch.optim.SGD(groups, lr=9.0)
    stages(torch.randn(4, 2)).sum().backward()
    slope = stages[0].weight.grad.clone()
    optimizer.step()
    torch.testing.assert_close(stages[0].weight, before["0.weight"] - 0.05 * slope)
    assert parameter_groups(nn.Sequential(nn.ReLU()), 0.1, 0.5) == []
    assert parameter_groups(nn.Sequential(), 0.1, 0.5) == []


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: replace_head(nn.Linear(2, 2), 3), "network: expected one that holds an nn.Linear, got Linear"),
        (lambda: replace_head(nn.Sequential(nn.ReLU()), 3), "network: expected one that holds an nn.Linear"),
        (lambda: replace_head(body(), 0), "num_classes: expected at least 1, got 0"),
        (lambda: parameter_groups(nn.ModuleList([nn.ReLU()]), 0.1, 0.5), "stages: expected an nn.Sequential"),
        (lambda: parameter_groups(body(), 0.1, 0), "lr, decay: expected"),
    ],
)
def test_refusals(call, says):
    with pytest.raises(ValueError, match=says):
        call()
