"""Control groups around a sandbox: a ceiling on memory and processes of all its members together, one share of time.

Resource limits count per process or per user; a group counts everything that a student's code starts, and many busy
processes get no more of the processors than a classmate's single one. Where the kernel's
group folders cannot be written (an ordinary user without delegation), there are only the resource limits.
"""

import os
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PREFIX = "cnncourse-"
CONTROLS = ("cpu", "memory", "pids")


class Group:
    """The folders of one control group; `around` makes it, `close` removes it."""

    def __init__(self, folders):
        self.folders = folders

    @property
    def controls(self):
        """Names of what is under control: of CONTROLS."""
        return sorted(self.folders)

    @classmethod
    def around(cls, pid, memory, processes):
        """Put a process (and its future children) into a new group with ceilings; as far as that is allowed."""
        folders = {}
        for control, (file, value) in {
            "memory": (("memory.limit_in_bytes", "memory.max"), memory),
            "pids": (("pids.max", "pids.max"), processes),
            "cpu": (("cgroup.procs", "cgroup.procs"), pid),  # being a group is all that it takes
        }.items():
            for parent, name in _candidates(control, *file):
                folder = parent / f"{PREFIX}{os.getpid()}-{pid}"
                try:
                    folder.mkdir(exist_ok=True)
                    (folder / name).write_text(str(value))
                    (folder / "cgroup.procs").write_text(str(pid))
                except OSError:
                    _remove(folder)
                else:
                    folders[control] = folder
                    break
        return cls(folders)

    def close(self):
        """Remove the group once its last process has gone."""
        for folder in self.folders.values():
            for _ in range(50):
                if _remove(folder):
                    break
                time.sleep(0.01)


def _candidates(control, file_v1, file_v2):
    """Folders in which a group for `control` could be made, each with the name of its limit file."""
    own = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        for name in names.split(","):
            own[name] = path.lstrip("/")
    if control in own:
        yield ROOT / control / own[control], file_v1
    if "" in own:
        for mount in (ROOT, ROOT / "unified"):
            folder = mount / own[""]
            if control in _read(folder / "cgroup.subtree_control").split():
                yield folder, file_v2


def _read(path):
    try:
        return path.read_text()
    except OSError:
        return ""


def _remove(folder):
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def remove_left_over(patience=0.0):
    """Remove the groups of graders that are gone; waits up to `patience` seconds for the last of their processes."""
    deadline = time.monotonic() + patience
    for control in CONTROLS:
        for parent, _ in _candidates(control, "", ""):
            for folder in parent.glob(f"{PREFIX}*"):
                while not _is_running(folder.name) and not _remove(folder) and time.monotonic() < deadline:
                    time.sleep(0.01)


def _is_running(name):
    maker = name.removeprefix(PREFIX).split("-")[0]
    return maker.isdigit() and Path(f"/proc/{maker}").exists()
