"""Where the time of a training step goes: making the batch, forward, backward, the step of the optimiser.

The phases are named in the record of `torch.profiler`, which also knows every operation below them.
"""

import copy
import os
from dataclasses import dataclass

import torch
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile, record_function

from cnncourse.whole_files import whole_file

PHASES = ("batch", "forward", "backward", "step")


@dataclass(frozen=True)
class Profile:
    """Milliseconds of one training step: by phase, and by operation, the longest first."""

    phases: dict
    operations: dict

    def __str__(self):
        whole = sum(self.phases.values())
        lines = [f"one step: {whole:.1f} ms"]
        for title, times in (("phase", self.phases), ("operation", self.operations)):
            lines += ["", f"{title:<40}{'ms':>8}  share"]
            lines += [f"{name[:38]:<40}{ms:8.2f}  {ms / whole:5.0%}" for name, ms in times.items()]
        return "\n".join(lines)


def profile_steps(
    model, images, labels, *, batch_size=64, steps=10, augment=None, precision="float32", trace=None, most=8
):
    """Train a copy of `model` for a few steps and measure; the model and PyTorch's generators stay as they are.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits (N, classes); the copy is trained in training mode, on the model's device.
    images, labels : arrays or tensors (count, ...) and (count,)
        Gone through in order, from the start again where they end.
    batch_size, steps : int
        Images per step, and how many steps are measured, after two that are not.
    augment : function (images) -> images, optional
        Part of the phase "batch", as are the choice of the images and their way to the device.
    precision : "float32" or "bf16"
        As in `training.train_step`.
    trace : path, optional
        Where to write the whole record, for chrome://tracing or https://ui.perfetto.dev.
    most : int
        How many operations to name.

    Returns
    -------
    Profile
        Means over the steps; an operation's time is without that of the operations it calls.

    Examples
    --------
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    >>> profiled = profile_steps(net, torch.rand(8, 1, 8, 8), torch.zeros(8, dtype=torch.int64), batch_size=4, steps=2)
    >>> list(profiled.phases)
    ['batch', 'forward', 'backward', 'step']
    """
    if min(batch_size, steps) < 1 or not len(images):
        raise ValueError(
            f"batch_size, steps and images: expected at least 1 of each, got {batch_size}, {steps}, {len(images)}"
        )
    images, labels = torch.as_tensor(images), torch.as_tensor(labels)
    device = next(model.parameters()).device
    low = torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
    twin = copy.deepcopy(model).train()
    optimizer = torch.optim.SGD(twin.parameters(), 1e-3, momentum=0.9)

    def one_step(number):
        with record_function("batch"):
            index = torch.arange(number * batch_size, (number + 1) * batch_size) % len(images)
            x, y = images[index].to(device), labels[index].to(device)
            x = x if augment is None else augment(x)
            _finish(device)
        with record_function("forward"), low:
            loss = F.cross_entropy(twin(x), y)
            _finish(device)
        with record_function("backward"):
            optimizer.zero_grad()
            loss.backward()
            _finish(device)
        with record_function("step"):
            optimizer.step()
            _finish(device)

    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # PyTorch's profiler would tell of each start, and of a missing GPU
    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (device.type == "cuda")
    with torch.random.fork_rng():
        for number in range(2):
            one_step(number)
        with profile(activities=activities) as record:
            for number in range(2, 2 + steps):
                one_step(number)
    if trace is not None:
        with whole_file(trace) as unfinished:
            record.export_chrome_trace(str(unfinished))
    return _summary(record.key_averages(), steps, device, most)


def _finish(device):
    """Wait until a GPU has done what it was asked for, so that its time counts where it belongs."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _summary(events, steps, device, most):
    """Return the record's times in milliseconds a step."""
    on_gpu = device.type == "cuda"
    phases = {event.key: event.cpu_time_total / 1e3 / steps for event in events if event.key in PHASES}
    own = {
        event.key: (event.self_device_time_total if on_gpu else event.self_cpu_time_total) / 1e3 / steps
        for event in events
        if event.key.startswith("aten::")
    }
    longest = sorted(own, key=own.get, reverse=True)[:most]
    return Profile({name: phases[name] for name in PHASES}, {name: own[name] for name in longest})
