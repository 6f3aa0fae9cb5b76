"""From a py:percent source to an executed notebook, the same bytes every time.

A source is what people edit; the notebook is what people read. Three things keep the pair honest:
cell ids come from the cell's own text, so inserting a cell renames no other; whatever differs from
run to run (timings, widget ids, the kernel's patch version) is removed; and the notebook remembers
the SHA-256 of the source that it was built from.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import tempfile
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from tools import alt_words, saved_widgets
from tools.folding import cover, fold

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
CELL_TIMEOUT = 300  # seconds
FOLD_ENDS = re.compile(r"(?<=\n</details>)\n+(?=\S)(?!<details)")


def source_digest(source: Path) -> str:
    """Return the SHA-256 (hex) of a source file's text."""
    return hashlib.sha256(source.read_text(encoding="utf-8").encode()).hexdigest()


def stable_ids(notebook: NotebookNode) -> NotebookNode:
    """Give each cell an id made from its own type and text (a repeated text gets a running number)."""
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[digest] += 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
    return notebook


def apart(cell: NotebookNode) -> list[NotebookNode]:
    """Split a text after each folded explanation: in one cell, what follows would stick to the fold's closed line."""
    parts = FOLD_ENDS.split(cell.source) if cell.cell_type == "markdown" else [cell.source]
    if len(parts) == 1:
        return [cell]
    return [nbformat.v4.new_markdown_cell(part, metadata=dict(cell.metadata)) for part in parts]


def read_source(source: Path) -> NotebookNode:
    """Read a py:percent file as an unexecuted notebook with stable cell ids, folded as in `tools.folding`."""
    parsed = jupytext.read(source, fmt="py:percent")
    cells = [part for cell in parsed.cells for part in apart(cell)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = NotebookNode(
        kernelspec=dict(KERNELSPEC),
        language_info={"name": "python"},
        cnncourse={"source": source.name, "source_sha256": source_digest(source)},
    )
    for cell in notebook.cells:
        cell.metadata.pop("lines_to_next_cell", None)
    return stable_ids(fold(notebook))


def _merge_streams(outputs: list) -> list:
    """Join neighbouring outputs of one stream: how they are split depends on timing."""
    merged: list = []
    for output in outputs:
        last = merged[-1] if merged else None
        if output.output_type == "stream" and last is not None and last.get("name") == output.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged


def _rename_widgets(notebook: NotebookNode) -> NotebookNode:
    """Replace the random ids of widget models by numbers, in the order in which the cells show them.

    A shown model leads to the models it refers to (its layout, its style), in the order of its own text.
    """
    models = notebook.metadata.get("widgets", {}).get(saved_widgets.STATE, {}).get("state", {})
    shown = re.findall(r"[0-9a-f]{32}", json.dumps(notebook.cells))
    order: dict[str, str] = {}
    queue = [name for name in shown if name in models]
    while queue:
        name = queue.pop(0)
        if name not in order:
            order[name] = hashlib.md5(f"widget {len(order)}".encode()).hexdigest()
            text = json.dumps(models[name], sort_keys=True)
            queue += [found for found in re.findall(r"[0-9a-f]{32}", text) if found in models]
    for name in set(models) - set(order):  # made and never shown: nothing on the page needs it
        del models[name]
    text = json.dumps(notebook, ensure_ascii=False)
    for name, number in order.items():
        text = text.replace(name, number)
    return nbformat.from_dict(json.loads(text))


def execute(notebook: NotebookNode, cwd: Path, timeout: int = CELL_TIMEOUT) -> NotebookNode:
    """Run all cells in a fresh kernel and keep only what is the same on every run.

    Parameters
    ----------
    notebook
        As `read_source` returns it; modified and returned.
    cwd
        The folder in which the notebook runs.
    timeout
        Seconds that one cell may take.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises and is not tagged ``raises-exception``.
    """
    NotebookClient(
        notebook, timeout=timeout, kernel_name="python3", record_timing=False,
        resources={"metadata": {"path": str(cwd)}},
    ).execute()  # fmt: skip
    notebook.metadata.language_info = {"name": "python"}
    notebook.metadata.kernelspec = dict(KERNELSPEC)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = _merge_streams(cell.outputs)
    return cover(_rename_widgets(notebook))


def reuse_outputs(notebook: NotebookNode, path: Path) -> bool:
    """Give `notebook` the outputs of the one at `path` if both have the same code; return whether they had.

    Then only text, comments, alt texts, a widget's script or what is folded has changed, and nothing has to run again.
    """
    if not path.exists():
        return False
    built = nbformat.read(path, as_version=4)
    if _what_runs(built) != _what_runs(notebook):
        return False
    olds = iter(cell for cell in built.cells if cell.cell_type == "code")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            old = next(olds)
            cell.outputs, cell.execution_count = old.outputs, old.execution_count
    if "widgets" in built.metadata:
        notebook.metadata.widgets = built.metadata.widgets
        saved_widgets.refresh(notebook)
    cover(notebook)
    return alt_words.refresh(notebook)


def _what_runs(notebook: NotebookNode) -> list[tuple[str, bool]]:
    """Return for each code cell what it does, without comments and layout, and whether an error is expected of it."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [(_meaning(cell.source), "raises-exception" in cell.metadata.get("tags", [])) for cell in cells]


def _meaning(code: str) -> str:
    try:
        return ast.dump(ast.parse(code))
    except SyntaxError:  # a line that only IPython understands
        return code


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook whole or not at all: to a temporary file in the same folder, then rename."""
    nbformat.validate(notebook)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def code_cells(notebook: NotebookNode) -> list[str]:
    """Return the text of the code cells, in order."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def is_stale(source: Path, notebook: Path) -> bool:
    """Whether the notebook is missing, or has another version of its source, alt texts or widgets' scripts."""
    if not notebook.exists():
        return True
    built = nbformat.read(notebook, as_version=4)
    digest = built.metadata.get("cnncourse", {}).get("source_sha256")
    if digest != source_digest(source) or not alt_words.are_current(built):
        return True
    return saved_widgets.refresh(built)
