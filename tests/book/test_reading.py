"""The book as its readers meet it, in a real browser without a network: every page, search, figures, phone, paper."""

from __future__ import annotations

import io
import re

import pytest

from tests.book.reader import CUT_OFF, PAGES, PHONE, TOO_WIDE, UNDRAWN
from tools.book.sources import lessons

WIDGETS = [path.stem for path in lessons() if "application/vnd.jupyter.widget-view+json" in path.read_text("utf-8")]
DRAWN = """(frame) => [...frame.querySelectorAll("svg, canvas, .cnn-grid, [aria-live]")]
  .map((part) => part.toDataURL ? part.toDataURL() : part.outerHTML).join()"""
MOVED = f"([frame, before]) => ({DRAWN})(frame) !== before"
KEYS = ("ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "End", "Home", " ")
CONTROL = ":is(input, select, button, [tabindex='0'])"

pytestmark = pytest.mark.slow


@pytest.mark.sampled(share=1 / 12, reason="each page is searched by axe-core, some for ten seconds")
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_page_is_whole_quiet_and_open_to_everybody(reader, name, dark):
    with reader(dark=dark) as window:
        page = window.open(name)
        assert page.evaluate(UNDRAWN) == []
        page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
        assert window.audit() == []
        assert window.problems == []


@pytest.mark.sampled(share=1 / 8, reason="each page is opened in a browser")
@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("lessons/")])
def test_no_line_of_code_is_cut_off_on_a_desk(reader, name):
    with reader() as window:
        assert window.open(name).evaluate(CUT_OFF) == []


@pytest.mark.sampled(share=1 / 8, reason="each page is opened in a browser")
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone(reader, name):
    with reader(size=PHONE) as window:
        page = window.open(name)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert (width, page.evaluate(TOO_WIDE)) == (PHONE["width"], [])


def test_a_page_that_asks_another_site_is_noticed(reader):
    with reader() as window:
        page = window.open("index")
        page.evaluate("fetch('https://example.org/').catch(() => {})")
        page.evaluate("console.error('as a script does')")
        assert window.problems[0] == "asked another site: https://example.org/"
        assert "as a script does" in window.problems


def test_an_open_fault_is_found_by_the_audit(reader):
    with reader() as window:
        page = window.open("index")
        page.evaluate("document.querySelector('article').insertAdjacentHTML('beforeend', '<img src=\"\">')")
        assert any(found.startswith("image-alt") for found in window.audit())


@pytest.mark.parametrize(("word", "page"), [("aliasing", "07_pooling"), ("im2col", "05_fast_convolution")])
def test_search_finds_by_keyboard_alone(reader, word, page):
    with reader() as window:
        shown = window.open("notation")
        shown.keyboard.press("Control+k")
        shown.keyboard.type(word)
        shown.keyboard.press("Enter")
        shown.wait_for_selector(f"#search-results a[href*='lessons/{page}.html']")
        assert window.problems == []


def moves(page, frame, key: str) -> bool:
    """Press a key; return whether the widget draws something else soon, or within seconds where it plays."""
    from playwright.sync_api import TimeoutError

    before = frame.evaluate(DRAWN)
    page.keyboard.press(key)
    try:
        page.wait_for_function(MOVED, arg=[frame.element_handle(), before], timeout=5000 if key == " " else 1000)
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize("lesson", WIDGETS)
def test_every_control_of_every_widget_is_driven_by_keys(reader, lesson):
    with reader() as window:
        page = window.open(f"lessons/{lesson}")
        page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true })")
        page.locator(".cnn-widget").first.wait_for()
        for number, frame in enumerate(page.locator(".cnn-widget").all()):
            controls = frame.locator(CONTROL).all()
            sliders = [control for control in controls if control.get_attribute("type") == "range"]
            for control in [c for c in controls if c not in sliders] + sliders:  # sliders may leave nothing to play
                control.focus()
                name = control.get_attribute("aria-label") or control.text_content()
                assert any(moves(page, frame, key) for key in KEYS), f"no key moves {name!r} of widget {number}"
                if control.text_content() == "pause":
                    page.keyboard.press(" ")
            controls[0].focus()
            for control in controls:
                assert control.evaluate("(part) => part === document.activeElement"), "Tab does not lead to it"
                page.keyboard.press("Tab")
        assert window.problems == []


def test_widgets_are_found():
    assert len(WIDGETS) >= 3


def test_a_citation_shows_its_work_to_mouse_and_keyboard(reader):
    with reader() as window:
        page = window.open("lessons/07_pooling")
        citation, shown = page.locator("a.cnn-cite", has_text="Zhang (2019)").first, page.get_by_role("tooltip")
        citation.hover()
        assert "Making convolutional networks shift-invariant again" in shown.inner_text()
        shown.hover()  # the text can be reached and marked
        page.wait_for_timeout(500)
        assert shown.is_visible()
        page.keyboard.press("Escape")
        assert shown.is_hidden()
        page.mouse.move(0, 0)
        citation.focus()
        assert shown.is_visible()
        assert citation.get_attribute("aria-describedby") == shown.get_attribute("id")
        assert window.audit() == []
        page.keyboard.press("Enter")
        page.wait_for_url("**/references.html#ref-zhang2019making")
        assert page.locator("#ref-zhang2019making").is_visible()
        assert window.problems == []


def test_a_lesson_can_be_read_on_paper(reader):
    from pypdf import PdfReader

    with reader() as window:
        page = window.open("lessons/02_convolution")
        last = page.locator("article h2").last.inner_text().rstrip("#")
        code = page.locator("article pre").all_inner_texts()
        printed = PdfReader(io.BytesIO(page.pdf(format="A4")))
    text = "\n".join(sheet.extract_text() for sheet in printed.pages)
    words = re.sub(r"\s+", "", text)
    assert 10 <= len(printed.pages) <= 60
    assert re.sub(r"\s+", "", last) in words
    assert "SearchCtrl" not in words
    assert "OpeninJupyterLab" not in words
    longest = max("\n".join(code).splitlines(), key=len)
    assert re.sub(r"\s+", "", longest) in words, "the end of a long line is cut off"
    assert all(re.sub(r"\s+", "", block) in words for block in code if len(block) < 2000), "a fold stayed closed"
