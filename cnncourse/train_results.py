"""What a training run leaves behind: a table, weights, the history and its curves, each written whole or not at all."""

import csv

from cnncourse.viz.style import BLUE, GREY
from cnncourse.whole_files import whole_file


def keep_results(output, title, model, rows):
    """Write weights, history and curves into the folder `output`; return what to print.

    Parameters
    ----------
    output : Path
        A folder that exists.
    title : str
        The title of the curves.
    model
        A network of `numpy_nn` or `torch_nn`.
    rows : list of dict
        One per epoch.
    """
    from cnncourse.numpy_nn.training import History
    from cnncourse.weights import save_weights

    save_weights(model, output / "weights.safetensors")
    with whole_file(output / "history.csv") as unfinished, open(unfinished, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    plot(rows, title, output / "curves.png")
    best = max(rows, key=lambda row: row["test_accuracy"])
    return (
        f"{History(rows)}\n"
        f"test accuracy {rows[-1]['test_accuracy']:.2%} at the end, {best['test_accuracy']:.2%} at best "
        f"(epoch {best['epoch']}), {sum(row['seconds'] for row in rows):.0f} s of training\n"
        f"{output}: weights.safetensors, history.csv, curves.png"
    )


def plot(rows, title, path):
    """Draw loss and accuracy over the epochs."""
    from matplotlib.figure import Figure  # without pyplot: no window, whatever the backend

    figure = Figure(figsize=(8, 3.2), layout="constrained")
    epochs = [row["epoch"] for row in rows]
    for axes, quantity in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        axes.plot(epochs, [row[f"train_{quantity}"] for row in rows], "o--", color=GREY, label="training")
        axes.plot(epochs, [row[f"test_{quantity}"] for row in rows], "s-", color=BLUE, label="test")
        axes.set_xlabel("epoch")
        axes.set_ylabel(quantity)
        axes.legend()
    figure.suptitle(title)
    with whole_file(path) as unfinished:
        figure.savefig(unfinished, dpi=120, format="png")


def write_text(path, text):
    """Write a small file under another name first."""
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
