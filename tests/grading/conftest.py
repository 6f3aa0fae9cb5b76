"""One set of sandboxes for all grading tests; where there is no bubblewrap, the tests that need it are skipped."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from cnncourse.grading.host.grade import Sandboxes
from tests.system import require


@pytest.fixture(scope="session")
def sandboxes():
    """Sandboxes that stay open over the whole test run, as in a real one."""
    require("bwrap")
    with Sandboxes() as opened:
        yield opened


@pytest.fixture(scope="session")
def postgresql():
    """The URL of a database of our own: a PostgreSQL that listens on loopback alone, with a password."""
    programs = Path(require("postgres")).parent
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))  # pytest's own folders are closed to other accounts
    root = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}  # it refuses to run as root
    if root:
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "password").write_text("grader")
    (folder / "password").chmod(0o644)
    data = folder / "data"
    access = ["-U", "grader", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}"]
    run = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder, **root}
    subprocess.run([programs / "initdb", "-D", data, *access], **run)
    settings = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
    subprocess.run([programs / "pg_ctl", "start", "-w", "-D", data, "-l", folder / "log", "-o", settings], **run)
    try:
        yield f"postgresql://grader:grader@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([programs / "pg_ctl", "stop", "-w", "-m", "immediate", "-D", data], **run)
        shutil.rmtree(folder)
