"""Turn the course's notebooks into sources for Sphinx: pictures with alt text, widgets, folds, links between pages.

What JupyterLab does with a notebook by itself has to be said to Sphinx: this file rewrites a copy of each notebook.
Exercises have a file of their own, `practice.py`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from cnncourse.places import address as address_of
from tools.folding import is_cover
from tools.static_pages import widgets_to_html

ROOT = Path(__file__).resolve().parents[2]
HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*$", re.MULTILINE)
EXERCISE_LINK = re.compile(r"\]\((?:\.\./)+exercises/(\w+)/\1\.ipynb(#[^)]*)?\)")
LESSON_LINK = re.compile(r"\]\((?:\.\./)+notebooks/(\w+)\.ipynb(#[^)]*)?\)")
NEIGHBOUR_LINK = re.compile(r"\]\(\.\./(\d\d_\w+)/\1\.ipynb(#[^)]*)?\)")
SECTION_LINK = re.compile(r"\[([^\]]+)\]\((\.\./lessons/(\w+)\.ipynb)\)")


def plain_title(title: str) -> str:
    """Return a heading's text without its number and its marks, for comparing."""
    return re.sub(r"^[\d.·\s]+", "", re.sub(r"[*`$]", "", title)).strip()


def headings(notebook: NotebookNode) -> list[tuple[int, str]]:
    """Return the headings of a notebook as (level, text), in order."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return [(len(marks), title) for marks, title in HEADING.findall(text)]


def title_of(notebook: NotebookNode) -> str:
    """Return the first heading of a notebook."""
    return next(title for level, title in headings(notebook) if level == 1)


def sections_of(notebook: NotebookNode) -> dict[str, str]:
    """Return the sections of a lesson: title without number -> the title as it stands."""
    return {plain_title(title): title for level, title in headings(notebook) if level > 1}


def fix_links(source: str, sections: dict[str, dict[str, str]]) -> str:
    """Rewrite links between notebooks for the book; one whose text names a section leads to that section."""
    source = EXERCISE_LINK.sub(r"](../exercises/\1.ipynb\2)", source)
    source = LESSON_LINK.sub(r"](../lessons/\1.ipynb\2)", source)
    source = NEIGHBOUR_LINK.sub(r"](\1.ipynb\2)", source)

    def to_section(found):
        title = sections.get(found[3], {}).get(plain_title(found[1]))
        return f"[{found[1]}](<{found[2]}#{address_of(title)}>)" if title else found[0]

    return SECTION_LINK.sub(to_section, source)


def pictures_to_files(notebook: NotebookNode, folder: Path, prefix: str) -> None:
    """Write every picture among the outputs to a file in `folder` and show it with its alt text and its size.

    Parameters
    ----------
    prefix
        What leads from the page to `folder`.
    """
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if not is_cover(output)]
        for output in cell.get("outputs", []):
            if "image/png" not in output.get("data", {}):
                continue
            data = base64.b64decode(output.data.pop("image/png"))
            about = output.get("metadata", {}).get("image/png", {})
            alt = about.get("alt") or output.data.get("text/plain", "")
            name = hashlib.sha256(data).hexdigest()[:16] + ".png"
            (folder / name).write_bytes(data)
            size = "".join(f' {side}="{about[side]}"' for side in ("width", "height") if side in about)
            output.data["text/html"] = (
                f'<img class="figure" src="{prefix}{name}" alt="{html.escape(alt)}"{size} loading="lazy">'
            )


def fold(notebook: NotebookNode) -> None:
    """Fold what JupyterLab hides until it runs: answers to predictions, and code that only checks."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_cover(output)]
            hidden, tags = cell.metadata.get("jupyter", {}), set(cell.metadata.get("tags", []))
            tags |= {"hide-input"} if hidden.get("source_hidden") else set()
            tags |= {"hide-output"} if hidden.get("outputs_hidden") and cell.outputs else set()
            cell.metadata["tags"] = sorted(tags)


def progress_to_place(notebook: NotebookNode) -> None:
    """Put the table of this browser's points where JupyterLab shows those of `my_work`."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.rstrip().endswith("cnncourse.progress()"):
            cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": '<div class="cnn-progress"></div>'})]


def where_it_lives(path: str, download: str, address: str) -> str:
    """Return the line below a page's title: how to open it in JupyterLab, the notebook itself, its source."""
    copy = "my_work/" + path.removeprefix("exercises/").replace("notebooks/", "lessons/")
    lab = f"http://localhost:8888/lab/tree/{copy}"
    parts = [
        f'<a href="{lab}">Open in JupyterLab</a> (after <code>make lab</code>)',
        f'<a href="{download}" download>Download the notebook</a>',
    ]
    if address:
        parts.append(f'<a href="{address}/blob/main/{path}">Source</a>')
    else:
        parts.append(f"Source: <code>{path}</code>")
    return '<p class="cnn-where">' + " · ".join(parts) + "</p>"


def below_title(notebook: NotebookNode, block: str) -> None:
    """Insert a block of HTML right below the title."""
    first = notebook.cells[0]
    title, _, rest = first.source.partition("\n")
    first.source = f"{title}\n\n{block}\n\n{rest.lstrip()}"


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def lesson_page(path: Path, sections: dict, figures: Path, address: str) -> NotebookNode:
    """Return a lesson as a source for Sphinx; writes its pictures into `figures`."""
    notebook = read(path)
    progress_to_place(notebook)
    widgets_to_html(notebook)
    fold(notebook)
    pictures_to_files(notebook, figures, "../_static/figures/")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = fix_links(cell.source, sections)
    below_title(notebook, where_it_lives(f"notebooks/{path.name}", f"../_static/notebooks/{path.name}", address))
    return notebook
