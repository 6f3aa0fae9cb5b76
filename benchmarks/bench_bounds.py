"""The ratios that are promised, each beside its bound, in a few minutes.

Ratios are NumPy's median time by PyTorch's, on the same arrays and as many threads, in turn. Of several layers or
networks it is the geometric mean, except where the bound is on the slowest. See `conv` and `networks` for each layer.
"""

from benchmarks import bench_conv, bench_networks, layers
from benchmarks.measure import geometric_mean, side_by_side
from benchmarks.runner import main, progress
from benchmarks.tables import ratio, table

BOUNDS = {
    "nine 3×3 layers, filters prepared": 0.8,
    "nine 3×3 layers, preparing included": 0.95,
    "other layers, forward": 1.4,
    "other layers, forward, the slowest": 2.5,
    "EfficientNet-Lite0": 1.3,
    "training steps of LeNet-5 and ResNet-20": 1.2,
}


def add_arguments(parser):
    parser.add_argument("--only", default="", metavar="TEXT", help="layers and networks whose name contains it")


def measure(options):
    import numpy as np
    import torch

    torch.set_num_threads(options.threads)
    rng, budget, rows = np.random.default_rng(0), 0.2 if options.quick else 1.0, []

    def note(what, name, value):
        progress(f"{name}: {value:.2f}")
        rows.append({"what": what, "name": name, "ratio": value})

    for layer in layers.NINE + layers.OTHERS:
        if options.only in layer.name:
            x, w, _ = layer.arrays(rng)
            _, times, _ = bench_conv.measure_forward(layer, x, w, budget)
            if layer in layers.NINE:
                note("nine 3×3 layers, filters prepared", layer.name, ratio(times["prepared"], times["torch"]))
                note("nine 3×3 layers, preparing included", layer.name, ratio(times["numpy"], times["torch"]))
            else:
                note("other layers, forward", layer.name, ratio(times["numpy"], times["torch"]))
    for name, N in bench_networks.PREDICTING + bench_networks.LEARNING:
        learns = (name, N) in bench_networks.LEARNING
        if options.only in name and (learns or name == "EfficientNet-Lite0"):
            contenders, _, _ = (bench_networks.learners if learns else bench_networks.predictors)(name, N)
            times = side_by_side({key: contenders[key] for key in ("numpy", "torch")}, 4 * budget)
            what = "training steps of LeNet-5 and ResNet-20" if learns else "EfficientNet-Lite0"
            note(what, f"{name}, batch {N}", ratio(times["numpy"], times["torch"]))
    return rows


def report(rows):
    counts = sorted({row["threads"] for row in rows})
    lines = []
    for what, bound in BOUNDS.items():
        slowest = what.endswith(", the slowest")
        line = [what, f"{bound}"]
        for threads in counts:
            some = [row for row in rows if row["what"] == what.removesuffix(", the slowest")]
            some = [row for row in some if row["threads"] == threads]
            worst = max(some, key=lambda row: row["ratio"], default=None)
            if worst is None:
                line.append("")
                continue
            value = worst["ratio"] if slowest else geometric_mean([row["ratio"] for row in some])
            text = f"{value:.2f}" if value <= bound else f"**{value:.2f}**"
            line.append(text + (f" ({worst['name']})" if slowest or len(some) < 5 else ""))
        lines.append(line)
    head = ["NumPy's time by PyTorch's", "bound", *(f"{n} thread{'s' * (n > 1)}" for n in counts)]
    above = [
        f"{row['name']} {row['ratio']:.2f} ({row['threads']})"
        for row in rows
        if row["what"] == "other layers, forward" and row["ratio"] > 1.4
    ]
    text = table(head, lines) + "\nIn bold: above the bound. In brackets: the slowest one.\n"
    if above:
        text += f"\nOther layers above 1.4 (threads): {', '.join(above)}.\n"
    return text, None


if __name__ == "__main__":
    main("bounds")
