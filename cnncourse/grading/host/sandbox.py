"""Start the student's side, a warm parent in bubblewrap, and speak with it: children, their limits, how they ended."""

import array
import json
import os
import resource
import signal
import socket
import struct
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from cnncourse.grading.host.bubblewrap import IsolationError, command, private_folder
from cnncourse.grading.host.cgroups import Group
from cnncourse.grading.inside import protocol

SANDBOX_USER = 65534  # "nobody": root's own number is exempt from limits on processes
START_SECONDS = 120
END_SECONDS = 20
MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one child may use: bytes of memory and private folder, processes, seconds of processor time."""

    memory: int = 1024 * MIB
    folder: int = 16 * MIB
    processes: int = 16
    cpu_seconds: int = 300


FOR_TORCH = Limits(memory=3072 * MIB, folder=64 * MIB, processes=32, cpu_seconds=600)
FOR_LIBRARY = {"numpy": Limits(), "torch": FOR_TORCH, "training": replace(FOR_TORCH, cpu_seconds=1200)}


@dataclass(frozen=True)
class Ending:
    """How a child ended: its exit status as os.wait gives it, processor seconds, peak memory in KiB."""

    status: int
    seconds: float
    peak_kb: int

    @property
    def text(self):
        """Why it ended, in words, or "" where it had to be stopped."""
        if os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) != signal.SIGKILL:
            return f"the process was ended by {signal.Signals(os.WTERMSIG(self.status)).name}"
        return "the process ended itself" if os.WIFEXITED(self.status) else ""


def _dies_first(channel):
    """Let the kernel, when memory runs out, end the process that wrote first to a channel, never the warm parent."""
    channel.settimeout(START_SECONDS)
    data, told, _, _ = channel.recvmsg(1, socket.CMSG_SPACE(struct.calcsize("3i")), socket.MSG_PEEK)
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
    if data and told:
        pid = struct.unpack("3i", told[0][2])[0]
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")


# ---- the running sandbox


class Sandbox:
    """A warm parent in its sandbox; `start_child` gives a fresh locked-down process that answers calls.

    Parameters
    ----------
    library : "numpy", "torch" or "training"
        What is there to import; with "numpy" there is no torch.
    as_root : bool, optional
        Whether to use root's own rights to set the sandbox up (and then drop them); by default where we are root.

    Raises IsolationError where the sandbox cannot be built.
    """

    level = "bubblewrap"

    def __init__(self, library="numpy", *, as_root=None, debug=False):
        self.library, self.debug = library, debug
        self.as_root = os.geteuid() == 0 if as_root is None else as_root
        self.limits, self.folder = FOR_LIBRARY[library], private_folder()
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        info, info_inside = os.pipe()
        try:
            line = command(library, theirs.fileno(), as_root=self.as_root, info=info_inside)
            self.process = subprocess.Popen(
                line, pass_fds=[theirs.fileno(), info_inside], stdin=subprocess.DEVNULL,
                stdout=None if debug else subprocess.DEVNULL, stderr=None if debug else subprocess.PIPE,
            )  # fmt: skip
        finally:
            theirs.close()
            os.close(info_inside)
        self.group = None
        try:
            with os.fdopen(info, "rb") as file:
                self.pid = json.loads(file.read() or b"{}").get("child-pid")
            self._told(START_SECONDS)
            self._check_threads()
            self.group = Group.around(self.pid, self.limits.memory + 512 * MIB, self.limits.processes + 8)
        except (OSError, ValueError) as problem:
            said = "" if debug else self._last_words()
            self.close()
            raise IsolationError(f"the sandbox did not start: {said or problem}") from None

    @property
    def controls(self):
        """Names of the control groups that hold, beside the limits that always do."""
        return self.group.controls

    def start_child(self):
        """Fork a child with its limits; returns the channel on which it answers, once it says that it is ready."""
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        try:
            order = json.dumps(self._orders()).encode()
            descriptor = array.array("i", [theirs.fileno()])
            self.control.sendmsg([order], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptor)])
            theirs.close()
            _dies_first(ours)
            protocol.receive(ours, 4096, START_SECONDS)
        except (OSError, protocol.ProtocolError) as problem:
            ours.close()
            raise IsolationError(f"a locked-down process did not start: {problem}") from None
        return ours

    def _orders(self):
        limits = self.limits
        resources = {
            "AS": self._virtual_size() + limits.memory,
            "FSIZE": limits.folder,
            "NOFILE": 128,
            "NPROC": limits.processes,
            "CORE": 0,
            "CPU": limits.cpu_seconds,
            "MEMLOCK": 0,
            "MSGQUEUE": 0,
        }
        for name, value in resources.items():
            hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1]
            resources[name] = value if hard == resource.RLIM_INFINITY else min(value, hard)
        root_without_rights = os.geteuid() == 0 and not self.as_root
        return {
            "become": SANDBOX_USER if self.as_root else None,
            "folder": self.folder,
            "folder_bytes": limits.folder,
            "resources": resources,
            "processes": not root_without_rights,  # root's number is exempt from the limit, so there are none
            "debug": self.debug,
        }

    def end_child(self, channel):
        """End a child and all that it started; returns its Ending. Nothing of it is left afterwards."""
        try:
            self.control.send(b"end")
            told = self._told(END_SECONDS)
        except (OSError, ValueError) as problem:
            raise IsolationError(f"the warm parent is gone: {problem}") from None
        finally:
            channel.close()
        return Ending(told["status"], told["seconds"], told["peak_kb"])

    def _told(self, seconds):
        self.control.settimeout(seconds)
        said = self.control.recv(65536)
        if not said:
            raise ConnectionError("it ended at once")
        return json.loads(said)

    def _virtual_size(self):
        with open(f"/proc/{self.pid}/statm") as file:
            return int(file.read().split()[0]) * resource.getpagesize()

    def _check_threads(self):
        with open(f"/proc/{self.pid}/status") as file:
            threads = next(line.split()[1] for line in file if line.startswith("Threads:"))
        if threads != "1":
            raise OSError(f"the warm parent runs {threads} threads, and forking it could hang")

    def _last_words(self):
        self.process.kill()
        return self.process.communicate()[1].decode("utf-8", "replace").strip()[-500:]

    def close(self):
        """End everything in the sandbox and wait until it is gone."""
        self.control.close()
        self.process.kill()
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()
        if self.group:
            self.group.close()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()
