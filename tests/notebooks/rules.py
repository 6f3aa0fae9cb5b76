"""What every committed notebook must keep to; each rule returns the lines that break it."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

from tools.folding import WITHOUT_CODE, is_cover, tags
from tools.notebook_builder import code_cells, read_source


def unexecuted_cells(notebook) -> list[str]:
    """Return cells with code but no execution count: nbval would pass them whatever they print."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    return [cell.source[:60] for cell in cells if cell.execution_count is None]


def pictures_without_words(notebook) -> list[str]:
    """Return the cells whose picture has no alt text, or other words in its text than in its metadata."""
    bad = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if is_cover(output) or not any(kind.startswith("image/") for kind in data):
                continue
            alt = output.metadata.get("image/png", {}).get("alt", "")
            if len(alt.split()) < 4 or data.get("text/plain") != alt:
                bad.append(cell.source[:60])
    return bad


def widgets_without_picture(notebook) -> list[str]:
    """Return the cells whose widget has no still picture, for GitHub and for notebooks that are not trusted."""
    view = "application/vnd.jupyter.widget-view+json"
    shown = ((cell, output.get("data", {})) for cell in notebook.cells for output in cell.get("outputs", []))
    return [cell.source[:60] for cell, data in shown if view in data and "image/png" not in data]


def differs_from_source(notebook, source: Path) -> list[str]:
    """Return what keeps the notebook from being its source's: the code cells, or the remembered digest."""
    fresh = read_source(source)
    problems = []
    if code_cells(fresh) != code_cells(notebook):
        problems.append("the code cells differ")
    if [cell.id for cell in fresh.cells] != [cell.id for cell in notebook.cells]:
        problems.append("the cells' ids (so the text) differ")
    if [_options(cell) for cell in fresh.cells] != [_options(cell) for cell in notebook.cells]:
        problems.append("the cells' tags or what is folded differ")
    if fresh.metadata.cnncourse != notebook.metadata.get("cnncourse"):
        problems.append("it was built from another version of the source")
    return problems


def uncovered(notebook) -> list[str]:
    """Return the cells of which JupyterLab would show a line, though it is folded: of the outputs, or of the code."""
    bad = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            folded = cell.metadata.get("jupyter", {}).get("outputs_hidden") and cell.outputs
            if (folded and not is_cover(cell.outputs[0])) or (tags(cell) & WITHOUT_CODE and cell.source[:1] != "#"):
                bad.append(cell.source[:60])
    return bad


def _options(cell) -> tuple:
    return cell.metadata.get("tags", []), cell.metadata.get("jupyter", {})


def errors_and_warnings(notebook) -> list[str]:
    """Return cells that end in an error nobody announced, or print to stderr (warnings name a path)."""
    bad = []
    for cell in notebook.cells:
        expected = "raises-exception" in cell.metadata.get("tags", [])
        for output in cell.get("outputs", []):
            if (output.output_type == "error" and not expected) or output.get("name") == "stderr":
                bad.append(cell.source[:60])
    return bad


def wide_code(notebook, limit: int = 100) -> list[str]:
    """Return the lines of code that run off the edge of JupyterLab with its side bar open, in a small window."""
    return [line for cell in code_cells(notebook) for line in cell.splitlines() if len(line) > limit]


def heads_of_formulas(notebook) -> list[str]:
    """Return the heads of text tables with a column named by a formula alone, which some readers aloud pass over."""
    texts = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    heads = re.findall(r"^(\|.*\|) *\n\|[ :|-]+\| *$", texts, flags=re.MULTILINE)
    return [head for head in heads if re.search(r"\| *\$[^$|]*\$ *(?=\|)", head)]


def read(path: Path):
    return nbformat.read(path, as_version=4)
