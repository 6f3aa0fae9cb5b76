"""Which PyTorch the course installs: the ordinary one, or on Linux without an NVIDIA GPU the small one.

On Linux the ordinary PyTorch brings four gigabytes of CUDA libraries, which a machine without an NVIDIA GPU never
uses. The small one is not on PyPI; PyTorch keeps it in an index of its own, which some networks do not reach.
`make.py` uses this module, which therefore needs Python's standard library alone and stays readable for old Pythons.
"""

import glob
import os
import shutil
import sys
import threading
import urllib.request

INDEX = "https://download.pytorch.org/whl/cpu/torch/"
SECONDS = 8  # for the index to answer, whatever the network does
KINDS = {"default": "the ordinary PyTorch", "cpu": "the small PyTorch, without CUDA"}
GIGABYTES = {"default": 8, "cpu": 3}  # free space that a first installation of each wants on Linux


def has_nvidia_gpu():
    paths = ["/proc/driver/nvidia/version", "/dev/nvidia0", "/dev/dxg"]  # the last one: Windows' GPU in WSL
    return any(map(os.path.exists, paths)) or shutil.which("nvidia-smi") is not None


def index_answers(url=None, seconds=None):
    """Whether the list of small PyTorch files can be read; the answer comes within `seconds`, even from dead lines."""
    found = []

    def ask():
        try:
            request = urllib.request.Request(url or INDEX, headers={"User-Agent": "cnncourse"})
            with urllib.request.urlopen(request, timeout=seconds or SECONDS) as page:
                found.append(b"torch-" in page.read(1000000))  # a hotel's log-in page lists no such file
        except Exception:  # a proxy, a certificate, a name that is unknown here: in each case it cannot be had
            pass

    thread = threading.Thread(target=ask, daemon=True)  # a name server that hangs cannot be interrupted
    thread.start()
    thread.join(seconds or SECONDS)
    return found == [True]


def record(venv):
    return os.path.join(str(venv), "torch.txt")


def installed(venv):
    """Return (kind, reason) of what `venv` holds, or None if it holds no PyTorch."""
    try:
        with open(record(venv)) as file:
            kind, _, reason = file.read().partition("\n")
        if kind in KINDS:
            return kind, reason.strip()
    except OSError:
        pass
    found = []
    for folder in (os.path.join("lib", "python*"), "Lib"):  # the second one on Windows
        found += glob.glob(os.path.join(str(venv), folder, "site-packages", "torch-*.dist-info"))
    if not found:
        return None
    return ("cpu" if "+cpu" in found[0] else "default"), "it was installed before the course kept a record"


def decide(asked, venv):
    """Return (kind, reason): what is asked for, what is there already, or what suits this machine."""
    if asked != "auto":
        return asked, "TORCH={} asks for it".format(asked)
    there = installed(venv)
    if there:
        return there
    if not sys.platform.startswith("linux"):
        return "default", "on this system it is small"
    if has_nvidia_gpu():
        return "default", "there is an NVIDIA GPU"
    if index_answers():
        return "cpu", "there is no NVIDIA GPU"
    return "default", "there is no NVIDIA GPU, but the index of the small one could not be reached"


def keep(kind, reason, venv):
    """Write the decision into `venv`, whole or not at all."""
    temporary = record(venv) + ".tmp"
    with open(temporary, "w") as file:
        file.write("{}\n{}\n".format(kind, reason))
    os.replace(temporary, record(venv))


def gigabytes(kind):
    """Return the free space that installing `kind` on this system wants."""
    return GIGABYTES[kind if sys.platform.startswith("linux") else "cpu"]
