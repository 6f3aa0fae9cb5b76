"""A reader's browser: it opens pages of the built site, may ask nobody else, and remembers what went wrong."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

from tests.browser.lab import CHROMIUM_OPTIONS
from tools.book import assets
from tools.book.serve import server
from tools.book.sources import exercises, lessons

PATIENCE = 90_000  # milliseconds: Python starts in five seconds, on a busy machine in more
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PAGES = [
    *("index", "notation", "terms", "references", "search"),
    *(f"lessons/{path.stem}" for path in lessons()),
    *(f"exercises/{path.stem}" for path in exercises()),
]
READY = "() => window.MathJax?.startup?.promise"  # settled when every formula is drawn
UNDRAWN = """() => [...document.querySelectorAll(".math")]
  .filter((formula) => !formula.querySelector("mjx-container svg") || formula.querySelector("[data-mml-node=merror]"))
  .map((formula) => formula.textContent.slice(0, 80))"""
CUT_OFF = """() => [...document.querySelectorAll(".cell_input pre")]
  .filter((code) => code.scrollWidth > code.clientWidth + 1).map((code) => code.textContent.slice(0, 120))"""
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((part) => part.getBoundingClientRect().right > innerWidth + 1 && !part.closest("pre, svg, mjx-container"))
  .filter((part) => { // what a box cuts off or lets scroll does not widen the page
    for (let box = part.parentElement; box !== document.body; box = box.parentElement)
      if (getComputedStyle(box).overflowX !== "visible" || getComputedStyle(box).position === "fixed") return false;
    return getComputedStyle(part).position !== "fixed" && part.checkVisibility();
  })
  .map((part) => part.outerHTML.slice(0, 120))"""


@contextlib.contextmanager
def site(html: Path):
    """Serve the site; yields its address."""
    served = server(html)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{served.server_address[1]}/"
    finally:
        served.shutdown()
        served.server_close()


@contextlib.contextmanager
def browser(executable: str):
    """Yield a headless chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_OPTIONS)
        try:
            yield chromium
        finally:
            chromium.close()


class Reader:
    """One person's browser window with its own storage; `problems` holds what the console or the network said.

    Parameters
    ----------
    chromium
        A running browser.
    address
        Where the site is.
    """

    def __init__(self, chromium, address: str, dark: bool = False, size: dict = DESK):
        self.address, self.problems = address, []
        self.context = chromium.new_context(viewport=size, color_scheme="dark" if dark else "light")
        self.context.route(lambda url: not url.startswith((address, "data:", "blob:")), self._outside)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", lambda said: self._note(said.text, said.type in ("error", "warning")))
        self.page.on("pageerror", lambda error: self._note(str(error)))
        self.page.on("response", lambda answer: self._note(f"{answer.status} {answer.url}", answer.status >= 400))

    def _note(self, text: str, bad: bool = True) -> None:
        if bad:
            self.problems.append(text)

    def _outside(self, route) -> None:
        self._note(f"asked another site: {route.request.url}")
        route.abort()

    def open(self, name: str):
        """Open a page, wait until its formulas are drawn, and return playwright's page."""
        self.page.goto(f"{self.address}{name}.html")
        self.page.evaluate(READY)
        return self.page

    def audit(self) -> list[str]:
        """Return what axe-core finds on the page as it stands: rule, count and first place."""
        (entry,) = assets.entries("audit")
        (script,) = entry["files"].values()
        self.page.evaluate(assets.path(entry, script).read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
        return [f"{rule['id']}, {len(rule['nodes'])} times: {rule['nodes'][0]['html'][:200]}" for rule in found]

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.context.close()
