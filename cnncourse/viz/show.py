"""Show a figure together with the words that stand for it."""

from __future__ import annotations

import base64
import io

from cnncourse.viz.alt import words


def settle_layout(figure) -> None:
    """Lay the figure out once and fix its axes at rounded places.

    The solver behind constrained layout adds in an order that differs from run to run: its last digits
    differ, and now and then a letter moves by a fraction of a pixel. Rounded, the bytes are always the same.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        x0, y0, width, height = axes.get_position(original=True).bounds
        axes.set_position([round(side, 5) for side in (x0, y0, width, height)])


def as_picture(figure, alt: str) -> tuple[dict, dict]:
    """Return a figure as the data and metadata of a notebook's output: a PNG, and the words that stand for it."""
    import matplotlib.pyplot as plt

    settle_layout(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    width, height = (round(side * figure.dpi) for side in figure.get_size_inches())
    plt.close(figure)
    data = {"image/png": base64.b64encode(buffer.getvalue()).decode() + "\n", "text/plain": alt}
    return data, {"image/png": {"alt": alt, "width": width, "height": height}}


def show(figure, key: str, **fields) -> None:
    """Display a matplotlib figure as PNG, with alt text, and close it.

    The alt text is the output's ``text/plain``, so that a screen reader, a terminal and the comparison
    of notebook outputs all read it, and it stands in the image's metadata for the book.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; closed afterwards, so that it does not show twice.
    key : str
        Where the figure's alt text is: ``"08/loss-over-rate"`` is ``loss-over-rate`` in ``cnncourse/viz/alt/08.toml``.
        A sentence with spaces is the alt text itself.
    fields
        Values for the places in the alt text that are written ``{name}``.

    Raises
    ------
    TypeError
        If `key` is not a string.

    Examples
    --------
    >>> from cnncourse.viz.charts import line_chart
    >>> show(line_chart([1, 2], {"loss": [3, 1]}, "step", "loss"), "A line falls from 3 to 1.")
    {'image/png': ..., 'text/plain': 'A line falls from 3 to 1.'}
    """
    if not isinstance(key, str):
        raise TypeError(f'show: key must be a string such as "08/loss-over-rate", got {key!r}')
    from IPython.display import display

    data, metadata = as_picture(figure, words(key, fields))
    display(data, metadata=metadata, raw=True)
