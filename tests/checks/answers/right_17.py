"""Right answers to unit 17, each written another way."""

import collections
import math

import numpy as np


def probe_augmented(features, labels, num_classes, l2):
    """A column of ones, without a penalty on it."""
    F = np.hstack([features, np.ones((len(features), 1), features.dtype)])
    penalty = np.diag([l2] * features.shape[1] + [0.0]).astype(features.dtype)
    Y = np.eye(num_classes, dtype=features.dtype)[labels]
    both = np.linalg.solve(F.T @ F + penalty, F.T @ Y)
    return both[:-1].T, both[-1]


def probe_dual(features, labels, num_classes, l2):
    """The smaller system: Fᵀ (F Fᵀ + λ)⁻¹ Y."""
    Y = (labels[:, None] == np.arange(num_classes)).astype(features.dtype)
    mean, share = features.mean(0), Y.mean(0)
    F = features - mean
    W = np.linalg.solve(F @ F.T + l2 * np.eye(len(F)), Y - share).T @ F
    return [W, share - np.einsum("cd,d->c", W, mean)]


def probe_lstsq(features, labels, num_classes, l2):
    """Least squares with √λ-rows below the data, a class at a time."""
    N, D = features.shape
    F = np.zeros((N + D, D + 1), features.dtype)
    F[:N, :D], F[:N, D], F[N:, :D] = features, 1, math.sqrt(l2) * np.eye(D)
    columns = []
    for c in range(num_classes):
        y = np.concatenate([labels == c, np.zeros(D)]).astype(features.dtype)
        columns.append(np.linalg.lstsq(F, y, rcond=None)[0])
    both = np.stack(columns)
    return both[:, :-1], both[:, -1]


def probe_svd(features, labels, num_classes, l2):
    """By singular values."""
    mean = np.average(features, axis=0)
    U, s, V = np.linalg.svd(features - mean, full_matrices=False)
    Y = np.zeros((len(labels), num_classes))
    for n, label in enumerate(labels):
        Y[n, label] = 1
    W = (V.T * (s / (s * s + l2))) @ (U.T @ Y)
    return W.T, Y.mean(axis=0) - mean @ W


def neighbours_counter(train_features, train_labels, features, k):
    """Python's sort and Counter, which keeps the order of arrival."""
    result = []
    for f in features:
        cosines = [float(f @ t / (np.linalg.norm(f) * np.linalg.norm(t))) for t in train_features]
        near = sorted(range(len(cosines)), key=lambda i: -cosines[i])[:k]
        result.append(int(collections.Counter(int(train_labels[i]) for i in near).most_common(1)[0][0]))
    return np.array(result)


def neighbours_lexsort(train_features, train_labels, features, k):
    """Ties by a second key; votes as a matrix."""
    unit = train_features / np.sqrt(np.einsum("nd,nd->n", train_features, train_features))[:, None]
    result = np.zeros(len(features), dtype=int)
    for m, cosines in enumerate(features @ unit.T):
        near = train_labels[np.lexsort((np.arange(len(unit)), -cosines))[:k]]
        result[m] = near[np.argmax([np.count_nonzero(near == label) for label in near])]
    return np.array(result)


def neighbours_distances(train_features, train_labels, features, k):
    """On unit vectors the largest cosine is the smallest distance."""
    t, f = (x / np.linalg.norm(x, axis=1)[:, None] for x in (train_features, features))
    distances = ((f[:, None] - t[None]) ** 2).sum(-1)
    near = train_labels[np.argsort(distances, axis=1, kind="stable")[:, :k]]
    names, codes = np.unique(train_labels, return_inverse=True)
    votes = np.array([np.bincount(np.searchsorted(names, row), minlength=len(names)) for row in near])
    first = np.array([[list(row).index(c) if c in row else k for c in names] for row in near])
    return names[np.argmax(votes - first / (k + 1), axis=1)]


def few_permuted(labels, per_class, rng):
    """All pictures in a drawn order; of each class the first ones."""
    chosen, counts = [], collections.Counter()
    for i in rng.permutation(len(labels)):
        if counts[int(labels[i])] < per_class:
            counts[int(labels[i])] += 1
            chosen.append(int(i))
    return sorted(chosen)


def few_by_keys(labels, per_class, rng):
    """A random key per picture; the smallest of each class."""
    keys = rng.random(len(labels))
    mask = np.zeros(len(labels), bool)
    for label in set(np.asarray(labels).tolist()):
        own = np.flatnonzero(np.asarray(labels) == label)
        mask[own[np.argsort(keys[own])[:per_class]]] = True
    return np.flatnonzero(mask)


