"""Keep the histories of training runs that take too long for a lesson, with what is needed to make them again.

    python -m tools.keep_history 14_degradation RUN [RUN …] --options "--device cpu --threads 1"

Each RUN is a folder that `cnncourse train` has finished. What is kept goes to ``cnncourse/data/histories/NAME.json``:
for each run its command, its settings, when it ended, how long it took, and loss and accuracy of every epoch.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path

from cnncourse.data.histories import FOLDER
from cnncourse.train_command import LEARNING_RATES, TORCH_ONLY
from tools.keeping import keep, made_with, written

COLUMNS = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
DIGITS = 5


def command(settings: dict) -> str:
    """Return the command that makes a run with these settings again."""
    parts = ["cnncourse train", settings["model"], "--backend", settings["backend"], "--data", settings["data"]]
    parts += ["--full"] if settings["full"] else []
    parts += ["--augment"] if settings["augment"] else []
    for name in ("epochs", "batch_size", "weight_decay", "images", "size", "seed"):
        if settings[name] is not None:
            parts += [f"--{name.replace('_', '-')}", str(settings[name])]
    for name, usual in TORCH_ONLY.items():
        if settings.get(name, usual) != usual:
            parts += [f"--{name}", str(settings[name])]
    if settings["lr"] != LEARNING_RATES[settings["model"]]:
        parts += ["--lr", str(settings["lr"])]
    return " ".join(parts)


def kept(run: Path, options: str) -> dict:
    """Return what is kept of one run; `options` is what of its command the settings do not hold.

    Raises
    ------
    ValueError
        If the run has not come to its end.
    """
    try:
        settings = json.loads((run / "settings.json").read_text(encoding="utf-8"))
        history = run / "history.csv"
        rows = list(csv.DictReader(history.read_text(encoding="utf-8").splitlines()))
    except FileNotFoundError as error:
        raise ValueError(f"{run} must be a finished run of `cnncourse train`; {error.filename} is missing") from None
    if len(rows) != settings["epochs"]:
        raise ValueError(f"{run} must have {settings['epochs']} epochs, got {len(rows)}")
    return {
        "command": f"{command(settings)} {options}".strip(),
        "settings": settings,
        "ended": written(history.stat().st_mtime),
        "seconds": round(sum(float(row["seconds"]) for row in rows)),
    } | {column: [round(float(row[column]), DIGITS) for row in rows] for column in COLUMNS}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="of the file, such as 14_degradation")
    parser.add_argument("runs", nargs="+", type=Path, help="folders that `cnncourse train` has written")
    parser.add_argument("--options", default="", help="options of the command that settings.json does not hold")
    arguments = parser.parse_args(argv)
    try:
        runs = [kept(run, arguments.options) for run in arguments.runs]
    except ValueError as error:
        print(f"keep_history: {error}", file=sys.stderr)
        return 2
    history = {
        "made_with": made_with(),
        "runs": {run["settings"]["model"]: run for run in runs},
    }
    file = FOLDER / f"{arguments.name}.json"
    keep(history, file)
    print(f"{file.name}: {', '.join(history['runs'])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
