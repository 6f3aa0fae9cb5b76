"""Listening to an answer: which functions of libraries it calls that a task may not allow."""

import contextlib
import gc
import inspect
import sys
from pathlib import Path

WATCHED = {*"torch torchvision scipy skimage cv2 PIL sklearn jax tensorflow keras numba pandas cupy cnncourse".split()}
HERE = Path(__file__).parent
CHECKS = HERE.parents[1] / "checks"
# Frames that are not the learner's: this folder's, and at home the caller and the functions that tasks pass.
OURS = {str(path) for path in [*HERE.glob("*.py"), CHECKS / "student.py", CHECKS / "callables.py"]}
listens = [True]  # whether calls are listened to at all: see `listen_from_the_first_import`


def listen_from_the_first_import():
    """Listen to calls only once a watched library has been imported: before that there is nothing to hear.

    For the sandbox, where `cnncourse` is a stand-in that computes nothing. Listening makes loops several times as
    slow. Nothing can take this hook away again.
    """
    libraries = WATCHED - {"cnncourse"}

    def noticed(event, arguments):
        if event == "import" and arguments[0].partition(".")[0] in libraries:
            listens[0] = True

    listens[0] = any(name.partition(".")[0] in libraries for name in sys.modules)
    sys.addaudithook(noticed)


@contextlib.contextmanager
def watching(used):
    """Record which functions of watched libraries are called meanwhile, by listening to calls; not where it is None."""
    if used is None or not listens[0]:
        yield
        return

    def listen(frame, event, argument):
        if event == "c_call":
            owner = getattr(argument, "__self__", None)
            kind = owner if inspect.isclass(owner) else type(owner)
            module = getattr(argument, "__module__", None) or getattr(kind, "__module__", None) or ""
            name = getattr(argument, "__name__", "?")
        elif event == "call" and frame.f_code.co_filename not in OURS:  # our own callables are no library calls
            module = frame.f_globals.get("__name__") or ""
            name = frame.f_code.co_name
        else:
            return
        root = module.split(".", 1)[0]
        if root in WATCHED and module.rpartition(".")[0] != __package__ and len(used) < 20:
            used[f"{root}.{name}"] = True

    # A garbage collection in the middle would call other libraries back, and the answer be blamed for it.
    collecting, old = gc.isenabled(), sys.getprofile()
    gc.disable()
    sys.setprofile(listen)
    try:
        yield
    finally:
        sys.setprofile(old)
        if collecting:
            gc.enable()
