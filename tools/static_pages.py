"""Export lessons as static pages: their widgets move without a kernel and without the network.

    python -m tools.static_pages pages          every lesson, as pages/NN_name.html
    python -m tools.static_pages pages 03 08    only these

Formulas are the one thing that wants the network: the browser fetches MathJax. Without it they show as LaTeX.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import nbformat
from jinja2 import DictLoader
from nbconvert import HTMLExporter

from cnncourse.viz.widgets.static import widget_html
from tools.build_notebooks import pairs
from tools.folding import is_cover
from tools.saved_widgets import STATE

OPEN_ALL = "() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"  # in a browser
VIEW = "application/vnd.jupyter.widget-view+json"
TEMPLATE = """{% extends 'lab/index.html.j2' %}
{% block html_head_js_requirejs %}{% endblock %}  {# nothing here needs it #}
{% block input_group %}
{% if cell.metadata.jupyter and cell.metadata.jupyter.source_hidden %}
<details class="folded"><summary>Show the code</summary>{{ super() }}</details>
{% else %}{{ super() }}{% endif %}
{% endblock %}
{% block output_group %}
{% if cell.metadata.jupyter and cell.metadata.jupyter.outputs_hidden %}
<details class="folded"><summary>Show the output</summary>{{ super() }}</details>
{% else %}{{ super() }}{% endif %}
{% endblock %}
"""


def widgets_to_html(notebook) -> None:
    """Replace every widget among the outputs by HTML made of its saved state, and forget the states."""
    models = notebook.metadata.pop("widgets", {}).get(STATE, {}).get("state", {})
    shown = [output for cell in notebook.cells for output in cell.get("outputs", []) if VIEW in output.get("data", {})]
    for number, output in enumerate(shown):
        state = models[output.data.pop(VIEW)["model_id"]]["state"]
        output.data["text/html"] = widget_html(state, number)
        output.data.pop("image/png", None)  # the still picture of what moves here


def page(notebook: Path) -> str:
    """Return one lesson as an HTML page, folded as JupyterLab folds it; links to other lessons lead to their pages."""
    lesson = nbformat.read(notebook, as_version=4)
    widgets_to_html(lesson)
    for cell in lesson.cells:
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if not is_cover(output)]
    exporter = HTMLExporter(extra_loaders=[DictLoader({"page.html.j2": TEMPLATE})], template_file="page.html.j2")
    body, _ = exporter.from_notebook_node(lesson, resources={"metadata": {"name": notebook.stem}})
    return re.sub(r'href="(\d\d_\w+)\.ipynb', r'href="\1.html', body)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the pages go")
    parser.add_argument("lessons", nargs="*", help="numbers or names, such as 03 (default: all)")
    arguments = parser.parse_args(argv)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for _, notebook in pairs(arguments.lessons):
        target = arguments.folder / f"{notebook.stem}.html"
        target.write_text(page(notebook), encoding="utf-8")
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
