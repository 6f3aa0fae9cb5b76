"""Photograph a report for the README: ``make book``, then ``python -m tools.book.pictures``."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

from tools.book.__main__ import HTML
from tools.book.pages import ROOT
from tools.book.serve import server

FOLDER = ROOT / "docs" / "images"
SIZE = {"width": 1280, "height": 900}
WRONG = """def cross_correlate2d(image, kernel):
    k_h, k_w = kernel.shape
    kernel = kernel[::-1, ::-1]
    output = np.zeros((image.shape[0] - k_h + 1, image.shape[1] - k_w + 1))
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            output[i, j] = (image[i : i + k_h, j : j + k_w] * kernel).sum()
    return output"""


def photograph_report(page, target: Path) -> None:
    """Answer a task wrong and photograph it with its report."""
    task = page.locator("#task-cross_correlate2d")
    task.locator(".cm-content").fill(WRONG)
    task.get_by_role("button", name="Check").click()
    task.locator("figcaption", has_text="difference").wait_for()
    task.screenshot(path=target)


def main() -> None:
    site = server(HTML)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{site.server_address[1]}/"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = chromium.new_page(viewport=SIZE)
        page.set_default_timeout(120_000)
        page.goto(address + "exercises/02_convolution.html")
        photograph_report(page, FOLDER / "report.png")
        chromium.close()
    print("written:", (FOLDER / "report.png").relative_to(ROOT))


if __name__ == "__main__":
    main()
