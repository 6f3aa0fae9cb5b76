"""What student code can see and do in its process: tried from the inside."""

import contextlib
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cnncourse.grading.host import bubblewrap, isolation, sandbox
from cnncourse.grading.host.bubblewrap import IsolationError
from cnncourse.grading.host.grade import Sandboxes
from cnncourse.grading.host.remote_student import SandboxStudent
from cnncourse.grading.host.sandbox import Sandbox
from cnncourse.grading.host.unsandboxed import Process
from cnncourse.grading.inside import seccomp
from tests.grading.harness import ANSWERS, CORRELATE, IMPORTS, descendants, grade_one

TRY = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def refused(number, *arguments):
    ctypes.set_errno(0)
    return libc.syscall(number, *arguments) == -1 and ctypes.get_errno() == 1
"""


def inside(box, code, *args, slack=2.0):
    """Run `answer(*args)` from `code` in a fresh child of a sandbox; returns its value."""
    with SandboxStudent(box, [TRY + code], "answer", slack=slack) as student:
        outcome = student.call("answer", "function", args)
    assert outcome.error is None, (outcome.error, student.problems)
    return outcome.value


@pytest.fixture
def box(sandboxes):
    return sandboxes.get("numpy")


def test_sees_python_and_numpy_and_nothing_of_the_course(box):
    code = """
import sys
def answer():
    found = [name for folder, folders, files in os.walk("/") for name in folders + files
             if "cnncourse" in name or name.endswith(".ipynb") or name in ("gradebook.db", "solutions", "torch")]
    return os.listdir("/packages"), os.listdir("/grader"), found, os.listdir("/proc"), os.getcwd()
"""
    packages, grader, found, processes, folder = inside(box, code, slack=8.0)
    assert sorted(packages) == ["numpy", "numpy.libs"]
    assert (grader, found, processes, folder) == ([], [], [], "/tmp")


@pytest.mark.parametrize("name", "probes callables worker protocol stand_ins inside inside.probes".split())
def test_nothing_of_the_grader_can_be_imported(box, name):
    code = """
import importlib, sys
sys.path += ["/grader", "/grader/inside", "/"]
def answer(name):
    try:
        return str(vars(importlib.import_module(name)).get("__file__"))
    except ImportError:
        return "not there"
"""
    assert inside(box, code, name) == "not there"
    assert inside(box, "import sys\ndef answer(name): return name in sys.modules", name) is False


def test_environment_and_memory_hold_no_secret(box):
    code = "def answer(): return sorted(os.environ), os.getpid(), os.getppid(), os.getuid()"
    names, pid, parent, user = inside(box, code)
    ours = {*bubblewrap.ENVIRONMENT, *bubblewrap._vector_units(), "HOME", "TMPDIR", "TORCHINDUCTOR_CACHE_DIR"}
    assert set(names) <= ours | {"PWD", "LC_CTYPE"}
    assert (pid, parent) == (1, 0)
    assert user != 0


def test_cannot_read_classmates_or_write_the_gradebook(box, tmp_path):
    work, database = tmp_path / "classmate.ipynb", tmp_path / "gradebook.db"
    work.write_text("secret")
    database.write_text("scores")
    code = """
def attempt(action):
    try:
        return action()
    except OSError as problem:
        return type(problem).__name__
def answer(work, database, home):
    return [attempt(lambda: open(work).read()), attempt(lambda: open(database, "w").write("100")),
            attempt(lambda: os.listdir(home)), attempt(lambda: open("/etc/passwd").read()),
            attempt(lambda: open("/packages/numpy/evil.py", "w")), attempt(lambda: open("/grader/worker.py", "a")),
            attempt(lambda: os.mkdir("/packages/torch")), attempt(lambda: os.remove("/packages/numpy/__init__.py")),
            attempt(lambda: os.chmod("/grader", 0o777)), attempt(lambda: os.symlink("/etc", "/packages/etc"))]
"""
    results = inside(box, code, str(work), str(database), str(tmp_path))
    assert all(isinstance(r, str) and r.endswith("Error") for r in results), results
    assert work.read_text() == "secret"
    assert database.read_text() == "scores"


def test_network_is_out_of_reach(box):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        code = """
import socket
def answer(port):
    said = []
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET):
        try:
            socket.socket(family)
        except OSError as problem:
            said.append(problem.errno)
    return said
