"""`cnncourse train`: train a network of the course for real, with progress, checkpoints and resume."""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from cnncourse.train_data import CommandError, load_data
from cnncourse.train_pretrained import PRETRAINED, SIZES, frozen_stages, learning_groups, lite0
from cnncourse.train_results import keep_results, write_text

DATA = ("fashion-mnist", "scenes", "mnist", "cifar10")
# The learning rates are for SGD with momentum 0.9 and batches of 64.
LEARNING_RATES = {
    "lenet5": 0.05, "lenet5-1998": 0.002, "small-vgg": 0.05, "small-alexnet": 0.03,
    "resnet20": 0.1, "resnet56": 0.1, "plain20": 0.1, "plain56": 0.1,
    "seresnet20": 0.1, "small-mobilenet": 0.1, "small-convnext": 0.03,
}  # fmt: skip
MODELS = (*LEARNING_RATES, *PRETRAINED)
CLASSES = {"small-alexnet": "SmallAlexNet", "small-mobilenet": "SmallMobileNetV2", "small-convnext": "SmallConvNeXt"}
# Measured; the accuracies are those of cnncourse/data/kept_histories/14_degradation.json.
EXPECT = """\
what to expect:
  cnncourse train resnet20 --backend torch --size 16 --images 5000 --epochs 20
  takes about 5 minutes of one core. The time grows in proportion to images and
  epochs, and about fourfold from 16 to 32 pixels. Accuracy on the test images
  after these 20 epochs, from one start each:
    plain20 {plain20:.0%}, resnet20 {resnet20:.0%}, plain56 {plain56:.0%}, resnet56 {resnet56:.0%}
"""


@dataclass(frozen=True)
class Settings:
    """What decides the result of a run; a run is resumed only with the same settings."""

    data: str
    full: bool
    model: str
    backend: str
    epochs: int
    batch_size: int
    lr: float
    weight_decay: float
    augment: bool
    seed: int
    images: int | None
    size: int = 32
    freeze: str | None = None


def main(argv=None):
    """Run the command with `argv`; return the exit status: 0, or 2 when something must be corrected."""
    arguments = parser().parse_args(argv)
    try:
        run(arguments)
    except (CommandError, ValueError, FloatingPointError, OSError, RuntimeError) as error:
        print(f"cnncourse train: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on after the last finished epoch.", file=sys.stderr)
        return 130
    return 0


