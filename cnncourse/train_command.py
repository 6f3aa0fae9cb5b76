"""`cnncourse train`: train a network of the course for real, with progress, checkpoints and resume."""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from cnncourse import train_processes as processes
from cnncourse.train_data import CommandError, load_data
from cnncourse.train_pretrained import PRETRAINED, SIZES, frozen_stages
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
TORCH_ONLY = {"accumulate": 1, "precision": "float32", "warmup": 0, "processes": 1}
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
    accumulate: int = 1
    precision: str = "float32"
    warmup: int = 0
    processes: int = 1


def main(argv=None):
    """Run the command with `argv`; return the exit status: 0, or 2 when something must be corrected."""
    argv = list(sys.argv[1:] if argv is None else argv)
    arguments = parser().parse_args(argv)
    try:
        if arguments.processes != 1 and not processes.inside():
            choose_settings(arguments)  # refusals come before any process is started
            return processes.launch(argv, arguments.processes, arguments.threads)
        run(arguments)
    except (CommandError, ValueError, FloatingPointError, OSError, RuntimeError) as error:
        return processes.report(error)
    except KeyboardInterrupt:
        if not processes.inside():
            print(f"\nStopped. {processes.STOPPED}", file=sys.stderr)
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
    p.add_argument("--processes", type=int, default=1, metavar="N",
                   help="torch only: train with N processes, which act as one; default: %(default)s")  # fmt: skip
    p.add_argument("--accumulate", type=int, default=1, metavar="K",
                   help="torch only: cut each batch into K pieces, for less memory; default: %(default)s")  # fmt: skip
    p.add_argument("--precision", choices=("float32", "bf16"), default="float32",
                   help="torch only: the numbers that convolutions compute with; default: %(default)s")  # fmt: skip
    p.add_argument("--warmup", type=int, default=0, metavar="EPOCHS",
                   help="torch only: raise the learning rate from 0 in these epochs, then lower it at every "
                   "step; default: 0, and lower it after every epoch")  # fmt: skip
    p.add_argument("--profile", action="store_true",
                   help="torch only: first measure where the time of a step goes; keep it as profile.json")  # fmt: skip
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


def choose_settings(arguments):
    """Return the run's settings; refuse those that are impossible."""
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
        accumulate=arguments.accumulate,
        precision=arguments.precision,
        warmup=arguments.warmup,
        processes=processes.count(arguments.processes),
    )
    frozen_stages(settings)
    for name in ("epochs", "batch_size", "images", "accumulate", "processes"):
        value = getattr(settings, name)
        if value is not None and value < 1:
            raise CommandError(f"--{name.replace('_', '-')}: expected at least 1, got {value}")
    if not 0 <= settings.warmup < settings.epochs:
        wanted = f"from 0 to less than the {settings.epochs} epochs"
        raise CommandError(f"--warmup: expected {wanted}, got {settings.warmup}")
    for name, value in TORCH_ONLY.items():
        if settings.backend == "numpy" and getattr(settings, name) != value:
            raise CommandError(f"--{name}: the NumPy backend cannot do that; add --backend torch")
    if arguments.profile and (settings.backend == "numpy" or settings.processes > 1):
        raise CommandError("--profile: it looks into one process of PyTorch; add --backend torch, without --processes")
    return settings


def run(arguments):
    """Train, evaluate, and leave weights, history and curves in the output folder."""
    settings = choose_settings(arguments)
    data = settings.data + ("-full" if settings.full else "") + ("" if settings.size == 32 else f"{settings.size}")
    name = "-".join([data, settings.model, settings.backend])
    output = arguments.output or Path("runs") / name
    checkpoint = checkpoint_of(output, settings)
    if processes.number() == 0:
        open_run(output, settings, arguments.fresh)
    train, test = load_data(settings)
    shape = "×".join(map(str, train[0].shape[1:]))
    processes.say(f"{len(train[0]):,} training and {len(test[0]):,} test images of {shape}")
    if checkpoint.exists():
        processes.say(f"Going on from {checkpoint}")
    progress = None if arguments.quiet or processes.number() > 0 else progress_bar
    if settings.backend == "torch":
        from cnncourse.train_torch import train_torch as trainer
    else:
        trainer = train_numpy
    arguments.trace = output / "profile.json" if arguments.profile else None
    model, rows = trainer(settings, train, test, checkpoint, progress, arguments)
    if processes.number() == 0:
        print(keep_results(output, f"{settings.model} on {settings.data}", model, rows), flush=True)


def checkpoint_of(output, settings):
    """Return where a run keeps its checkpoint."""
    return output / ("checkpoint.npz" if settings.backend == "numpy" else "checkpoint.pt")


def open_run(output, settings, fresh):
    """Prepare the output folder; refuse one that holds a run with other settings."""
    notes, checkpoint = output / "settings.json", checkpoint_of(output, settings)
    if fresh:
        checkpoint.unlink(missing_ok=True)
    elif notes.exists() and checkpoint.exists():
        before = json.loads(notes.read_text(encoding="utf-8"))
        now = asdict(settings)
        before = {"size": 32, "freeze": None} | TORCH_ONLY | before  # runs from before these settings were there
        differing = [f"{key} was {before.get(key)}, now {now[key]}" for key in now if before.get(key) != now[key]]
        if differing:
            raise CommandError(
                f"{output} holds a run with other settings ({'; '.join(differing)}). "
                "Use these settings, another --output, or --fresh to start anew."
            )
    output.mkdir(parents=True, exist_ok=True)
    write_text(notes, json.dumps(asdict(settings), indent=1) + "\n")


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
