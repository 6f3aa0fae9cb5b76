"""How near each convolution comes to what the machine can do at all: a roofline.

The roof is measured through NumPy: the fastest of several large float32 matrix products, and the bandwidth of adding
two arrays that fit no cache. A layer that does F flops and must move B bytes cannot be faster than
min(peak, F/B · bandwidth). "Effective" counts the flops of the definition, "real" those that Winograd's products do;
so its effective speed may lie above the roof. S. Williams, A. Waterman, D. Patterson, "Roofline" (2009).
"""

from benchmarks import layers
from benchmarks.measure import side_by_side
from benchmarks.runner import main, plural, progress
from benchmarks.tables import MEDIAN, table

MATRIX_SIZES = (1024, 1536, 2048, 3072)
TRIAD_FLOATS = 1 << 25  # 128 MiB an array


def add_arguments(parser):
    parser.add_argument("--only", default="", metavar="TEXT", help="layers whose name contains it")


def measure(options):
    import numpy as np
    import torch

    torch.set_num_threads(options.threads)
    peak, bandwidth = machine_limits()
    progress(f"limits: {peak / 1e9:.0f} Gflop/s, {bandwidth / 1e9:.1f} GB/s")
    rng, rows = np.random.default_rng(0), []
    for layer in layers.NINE + layers.OTHERS:
        if options.only in layer.name:
            rows.append(measure_layer(layer, rng, options.quick) | {"peak": peak, "bandwidth": bandwidth})
            progress(f"{layer.name}: {rows[-1]['flops'] / rows[-1]['numpy'] / 1e9:.0f} effective Gflop/s")
    return rows


def machine_limits():
    """Return the peak of matrix products in flop/s, and the memory's bandwidth in B/s."""
    import numpy as np

    products = {}
    for n in MATRIX_SIZES:
        a, out = np.ones((n, n), np.float32), np.empty((n, n), np.float32)
        products[n] = lambda a=a, out=out: np.matmul(a, a, out=out)
    times = side_by_side(products, 1.0)
    peak = max(2 * n**3 / took[0] for n, took in times.items())
    a, b, c = (np.ones(TRIAD_FLOATS, np.float32) for _ in range(3))
    took = side_by_side({"add": in_parts(np.add, a, b, c)}, 1.0)["add"][0]
    return peak, 3 * a.nbytes / took


def in_parts(ufunc, a, b, out):
    """Return a function that applies a ufunc to long arrays, a part for each thread."""
    import numpy as np

    from cnncourse.numpy_nn.fast import threads

    parts = list(zip(*(np.array_split(array, threads.thread_count()) for array in (a, b, out)), strict=True))
    return lambda: threads.parallel_map(lambda part: ufunc(part[0], part[1], out=part[2]), parts)


def measure_layer(layer, rng, quick):
    """Return a layer's flops, bytes and median seconds."""
    import torch

    from cnncourse.numpy_nn.fast import conv as fast_conv

    x, w, _ = layer.arrays(rng)
    X, W, prepared = torch.from_numpy(x), torch.from_numpy(w), fast_conv.prepare_conv2d(w)
    with torch.no_grad():
        times = side_by_side(
            {
                "numpy": lambda: fast_conv.conv2d(x, w, prepared=prepared, **layer.geometry),
                "torch": lambda: torch.nn.functional.conv2d(X, W, **layer.geometry),
            },
            0.2 if quick else 1.5,
        )
    medians = {name: took[MEDIAN] for name, took in times.items()}
    return {
        "layer": layer.name,
        "flops": layer.flops,
        "real": real_flops(layer, x, w, prepared),
        "bytes": layer.bytes,
        **medians,
    }


def real_flops(layer, x, w, prepared):
    """Return the flops of the products that are really done: 36 for the 144 of a 4×4 tile where Winograd is chosen."""
    from cnncourse.numpy_nn.fast import choice

    S, D, P = (layer.stride,) * 2, (layer.dilation,) * 2, ((layer.padding,) * 2,) * 2
    S, P, D = (layer.stride,) * 2, ((layer.padding,) * 2,) * 2, (layer.dilation,) * 2
    chosen = choice.choose(x.shape, w, S, P, D, layer.groups, prepared is not None)
    if not chosen.startswith("winograd4"):
        return layer.flops
    tiles = layer.N * (-(-layer.output_size // 4)) ** 2
    return 2 * 36 * tiles * layer.C_in * layer.C_out


def report(rows):
    text = ""
    for threads, some in by_threads(rows).items():
        peak, bandwidth = some[0]["peak"], some[0]["bandwidth"]
        limits = f"{peak / 1e9:.0f} Gflop/s, {bandwidth / 1e9:.1f} GB/s"
        lines = []
        for row in some:
            roof = min(peak, row["flops"] / row["bytes"] * bandwidth)
            speeds = [row["flops"] / row["numpy"], row["real"] / row["numpy"], row["flops"] / row["torch"]]
            shares = [f"{100 * speeds[0] / roof:.0f} %", f"{100 * speeds[1] / peak:.0f} %"]
            lines.append([row["layer"], f"{row['flops'] / row['bytes']:.1f}", f"{roof / 1e9:.0f}",
                          *(f"{speed / 1e9:.0f}" for speed in speeds), *shares])  # fmt: skip
        head = ["Layer", "flop/B", "roof, Gflop/s", "NumPy, effective", "NumPy, real", "PyTorch, effective",
                "effective share of the roof", "real share of the peak"]  # fmt: skip
        text += f"**{plural(threads, 'thread')}: {limits}**\n\n" + table(head, lines) + "\n"
    return text + "Forward, filters prepared, from medians.\n", draw(by_threads(rows))


def by_threads(rows):
    """Return thread count → its rows."""
    return {n: [row for row in rows if row["threads"] == n] for n in sorted({row["threads"] for row in rows})}


def draw(groups):
    """Draw roof and layers, a panel for each number of threads."""
    import numpy as np

    from cnncourse.viz.style import GREY, PALETTE, figure_grid

    figure, axes = figure_grid(1, len(groups), size=(5 * len(groups), 3.8), sharey=True)
    for place, (threads, rows) in zip(axes[0], groups.items(), strict=True):
        intensity = np.array([row["flops"] / row["bytes"] for row in rows])
        reach = np.geomspace(intensity.min() / 2, intensity.max() * 2, 200)
        roof = np.minimum(rows[0]["peak"], reach * rows[0]["bandwidth"])
        place.plot(reach, roof / 1e9, color=GREY, linestyle="-", label="roof")
        for colour, marker, (label, done, took) in zip(
            PALETTE, "osx",
            (("NumPy, effective", "flops", "numpy"), ("NumPy, real", "real", "numpy"), ("PyTorch", "flops", "torch")),
            strict=False,
        ):  # fmt: skip
            some = [row for row in rows if label != "NumPy, real" or row["real"] < row["flops"]]
            intensity = [row["flops"] / row["bytes"] for row in some]
            place.plot(
                intensity,
                [row[done] / row[took] / 1e9 for row in some],
                marker,
                color=colour,
                linestyle="",
                markersize=5,
                label=label,
            )
        place.set(
            xscale="log", yscale="log", xlabel="flop per byte that must be moved", title=plural(threads, "thread")
        )
        place.grid(which="both", color="0.92", linewidth=0.6)
    axes[0, 0].set_ylabel("Gflop/s")
    axes[0, -1].legend(fontsize=8)
    return figure


if __name__ == "__main__":
    main("roofline")
