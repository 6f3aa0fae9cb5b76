"""One convolution, NumPy beside PyTorch: forward and backward, nine 3×3 layers and others.

Both get the same arrays and as many threads. "Prepared" has transformed the filters before, as a network does that
only predicts; plain "forward" transforms them every time. Backward computes both gradients. Ratios are NumPy's median
time by PyTorch's: below 1, NumPy is faster. NumPy's results are compared with PyTorch's before anything is timed.
With --profile, the lines in which NumPy spends the time of those passes that take more than 1.5 times PyTorch's; and
with several threads, what it costs to share out no work at all, and to share Python's lock.
"""

from benchmarks import contention, layers, lines
from benchmarks.measure import geometric_mean, relative_error, side_by_side
from benchmarks.runner import main, plural, progress
from benchmarks.tables import folded, milliseconds, ratio, table

TOLERANCE = 1e-4  # of the largest entry
RESISTS = 1.5  # the ratio from which a pass's profile is shown


def add_arguments(parser):
    parser.add_argument("--only", default="", metavar="TEXT", help="layers whose name contains it, such as depthwise")
    parser.add_argument("--profile", action="store_true", help="also where the time goes, line by line")


def measure(options):
    import numpy as np
    import torch

    torch.set_num_threads(options.threads)
    rng = np.random.default_rng(0)
    rows = []
    for layer in layers.NINE + layers.OTHERS:
        if options.only in layer.name:
            row = {"layer": layer.name, "nine": layer in layers.NINE} | measure_layer(layer, rng, options)
            rows.append(row)
            progress(f"{layer.name}: " + ", ".join(f"{name} {value:.2f}" for name, value in ratios(row).items()))
    if rows and options.profile and options.threads > 1:
        rows[0]["sharing"] = sharing(options.threads)
    return rows


def sharing(threads):
    """Time what it costs to share out next to nothing: by this package, by PyTorch, and a round trip of two threads."""
    import threading
    from queue import SimpleQueue

    import torch

    from cnncourse.numpy_nn.fast import threads as ours

    there, back, few = SimpleQueue(), SimpleQueue(), torch.zeros(32769)  # the least that PyTorch shares out
    other = threading.Thread(target=lambda: [back.put(item) for item in iter(there.get, None)], daemon=True)
    other.start()

    def round_trip():
        there.put(0)
        back.get()

    def relu():
        torch.relu(few)

    calls = {
        "there and back between two threads that sleep": round_trip,
        "numpy_nn shares out nothing": lambda: ours.parallel_map(lambda _: None, range(threads)),
        "PyTorch shares out a ReLU of 32769 values": relu,
    }
    times = side_by_side(calls, 1)
    there.put(None)
    return times | contention.measure()


def measure_forward(layer, x, w, budget):
    """Check and time the forward passes of one layer; returns them, their times and the error against float64."""
    import torch
    import torch.nn.functional as T

    from cnncourse.numpy_nn import functional as F
    from cnncourse.numpy_nn.fast import conv as fast_conv

    X, W = torch.from_numpy(x), torch.from_numpy(w)
    prepared = fast_conv.prepare_conv2d(w) if layer in layers.NINE else None
    contenders = {
        "numpy": lambda: F.conv2d(x, w, **layer.geometry),
        "torch": lambda: T.conv2d(X, W, **layer.geometry),
    }
    if prepared is not None:
        contenders["prepared"] = lambda: fast_conv.conv2d(x, w, prepared=prepared, **layer.geometry)
    with torch.no_grad():
        exact = T.conv2d(X.double(), W.double(), **layer.geometry).numpy()
        error = max(relative_error(contenders[name](), exact) for name in contenders if name != "torch")
        assert error < TOLERANCE, f"{layer.name}: forward is off by {error:.1e} of the output's scale"
        return contenders, side_by_side(contenders, budget), error


def measure_layer(layer, rng, options):
    """Check and time one layer; returns times and the error against float64."""
    import torch
    import torch.nn.functional as T

    from cnncourse.numpy_nn import functional as F

    budget = 0.2 if options.quick else 2.5
    x, w, g = layer.arrays(rng)
    X, W, G = (torch.from_numpy(array).requires_grad_() for array in (x, w, g))
    contenders, forward, error = measure_forward(layer, x, w, budget)
    y = T.conv2d(X, W, **layer.geometry)

    def backward():
        return torch.autograd.grad(y, (X, W), G, retain_graph=True)

    ours = F.conv2d_backward(g, x, w, **layer.geometry)
    for name, got, wanted in zip(("input", "weight"), ours, backward(), strict=False):
        off = relative_error(got, wanted.numpy())
        assert off < TOLERANCE, f"{layer.name}: the gradient of the {name} is off by {off:.1e} of its scale"
    backwards = {"numpy": lambda: F.conv2d_backward(g, x, w, **layer.geometry), "torch": backward}
    back = side_by_side(backwards, budget)
    row = {"forward": forward, "backward": back, "error": error, "lines": {}}
    for direction, both in (("forward", contenders), ("backward", backwards)):
        if options.profile and ratio(row[direction]["numpy"], row[direction]["torch"]) > RESISTS:
            row["lines"][direction] = lines.expensive(both["numpy"])
    return row


