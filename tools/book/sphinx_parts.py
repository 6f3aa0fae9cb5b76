"""What the book asks of Sphinx itself: where each section of each lesson is, and tables without empty headings."""

from __future__ import annotations

import json
import re
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


def improve(app, page, template, context, doctree) -> None:
    """Correct what Sphinx and MyST write: headings of tables without words, and what folds are called."""
    if "body" in context:
        body = re.sub(r"<th[^>]*>\s*(?:<p>\s*</p>)?\s*</th>", "<td></td>", context["body"])
        body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
        body = re.sub(r"(<p[^>]*>(?:Show|Hide) the) source</p>", r"\1 code</p>", body)
        context["body"] = re.sub(r"(<p[^>]*>(?:Show|Hide) the) outputs</p>", r"\1 output</p>", body)
