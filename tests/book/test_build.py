"""The built site as files: whole, linked, folded, described, nothing from elsewhere; and what building it refuses."""

from __future__ import annotations

import html as html_text
import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from tools.book import assets, pages, terms
from tools.book.__main__ import main
from tools.book.serve import Handler
from tools.book.sources import exercises, lessons
from tools.folding import COVER, is_cover
from tools.static_pages import VIEW

MEGABYTE = 1e6


@pytest.fixture(scope="module")
def texts(html):
    return {path: path.read_text(encoding="utf-8") for path in html.rglob("*.html") if "_static" not in path.parts}


def test_every_lesson_and_exercise_has_its_page(html):
    for path in lessons():
        assert (html / "lessons" / f"{path.stem}.html").is_file()
    for path in exercises():
        assert (html / "exercises" / f"{path.stem}.html").is_file()
    for name in ("index", "notation", "terms", "search"):
        assert (html / f"{name}.html").is_file()


def test_every_figure_of_a_lesson_is_shown_with_its_words(html, texts):
    for path in lessons():
        shown = re.findall(
            r'<img class="figure" src="([^"]+)" alt="([^"]+)"', texts[html / "lessons" / f"{path.stem}.html"]
        )
        outputs = [o for cell in nbformat.read(path, as_version=4).cells for o in cell.get("outputs", [])]
        still = [o for o in outputs if "image/png" in o.get("data", {}) and not is_cover(o)]
        figures = [o for o in still if VIEW not in o.data]  # here a widget moves and needs no picture of itself
        assert [html_text.unescape(alt) for _, alt in shown] == [o.metadata["image/png"]["alt"] for o in figures]
        assert all((html / "lessons" / source).resolve().is_file() for source, _ in shown)
    assert not any(re.search(r"<img(?![^>]*\salt=)", text) for text in texts.values())


def test_nothing_on_a_page_comes_from_another_site(texts):
    loads = re.compile(
        r"<(?:script|img|iframe|source)[^>]*\ssrc=[\"'](https?:)?//|<link[^>]*\shref=[\"'](https?:)?//|@import"
    )
    assert [path.name for path, text in texts.items() if loads.search(text)] == []


def test_every_link_within_the_site_leads_somewhere(html, texts):
    ids = {path.resolve(): set(re.findall(r'\sid="([^"]+)"', text)) for path, text in texts.items()}
    dead = []
    for path, text in texts.items():
        for link in re.findall(r'<a\s[^>]*href="([^"]+)"', text):
            target, _, anchor = unquote(html_text.unescape(link)).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            file = (path.parent / target).resolve() if target else path.resolve()
            if not file.is_file() or (anchor and file in ids and anchor not in ids[file]):
                dead.append(f"{path.relative_to(html)}: {link}")
    assert dead == []


def test_exercises_link_to_the_sections_that_they_name(html, texts):
    text = texts[html / "exercises" / "02_convolution.html"]
    assert re.search(r'href="\.\./lessons/02_convolution\.html#the-sliding-window-by-hand"', text)


def test_a_lesson_page_is_small(html, texts):
    for path in lessons():
        page = html / "lessons" / f"{path.stem}.html"
        figures = {page.parent / source for source in re.findall(r'<img class="figure" src="([^"]+)"', texts[page])}
        assert page.stat().st_size + sum(file.stat().st_size for file in figures) <= 3 * MEGABYTE, path.stem


def test_what_jupyterlab_hides_is_folded_and_covers_are_left_out():
    cell, output = nbformat.v4.new_code_cell, nbformat.v4.new_output("stream", text="7\n")
    cover = nbformat.v4.new_output("display_data", {"image/png": ""}, metadata=COVER)
    hidden = {"outputs_hidden": True, "source_hidden": True}
    cells = [
        cell("1", outputs=[output]),
        cell("2", outputs=[cover, output], metadata={"jupyter": hidden}),
        cell("3", metadata={"jupyter": hidden}),
    ]
    pages.fold(nbformat.v4.new_notebook(cells=cells))
    assert [cell.metadata.tags for cell in cells] == [[], ["hide-input", "hide-output"], ["hide-input"]]
    assert [len(cell.outputs) for cell in cells] == [1, 1, 0]