def ratios(row):
    """Return NumPy's time by PyTorch's: forward, backward, and forward with prepared filters where that was tried."""
    forward, back = row["forward"], row["backward"]
    result = {name: ratio(forward[name], forward["torch"]) for name in ("prepared", "numpy") if name in forward}
    return result | {"backward": ratio(back["numpy"], back["torch"])}


def report(rows):
    text = ""
    for threads in sorted({row["threads"] for row in rows}):
        for nine, title in ((True, "nine 3×3 layers"), (False, "other layers")):
            some = [row for row in rows if row["threads"] == threads and row["nine"] == nine]
            if some:
                text += f"**{plural(threads, 'thread')}, {title}**\n\n" + layer_table(some) + "\n"
    text += "Times are median (quartiles) in ms; error is against float64, by the output's largest entry.\n"
    for row in rows:
        if "sharing" in row:
            times = [[name, milliseconds(took, 3)] for name, took in row["sharing"].items()]
            title = f"What sharing out costs, {plural(row['threads'], 'thread')}"
            text += f"\n**{title}**\n\n{table(['What', 'ms'], times)}"
    return text + "".join(map(profiles, rows)), draw(rows)


def profiles(row):
    """Return a folded table for each direction: the lines in which a layer spends its time."""
    text = ""
    for direction, found in row["lines"].items():
        ours, theirs = (milliseconds(row[direction][name], 2) for name in ("numpy", "torch"))
        title = f"{row['layer']}, {direction}, {plural(row['threads'], 'thread')}"
        rows = [[f"`{where}`", f"`{line.replace('|', '¦')}`", f"{1e3 * took:.2f}"] for where, line, took in found]
        title += f": NumPy takes {ours} and PyTorch {theirs} ms"
        text += folded(title, table(["Where", "line", "ms"], rows))
    return text


def layer_table(rows):
    """Return a table with times and ratios, the last line with the ratios' geometric means."""
    forward = [name for name in ("prepared", "numpy", "torch") if name in rows[0]["forward"]]
    labels = {"prepared": "forward, prepared", "numpy": "forward", "torch": "PyTorch"}
    ours = list(ratios(rows[0]))
    head = ["Layer", *(labels[name] for name in forward), "backward", "PyTorch", *(f"ratio {name}" for name in ours)]
    head = [name.replace("ratio numpy", "ratio forward") for name in head] + ["error"]
    lines = []
    for row in rows:
        times = [row["forward"][name] for name in forward] + [row["backward"][name] for name in ("numpy", "torch")]
        quotients = [f"{value:.2f}" for value in ratios(row).values()]
        lines.append([row["layer"], *map(milliseconds, times), *quotients, f"{row['error']:.0e}"])
    means = [f"**{geometric_mean([ratios(row)[name] for row in rows]):.2f}**" for name in ours]
    return table(head, [*lines, ["**geometric mean**", *[""] * (len(forward) + 2), *means, ""]])


def draw(rows):
    """Draw the ratios as points, a panel for each number of threads."""
    from cnncourse.viz.style import PALETTE, figure_grid

    counts = sorted({row["threads"] for row in rows})
    names = list(dict.fromkeys(row["layer"] for row in rows))
    figure, axes = figure_grid(1, len(counts), size=(5 * len(counts) + 1, 0.24 * len(names) + 1.2), sharey=True)
    for place, threads in zip(axes[0], counts, strict=True):
        some = [row for row in rows if row["threads"] == threads]
        for colour, marker, name in zip(PALETTE, "^os", ("prepared", "numpy", "backward"), strict=False):
            points = [(ratios(row)[name], names.index(row["layer"])) for row in some if name in ratios(row)]
            label = {"prepared": "forward, filters prepared", "numpy": "forward", "backward": "backward"}[name]
            if points:
                place.plot(*zip(*points, strict=True), marker, color=colour, label=label, markersize=5)
        place.axvline(1, color="0.3", linewidth=1)
        place.set_xscale("log", base=2)
        place.xaxis.set_major_formatter("{x:.2g}")
        place.grid(axis="both", color="0.9", linewidth=0.8)
        place.set(xlabel="NumPy's time by PyTorch's", title=plural(threads, "thread"), yticks=range(len(names)))
        place.set_yticklabels(names)
    axes[0, 0].invert_yaxis()
    axes[0, -1].legend(loc="best")
    return figure


if __name__ == "__main__":
    main("conv")
