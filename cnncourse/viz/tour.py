"""The tour's end: all published networks of the course in one table and one plot.

Depth, parameters and multiply-adds are counted from our own networks. The errors are those that the papers report;
they and their sources are in ``tour.toml``, which is also the list of networks.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from cnncourse.viz.style import BLUE, ORANGE, figure_grid

FILE = Path(__file__).with_name("tour.toml")
COLUMNS = {
    "network": "", "year": "d", "depth": "d", "parameters": ",d", "million multiply-adds": ",.1f", "ms here": ",.1f",
    "data": "", "crops": "", "top-1 error, reported": "", "top-5 error, reported": "",
}  # fmt: skip


@dataclass(frozen=True)
class Stop:
    """One network: what we counted, what we measured (`milliseconds`, or None), what its authors reported (or None)."""

    name: str
    model: str
    year: int
    depth: int
    parameters: int
    multiply_adds: int
    milliseconds: float | None
    data: str
    crops: str | None
    top1: float | None
    top5: float | None
    source: str
    label: str = "right"


class Tour:
    """The networks as `rows` and `columns` for ``cnncourse.table``, their `sources`, and as a `figure`."""

    def __init__(self, stops: list[Stop]):
        self.stops = stops
        self.timed = any(stop.milliseconds is not None for stop in stops)

    @property
    def columns(self) -> dict:
        """Name of each column → the format of its numbers; without a column of times if none were measured."""
        return {name: form for name, form in COLUMNS.items() if self.timed or name != "ms here"}

    @property
    def rows(self) -> list[list]:
        """One row per network, oldest first."""
        rows = []
        for stop in self.stops:
            time = [stop.milliseconds] if self.timed else []
            counted = [stop.name, stop.year, stop.depth, stop.parameters, stop.multiply_adds / 1e6, *time]
            rows.append([*counted, stop.data, stop.crops, stop.top1, stop.top5])
        return rows

    @property
    def sources(self) -> list[list]:
        """One row per network: its name, and where its errors were reported."""
        return [[stop.name, stop.source] for stop in self.stops]

    def figure(self, size=(9, 4.6)):
        """Draw ImageNet's reported top-1 error over multiply-adds; the areas of the dots are the parameters.

        Networks without a reported top-1 error on ImageNet are left out. A filled dot is one crop per image or a
        source that does not say; an open one is the mean over several views, which lowers the error by one or two.

        Returns
        -------
        matplotlib.figure.Figure
        """
        figure, axes = figure_grid(size=size)
        place = axes[0, 0]
        for stop in self.stops:
            if stop.top1 is not None and stop.data == "ImageNet":
                _draw(place, stop)
        for millions in (5, 25, 100):
            place.scatter([], [], _area(millions * 1e6), color=BLUE, alpha=0.6, label=f"{millions} million")
        place.scatter([], [], 50, color=BLUE, alpha=0.6, label="one view, or not said")
        place.scatter([], [], 50, facecolors="none", edgecolors=ORANGE, linewidths=1.5, label="several views")
        title = "parameters, and views\nof an image in testing"
        place.legend(title=title, loc="center left", bbox_to_anchor=(1.01, 0.5), labelspacing=1.2)
        place.set(xscale="log", xlabel="multiply-adds for an image", ylabel="top-1 error on ImageNet, reported (%)")
        place.margins(x=0.22, y=0.12)
        return figure


def tour_of_networks(times: dict[str, float] | None = None) -> Tour:
    """Return all published networks of the course, oldest first, as a table and a plot.

    Nothing is computed but sizes: no weight is drawn, and it takes about a second.

    Parameters
    ----------
    times
        Name in ``numpy_nn.models`` → seconds for one image, such as `time_here` measures; none by default.

    Examples
    --------
    >>> networks = tour_of_networks({"resnet18": 0.02})
    >>> [(stop.depth, stop.parameters) for stop in networks.stops if stop.name == "ResNet-18"]
    [(18, 11689512)]
    """
    from cnncourse.numpy_nn import models

    times = times or {}
    known = [entry for entry in entries() if hasattr(models, entry["model"])]
    unknown = sorted(set(times) - {entry["model"] for entry in known})
    if unknown:
        raise ValueError(f"times: expected names of {[entry['model'] for entry in known]}, got {unknown}")
    return Tour([_stop(entry, times.get(entry["model"])) for entry in known])


def time_here(name: str, rounds: int = 3) -> float:
    """Return the seconds of processor time that our NumPy network `name` of the tour takes for one image.

    The network is prepared for inference (``numpy_nn.inference``) and its weights are random: they do not change the
    time.
    """
    import numpy as np

    from cnncourse.numpy_nn import inference, models
    from cnncourse.timing import seconds

    shapes = {entry["model"]: entry["input"] for entry in entries()}
    if name not in shapes or not hasattr(models, name):
        raise ValueError(f"name: expected one of {[one for one in shapes if hasattr(models, one)]}, got {name!r}")
    network = inference.prepare(getattr(models, name)(rng=np.random.default_rng(0)).eval())
    image = np.random.default_rng(1).normal(size=(1, *shapes[name])).astype(np.float32)
    return seconds({name: lambda: network(image)}, rounds=rounds)[name]


def entries() -> list[dict]:
    """Return the entries of ``tour.toml`` as they are, those of networks that we do not have included."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))["network"]


def _stop(entry: dict, seconds: float | None) -> Stop:
    from cnncourse.numpy_nn import depth, models, summary

    network = getattr(models, entry["model"])()
    counted = summary(network, (1, *entry["input"]))
    given = {"crops": None, "top1": None, "top5": None} | {key: entry[key] for key in entry if key != "input"}
    milliseconds = None if seconds is None else 1e3 * seconds
    return Stop(depth=depth(network), parameters=counted.parameters, multiply_adds=counted.multiply_adds,
                milliseconds=milliseconds, **given)  # fmt: skip


def _area(parameters: int) -> float:
    """Return the area of a dot, in square points."""
    return parameters / 2.5e5


def _draw(place, stop: Stop) -> None:
    several = stop.crops not in (None, "1")
    colours = {"facecolors": "none", "edgecolors": ORANGE} if several else {"color": BLUE, "alpha": 0.6}
    place.scatter(stop.multiply_adds, stop.top1, _area(stop.parameters), linewidths=1.5, **colours)
    reach = 4 + (_area(stop.parameters) / 3.14) ** 0.5
    x, y, ha = {"left": (-reach, 0, "right"), "above": (0, reach + 3, "center")}.get(stop.label, (reach, 0, "left"))
    place.annotate(f"{stop.name}, {stop.year}", (stop.multiply_adds, stop.top1), (x, y),
                   textcoords="offset points", ha=ha, va="center", fontsize=8)  # fmt: skip
