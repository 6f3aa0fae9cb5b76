"""Two networks' histograms over training, layer by layer."""

from __future__ import annotations

import numpy as np
import traitlets

from cnncourse.viz.histograms import histogram_rows
from cnncourse.viz.widgets.assets import script
from cnncourse.viz.widgets.base import MovingFigure


class HistogramPlayer(MovingFigure):
    """Step through training and watch the values of every layer, for several networks side by side.

    Parameters
    ----------
    networks
        Name → shares (frames, layers, bins) in [0, 1]; all of one shape. Kept in thousandths.
    spreads
        Name → standard deviations (frames, layers), written beside the histograms.
    steps
        The training step of each frame, rising.
    low, high
        The range of the histograms; the outermost bins hold what lies beyond.
    frame
        The frame shown first.

    Raises
    ------
    ValueError
        If shapes disagree.
    """

    _esm = script("histogram_player")
    names = traitlets.List().tag(sync=True)  # a saved notebook sorts the keys of a dict
    networks = traitlets.Dict().tag(sync=True)
    spreads = traitlets.Dict().tag(sync=True)
    steps = traitlets.List().tag(sync=True)
    low = traitlets.Float().tag(sync=True)
    high = traitlets.Float().tag(sync=True)
    frame = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, networks, spreads, steps, low: float, high: float, frame: int = 0):
        if not networks:
            raise ValueError("networks must hold at least one network, got none")
        shapes = {name: np.shape(shares) for name, shares in networks.items()}
        if len(set(shapes.values())) > 1 or any(len(shape) != 3 or shape[0] != len(steps) for shape in shapes.values()):
            raise ValueError(f"networks must be (frames, layers, bins) with {len(steps)} frames, got shapes {shapes}")
        if set(spreads) != set(networks) or any(np.shape(spreads[name]) != shapes[name][:2] for name in networks):
            got = {name: np.shape(spread) for name, spread in spreads.items()}
            raise ValueError(f"spreads must be (frames, layers) for {list(networks)}, got shapes {got}")
        if not 0 <= frame < len(steps):
            raise ValueError(f"frame must be from 0 to {len(steps) - 1}, got {frame}")
        super().__init__(
            names=list(networks),
            networks={k: np.rint(1000 * np.asarray(v)).astype(int).tolist() for k, v in networks.items()},
            spreads={k: [[float(f"{s:.3g}") for s in row] for row in v] for k, v in spreads.items()},
            steps=[int(step) for step in steps], low=float(low), high=float(high), frame=frame,
        )  # fmt: skip

    def still(self):
        """Draw the frame shown."""
        panels = {name: np.array(self.networks[name][self.frame]) / 1000 for name in self.names}
        bins = np.shape(next(iter(panels.values())))[1]
        return histogram_rows(
            panels, np.linspace(self.low, self.high, bins + 1), f"value at step {self.steps[self.frame]}"
        )

    def __repr__(self) -> str:
        names, step = " and ".join(self.names), self.steps[self.frame]
        return f"HistogramPlayer: {names}, {len(self.steps)} frames, at step {step}"
