"""A notebook's saved widgets carry the module and the style they were made with; here they get those of today."""

from __future__ import annotations

from nbformat import NotebookNode

STATE = "application/vnd.jupyter.widget-state+json"


def refresh(notebook: NotebookNode) -> bool:
    """Give the course's widgets that `notebook` has saved their present module and style; return whether any changed.

    Their values stay, so nothing has to run again.
    """
    models = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    changed = False
    for state in (model["state"] for model in models.values()):
        home = str(state.get("_anywidget_id", "")).split(".")  # cnncourse.viz.widgets.NAME.Class
        if home[0] == "cnncourse":
            from cnncourse.viz.widgets.assets import script, style

            today = {"_esm": script(home[-2]), "_css": style()}
            changed = changed or any(state[key] != text for key, text in today.items())
            state.update(today)
    return changed
