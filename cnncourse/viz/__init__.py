"""Figures, animations and widgets in one consistent style.

Every function takes NumPy arrays, draws nothing on the screen, and returns a matplotlib ``Figure``;
``cnncourse.show(figure, "08/loss-over-rate")`` displays it together with the words that stand for it, which are in
``alt/08.toml``; ``cnncourse.table(rows, columns)`` shows numbers.
"""

from __future__ import annotations

import importlib

_HOME = {
    "draw_boxes": "scenes",
    "draw_detections": "detection",
    "draw_lines": "charts",
    "draw_regions": "scenes",
    "draw_values": "images",
    "bar_chart": "charts",
    "detection_row": "detection",
    "feature_maps": "maps",
    "figure_grid": "style",
    "image_row": "images",
    "kernel_row": "kernels",
    "line_chart": "charts",
    "line_panels": "charts",
    "pixel_grid": "images",
    "precision_recall_curves": "detection",
    "scene_row": "scenes",
    "sliding_window": "windows",
    "time_here": "tour",
    "tour_of_networks": "tour",
    "training_curves": "charts",
    "value_row": "images",
}

__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name in _HOME:
        return getattr(importlib.import_module(f"cnncourse.viz.{_HOME[name]}"), name)
    raise AttributeError(f"module 'cnncourse.viz' has no attribute {name!r}")
