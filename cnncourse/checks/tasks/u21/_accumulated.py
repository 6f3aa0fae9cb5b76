"""Wrong ways to accumulate; imported only when one is tried."""

import torch
from torch.nn import functional as F


def accumulated(network, batches, weigh="right", clear="first", backward="each", join=False, result="right", step=False,
                mode=None, divide="right"):  # fmt: skip
    """Accumulate gradients, with one thing wrong."""
    batches = list(batches)
    if join:
        batches = [tuple(torch.cat(parts) for parts in zip(*batches, strict=True))]
    if mode is not None:
        network.train(mode)
    count = sum(len(images) for images, _ in batches)
    if clear == "first":
        network.zero_grad()
    if clear == "divided":
        for p in network.parameters():
            p.grad = None if p.grad is None else p.grad / count
    sums, so_far = [], 0
    for images, labels in batches:
        if clear == "each":
            network.zero_grad()
        loss = F.cross_entropy(network(images), labels, reduction="sum")
        sums.append(loss.item())
        factor = {
            "right": 1 / count, "sum": 1.0, "loss only": 1.0, "gradients only": 1 / count,
            "batches": 1 / (len(images) * len(batches)), "sum of means": 1 / len(images),
            "twice": 1 / (len(images) * count), "pieces": 1 / len(batches),
            "gradients of means": 1 / (len(images) * len(batches)), "means divided": 1 / (len(images) * count),
        }[weigh]  # fmt: skip
        (loss / len(images) if backward == "first" else loss * factor).backward()
        if backward == "first":
            return sums[0] / len(images)
        if divide == "in the loop":
            so_far += len(images)
            for p in network.parameters():
                p.grad = None if p.grad is None else p.grad / so_far
    if clear == "after":
        network.zero_grad()
    if step:
        with torch.no_grad():
            for p in network.parameters():
                p -= 0 if p.grad is None else 0.1 * p.grad
    means = [total / len(images) for total, (images, _) in zip(sums, batches, strict=True)]
    if result != "right":
        return {"last": means[-1], "last sum": sums[-1], "means": sum(means) / len(means), None: None}[result]
    return {
        "right": sum(sums) / count, "loss only": sum(sums) / count, "sum": sum(sums), "gradients only": sum(sums),
        "pieces": sum(sums) / len(sums), "gradients of means": sum(sums) / count,
        "means divided": sum(sums) / count,
        "batches": sum(means) / len(means), "sum of means": sum(means), "twice": sum(means) / count,
    }[weigh]  # fmt: skip


class Softmaxed(torch.nn.Module):
    """A network that gives probabilities."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        return self.network(images).softmax(1)
