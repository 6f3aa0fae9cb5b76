"""What a lesson keeps folded until its reader opens it or runs it; JupyterLab reads it from each cell's metadata.

After a *Predict* the outputs are folded up to the next text, so that the answer is not on the screen with the
question; JupyterLab opens an output when its cell runs. Cells that teach nothing show no code, by a tag:

    # %% tags=["check"]       asserts: what must hold for the text to be true
    # %% tags=["plumbing"]    drawing or printing that one need not read
    # %% tags=["open"]        after a Predict, yet its output tells nothing (a widget to try things with)
    # %% tags=["answer"]      further down, yet its output tells what an earlier Predict asks (a widget that shows it)

In the place of what is folded JupyterLab shows the first line of it. So folded code begins with a comment, and folded
outputs begin with a cover: an empty picture, of which nothing is shown and which the comparison of outputs skips.
"""

from __future__ import annotations

import re

from nbformat import NotebookNode
from nbformat.v4 import new_output

WITHOUT_CODE = {"check", "plumbing"}
OPEN, ANSWER = "open", "answer"
PREDICT = re.compile(r"^> \*\*Predict", re.MULTILINE)
COVER = {"cnncourse": {"cover": True}}
PIXEL = (  # one transparent pixel, as PNG
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==\n"
)
ENDS_A_QUESTION = re.compile(r"#|<details")  # a text that begins so does not go on with the question


def tags(cell: NotebookNode) -> set[str]:
    """Return the tags of a cell."""
    return set(cell.metadata.get("tags", []))


def predictions(notebook: NotebookNode) -> list[tuple[int, range, int]]:
    """Return for each Predict its place, the places of the code that answers it, and that of the text after it.

    A Predict that no code follows before the next section has an empty range: it waits for a later section.
    """
    cells, found = notebook.cells, []
    for place, cell in enumerate(cells):
        if cell.cell_type != "markdown" or not PREDICT.search(cell.source):
            continue
        start = place + 1
        while start < len(cells) and cells[start].cell_type == "markdown":
            if ENDS_A_QUESTION.match(cells[start].source) or PREDICT.search(cells[start].source):
                break
            start += 1
        end = start
        while end < len(cells) and cells[end].cell_type == "code":
            end += 1
        found.append((place, range(start, end), end))
    return found


def fold(notebook: NotebookNode) -> NotebookNode:
    """Write into each cell's metadata what JupyterLab shows folded; modifies and returns the notebook."""
    answers = {place for _, code, _ in predictions(notebook) for place in code}
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        folded = {}
        if (place in answers and OPEN not in tags(cell)) or ANSWER in tags(cell):
            folded["outputs_hidden"] = True
        if tags(cell) & WITHOUT_CODE:
            folded["source_hidden"] = True
        if folded:
            cell.metadata["jupyter"] = folded
    return notebook


def is_cover(output: NotebookNode) -> bool:
    """Whether an output is only there so that JupyterLab has nothing to show of what is folded behind it."""
    return output.get("metadata", {}).get("cnncourse", {}).get("cover", False)


def cover(notebook: NotebookNode) -> NotebookNode:
    """Put a cover before the outputs that are folded, and take away all others; modifies and returns the notebook."""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if not is_cover(output)]
        if cell.outputs and cell.metadata.get("jupyter", {}).get("outputs_hidden"):
            cell.outputs.insert(0, new_output("display_data", {"image/png": PIXEL}, metadata=COVER))
    return notebook