"""
        assert inside(box, code, server.getsockname()[1]) == [1, 1, 1, 1]
        with pytest.raises(TimeoutError):
            server.accept()


def test_system_calls_that_lead_out_are_refused(box):
    column = seccomp.ARCHITECTURES[platform.machine()][0]
    numbers = {name: pair[column] for name, pair in seccomp.REFUSED.items() if pair[column] is not None}
    code = "def answer(numbers): return [name for name, number in numbers.items() if not refused(number, *[0] * 5)]"
    assert inside(box, code, numbers) == []


def test_new_namespaces_are_refused_and_threads_and_processes_are_not(box):
    clone, clone3 = (pair[seccomp.ARCHITECTURES[platform.machine()][0]] for pair in (seccomp.CLONE, seccomp.CLONE3))
    code = """
import threading
def answer(clone, clone3):
    said = [refused(clone, flag | 17, 0, 0, 0, 0) for flag in (0x10000000, 0x20000000, 0x00020000, 0x40000000)]
    missing = libc.syscall(clone3, 0, 0) == -1 and ctypes.get_errno() == 38
    thread = threading.Thread(target=said.append, args=(True,))
    thread.start()
    thread.join()
    pid = os.fork()
    if pid == 0:
        os._exit(7)
    return said, missing, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""
    assert inside(box, code, clone, clone3) == ([True] * 5, True, 7)


def test_no_capability_and_no_way_to_get_one(box):
    code = """
def answer():
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc.capget(header, data)
    return list(data), [libc.prctl(23, n, 0, 0, 0) for n in range(38)], libc.prctl(39, 0, 0, 0, 0)
"""
    capabilities, bounding, no_new_privileges = inside(box, code)
    assert capabilities == [0] * 6
    assert not any(bounding)
    assert no_new_privileges == 1


def test_only_its_own_channel_is_open(box):
    code = """
def answer():
    open_ones = []
    for number in range(1024):
        try:
            os.fstat(number)
        except OSError:
            continue
        open_ones.append(number)
    return open_ones
"""
    assert inside(box, code) == [0, 1, 2, 3]


def test_floods_of_errors_block_nobody(box):
    """What is written to standard error goes nowhere; in a pipe that all children share it would stop the next one."""
    code = """
def answer(count):
    for number in (1, 2):
        for _ in range(count): os.write(number, b"x" * 4096)
    return os.path.samestat(os.fstat(2), os.stat("/dev/null"))
"""
    for count in (64, 1):
        assert inside(box, code, count) is True


def test_limits_cannot_be_raised(box):
    code = """
import resource
def answer():
    said = []
    for name in ("AS", "CPU", "FSIZE", "NPROC", "NOFILE"):
        number = getattr(resource, "RLIMIT_" + name)
        soft, hard = resource.getrlimit(number)
        try:
            resource.setrlimit(number, (hard * 2, hard * 2))
        except (ValueError, OSError):
            said.append(name)
    return said
"""
    assert inside(box, code) == ["AS", "CPU", "FSIZE", "NPROC", "NOFILE"]


def test_memory_of_one_process_and_of_all_together_is_bounded(box):
    alone = """
def answer():
    kept = []
    try:
        while True: kept.append(bytearray(64 << 20))
    except MemoryError:
        return len(kept) * 64
"""
    assert 512 <= inside(box, alone) <= 1024
    if "memory" not in box.controls:
        pytest.skip("control groups cannot be written here")
    together = """
import mmap
def answer():
    for _ in range(6):
        if os.fork() == 0: break
    kept = []
    while True:
        try:
            kept.append(mmap.mmap(-1, 32 << 20))
            kept[-1].write(b"x" * (32 << 20))
        except (OSError, ValueError, MemoryError):
            os._exit(1)
"""
    with SandboxStudent(box, [TRY + together], "answer") as student:
        outcome = student.call("answer", "function", seconds=20)
    assert outcome.error.kind == "died"
    peak = [box.group.folders["memory"] / name for name in ("memory.max_usage_in_bytes", "memory.peak")]
    used = [int(path.read_text()) for path in peak if path.exists()]
    assert max(used) <= box.limits.memory + 512 * sandbox.MIB


def test_a_crowd_of_busy_processes_takes_little_time_from_a_classmate(box):
    if "cpu" not in box.controls:
        pytest.skip("control groups cannot be written here")
    work = """
import time
def answer():
    start = time.perf_counter()
    for _ in range(5_000_000): pass
    return time.perf_counter() - start
"""
    crowd = """
def answer():
    for _ in range(12):
        if os.fork() == 0:
            os.setsid()  # the kernel shares time out by session, too
            while True: pass
"""
    alone = min(inside(box, work) for _ in range(3))
    with Sandbox("numpy") as other, SandboxStudent(other, [TRY + crowd], "answer") as student:
        student.call("answer", "function")
        crowded = min(inside(box, work) for _ in range(3))
    assert crowded < 3 * alone


