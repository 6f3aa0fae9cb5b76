"""Training with PyTorch for `cnncourse train`: on one device, or by several processes that act as one."""

import numpy as np
import torch
from torch.nn import functional as F

from cnncourse import train_processes
from cnncourse.torch_nn import models, parallel, training
from cnncourse.train_command import build
from cnncourse.train_data import CommandError
from cnncourse.train_pretrained import PRETRAINED, learning_groups, lite0


def train_torch(settings, train, test, checkpoint, progress, arguments):
    """Train with torch_nn on the chosen device; return the model and one row per epoch."""
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    device = training.best_device() if arguments.device == "auto" else arguments.device
    device = train_processes.join(device) if train_processes.inside() else device
    torch.manual_seed(settings.seed)
    try:
        pretrained = settings.model in PRETRAINED
        model = (lite0(settings) if pretrained else build(models, settings, train[0].shape[1])).to(device)
    except (RuntimeError, AssertionError) as error:
        raise CommandError(f"--device: cannot use {device!r} here ({str(error).splitlines()[0]})") from error
    count = sum(parameter.numel() for parameter in model.parameters())
    together = f", {settings.processes} processes" if settings.processes > 1 else ""
    train_processes.say(f"{settings.model} in PyTorch on {device}{together}: {count:,} parameters")
    augment = augment_torch if settings.augment else None
    if arguments.trace:
        from cnncourse.torch_nn.profiling import profile_steps

        options = {"batch_size": settings.batch_size, "precision": settings.precision, "augment": augment}
        print(profile_steps(model, *train, **options, trace=arguments.trace))
        print(f"{arguments.trace}: the whole record, for https://ui.perfetto.dev", flush=True)
    if settings.processes > 1:
        model = parallel.synchronize_batch_norms(model)
        if any(isinstance(module, torch.nn.Dropout) for module in model.modules()):
            torch.manual_seed(settings.seed + parallel.rank())  # the same masks in all processes would be fewer masks
    groups = learning_groups(model, settings.lr) if pretrained else model.parameters()
    optimizer = torch.optim.SGD(groups, settings.lr, momentum=0.9, weight_decay=settings.weight_decay)
    rows = training.fit(
        model, optimizer, *train, epochs=settings.epochs, batch_size=settings.batch_size,
        rng=np.random.default_rng(settings.seed), test=test, schedule=schedule_of(settings, optimizer, len(train[0])),
        augment=augment, checkpoint=checkpoint, progress=progress,
        accumulate=settings.accumulate, precision=settings.precision,
        schedule_every="batch" if settings.warmup else "epoch",
    )  # fmt: skip
    train_processes.leave()
    return model, rows


def schedule_of(settings, optimizer, count):
    """Return half a cosine over the epochs, or, with a warm-up, over the steps."""
    if not settings.warmup:
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.epochs)
    steps = -(-count // settings.batch_size)  # per epoch
    total, warmup = settings.epochs * steps, settings.warmup * steps
    # the learning rate of step 0 would be 0: step s takes that of s + 1
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: training.warmup_cosine(step + 1, total + 1, warmup, 1.0)
    )  # fmt: skip


def augment_torch(images):
    """Mirror and shift by up to two pixels, each image anew, on the images' device."""
    N, _, H, W = images.shape
    mirrored = torch.rand(N, 1, 1, 1, device=images.device) < 0.5
    images = F.pad(torch.where(mirrored, images.flip(3), images), (2, 2, 2, 2))
    y, x = torch.randint(5, (2, N, 1, 1), device=images.device)
    rows, columns = torch.arange(H, device=images.device)[:, None], torch.arange(W, device=images.device)
    n = torch.arange(N, device=images.device)[:, None, None]
    return images[n, :, y + rows, x + columns].permute(0, 3, 1, 2).contiguous()
