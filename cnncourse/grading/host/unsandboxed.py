"""For submissions that a teacher trusts, where no sandbox can be built: a plain process per task.

Works on every system. A crash, a loop or an exit costs that task only, as ever; but the code runs with the teacher's
rights and can read and write the teacher's files, so that the grader refuses unless told `--trust-submissions`.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from cnncourse.grading.host.bubblewrap import INSIDE, LIBRARY, IsolationError
from cnncourse.grading.host.sandbox import FOR_LIBRARY, Ending
from cnncourse.grading.inside import protocol

START = "import sys; sys.path.append(sys.argv[2]); from inside.bare import main; main()"
START_SECONDS = 120


class Process:
    """Starts a fresh Python for each task; the same methods as `sandbox.Sandbox`."""

    level = "process"
    controls = ()

    def __init__(self, library="numpy"):
        self.library = library
        self.limits = FOR_LIBRARY[library]
        self.folder = Path(tempfile.mkdtemp(prefix="cnncourse-"))
        shutil.copytree(INSIDE, self.folder / "inside", ignore=shutil.ignore_patterns("__pycache__"))
        (self.folder / "work").mkdir()
        self.children = {}

    def start_child(self):
        """Start a process; returns the channel on which it answers."""
        token = secrets.token_hex(16)
        packages = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(START_SECONDS)
            order = {"port": server.getsockname()[1], "token": token, "packages": packages}
            order["library"] = LIBRARY[self.library]
            child = subprocess.Popen(
                [sys.executable, "-s", "-P", "-S", "-B", "-c", START, json.dumps(order), str(self.folder)],
                cwd=self.folder / "work", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True, env=_environment(),
            )  # fmt: skip
            try:
                channel = server.accept()[0]
                if protocol.receive(channel, 4096, START_SECONDS) != {"token": token}:
                    raise protocol.ProtocolError("someone else connected")
                protocol.receive(channel, 4096, START_SECONDS)
            except (OSError, protocol.ProtocolError) as problem:
                child.kill()
                raise IsolationError(f"a process did not start: {problem}") from None
        self.children[channel] = child
        return channel

    def end_child(self, channel):
        """End a process and its process group; returns its Ending."""
        child = self.children.pop(channel)
        ended_by_us = child.poll() is None
        if hasattr(os, "killpg"):
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        child.kill()
        code = child.wait()
        channel.close()
        if ended_by_us:
            return Ending(int(getattr(signal, "SIGKILL", 9)), 0.0, 0)
        return Ending(-code if code < 0 else code << 8, 0.0, 0)

    def close(self):
        """End what still runs and remove the folder."""
        for channel in list(self.children):
            self.end_child(channel)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


def _environment():
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMP") if name in os.environ}
    return kept | {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
