"""Serve a folder on this computer alone: a page that runs Python in a worker cannot be opened from a file."""

from __future__ import annotations

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(SimpleHTTPRequestHandler):
    """Serves files with the types that browsers insist on, without a line for every request."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".ipynb": "application/json",
    }  # fmt: skip

    def log_message(self, *arguments) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Serves; says nothing where a browser has stopped listening, as it does when a page is left."""

    def handle_error(self, request, client_address) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of `folder` on 127.0.0.1; port 0 takes any free one."""
    return Server(("127.0.0.1", port), partial(Handler, directory=str(folder)))


def serve(folder: Path, port: int) -> None:
    """Serve `folder` until ctrl-C; takes another port where the wanted one is in use."""
    try:
        site = server(folder, port)
    except OSError:
        site = server(folder)
    print(f"-- the book is at http://127.0.0.1:{site.server_address[1]}/ ; ctrl-C here stops it", flush=True)
    try:
        site.serve_forever()
    except KeyboardInterrupt:
        print("\n-- stopped")
    finally:
        site.server_close()
