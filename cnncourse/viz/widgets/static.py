"""A widget as plain HTML, for a page without a kernel, without JupyterLab and without the network."""

from __future__ import annotations

import json

from cnncourse.viz.widgets.assets import FOLDER


def widget_html(state: dict, number: int = 0) -> str:
    """Return a widget as an HTML fragment that needs nothing else: its values, its style, its own module.

    Parameters
    ----------
    state
        As ``widget.get_state()`` returns it and a notebook saves it: ``_esm``, ``_css`` and the values.
    number
        Tells several widgets on one page apart.

    Raises
    ------
    ValueError
        If the state is not that of an anywidget.
    """
    if "_esm" not in state:
        raise ValueError(f"state must be that of an anywidget, with its module in '_esm'; got {sorted(state)}")
    common = ("layout", "tabbable", "tooltip")  # what every widget has and ours do not read
    values = {name: value for name, value in state.items() if not name.startswith("_") and name not in common}
    text = json.dumps(values, ensure_ascii=False).replace("</", "<\\/")  # no string may close the script
    place = f"cnn-static-{number}"
    return (
        f'<style>{state.get("_css", "")}</style>\n<div id="{place}"></div>\n<script type="module">\n'
        f"{state['_esm']}\n{(FOLDER / 'static.js').read_text(encoding='utf-8')}\n"
        f'render({{ model: modelOf({text}), el: document.getElementById("{place}") }});\n</script>\n'
    )
