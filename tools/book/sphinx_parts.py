"""What the book asks of Sphinx itself: where each section of each lesson is, for the links in reports."""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes

from tools.book.pages import plain_title


def write_sections(app, exception) -> None:
    """Write `_static/sections.json`: number of a lesson -> its page, and title of a section -> anchor."""
    if exception is not None:
        return
    lessons = {}
    for name in sorted(app.env.found_docs):
        if name.startswith("lessons/"):
            links = app.env.tocs[name].findall(nodes.reference)
            sections = {plain_title(link.astext()): link["anchorname"] for link in links if link["anchorname"]}
            lessons[Path(name).name[:2]] = {"page": f"{name}.html", "sections": sections}
    target = Path(app.outdir) / "_static" / "sections.json"
    target.write_text(json.dumps(lessons, ensure_ascii=False, indent=1), encoding="utf-8")
