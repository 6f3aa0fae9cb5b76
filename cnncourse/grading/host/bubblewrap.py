"""The command line of bubblewrap: what the student's side can see.

What is bound, and why: the libraries' folders (`/lib`, `/usr/lib`: the C library and what Python links to), Python's
own standard library, the few packages that a task may use, the files of the student's side. There is no home,
no course, no notebook, no device but null, zero and random, no network, no process but its own.
"""

import os
import re
import shutil
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

from cnncourse.grading import inside

INSIDE = Path(inside.__file__).parent  # all that the student's side gets of the course
START = "import sys; sys.path += ['/grader', '/packages']; from inside.warm import main; main()"
NOT_GIVEN = frozenset(("torchvision", "cnncourse"))
LIBRARY = {"numpy": "numpy", "torch": "torch", "training": "torch"}  # for "training", optimisers are warm, too


class IsolationError(RuntimeError):
    """The sandbox cannot be built on this system, or broke; never the student's doing."""


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