def test_folds_are_closed_on_the_page(texts):
    folded = [text for text in texts.values() if "hide-output" in text or "<summary" in text]
    assert folded
    assert not any(re.search(r"<details[^>]*\sopen", text) for text in folded)


def test_folds_say_what_they_hide(texts):
    folds = [fold for text in texts.values() for fold in re.findall(r"<summary.*?</summary>", text, re.DOTALL)]
    words = {" ".join(re.sub("<[^>]+>", " ", fold).split()) for fold in folds}
    ours = {"Show the code Hide the code", "Show the output Hide the output"}
    assert {said for said in words if said.startswith("Show the")} == ours
    assert not any("aria-label" in fold for fold in folds)


def test_no_table_has_a_heading_without_words(texts):
    assert [path.name for path, text in texts.items() if re.search(r"<th[^>]*>\s*(<p>\s*</p>)?\s*</th>", text)] == []


def test_links_between_notebooks_are_rewritten_and_find_sections():
    sections = {"02_convolution": {"Kernels made by hand": "6. Kernels made by hand"}}
    fix = lambda text: pages.fix_links(text, sections)
    assert fix("[x](../exercises/02_a/02_a.ipynb)") == "[x](../exercises/02_a.ipynb)"
    assert fix("[x](../../notebooks/02_convolution.ipynb)") == "[x](../lessons/02_convolution.ipynb)"
    assert fix("[x](../01_a/01_a.ipynb)") == "[x](01_a.ipynb)"
    to_section = "[Kernels made by hand](<../lessons/02_convolution.ipynb#6.-Kernels-made-by-hand>)"
    assert fix("[Kernels made by hand](../../notebooks/02_convolution.ipynb)") == to_section


def test_every_term_of_the_index_is_in_a_lesson():
    page = terms.page({path: pages.read(path) for path in lessons()})
    assert "- receptive field: [03 " in page


def test_a_term_that_no_lesson_has_is_refused(monkeypatch, tmp_path):
    list_of_terms = tmp_path / "terms.txt"
    list_of_terms.write_text("phlogiston\n")
    monkeypatch.setattr(terms, "LIST", list_of_terms)
    with pytest.raises(ValueError, match="no lesson has the term 'phlogiston'"):
        terms.page({path: pages.read(path) for path in lessons()[:2]})


def test_without_mathjax_the_build_stops_with_the_cure(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(assets, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(assets, "fetch", lambda say: None)
    monkeypatch.setattr("tools.book.__main__.BUILD", tmp_path / "build")
    assert main([]) == 2
    said = capsys.readouterr()
    assert "Install npm (Debian: apt install npm), then run with a network: python -m tools.book --fetch" in said.err
    assert "for reading only" in said.out


def test_a_file_that_is_not_the_wanted_one_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "cache_folder", lambda: tmp_path)
    (entry,) = assets.entries("audit")

    def pack(*command, cwd):
        (Path(cwd) / f"{entry['package']}-{entry['version']}.tgz").write_bytes(b"something else")

    monkeypatch.setattr(assets, "_run", pack)
    said = []
    assert not assets._try("axe", assets._from_npm, [entry], say=said.append)
    assert "not fetched: axe (axe-core-4.14.1.tgz has the SHA-256" in said[0]
    assert not assets.complete("audit")


def test_without_pyodide_exercises_are_for_reading(tmp_path):
    from tools.book.practice import exercise_page

    page = exercise_page(exercises()[0], {}, "", live=False)
    text = "\n".join(cell.source for cell in page.cells)
    assert "exercises are for reading" in text
    assert "cnn-task" not in text
    assert any(cell.cell_type == "code" and "def " in cell.source for cell in page.cells)


def test_files_are_served_with_the_types_that_browsers_insist_on():
    assert Handler.extensions_map[".mjs"] == "text/javascript"
    assert Handler.extensions_map[".wasm"] == "application/wasm"
