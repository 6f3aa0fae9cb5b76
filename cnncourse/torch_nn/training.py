"""The training loop of `numpy_nn.training`, in PyTorch: on any device, with checkpoints that resume.

Batches are drawn by a NumPy generator, so that both loops can be given the same ones. On one machine, with
one thread count and deterministic kernels, resumed training equals uninterrupted training bit for bit.
"""

import contextlib
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from . import parallel
from .checkpoints import load_checkpoint, save_checkpoint


def best_device():
    """Return "cuda", "mps" or "cpu": the fastest that is there."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def train_step(model, optimizer, images, labels, *, pieces=1, precision="float32"):
    """Do one step of gradient descent on one batch; return (loss, logits) from before the step.

    Parameters
    ----------
    model : torch.nn.Module
    optimizer : torch.optim.Optimizer
    images, labels : tensors (N, …) and (N,)
        The whole batch, of which each of several processes computes its share; the logits are those of the share.
    pieces : int
        Into how many parts the batch is cut, whose gradients add up: less memory, and the same step but for batch norm.
    precision : "float32" or "bf16"
        The number format of matrix products and convolutions; "float32" means that of the weights.
    """
    low = torch.autocast(images.device.type, torch.bfloat16, enabled=precision == "bf16")
    optimizer.zero_grad()
    losses, outputs = [], []
    for number, piece in enumerate(zip(images.tensor_split(pieces), labels.tensor_split(pieces), strict=True), 1):
        x, y = map(parallel.share, piece)
        with contextlib.nullcontext() if number == pieces else parallel.without_averaging(model):
            with low:
                logits = model(x)
                loss = F.cross_entropy(logits, y) * (len(x) / len(images))
            (loss * parallel.world_size()).backward()  # averaging divides by their number
        losses.append(loss.item())
        outputs.append(logits.detach())
    (loss,) = parallel.total(sum(losses))
    if not np.isfinite(loss):
        raise FloatingPointError(f"loss: expected a finite number, got {loss}; try a smaller lr")
    optimizer.step()
    return loss, torch.cat(outputs)


def warmup_cosine(step, total, warmup, peak, floor=0.0):
    """Return the learning rate of a step: in a line from 0 to `peak` at step `warmup`, then half a cosine to `floor`.

    The cosine ends at step `total`, and `floor` stays after it. With `warmup` 0 it begins at `peak`. Sources: P. Goyal
    et al., arXiv:1706.02677, section 2.2; I. Loshchilov & F. Hutter, arXiv:1608.03983.

    >>> [round(warmup_cosine(step, 6, 2, 1.0), 3) for step in range(8)]
    [0.0, 0.5, 1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """
    if not 0 <= warmup < total:
        raise ValueError(f"warmup: expected from 0 to less than total = {total}, got {warmup}")
    if step < warmup:
        return peak * step / warmup
    progress = min((step - warmup) / (total - warmup), 1)
    return floor + (peak - floor) * (1 + math.cos(math.pi * progress)) / 2


@torch.no_grad()
def evaluate(model, images, labels, batch_size=256):
    """Return (mean loss, accuracy) in evaluation mode; the model's mode is restored.

    Images and labels are arrays or tensors; each batch is moved to the model's device.

    >>> model = torch.nn.Identity()
    >>> model.scale = torch.nn.Parameter(torch.ones(()))
    >>> loss, accuracy = evaluate(model, torch.tensor([[9.0, 0.0], [9.0, 0.0]]), torch.tensor([0, 1]))
    >>> accuracy
    0.5
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    device = next(model.parameters()).device
    total = correct = 0
    for first in range(0, len(images), batch_size):
        batch = torch.as_tensor(images[first : first + batch_size], device=device)
        wanted = torch.as_tensor(labels[first : first + batch_size], device=device)
        logits = model(batch)
        total += F.cross_entropy(logits, wanted, reduction="sum").item()
        correct += (logits.argmax(dim=1) == wanted).sum().item()
    for module, mode in modes:
        module.training = mode
    return total / len(images), correct / len(images)


def shuffled_batches(count, batch_size, steps):
    """Return the indices of `steps` batches; the `count` images are gone through in a new order each time around."""
    rounds = -(-steps * batch_size // count)
    return torch.cat([torch.randperm(count) for _ in range(rounds)]).split(batch_size)[:steps]


def descend(model, images, labels, *, steps, lr, batch_size=50, momentum=0.9, loss_of=F.cross_entropy, watch=None):
    """Train for a short experiment: gradient descent with momentum, its step shrinking to zero; return the losses.

    This is the loop that lesson 01 writes out. Batches come from PyTorch's generator, so that
    `torch.manual_seed` before the model is made fixes everything. It needs no `torch.optim`, which takes
    seconds to import.

    Parameters
    ----------
    model : torch.nn.Module
        Its mode is left as it is.
    images : tensor (count, ...)
    labels : tensor (count, ...)
    steps : int
        Of how many batches; the images are gone through in a new order each time around.
    lr : float, or list of dict
        Of the first step; it falls in a straight line. With a list of groups, as `torch.optim` takes it, only their
        `params` learn, at the `lr` of each.
    batch_size : int
    momentum : float
    loss_of : function (output, labels) -> scalar tensor
    watch : function (step), optional
        Called before each step, for what one wants to see while the model learns.

    Returns
    -------
    list of float
        The loss of each step, before the step.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(200, 2)
    >>> losses = descend(torch.nn.Linear(2, 2), x, (x[:, 0] > 0).long(), steps=100, lr=0.5)
    >>> losses[-1] < 0.3 < losses[0]
    True
    """
    groups = lr if isinstance(lr, list) else [{"params": model.parameters(), "lr": lr}]
    learning = [(weight, group["lr"]) for group in groups for weight in group["params"]]
    weights = [weight for weight, _ in learning]
    velocity = [torch.zeros_like(weight) for weight in weights]
    losses = []
    for step, batch in enumerate(shuffled_batches(len(images), batch_size, steps)):
        if watch:
            watch(step)
        loss = loss_of(model(images[batch]), labels[batch])
        gradients = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for (weight, own_lr), v, gradient in zip(learning, velocity, gradients, strict=True):
                v.mul_(momentum).add_(gradient)
                weight.sub_(own_lr * (1 - step / steps) * v)
        losses.append(loss.item())
    return losses


def evaluate_together(model, images, labels):
    """Return (mean loss, accuracy), each process having looked at its share of the images."""
    if parallel.world_size() == 1:
        return evaluate(model, images, labels)
    mine, wanted = parallel.share(torch.as_tensor(images)), parallel.share(torch.as_tensor(labels))
    loss, accuracy = evaluate(model, mine, wanted) if len(mine) else (0.0, 0.0)
    loss, accuracy = parallel.total(loss * len(mine), accuracy * len(mine))
    return loss / len(images), accuracy / len(images)


def check_batches(count, batch_size, accumulate, precision):
    """Refuse batches that cannot be shared out, and what is no number of pieces and no precision."""
    for name, value in (("batch_size", batch_size), ("accumulate", accumulate)):
        if value < 1:
            raise ValueError(f"{name}: expected at least 1, got {value}")
    smallest = count % batch_size or min(count, batch_size)
    if smallest < parallel.world_size():
        wanted = f"batches of at least {parallel.world_size()} images, one per process"
        raise ValueError(f"batch_size: expected {wanted}, got one of {smallest}")
    if precision not in ("float32", "bf16"):
        raise ValueError(f"precision: expected 'float32' or 'bf16', got {precision!r}")


def fit(
    model,
    optimizer,
    images,
    labels,
    *,
    epochs,
    batch_size=64,
    rng,
    test=None,
    schedule=None,
    augment=None,
    checkpoint=None,
    progress=None,
    accumulate=1,
    precision="float32",
    schedule_every="epoch",
):
    """Train a classifier with cross-entropy on the device where its parameters are.

    Several processes (see `parallel`) that call it with the same arguments train one model, on the same batches as one
    process would.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits (N, classes). Move it to its device before making the optimiser.
    optimizer : torch.optim.Optimizer
    images : array or tensor (count, C, H, W)
        May stay on the CPU; each batch is moved.
    labels : array or tensor (count,) of int64
    epochs : int
        How many in all, those of a resumed checkpoint included.
    batch_size : int
    rng : numpy.random.Generator
        Shuffles. Augmentation and dropout draw from PyTorch's generators.
    test : (images, labels), optional
        Evaluated after every epoch.
    schedule : torch.optim.lr_scheduler.LRScheduler, optional
        Stepped after every epoch, or every batch.
    augment : function (images) -> images, optional
        Applied to every training batch, on the device.
    checkpoint : path, optional
        Written after every epoch, whole or not at all; if it exists, training goes on from there.
    progress : function (iterable, description) -> iterable, optional
        Shows the batches going by, for example `lambda it, text: tqdm(it, desc=text)`.
    accumulate : int
        Into how many pieces each batch is cut; fewer where a piece would leave a process without an image.
    precision : "float32" or "bf16"
        See `train_step`.
    schedule_every : "epoch" or "batch"

    Returns
    -------
    list of dict
        One per epoch: epoch, lr, train_loss, train_accuracy, test_loss, test_accuracy, seconds.

    Raises
    ------
    ValueError
        images and labels differ in length or are empty, the checkpoint does not fit, or a batch has fewer images than
        there are processes.
    FloatingPointError
        The loss is no longer finite.
    """
    if len(images) != len(labels) or not len(images):
        raise ValueError(f"labels: expected one per image, got {len(labels)} for {len(images)} images")
    check_batches(len(images), batch_size, accumulate, precision)
    images, labels = torch.as_tensor(images), torch.as_tensor(labels)
    device, processes = next(model.parameters()).device, parallel.world_size()
    history = []
    if checkpoint is not None and Path(checkpoint).exists():
        load_checkpoint(checkpoint, model, optimizer, schedule, rng, history)
    averaged = parallel.averaging(model)
    for epoch in range(len(history) + 1, epochs + 1):
        started, lr = time.perf_counter(), optimizer.param_groups[0]["lr"]
        model.train()
        total = correct = 0
        order = torch.from_numpy(rng.permutation(len(images)))
        steps = order.split(batch_size)
        for index in progress(steps, f"epoch {epoch}/{epochs}") if progress else steps:
            batch, wanted = images[index].to(device), labels[index].to(device)
            batch = batch if augment is None else augment(batch)
            pieces = max(1, min(accumulate, len(index) // processes))
            loss, logits = train_step(averaged, optimizer, batch, wanted, pieces=pieces, precision=precision)
            total += loss * len(index)
            mine = torch.cat([parallel.share(piece) for piece in wanted.tensor_split(pieces)])
            correct += parallel.total((logits.argmax(dim=1) == mine).sum())[0]
            if schedule is not None and schedule_every == "batch":
                schedule.step()
        test_loss, test_accuracy = (np.nan, np.nan) if test is None else evaluate_together(model, *test)
        if schedule is not None and schedule_every == "epoch":
            schedule.step()
        history.append(
            {
                "epoch": epoch, "lr": lr,
                "train_loss": total / len(images), "train_accuracy": correct / len(images),
                "test_loss": test_loss, "test_accuracy": test_accuracy,
                "seconds": time.perf_counter() - started,
            }
        )  # fmt: skip
        if checkpoint is not None:
            save_checkpoint(checkpoint, model, optimizer, schedule, rng, history)
    return history