def few_shuffled(labels, per_class, rng):
    """Lists that are shuffled."""
    lists = {}
    for i, label in enumerate(labels):
        lists.setdefault(int(label), []).append(i)
    chosen = []
    for own in lists.values():
        rng.shuffle(own)
        chosen += own[:per_class]
    return np.array(sorted(chosen))


def freeze_subclass(module):
    """Batch norms get a class whose train does nothing."""
    from torch.nn.modules.batchnorm import _BatchNorm

    for p in module.parameters():
        p.requires_grad_(False)
    for part in module.modules():
        if isinstance(part, _BatchNorm):
            kind = type(part)
            changed = {"train": lambda self, mode=True, kind=kind: kind.train(self, False)}
            part.__class__ = type("Held", (kind,), changed)
            part.eval()
    return module


def freeze_forward(module):
    """Batch norms are told to evaluate in each forward pass, by a hook."""
    from torch import nn

    def evaluate(part, given):
        part.training = False

    for part in module.modules():
        for p in part.parameters(recurse=False):
            p.requires_grad = False
        if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            part.register_forward_pre_hook(evaluate)
    return module


def freeze_package(module):
    """As the package does it."""
    from cnncourse.transfer import freeze

    return freeze(module)


def head_recursive(network, num_classes):
    """Children from the last to the first, depth first."""
    from torch import nn

    def exchange(parent):
        for name, child in reversed(list(parent.named_children())):
            if isinstance(child, nn.Linear):
                new = nn.Linear(child.in_features, num_classes, bias=child.bias is not None)
                nn.init.zeros_(new.weight)
                parent._modules[name] = new
                return True
            if exchange(child):
                return True
        return False

    exchange(network)
    return network


def head_by_name(network, num_classes):
    """getattr along the name."""
    from torch import nn

    name = [n for n, m in network.named_modules() if type(m) is nn.Linear].pop()
    *path, last = name.split(".")
    parent = network
    for step in path:
        parent = getattr(parent, step)
    old = getattr(parent, last)
    new = nn.Linear(old.weight.shape[1], num_classes, bias=hasattr(old.bias, "shape"))
    setattr(parent, last, new)
    return network


def groups_one_per_parameter(stages, lr, decay):
    """A group for each parameter, first stage first; a shared one at the rate of its first stage."""
    groups, seen = [], set()
    for place, stage in enumerate(stages):
        for p in stage.parameters():
            if p.requires_grad and id(p) not in seen:
                seen.add(id(p))
                groups.append({"params": [p], "lr": lr * decay ** (len(stages) - 1 - place), "momentum": 0.9})
    return groups


def groups_filtered(stages, lr, decay):
    """The rate is multiplied on the way back; generators where nothing is shared."""
    groups, seen, rate = [], [], lr
    for stage in list(stages)[::-1]:
        fresh = [p for p in stage.parameters() if p.requires_grad and not any(p is q for q in seen)]
        seen += fresh
        groups.append({"params": fresh, "lr": rate})
        rate *= decay
    return [group for group in reversed(groups) if group["params"]]


def freeze_from_the_top(module):
    """Only the module's own `train` is another: it puts the batch norms back."""
    from torch import nn

    def train(mode=True):
        nn.Module.train(module, mode)
        for part in module.modules():
            if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
                part.training = False
        return module

    module.requires_grad_(False)
    module.train = train
    for part in module.modules():
        if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            part.training = False
    return module


def freeze_before_each_pass(module):
    """A hook puts each batch norm into evaluation mode before it is used."""
    from torch.nn.modules.batchnorm import _BatchNorm

    def settle(part, inputs):
        part.eval()

    for p in module.parameters():
        p.requires_grad = False
    for part in module.modules():
        if isinstance(part, _BatchNorm):
            part.register_forward_pre_hook(settle)
    return module


ANSWERS = {
    "17.linear_probe": [probe_augmented, probe_dual, probe_lstsq, probe_svd],
    "17.nearest_neighbours": [neighbours_counter, neighbours_lexsort, neighbours_distances],
    "17.few_per_class": [few_permuted, few_by_keys, few_shuffled],
    "17.freeze": [
        freeze_subclass, freeze_forward, freeze_package, freeze_from_the_top, freeze_before_each_pass,
    ],
    "17.replace_head": [head_recursive, head_by_name],
    "17.parameter_groups": [groups_one_per_parameter, groups_filtered],
}  # fmt: skip
