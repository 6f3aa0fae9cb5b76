"""Gradient descent with a learning rate for each group."""

import torch
from torch import nn

from cnncourse.torch_nn.training import descend
from cnncourse.transfer import descend_groups


def data():
    torch.manual_seed(0)
    x = torch.randn(60, 3)
    return x, (x[:, 0] > 0).long()


def network():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def test_with_one_group_it_is_descend():
    x, y = data()
    one, other = network(), network()
    torch.manual_seed(2)
    wanted = descend(one, x, y, steps=20, lr=0.3, batch_size=16)
    torch.manual_seed(2)
    got = descend_groups(other, [{"params": list(other.parameters()), "lr": 0.3}], x, y, steps=20, batch_size=16)
    assert got == wanted
    assert all(torch.equal(p, q) for p, q in zip(one.parameters(), other.parameters(), strict=True))


def test_only_what_is_in_a_group_moves_and_at_its_own_rate():
    x, y = data()
    moved = []
    for lr in (0.1, 0.2):
        net = network()
        before = [p.detach().clone() for p in net.parameters()]
        groups = [{"params": [net[2].weight], "lr": lr}, {"params": [net[2].bias], "lr": 0.0}]
        descend_groups(net, groups, x, y, steps=1, batch_size=60)
        moved.append([(p - q).norm().item() for p, q in zip(net.parameters(), before, strict=True)])
    assert [moved[0][i] for i in (0, 1, 3)] == [0, 0, 0]
    assert abs(moved[1][2] / moved[0][2] - 2) < 1e-3
