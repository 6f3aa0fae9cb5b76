"""Put submissions where nbgrader's formgrader and feedback look for them: `autograded/<student>/<assignment>/`.

Nothing is run, and no page made of these files runs anything. The cells that nbgrader knows get their metadata back
from the released notebook, whatever the student's file says. A student's Markdown becomes a block of plain text, since
the pages would pass HTML in it on; outputs are kept as far as they are text or PNG images.
"""

import json
import re
from pathlib import Path

from cnncourse.grading.host.notebook import load_notebook
from cnncourse.grading.outputs.results import HANDED_OUT, write_whole

KEPT_OUTPUTS = ("text/plain", "image/png")
MAX_OUTPUT = 2 << 20


def place(submission, released, course, assignment):
    """Write one submission below `course/autograded`; returns the file's path.

    Parameters
    ----------
    submission : Submission with a readable notebook
    released : path of the notebook that was released
    course : the folder that holds `submitted`
    assignment : the assignment's name
    """
    theirs = load_notebook(submission.path)["cells"]
    ours = json.loads(Path(released).read_text(encoding="utf-8"))
    waiting = {_grade_id(cell): cell for cell in ours["cells"] if _grade_id(cell)}
    cells = []
    for cell in theirs:
        if isinstance(cell, dict) and cell.get("cell_type") in ("code", "markdown"):
            cells.append(_rebuilt(cell, waiting.pop(_grade_id(cell), None), len(cells)))
    cells += [_rebuilt(cell, cell, len(cells) + i) for i, cell in enumerate(waiting.values())]
    notebook = {"cells": cells, "metadata": ours["metadata"], "nbformat": 4, "nbformat_minor": 5}
    submitted = (Path(course) / "submitted").resolve()
    student = submission.path.parent.resolve().relative_to(submitted).parts[0]
    path = Path(course) / "autograded" / student / assignment / f"{assignment}.ipynb"
    write_whole(path, json.dumps(notebook, indent=1) + "\n", HANDED_OUT)
    return path


def _grade_id(cell):
    metadata = cell.get("metadata") if isinstance(cell, dict) else None
    known = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = known.get("grade_id") if isinstance(known, dict) else None
    return name if isinstance(name, str) else None


def _rebuilt(cell, released, number):
    """A cell with the student's source and outputs; type, metadata (and locked source) from the released one."""
    locked = released is not None and released["metadata"]["nbgrader"]["locked"]
    kind = cell["cell_type"] if released is None else released["cell_type"]
    source = (released if locked else cell).get("source", "")
    source = "".join(part for part in source if isinstance(part, str)) if isinstance(source, list) else source
    source = source if isinstance(source, str) else ""
    if kind == "markdown" and not locked and source.strip():
        source = _as_text(source)
    rebuilt = {
        "cell_type": kind,
        "id": f"cell-{number}",
        "metadata": {} if released is None else released["metadata"],
        "source": source,
    }
    if kind == "code":
        outputs = cell.get("outputs")
        kept = [_output(output) for output in outputs[:50]] if isinstance(outputs, list) else []
        rebuilt |= {"execution_count": None, "outputs": [output for output in kept if output]}
    return rebuilt


def _as_text(source):
    """Markdown that shows a text as it is: a fenced block whose fence the text does not hold."""
    fence = "`" * (max(map(len, re.findall("`+", source)), default=0) + 3)
    return f"{fence}text\n{source}\n{fence}"


def _output(output):
    """An output's text or picture, or None."""
    if not isinstance(output, dict):
        return None
    if output.get("output_type") == "stream":
        text = _text(output.get("text"))
        return {"output_type": "stream", "name": "stdout", "text": text} if text else None
    data = output.get("data")
    if not isinstance(data, dict):
        return None
    kept = {kind: text for kind in KEPT_OUTPUTS if (text := _text(data.get(kind)))}
    if not re.fullmatch(r"[A-Za-z0-9+/=\s]*", kept.get("image/png", "")):  # a page writes it into an attribute as it is
        del kept["image/png"]
    return {"output_type": "display_data", "data": kept, "metadata": {}} if kept else None


def _text(value):
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) and len(value) <= MAX_OUTPUT else ""
