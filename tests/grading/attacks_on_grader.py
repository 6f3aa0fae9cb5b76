"""Notebooks that turn against the grader's own means: its channel, its frames, its warm parent, its order of calls.

Each is (name, code). None deserves a point.
"""

FORGE = """
import json, os, struct, sys, threading, time
def frame(value, arrays=(), payload=b"", extra=b""):
    text = value if isinstance(value, bytes) else json.dumps({"value": value, "arrays": list(arrays)}).encode()
    return struct.pack("<IQ", len(text), len(payload)) + text + payload + extra
def result(value, **more):
    plain = {"value": value, "error": None, "printed": False, "changed": [], "seconds": 0.0, "used": []} | more
    plain["arguments"] = []
    return {"dict": [[key, {"dict": []} if item == {} else item] for key, item in plain.items()]}
def places(image, kernel):
    return image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
"""

SEND = """
def cross_correlate2d(image, kernel):
    os.write(3, {frame})
    time.sleep(0.02)
    os._exit(0)
"""
NOTHING = "\ndef cross_correlate2d(image, kernel): return 0"


def _sends(frame):
    return FORGE + SEND.replace("{frame}", frame)


ATTACKS = {
    "a forged reply with an array of big-endian numbers": _sends(
        'frame(result({"array": 0}), [[">f8", [1, 1]]], bytes(8))'
    ),
    "a forged reply with a structured dtype": _sends('frame(result({"array": 0}), [["f8,f8", [1]]], bytes(16))'),
    "a forged reply with an object array": _sends('frame(result({"array": 0}), [["object", [1]]], bytes(8))'),
    "a forged reply with an array of negative size": _sends(
        'frame(result({"array": 0}), [["float64", [-1, -1]]], bytes(8))'
    ),
    "a forged reply whose array lies beyond its bytes": _sends(
        'frame(result({"array": 0}), [["float64", [1 << 20, 1 << 20]]], bytes(8))'
    ),
    "a forged reply with an array of no size and many axes": _sends(
        'frame(result({"array": 0}), [["float64", [0] * 16]], b"")'
    ),
    "a forged reply with not a number as its time": _sends("frame(result(1, seconds=float('nan')))"),
    "a forged reply with infinity as its value": _sends("frame(result(float('inf')))"),
    "a forged reply whose keys come twice": _sends(
        """frame(b'{"value": 1, "arrays": [], "value": {"dict": [["score", 9]]}}')"""
    ),
    "a forged reply that says nothing went wrong, and an error": _sends(
        'frame(result(True, error={"dict": [["kind", "right"], ["text", ""], ["line", None], ["source_line", None], '
        '["function", None], ["cell", None]]}))'
    ),
    "a forged reply with an enormous integer": _sends(
        """frame(b'{"arrays": [], "value": ' + b"9" * 100000 + b"}")"""
    ),
    "a forged reply of a million empty lists": _sends(
        """frame(b'{"arrays": [], "value": [' + b"[]," * 600000 + b"1]}")"""
    ),
    "a forged reply in a text of another coding": _sends(
        """frame('{"value": 1, "arrays": []}'.encode("utf-16"))"""
    ),
    "frames without end after a right-looking one": FORGE + """
def cross_correlate2d(image, kernel):
    while True: os.write(3, frame(result(None)) * 100)
""",
    "a helper that takes the grader's questions off the channel": FORGE + """
def thief():
    while True:
        try:
            os.read(3, 64)
            os.write(3, frame(result(0.0)))
        except OSError:
            return
threading.Thread(target=thief, daemon=True).start()
time.sleep(0.1)
def cross_correlate2d(image, kernel): return 0
""",
    "an answer that splits in two, and both reply": FORGE + """
def cross_correlate2d(image, kernel):
    os.fork()
    return np.zeros(places(image, kernel))
""",
    "the channel made non-blocking, shut and replaced": FORGE + """
import socket
def cross_correlate2d(image, kernel):
    channel = socket.socket(fileno=os.dup(3))
    channel.setblocking(False)
    channel.shutdown(socket.SHUT_RD)
    ours, theirs = socket.socketpair()
    os.dup2(theirs.fileno(), 3)
    return np.zeros(places(image, kernel))
""",
    "descriptors sent back through the channel": FORGE + """
import array, socket
def cross_correlate2d(image, kernel):
    channel = socket.socket(fileno=os.dup(3))
    for _ in range(100):
        channel.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2, 3]))])
    return 1
""",
    "memory, descriptors and signals of processes that it guesses": FORGE + """
import ctypes, signal
def cross_correlate2d(image, kernel):
    for pid in (0, 1, 2, os.getppid(), *range(1000)):
        for name in ("mem", "fd/0", "environ", "root", "cwd"):
            try:
                open(f"/proc/{pid}/{name}", "rb").read(10)
                return "read"
            except OSError:
                pass
        try:
            os.pidfd_open(pid) if pid > 2 else None
            return "opened"
        except OSError:
            pass
    ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)
    return 0
""",
    "every descriptor that it may have inherited": FORGE + """
def cross_correlate2d(image, kernel):
    for number in range(4, 1024):
        try:
            os.write(number, b"score 100")
            return "written"
        except OSError:
            pass
    return 0
""",
    "a trace of the worker that turns every False into True": """
import sys, threading
def trace(frame, event, argument):
    for name in list(frame.f_locals):
        if name in ("value", "error", "outcome", "passed", "score"):
            frame.f_locals[name] = True
    return trace
sys.settrace(trace)
threading.settrace(trace)
def cross_correlate2d(image, kernel):
    sys._getframe(1).f_trace = trace
    return True
""",
    "handlers for all signals, and an alarm": """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, lambda *args: None)
    except (OSError, ValueError):
        pass
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
def cross_correlate2d(image, kernel):
    while True: signal.pause()
""",
    "the limit of open files, used up": """
import os
kept = []
def cross_correlate2d(image, kernel):
    while True: kept.append(os.open("/dev/null", 0))
""",
    "an array whose numbers change while they are sent": """
import threading
shared = np.zeros((64, 64))
def spin():
    while True: shared[...] = np.random.random(shared.shape)
threading.Thread(target=spin, daemon=True).start()
def cross_correlate2d(image, kernel):
    return shared[: image.shape[0] - kernel.shape[0] + 1, : image.shape[1] - kernel.shape[1] + 1]
""",
    "an array in a file that shrinks": """
import os
def cross_correlate2d(image, kernel):
    with open("/tmp/x", "wb") as file: file.write(bytes(1 << 20))
    array = np.memmap("/tmp/x", np.float64, "r", shape=(1 << 17,))
    os.truncate("/tmp/x", 0)
    return array
""",
    "an interface that points to memory of others": """
class Pointer:
    __array_interface__ = {"shape": (3, 3), "typestr": "<f8", "data": (4096, False), "version": 3}
def cross_correlate2d(image, kernel): return np.asarray(Pointer())
""",
    "strides of zero over a huge shape": """
def cross_correlate2d(image, kernel): return np.lib.stride_tricks.as_strided(image, (1 << 24, 1 << 24), (0, 0))
""",
    "an answer that comes only when it is looked at": """
class Lazy:
    def __len__(self): return 1 << 60
    def __getitem__(self, index): return 0.0
    def __array__(self, *args, **kwargs): return np.zeros((1 << 20, 1 << 10))
def cross_correlate2d(image, kernel): return Lazy()
""",
    "a generator": "def cross_correlate2d(image, kernel):\n    while True: yield 0.0",
    "a coroutine": "async def cross_correlate2d(image, kernel): return 0.0",
    "a dictionary of a million keys, nested": """
def cross_correlate2d(image, kernel):
    value = {str(i): i for i in range(10**6)}
    for _ in range(100): value = {"a": value, "b": value}
    return value
""",
    "a number that says it is a float, and whose bits are many": """
class Big(int):
    def bit_length(self): return 1
    def __int__(self): return 1
def cross_correlate2d(image, kernel): return Big(1 << 10**7)
""",
    "names that are looked up where there is none": """
class Module(type(np)):
    def __getattr__(self, name): return lambda *args, **kwargs: True
import sys
sys.modules["__main__"].__class__ = Module
def cross_correlate2d(image, kernel): return answer_everything(image, kernel)
""",
    "source code with thousands of brackets": f"x = {'(' * 5000}{')' * 5000}" + NOTHING,
    "source code that is one long sum": "x = " + "+".join(["1"] * 50_000) + NOTHING,
    "a coding that executes": "# -*- coding: unicode_escape -*-" + NOTHING,
    "a null byte": "x = '\0'" + NOTHING,
    "other programs, to do the work": """
import subprocess
def cross_correlate2d(image, kernel):
    return subprocess.run(["/bin/sh", "-c", "echo 0; sleep 100 & cat /etc/passwd"], capture_output=True).stdout
""",
    "an executable of its own": """
import os
def cross_correlate2d(image, kernel):
    with open("/tmp/run", "w") as file: file.write("#!/grader/warm.py\\n")
    os.chmod("/tmp/run", 0o4777)
    os.execv("/tmp/run", ["/tmp/run"])
""",
    "the terminal, the console and the log": """
import os
def cross_correlate2d(image, kernel):
    for path in ("/dev/tty", "/dev/console", "/dev/kmsg", "/dev/ptmx", "/dev/mem", "/dev/fuse", "/dev/kvm"):
        try:
            os.write(os.open(path, os.O_RDWR), b"passed")
            return "written"
        except OSError:
            pass
    os.mknod("/tmp/null", 0o20666, os.makedev(1, 1))
    return 0
""",
}  # fmt: skip