def test_files_and_processes_do_not_outlive_a_child(box):
    code = """
import time
def answer():
    with open("/tmp/mark", "w") as file: file.write("1")
    with open("/dev/shm/mark", "w") as file: file.write("1")
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            time.sleep(1000)
    return os.path.exists("/tmp/mark")
"""
    assert inside(box, code) is True
    assert descendants(box.pid) == []
    look = "def answer(): return os.listdir('/tmp') + os.listdir('/dev/shm')"
    assert inside(box, look) == []


def test_random_state_is_the_same_for_one_seed_and_other_for_another(box):
    code = "import random\ndef answer(): return random.random(), float(__import__('numpy').random.random())"
    values = []
    for seed in (1, 1, 2):
        with SandboxStudent(box, [code], "answer", seed=seed) as student:
            values.append(student.call("answer", "function").value)
    assert values[0] == values[1] != values[2]


def test_torch_is_there_for_torch_tasks_alone(sandboxes):
    code = """
def answer():
    import torch
    return float(torch.nn.functional.conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 3, 3)).sum())
"""
    assert inside(sandboxes.get("torch"), code) == 9.0
    with SandboxStudent(sandboxes.get("numpy"), [code], "answer") as student:
        assert student.call("answer", "function").error.text.startswith("ModuleNotFoundError")


def test_killing_the_grader_ends_the_sandbox(box, tmp_path):
    code = (
        "from cnncourse.grading.host.sandbox import Sandbox; import time\n"
        "box = Sandbox('numpy'); box.start_child(); print(box.pid, flush=True); time.sleep(100)"
    )
    grader = subprocess.Popen([sys.executable, "-I", "-c", code], stdout=subprocess.PIPE, text=True)
    pid = int(grader.stdout.readline())
    assert len(descendants(pid)) == 1
    grader.kill()
    grader.wait()
    grader.stdout.close()
    for _ in range(200):
        if not _is_running(pid):
            return
        time.sleep(0.02)
    pytest.fail("the sandbox lives on")


def _is_running(pid):
    with contextlib.suppress(OSError):
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    return False


def test_without_a_sandbox_untrusted_work_is_refused(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(IsolationError, match="--trust-submissions"):
        isolation.open_isolation("numpy")
    with isolation.open_isolation("numpy", trust=True) as plain:
        assert plain.level == "process"


def test_without_a_sandbox_trusted_work_is_graded_all_the_same(monkeypatch):
    monkeypatch.setattr(isolation, "Sandbox", _no_sandbox)
    with Sandboxes(trust=True) as sandboxes:
        assert grade_one(sandboxes, [IMPORTS, ANSWERS[CORRELATE]]).report.passed
        assert sandboxes.level == "process"
        stops = "import os\ndef cross_correlate2d(image, kernel): os._exit(3)"
        assert grade_one(sandboxes, [IMPORTS, stops]).report.score == 0
        endless = "def cross_correlate2d(image, kernel):\n    while True: pass"
        assert grade_one(sandboxes, [IMPORTS, endless], slack=0.1).report.status == "timeout"
        assert "cnncourse" not in str(grade_one(sandboxes, [IMPORTS, "x = 1"]).problems)


def _no_sandbox(*args, **kwargs):
    raise IsolationError("none here")


def test_plain_processes_leave_nothing():
    with Process("numpy") as plain:
        folder = plain.folder
        plain.start_child()
        (child,) = plain.children.values()
    assert child.poll() is not None
    assert not os.path.exists(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="this is about root")
def test_root_without_its_rights_may_start_no_processes():
    """In a container whose root has lost its rights, limits on processes do not hold for root: so there are none."""
    try:
        box = Sandbox("numpy", as_root=False)
    except IsolationError as problem:
        pytest.skip(str(problem))
    with box:
        code = """
import threading
def answer():
    thread = threading.Thread(target=lambda: None)
    thread.start()
    try:
        os.fork()
    except OSError as problem:
        return problem.errno
"""
        assert inside(box, code) == 1


def test_filter_is_built_for_two_machines_and_refused_for_others():
    assert len(seccomp.build("aarch64")) < len(seccomp.build("x86_64"))
    assert len(seccomp.build("x86_64", processes=False)) > len(seccomp.build("x86_64"))
    with pytest.raises(NotImplementedError, match="riscv64"):
        seccomp.build("riscv64")