def parser():
    """Return the argument parser."""
    p = argparse.ArgumentParser(
        prog="cnncourse train",
        description="Train a network. Stop it when you like: the same command goes on from the last epoch.",
        epilog=what_to_expect(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("model", nargs="?", choices=MODELS, metavar="MODEL",
                   help=f"one of {', '.join(MODELS)}; default: lenet5; lite0 starts from ImageNet weights")  # fmt: skip
    p.add_argument("--data", choices=DATA, default="fashion-mnist", help="default: %(default)s")
    p.add_argument("--full", action="store_true", help="all of the data set, not the part that comes along")
    p.add_argument("--model", choices=MODELS, dest="option", metavar="MODEL", help="the same as MODEL")
    p.add_argument("--backend", choices=("numpy", "torch"), help="default: numpy; lite0: torch")
    p.add_argument("--device", default="auto", help="torch only: auto, cpu, cuda, mps; default: %(default)s")
    p.add_argument("--threads", type=int, help="how many CPU threads PyTorch may use")
    p.add_argument("--epochs", type=int, default=10, help="default: %(default)s")
    p.add_argument("--batch-size", type=int, default=64, help="default: %(default)s")
    p.add_argument("--lr", type=float, help="learning rate of SGD with momentum; default: the model's own")
    p.add_argument("--weight-decay", type=float, default=5e-4, help="default: %(default)s")
    p.add_argument("--augment", action="store_true", help="mirror and shift the training images at random")
    p.add_argument("--images", type=int, help="train on the first IMAGES images only")
    p.add_argument("--size", type=int, choices=SIZES,
                   help="pixels a side; 16 takes a quarter of the time; default: 32; lite0: 96")  # fmt: skip
    p.add_argument("--freeze", metavar="PARTS",
                   help="lite0 only: features (all but the head), or how many parts from the input")  # fmt: skip
    p.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    p.add_argument("--output", type=Path, help="folder for the results; default: runs/DATA-MODEL-BACKEND")
    p.add_argument("--fresh", action="store_true", help="start anew although the folder holds a run")
    p.add_argument("--quiet", action="store_true", help="no progress bars")
    return p


def what_to_expect():
    """Return the end of the help: minutes and accuracies."""
    from cnncourse.data import training_history

    runs = training_history("14_degradation")
    return EXPECT.format(**{name: run["test_accuracy"][-1] for name, run in runs.items()})


def run(arguments):
    """Train, evaluate, and leave weights, history and curves in the output folder."""
    if arguments.option and arguments.model and arguments.option != arguments.model:
        raise CommandError(f"--model: expected one network, got {arguments.model} and --model {arguments.option}")
    arguments.model = arguments.model or arguments.option or "lenet5"
    pretrained = arguments.model in PRETRAINED
    rates = PRETRAINED if pretrained else LEARNING_RATES
    settings = Settings(
        data=arguments.data,
        full=arguments.full or arguments.data in ("mnist", "cifar10"),  # of these nothing comes along
        model=arguments.model,
        backend=arguments.backend or ("torch" if pretrained else "numpy"),
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        lr=rates[arguments.model] if arguments.lr is None else arguments.lr,
        weight_decay=arguments.weight_decay,
        augment=arguments.augment,
        seed=arguments.seed,
        images=arguments.images,
        size=arguments.size or (96 if pretrained else 32),
        freeze=arguments.freeze,
    )
    frozen_stages(settings)
    for name in ("epochs", "batch_size", "images"):
        value = getattr(settings, name)
        if value is not None and value < 1:
            raise CommandError(f"--{name.replace('_', '-')}: expected at least 1, got {value}")
    data = settings.data + ("-full" if settings.full else "") + ("" if settings.size == 32 else f"{settings.size}")
    name = "-".join([data, settings.model, settings.backend])
    output = arguments.output or Path("runs") / name
    checkpoint = open_run(output, settings, arguments.fresh)
    train, test = load_data(settings)
    print(f"{len(train[0]):,} training and {len(test[0]):,} test images of {'×'.join(map(str, train[0].shape[1:]))}")
    if checkpoint.exists():
        print(f"Going on from {checkpoint}")
    progress = None if arguments.quiet else progress_bar
    trainer = train_numpy if settings.backend == "numpy" else train_torch
    model, rows = trainer(settings, train, test, checkpoint, progress, arguments)
    print(keep_results(output, f"{settings.model} on {settings.data}", model, rows))


def open_run(output, settings, fresh):
    """Prepare the output folder; return the checkpoint's path."""
    notes = output / "settings.json"
    checkpoint = output / ("checkpoint.npz" if settings.backend == "numpy" else "checkpoint.pt")
    if fresh:
        checkpoint.unlink(missing_ok=True)
    elif notes.exists() and checkpoint.exists():
        before = json.loads(notes.read_text(encoding="utf-8"))
        now = asdict(settings)
        before = {"size": 32, "freeze": None} | before  # runs from before these settings were there
        differing = [f"{key} was {before.get(key)}, now {now[key]}" for key in now if before.get(key) != now[key]]
        if differing:
            raise CommandError(
                f"{output} holds a run with other settings ({'; '.join(differing)}). "
                "Use these settings, another --output, or --fresh to start anew."
            )
    output.mkdir(parents=True, exist_ok=True)
    write_text(notes, json.dumps(asdict(settings), indent=1) + "\n")
    return checkpoint


def progress_bar(steps, description):
    """Show tqdm's bar while the batches go by."""
    from tqdm import tqdm

    return tqdm(steps, desc=description, leave=False, file=sys.stderr)


def build(models, settings, channels, **options):
    """Return the chosen network from `numpy_nn.models` or `torch_nn.models`."""
    if settings.model == "lenet5":
        return models.LeNet5(10, channels, **options)
    if settings.model == "lenet5-1998":
        return models.LeNet5Original(**options)
    if settings.model == "small-vgg":
        return models.SmallVGG(10, channels, batch_norm=True, **options)
    return getattr(models, CLASSES.get(settings.model, settings.model))(10, channels, **options)


def train_numpy(settings, train, test, checkpoint, progress, arguments):
    """Train with numpy_nn; return the model and one row per epoch."""
    from cnncourse import numpy_nn
    from cnncourse.data import transforms
    from cnncourse.numpy_nn import models, optim, summary, training

    numpy_nn.use("fast")
    rng = np.random.default_rng(settings.seed)
    model = build(models, settings, train[0].shape[1], rng=rng)
    table = summary(model, (1, *train[0].shape[1:]))
    print(f"{settings.model} in NumPy: {table.parameters:,} parameters, {table.multiply_adds:,} multiply-adds an image")
    optimizer = optim.SGD(model.parameters(), settings.lr, momentum=0.9, weight_decay=settings.weight_decay)
    schedule = optim.CosineAnnealingLR(optimizer, settings.epochs)

    def augment(images, rng):
        return transforms.random_crop(transforms.random_flip(images, rng), 2, rng)

    history = training.fit(
        model, optimizer, *train, epochs=settings.epochs, batch_size=settings.batch_size, rng=rng, test=test,
        schedule=schedule, augment=augment if settings.augment else None, checkpoint=checkpoint, progress=progress,
    )  # fmt: skip
    return model, history.rows


def train_torch(settings, train, test, checkpoint, progress, arguments):
    """Train with torch_nn on the chosen device; return the model and one row per epoch."""
    import torch

    from cnncourse.torch_nn import models, training

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    device = training.best_device() if arguments.device == "auto" else arguments.device
    torch.manual_seed(settings.seed)
    try:
        pretrained = settings.model in PRETRAINED
        model = (lite0(settings) if pretrained else build(models, settings, train[0].shape[1])).to(device)
    except (RuntimeError, AssertionError) as error:
        raise CommandError(f"--device: cannot use {device!r} here ({str(error).splitlines()[0]})") from error
    count = sum(parameter.numel() for parameter in model.parameters())
    print(f"{settings.model} in PyTorch on {device}: {count:,} parameters")
    groups = learning_groups(model, settings.lr) if pretrained else model.parameters()
    optimizer = torch.optim.SGD(groups, settings.lr, momentum=0.9, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.epochs)
    rows = training.fit(
        model, optimizer, *train, epochs=settings.epochs, batch_size=settings.batch_size,
        rng=np.random.default_rng(settings.seed), test=test, schedule=schedule,
        augment=augment_torch if settings.augment else None, checkpoint=checkpoint, progress=progress,
    )  # fmt: skip
    return model, rows


def augment_torch(images):
    """Mirror and shift by up to two pixels, each image anew, on the images' device."""
    import torch
    from torch.nn import functional as F

    N, _, H, W = images.shape
    mirrored = torch.rand(N, 1, 1, 1, device=images.device) < 0.5
    images = F.pad(torch.where(mirrored, images.flip(3), images), (2, 2, 2, 2))
    y, x = torch.randint(5, (2, N, 1, 1), device=images.device)
    rows, columns = torch.arange(H, device=images.device)[:, None], torch.arange(W, device=images.device)
    n = torch.arange(N, device=images.device)[:, None, None]
    return images[n, :, y + rows, x + columns].permute(0, 3, 1, 2).contiguous()
