"""Build the course as a website that asks no other site for anything: lessons, exercises, notation, index.

    make book                       build it into book/_build/html
    make book ARGS=--serve          build it, then serve it on this computer and print its address
    make book ARGS=--fetch          only fetch what it needs from npm and PyPI into the cache (needs the network)

Without Python for the browser (Pyodide) in the cache, the exercises are for reading only.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from sphinx.cmd.build import main as sphinx

from tools.book import assets
from tools.book.serve import serve
from tools.book.sources import BOOK, write_sources

BUILD = BOOK / "_build"
HTML = BUILD / "html"


def build(target: Path, scratch: Path, live: bool | None = None) -> bool:
    """Build the site into `target`, whole or not at all; return whether that went well.

    Parameters
    ----------
    scratch
        A folder for the sources that Sphinx reads and for its notes.
    live
        Whether exercises can be worked on in the page; by default where the cache has what that needs.
    """
    live = assets.complete("practice") if live is None else live
    if not live:
        print("-- Python for the browser is not in the cache: the exercises will be for reading only")
    write_sources(scratch, live)
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    options = ["-W", "--keep-going", "-q", "-b", "html", "-c", str(BOOK), "-d", str(scratch / "doctrees")]
    settings = ["-D", f"html_static_path={scratch / 'static'}"]
    if sphinx([*options, *settings, str(scratch / "source"), str(fresh)]):
        return False
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    return True


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="make book", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--serve", action="store_true", help="serve the book on 127.0.0.1 after building it")
    parser.add_argument("--port", type=int, default=8000, help="where to serve it (default: 8000; 0: any free one)")
    parser.add_argument("--fetch", action="store_true", help="fetch what is missing in the cache, and build nothing")
    arguments = parser.parse_args(argv)
    started = time.perf_counter()
    try:
        assets.fetch(lambda line: print("--", line, flush=True))
        if arguments.fetch:
            return 0
        built = build(HTML, BUILD)
    except assets.MissingAssetsError as problem:
        print(problem, file=sys.stderr)
        return 2
    if not built:
        print("The book was not built: the warnings above are errors.", file=sys.stderr)
        return 1
    print(f"-- built in {time.perf_counter() - started:.0f} s: {HTML / 'index.html'}")
    if arguments.serve:
        serve(HTML, arguments.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
