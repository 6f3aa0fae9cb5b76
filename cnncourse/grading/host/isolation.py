"""How well student code can be kept apart on this system, and the refusal where it cannot."""

import os
import platform

from cnncourse.grading.host.bubblewrap import IsolationError
from cnncourse.grading.host.sandbox import Sandbox
from cnncourse.grading.host.unsandboxed import Process

CURE = {
    "Linux": "install bubblewrap (Debian, Ubuntu: apt install bubblewrap) and allow user namespaces, or use the "
    "Dockerfile",
    "Darwin": "macOS has no such namespaces: use the Dockerfile",
    "Windows": "Windows has no such namespaces: use the Dockerfile, or WSL 2",
}


def open_isolation(library="numpy", *, trust=False):
    """Return the strongest isolation that this system gives, ready to start children.

    Parameters
    ----------
    library : "numpy", "torch" or "training"
    trust : whether a plain process will do where there is no sandbox

    Raises
    ------
    IsolationError
        Where there is no sandbox and the submissions are not trusted; says what to do.
    """
    problem = f"{platform.system()} has no bubblewrap"
    if platform.system() == "Linux":
        for as_root in _ways():
            try:
                return Sandbox(library, as_root=as_root)
            except IsolationError as error:
                problem = str(error)
    if trust:
        return Process(library)
    cure = CURE.get(platform.system(), "use the Dockerfile")
    raise IsolationError(
        f"student code cannot be isolated here ({problem}). What helps: {cure}. To run submissions that you trust "
        "with your own rights all the same, say --trust-submissions; each score is then marked with it."
    )


def _ways():
    return (True, False) if os.geteuid() == 0 else (False,)
