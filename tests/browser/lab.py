"""Drive a real JupyterLab in a real browser, as a learner's hands would."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STATUS = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const cells = panel.content.widgets.filter(c => c.model.type === 'code' && c.model.sharedModel.getSource().trim());
  return {
    total: cells.length,
    done: cells.filter(c => c.model.executionCount !== null).length,
    busy: panel.sessionContext.session?.kernel?.status,
    errors: cells.filter(c => c.model.outputs.toJSON().some(o => o.output_type === 'error')).length,
  };
}"""


@contextlib.contextmanager
def jupyter_lab(root: Path, settings: Path, seconds: float = 180):
    """Serve `root` on a free port of this machine; yield the address; stop the server and its kernels."""
    environment = dict(os.environ, JUPYTER_CONFIG_DIR=str(settings), JUPYTER_DATA_DIR=str(settings))
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0"),
        *("--IdentityProvider.token=", "--expose-app-in-browser", f"--ServerApp.root_dir={root}"),
        f"--LabApp.workspaces_dir={settings}/workspaces",
        f"--LabApp.user_settings_dir={settings}/user-settings",
    ]
    log = settings / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + seconds
        while not (found := re.search(r"http://127\.0\.0\.1:\d+/lab", log.read_text())):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")
            time.sleep(0.2)
        yield found.group()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


@contextlib.contextmanager
def browser_page(executable: str, width: int = 1400, height: int = 1000):
    """Yield a page of a headless chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_OPTIONS)
        try:
            yield browser.new_page(viewport={"width": width, "height": height})
        finally:
            browser.close()


def run_all_cells(page, seconds: float = 480) -> dict:
    """Clear the open notebook, run it, wait for its end, and return the last status."""
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext?.isReady", timeout=60_000)
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs'); }")
    page.wait_for_function(f"({STATUS})().done === 0", timeout=30_000)
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    deadline = time.monotonic() + seconds
    while True:
        status = page.evaluate(STATUS)
        if status["errors"] or (status["done"] == status["total"] and status["busy"] == "idle"):
            return status
        if time.monotonic() > deadline:
            raise TimeoutError(f"the notebook did not finish in {seconds} s: {status}")
        time.sleep(0.5)


def screenshots(page, folder: Path, name: str, overlap: int = 100) -> list[Path]:
    """Photograph the open notebook from top to bottom, one screen at a time."""
    scroller = page.locator(".jp-WindowedPanel-outer:visible").first
    position, paths = 0, []
    while True:
        scroller.evaluate("(e, y) => e.scrollTo(0, y)", position)
        time.sleep(0.5)
        paths.append(folder / f"{name}-{len(paths):02d}.png")
        page.screenshot(path=paths[-1])
        shape = scroller.evaluate("e => ({top: e.scrollTop, height: e.clientHeight, all: e.scrollHeight})")
        if shape["top"] + shape["height"] >= shape["all"] - 2:
            return paths
        position = shape["top"] + shape["height"] - overlap
