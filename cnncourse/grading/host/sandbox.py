"""Start the student's side: bubblewrap around a warm parent, with a read-only Python and nothing of the course.

What is bound, and why: the libraries' folders (`/lib`, `/usr/lib`: the C library and what Python links to), Python's
own standard library, the few packages that a task may use, the files of the student's side. There is no home,
no course, no notebook, no device but null, zero and random, no network, no process but its own.
"""

import array
import json
import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cnncourse.grading import inside
from cnncourse.grading.host.cgroups import Group
from cnncourse.grading.inside import protocol

INSIDE = Path(inside.__file__).parent  # all that the student's side gets of the course
START = "import sys; sys.path += ['/grader', '/packages']; from inside.warm import main; main()"
NOT_GIVEN = frozenset(("torchvision", "cnncourse"))
LIBRARY = {"numpy": "numpy", "torch": "torch", "training": "torch"}  # for "training", optimisers are warm, too
SANDBOX_USER = 65534  # "nobody": root's own number is exempt from limits on processes
START_SECONDS = 120
END_SECONDS = 20
MIB = 1 << 20


class IsolationError(RuntimeError):
    """The sandbox cannot be built on this system, or broke; never the student's doing."""


@dataclass(frozen=True)
class Limits:
    """What one child may use: bytes of memory and private folder, processes, seconds of processor time."""

    memory: int = 1024 * MIB
    folder: int = 16 * MIB
    processes: int = 16
    cpu_seconds: int = 300


FOR_LIBRARY = {
    "numpy": Limits(),
    "torch": Limits(memory=3072 * MIB, folder=64 * MIB, processes=32, cpu_seconds=600),
    "training": Limits(memory=3072 * MIB, folder=64 * MIB, processes=32, cpu_seconds=1200),
}


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


# ---- what is bound


def packages_for(library):
    """Top-level files and folders of what a kind of task needs, as paths, found by their installation records.

    `library` is one of the keys of LIBRARY. Raises IsolationError where it is not installed.
    """
    library = LIBRARY[library]
    wanted, seen, paths = [library, "numpy"], set(), set()
    while wanted:
        name = _normal(wanted.pop())
        if name in seen or name in NOT_GIVEN:
            continue
        seen.add(name)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            if name == library:
                raise IsolationError(f"{library} is not installed") from None
            continue  # an extra, or meant for another system
        for requirement in distribution.requires or []:
            if "extra ==" not in requirement:
                wanted.append(requirement)
        for file in distribution.files or []:
            top = file.parts[0]
            if top != ".." and not top.endswith((".dist-info", ".pth", "__pycache__")):
                paths.add(Path(distribution.locate_file(top)))
    return sorted(path for path in paths if path.exists())


def _normal(requirement):
    name = requirement
    for stop in " ;<>=!~[(":
        name = name.split(stop)[0]
    return name.lower().replace("_", "-")


def _read_only_binds():
    """Folders and files of the system and of Python that the student's side can read."""
    executable = Path(os.path.realpath(sys.executable))
    base = Path(sys.base_prefix)
    binds = [path for path in map(Path, ("/lib", "/lib64", "/usr/lib", "/usr/lib64")) if path.exists()]
    binds += [executable, Path(sysconfig.get_path("stdlib"))]
    if base not in (Path("/usr"), Path("/")):
        binds += [path for path in (base / "lib").glob("lib*.so*") if path.exists()]
    if (base / "conda-meta").is_dir():
        binds += [base / "lib"]
    return binds


def _hidden_folders():
    """Folders with other packages that lie inside what is bound: an empty folder goes over each."""
    standard = Path(sysconfig.get_path("stdlib"))
    candidates = [standard / "site-packages", standard / "dist-packages", standard / "test"]
    return [path for path in [*candidates, Path("/usr/lib/python3/dist-packages")] if path.is_dir()]


def private_folder():
    """Where a child's own files go: /tmp, unless Python itself lies there."""
    return "/private" if any(Path("/tmp") in path.parents for path in _read_only_binds()) else "/tmp"


def command(library, control, *, as_root, info=None):
    """The bubblewrap command line that starts a warm parent for `library` on a control descriptor."""
    program = shutil.which("bwrap")
    if program is None:
        raise IsolationError("bubblewrap (the program bwrap) is not installed")
    line = [program, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    line += ["--die-with-parent", "--as-pid-1", "--new-session", "--hostname", "sandbox", "--clearenv"]
    line += ["--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"]
    if as_root:
        for capability in ("SETUID", "SETGID", "KILL", "SETPCAP"):
            line += ["--cap-add", f"CAP_{capability}"]
    else:
        line += ["--unshare-user"]
    if info is not None:
        line += ["--info-fd", str(info)]
    binds = {path: path for path in _read_only_binds()}
    binds |= {path: Path("/packages") / path.name for path in packages_for(library)}
    binds |= {INSIDE: Path("/grader/inside")}
    for folder in sorted({parent for place in binds.values() for parent in place.parents} - {Path("/")}):
        line += ["--dir", str(folder)]  # made by hand, since bubblewrap would make them for root's eyes alone
    for path, place in binds.items():
        line += ["--ro-bind", str(path), str(place)]
    for folder in _hidden_folders():
        line += ["--tmpfs", str(folder)]
    line += ["--dir", "/dev"]
    for device in ("null", "zero", "random", "urandom"):
        line += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    for folder in ("/dev/shm", "/proc", "/sys"):
        line += ["--dir", folder]
    folder = private_folder()
    line += ["--tmpfs", folder]  # the warm parent's own; each child gets one over it
    line += ["--remount-ro", "/", "--chdir", "/"]
    places = {"HOME": folder, "TMPDIR": folder, "TORCHINDUCTOR_CACHE_DIR": f"{folder}/torchinductor"}
    for name, value in (ENVIRONMENT | _vector_units() | places).items():
        line += ["--setenv", name, value]
    executable = os.path.realpath(sys.executable)
    return [*line, executable, "-s", "-P", "-S", "-B", "-c", START, str(control), library]


ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "LANG": "C.UTF-8",
    "USER": "student",  # there is no list of users to look in
    "OMP_NUM_THREADS": "1",  # a fork after threads have started can hang
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def _vector_units():
    """Tell PyTorch what the processor can do: inside, where there is no /proc/cpuinfo, it would assume the least."""
    try:
        flags = re.search(r"^flags\s*:(.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        flags = None
    has_avx2 = flags is not None and {"avx2", "fma"} <= set(flags[1].split())
    return {"ATEN_CPU_CAPABILITY": "avx2"} if has_avx2 else {}


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
