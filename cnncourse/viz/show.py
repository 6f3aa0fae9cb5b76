"""Show a figure together with the words that stand for it."""

from __future__ import annotations

import base64
import io


def show(figure, alt: str) -> None:
    """Display a matplotlib figure as PNG, with alt text, and close it.

    The alt text is the output's ``text/plain``, so that a screen reader, a terminal and the comparison
    of notebook outputs all read it, and it stands in the image's metadata for the book.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; closed afterwards, so that it does not show twice.
    alt : str
        What one should see, in a sentence or two.

    Raises
    ------
    ValueError
        If `alt` says too little (fewer than four words).
    """
    if not isinstance(alt, str) or len(alt.split()) < 4:
        raise ValueError(f"alt must say in a sentence what the figure shows, got {alt!r}")
    import matplotlib.pyplot as plt
    from IPython.display import display

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    width, height = (round(side * figure.dpi) for side in figure.get_size_inches())
    plt.close(figure)
    display(
        {"image/png": base64.b64encode(buffer.getvalue()).decode() + "\n", "text/plain": alt},
        metadata={"image/png": {"alt": alt, "width": width, "height": height}},
        raw=True,
    )
