"""What all moving figures have in common: a still picture for where they cannot move."""

from __future__ import annotations

import anywidget

from cnncourse.viz.show import as_picture
from cnncourse.viz.widgets.assets import style

HOW_TO = (
    "This is a still picture. To move it, open the lesson in JupyterLab, choose Run → Run All Above Selected Cell, "
    "and run this cell."
)


class MovingFigure(anywidget.AnyWidget):
    """A widget that shows itself as a picture, with a sentence on how to move it, where it has not been run.

    That is so on GitHub, and in JupyterLab if the notebook comes from somewhere else. A subclass has its module in
    ``_esm``, a ``__repr__`` of a few words, and `still`.
    """

    _css = style()

    def still(self):
        """Return a matplotlib figure of the present state."""
        raise NotImplementedError(f"{type(self).__name__}.still: a widget must have a still picture")

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        try:
            figure = self.still()
        except ValueError:  # a state without a picture, such as a window larger than its image
            return data | {"text/plain": f"{self!r}. {HOW_TO}"}, metadata
        width, height = figure.get_size_inches()
        figure.set_size_inches(max(width, 7.8), height + 0.4)  # room for the sentence
        figure.supxlabel(HOW_TO, x=0.01, ha="left", fontsize=8.5, color="0.35", wrap=True)
        picture, about = as_picture(figure, f"{self!r}. {HOW_TO}")
        return data | picture, metadata | about
