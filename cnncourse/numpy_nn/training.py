"""A training loop: shuffled batches, history, progress, checkpoints that resume bit for bit."""

import json
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cnncourse.whole_files import whole_file

from . import functional as F
from .modules import no_grad


@dataclass
class History:
    """One dict per epoch: epoch, lr, train_loss, train_accuracy, test_loss, test_accuracy, seconds."""

    rows: list = field(default_factory=list)

    def __getitem__(self, key):
        """Return row `key`, or the list of one quantity over the epochs."""
        return [row[key] for row in self.rows] if isinstance(key, str) else self.rows[key]

    def __len__(self):
        return len(self.rows)

    def __str__(self):
        head = "epoch       lr  train loss  train acc  test loss  test acc  seconds"
        lines = [
            f"{row['epoch']:5d}  {row['lr']:7.5f}  {row['train_loss']:10.4f}  {row['train_accuracy']:9.4f}  "
            f"{row['test_loss']:9.4f}  {row['test_accuracy']:8.4f}  {row['seconds']:7.1f}"
            for row in self.rows
        ]
        return "\n".join([head, *lines])


def batches(count, batch_size, rng):
    """Yield index arrays that visit 0 … count − 1 once, in an order drawn from rng."""
    order = rng.permutation(count)
    for first in range(0, count, batch_size):
        yield order[first : first + batch_size]


def train_step(model, optimizer, images, labels, loss=F.cross_entropy, loss_backward=F.cross_entropy_backward):
    """Do one step of gradient descent on one batch; return (loss, logits) from before the step."""
    logits = model(images)
    value = float(loss(logits, labels))
    if not np.isfinite(value):
        raise FloatingPointError(f"loss: expected a finite number, got {value}; try a smaller lr")
    optimizer.zero_grad()
    model.backward_parameters(loss_backward(1.0, logits, labels)[0])
    optimizer.step()
    return value, logits


def evaluate(model, images, labels, batch_size=256, loss=F.cross_entropy):
    """Return (mean loss, accuracy) in evaluation mode; the model's mode is restored."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    total = correct = 0
    for first in range(0, len(images), batch_size):
        batch, wanted = images[first : first + batch_size], labels[first : first + batch_size]
        with no_grad():
            logits = model(batch)
        total += float(loss(logits, wanted)) * len(batch)
        correct += int((logits.argmax(axis=1) == wanted).sum())
    for module, mode in modes:
        module.training = mode
    return total / len(images), correct / len(images)


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
    """Train a classifier with cross-entropy and return its history.

    Parameters
    ----------
    model : Module
        Gives logits (N, classes).
    optimizer : Optimizer
        Over the model's parameters.
    images : ndarray (count, C, H, W) of the model's dtype
    labels : ndarray (count,) of int64
    epochs : int
        How many in all, those of a resumed checkpoint included.
    batch_size : int
        The last batch of an epoch may be smaller.
    rng : numpy.random.Generator
        Shuffles, and is passed to `augment`.
    test : (images, labels), optional
        Evaluated after every epoch.
    schedule : Schedule, optional
        Stepped after every epoch.
    augment : function (images, rng) -> images, optional
        Applied to every training batch.
    checkpoint : path, optional
        Written after every epoch, whole or not at all. If it exists, training goes on from there, and ends
        with the same bits as if it had never stopped.
    progress : function (iterable, description) -> iterable, optional
        Shows the batches going by, for example `show_progress` or `lambda it, text: tqdm(it, desc=text)`.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        images and labels differ in length, or are empty.
    FloatingPointError
        The loss is no longer finite.
    """
    if len(images) != len(labels) or not len(images):
        raise ValueError(f"labels: expected one per image, got {len(labels)} for {len(images)} images")
    if batch_size < 1:
        raise ValueError(f"batch_size: expected at least 1, got {batch_size}")
    history = History()
    if checkpoint is not None and Path(checkpoint).exists():
        load_checkpoint(checkpoint, model, optimizer, schedule, rng, history)
    for epoch in range(len(history) + 1, epochs + 1):
        started, lr = time.perf_counter(), optimizer.lr
        model.train()
        total = correct = 0
        steps = list(batches(len(images), batch_size, rng))
        for index in progress(steps, f"epoch {epoch}/{epochs}") if progress else steps:
            batch = images[index] if augment is None else augment(images[index], rng)
            value, logits = train_step(model, optimizer, batch, labels[index])
            total += value * len(index)
            correct += int((logits.argmax(axis=1) == labels[index]).sum())
        test_loss, test_accuracy = (np.nan, np.nan) if test is None else evaluate(model, *test)
        if schedule is not None:
            schedule.step()
        history.rows.append(
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
    """Write all that training needs to go on: weights, memory, schedule, random states, history.

    The file is NumPy's .npz without pickled objects. It is written beside `path` and then renamed, so that an
    interruption leaves the old one whole.
    """
    arrays = {f"model/{name}": array for name, array in model.state_dict().items()}
    arrays |= {f"optimizer/{name}": array for name, array in optimizer.state_dict().items()}
    if schedule is not None:
        arrays |= {f"schedule/{name}": array for name, array in schedule.state_dict().items()}
    notes = {
        "history": history.rows,
        "rng": rng.bit_generator.state,
        "module_rngs": [module_rng.bit_generator.state for module_rng in _module_rngs(model)],
    }
    with whole_file(path) as unfinished, open(unfinished, "wb") as file:
        np.savez(file, notes=np.array(json.dumps(notes)), **arrays)


def load_checkpoint(path, model, optimizer, schedule, rng, history):
    """Put everything back as `save_checkpoint` found it.

    Raises
    ------
    ValueError
        The file is no checkpoint, or one of another model or optimiser.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        notes = json.loads(str(arrays.pop("notes")))
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"checkpoint: expected one written by save_checkpoint, got {path} ({error})") from error

    def part(name):
        return {key.removeprefix(name + "/"): a for key, a in arrays.items() if key.startswith(name + "/")}

    model.load_state_dict(part("model"))
    optimizer.load_state_dict(part("optimizer"))
    if schedule is not None:
        schedule.load_state_dict(part("schedule"))
    rng.bit_generator.state = notes["rng"]
    for module_rng, state in zip(_module_rngs(model), notes["module_rngs"], strict=True):
        module_rng.bit_generator.state = state
    history.rows[:] = notes["history"]


def _module_rngs(model):
    """List the generators of dropout layers, each once though layers may share it."""
    found = {}
    for module in model.modules():
        if isinstance(getattr(module, "rng", None), np.random.Generator):
            found[id(module.rng)] = module.rng
    return list(found.values())


def show_progress(iterable, description):
    """Pass a sequence through and keep one line on the screen: how far, and how long still."""
    total, started = len(iterable), time.perf_counter()
    for done, item in enumerate(iterable):
        filled = 30 * done // total
        left = (time.perf_counter() - started) / done * (total - done) if done else 0
        bar = "█" * filled + "·" * (30 - filled)
        print(f"\r{description} {bar} {done}/{total}, {left:4.0f} s left ", end="", flush=True)
        yield item
    print(f"\r{description} {'█' * 30} {total}/{total}, {time.perf_counter() - started:4.0f} s      ")
