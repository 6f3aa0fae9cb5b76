"""The training loop of `numpy_nn.training`, in PyTorch: on any device, with checkpoints that resume.

Batches are drawn by a NumPy generator, so that both loops can be given the same ones. On one machine, with
one thread count and deterministic kernels, resumed training equals uninterrupted training bit for bit.
"""

import os
import pickle
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F


def best_device():
    """Return "cuda", "mps" or "cpu": the fastest that is there."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def train_step(model, optimizer, images, labels):
    """Do one step of gradient descent on one batch; return (loss, logits) from before the step."""
    logits = model(images)
    loss = F.cross_entropy(logits, labels)
    if not torch.isfinite(loss):
        raise FloatingPointError(f"loss: expected a finite number, got {loss.item()}; try a smaller lr")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), logits.detach()


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
    lr : float
        Of the first step; it falls in a straight line.
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
    weights = list(model.parameters())
    velocity = [torch.zeros_like(weight) for weight in weights]
    rounds = -(-steps * batch_size // len(images))
    order = torch.cat([torch.randperm(len(images)) for _ in range(rounds)])
    losses = []
    for step, batch in enumerate(order.split(batch_size)[:steps]):
        if watch:
            watch(step)
        loss = loss_of(model(images[batch]), labels[batch])
        gradients = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for weight, v, gradient in zip(weights, velocity, gradients, strict=True):
                v.mul_(momentum).add_(gradient)
                weight.sub_(lr * (1 - step / steps) * v)
        losses.append(loss.item())
    return losses


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
):
    """Train a classifier with cross-entropy on the device where its parameters are.

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
        Stepped after every epoch.
    augment : function (images) -> images, optional
        Applied to every training batch, on the device.
    checkpoint : path, optional
        Written after every epoch, whole or not at all; if it exists, training goes on from there.
    progress : function (iterable, description) -> iterable, optional
        Shows the batches going by, for example `lambda it, text: tqdm(it, desc=text)`.

    Returns
    -------
    list of dict
        One per epoch: epoch, lr, train_loss, train_accuracy, test_loss, test_accuracy, seconds.

    Raises
    ------
    ValueError
        images and labels differ in length or are empty, or the checkpoint does not fit.
    FloatingPointError
        The loss is no longer finite.
    """
    if len(images) != len(labels) or not len(images):
        raise ValueError(f"labels: expected one per image, got {len(labels)} for {len(images)} images")
    if batch_size < 1:
        raise ValueError(f"batch_size: expected at least 1, got {batch_size}")
    images, labels = torch.as_tensor(images), torch.as_tensor(labels)
    device = next(model.parameters()).device
    history = []
    if checkpoint is not None and Path(checkpoint).exists():
        load_checkpoint(checkpoint, model, optimizer, schedule, rng, history)
    for epoch in range(len(history) + 1, epochs + 1):
        started, lr = time.perf_counter(), optimizer.param_groups[0]["lr"]
        model.train()
        total = correct = 0
        order = torch.from_numpy(rng.permutation(len(images)))
        steps = order.split(batch_size)
        for index in progress(steps, f"epoch {epoch}/{epochs}") if progress else steps:
            batch, wanted = images[index].to(device), labels[index].to(device)
            batch = batch if augment is None else augment(batch)
            loss, logits = train_step(model, optimizer, batch, wanted)
            total += loss * len(index)
            correct += (logits.argmax(dim=1) == wanted).sum().item()
        test_loss, test_accuracy = (np.nan, np.nan) if test is None else evaluate(model, *test)
        if schedule is not None:
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


def save_checkpoint(path, model, optimizer, schedule, rng, history):
    """Write all that training needs to go on, under another name first and then renamed."""
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": None if schedule is None else schedule.state_dict(),
        "history": history,
        "rng": rng.bit_generator.state,
        "torch_rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        torch.save(state, unfinished)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def load_checkpoint(path, model, optimizer, schedule, rng, history):
    """Put everything back as `save_checkpoint` found it, on the model's device.

    Raises
    ------
    ValueError
        The file is no checkpoint, or one of another model.
    """
    try:
        # weights_only: a checkpoint from elsewhere cannot run code.
        state = torch.load(path, map_location="cpu", weights_only=True)
        model.load_state_dict(state["model"])
    except (OSError, EOFError, KeyError, RuntimeError, TypeError, pickle.UnpicklingError) as error:
        raise ValueError(f"checkpoint: expected one of this model, got {path} ({error})") from error
    optimizer.load_state_dict(state["optimizer"])
    if schedule is not None:
        schedule.load_state_dict(state["schedule"])
    rng.bit_generator.state = state["rng"]
    torch.set_rng_state(state["torch_rng"])
    if torch.cuda.is_available() and state["cuda_rng"]:
        torch.cuda.set_rng_state_all(state["cuda_rng"])
    history[:] = state["history"]
