"""Notebooks that try to stop, stall, flood or outlive the grader. Bounded: the sandbox ends them in a second or two.

Each is (name, code). None deserves a point.
"""

ATTACKS = {
    "leaves with exit": "def cross_correlate2d(image, kernel): raise SystemExit(0)",
    "leaves with os._exit": "import os\ndef cross_correlate2d(image, kernel): os._exit(0)",
    "raises KeyboardInterrupt": "def cross_correlate2d(image, kernel): raise KeyboardInterrupt",
    "kills itself": "import os\ndef cross_correlate2d(image, kernel): os.kill(os.getpid(), 9)",
    "kills everything it can see": """
import os, signal
def cross_correlate2d(image, kernel):
    for pid in (-1, 0, 1, 2, 3, os.getppid()):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    os.abort()
""",
    "crashes Python": "import ctypes\ndef cross_correlate2d(image, kernel): return ctypes.string_at(0)",
    "recurses until the stack is gone": """
import sys
sys.setrecursionlimit(10**8)
def cross_correlate2d(image, kernel):
    return sorted([1], key=lambda item: cross_correlate2d(image, kernel))
""",
    "loops": "def cross_correlate2d(image, kernel):\n    while True: pass",
    "loops and swallows every exception": """
def cross_correlate2d(image, kernel):
    while True:
        try:
            while True: pass
        except BaseException:
            pass
""",
    "loops with all signals blocked": """
import signal
def cross_correlate2d(image, kernel):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    while True: pass
""",
    "loops in C, where no signal reaches": "def cross_correlate2d(image, kernel): return sum(range(10**15))",
    "a number too large to compute": "def cross_correlate2d(image, kernel): return 7 ** 7 ** 11",
    "a pattern that backtracks for ever": """
import re
def cross_correlate2d(image, kernel): return re.match("(a+)+$", "a" * 64 + "b")
""",
    "sleeps": "import time\ndef cross_correlate2d(image, kernel): time.sleep(10**6)",
    "stops the clock and loops": """
import time
time.monotonic = time.perf_counter = time.time = lambda: 0.0
def cross_correlate2d(image, kernel):
    while True: pass
""",
    "waits for input": "def cross_correlate2d(image, kernel):\n    input()\n    return open('/dev/stdin').read()",
    "a fork bomb": """
import os
def cross_correlate2d(image, kernel):
    while True:
        try:
            os.fork()
        except OSError:
            pass
""",
    "a daemon that stays": """
import os, time
def cross_correlate2d(image, kernel):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True: time.sleep(0.01)
        os._exit(0)
    return 1
""",
    "threads without end": """
import threading, time
def cross_correlate2d(image, kernel):
    while True:
        threading.Thread(target=time.sleep, args=(10**6,), daemon=True).start()
""",
    "memory, at once": "def cross_correlate2d(image, kernel): return np.ones(1 << 40)",
    "memory, bit by bit": """
def cross_correlate2d(image, kernel):
    kept = []
    while True:
        kept.append(np.ones(1 << 20))
""",
    "memory shared by many processes": """
import mmap, os
def cross_correlate2d(image, kernel):
    for _ in range(8):
        if os.fork() == 0:
            break
    kept = []
    while True:
        kept.append(mmap.mmap(-1, 64 << 20))
        kept[-1].write(b"x" * (64 << 20))
""",
    "a disk full of zeros": """
import itertools
def cross_correlate2d(image, kernel):
    for folder in ("/tmp", "/dev/shm"):
        for number in itertools.count():
            try:
                with open(f"{folder}/{number}", "wb") as file:
                    while True: file.write(b"0" * (1 << 20))
            except OSError as problem:
                if number > 50: break
    return 1
""",
    "a million empty files": """
def cross_correlate2d(image, kernel):
    for number in range(10**6): open(f"/tmp/{number}", "w").close()
""",
    "a flood of output": """
import os, sys
def cross_correlate2d(image, kernel):
    while True:
        print("passed " * 1000)
        os.write(1, b"passed " * 1000)
        os.write(2, b"passed " * 1000)
""",
    "a flood on the grader's channel": """
import os
def cross_correlate2d(image, kernel):
    while True: os.write(3, b"\\xff" * 65536)
""",
    "a promise of bytes that never come": """
import os, struct, time
def cross_correlate2d(image, kernel):
    os.write(3, struct.pack("<IQ", 100, 1 << 60))
    time.sleep(100)
""",
    "a reply, one byte at a time": """
import os, struct, time
def cross_correlate2d(image, kernel):
    os.write(3, struct.pack("<IQ", 10**6, 0))
    while True:
        os.write(3, b" ")
        time.sleep(0.01)
""",
    "answers sent before the questions": """
import os, sys
def ours(name):
    frame = sys._getframe()
    while name not in frame.f_globals: frame = frame.f_back
    return frame.f_globals[name]
protocol = ours("protocol")
reply = {"value": True, "error": None, "printed": False, "changed": [], "arguments": [], "seconds": 0.0, "used": []}
for _ in range(200):
    os.write(3, b"".join(bytes(chunk) for chunk in protocol.encode(reply)))
def cross_correlate2d(image, kernel): return 1
""",
    "a header nested a million deep": """
import os, struct
def cross_correlate2d(image, kernel):
    header = b"[" * 10**6
    os.write(3, struct.pack("<IQ", len(header), 0) + header)
""",
    "the channel, closed": "import os\ndef cross_correlate2d(image, kernel): os.closerange(0, 100)",
    "an error whose text has no end": """
class Endless(Exception):
    def __str__(self): return "x" * (1 << 34)
def cross_correlate2d(image, kernel): raise Endless
""",
    "an error that raises when it is read": """
class Nested(Exception):
    def __str__(self): raise Nested
    __repr__ = __str__
def cross_correlate2d(image, kernel): raise Nested
""",
}
