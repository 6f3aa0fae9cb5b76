"""Turn an exercise into a page with an editor for each task, where the browser can run Python; else into plain text."""

from __future__ import annotations

import html
import io
import json
import zipfile
from importlib import util
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from cnncourse.checks import load_task
from tools.book.pages import ROOT, below_title, fix_links, read, where_it_lives

FILES = ("cnncourse/__init__.py", "cnncourse/places.py", "cnncourse/grading/__init__.py", "book/in_browser.py")
PACKAGES = ("checks", "grading/inside", "numpy_nn")  # what checks import; no images
FIXED_DATE = (1980, 1, 1, 0, 0, 0)


def needs_torch(task) -> bool:
    """Whether a task is about PyTorch, which browsers do not have."""
    return hasattr(task, "observe") and task.observe.needs_torch


def role(cell) -> tuple[str, str]:
    """Return what a cell of an exercise is ("task", "check" or "") and the name of its task."""
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    if grade_id.startswith("check_"):
        return "check", grade_id.removeprefix("check_")
    return ("task", grade_id) if grade_id else ("", "")


def exercise_page(path: Path, sections: dict, address: str, live: bool) -> NotebookNode:
    """Return an exercise as a source for Sphinx; with `live`, tasks are places for an editor."""
    notebook = read(path)
    unit = path.stem[:2]
    imports = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    cells = []
    for cell in notebook.cells:
        kind, name = role(cell)
        if cell.cell_type == "markdown":
            cell.source = fix_links(cell.source, sections)
        elif kind == "check" and live:
            continue
        elif kind == "task" and live:
            cell = nbformat.v4.new_markdown_cell(_place(load_task(f"{unit}.{name}"), cell.source))
        cells.append(cell)
    notebook.cells = cells
    about = where_it_lives(f"exercises/{path.stem}/{path.name}", f"../_static/notebooks/exercises/{path.name}", address)
    below_title(notebook, about + "\n\n" + (_panel(path, imports) if live else PLAIN))
    return notebook


PLAIN = (
    '<p class="cnn-note">This copy of the book was built without Python for the browser, so its exercises are for '
    "reading. To work on them, run <code>cnncourse start</code> and open them in JupyterLab.</p>"
)


def _panel(path: Path, prelude: str) -> str:
    """Return the place for what concerns the whole page: points, export, import."""
    return (
        f'<div class="cnn-panel" data-notebook="../_static/notebooks/exercises/{path.name}" '
        f'data-prelude="{_one_line(prelude)}">To work on the tasks in this page, serve it: '
        "<code>make book ARGS=--serve</code>. A page opened as a file cannot run Python.</div>"
    )


def _place(task, code: str) -> str:
    """Return one task's place: its code as text, which the page's script makes an editor of."""
    points = f"{task.max_score:g}"
    torch = " data-torch" if needs_torch(task) else ""
    return (
        f'<div class="cnn-task" id="task-{task.name}" data-task="{task.id}" data-points="{points}"{torch}>'
        f'<pre tabindex="0"><code>{_one_line(code)}</code></pre></div>'
    )


def _one_line(text: str) -> str:
    """Escape a text for HTML without a line break: Markdown ends a block of HTML at an empty line."""
    return html.escape(text).replace("\n", "&#10;")


def course_zip() -> bytes:
    """Return the part of the package that checks need, and threadpoolctl, as the same bytes every time."""
    files = {name.removeprefix("book/"): ROOT / name for name in FILES}
    for package in PACKAGES:
        for file in sorted((ROOT / "cnncourse" / package).rglob("*.py")):
            files[file.relative_to(ROOT).as_posix()] = file
    files["threadpoolctl.py"] = Path(util.find_spec("threadpoolctl").origin)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in sorted(files.items()):
            info = zipfile.ZipInfo(name, FIXED_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.read_bytes())
    return buffer.getvalue()


def all_tasks(exercises: list[Path]) -> str:
    """Return the tasks of all units as JSON for the table of progress: unit -> {task: points}, in order."""
    table = {}
    for path in exercises:
        unit = path.stem[:2]
        names = [name for kind, name in map(role, read(path).cells) if kind == "task"]
        tasks = [load_task(f"{unit}.{name}") for name in names]
        table[path.stem] = {task.id: task.max_score for task in tasks}
    return json.dumps(table, indent=1)
