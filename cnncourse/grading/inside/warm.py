"""The warm parent: imports NumPy (and PyTorch) once inside the sandbox, then forks a locked-down child per task.

It never runs a line of a student and holds no secret. Orders come from the grader over a control socket: a file
descriptor with limits means "start a child that answers on this", anything after it means "end that child".
Started by `host.sandbox`, inside bubblewrap, with two arguments, CONTROL_FD and LIBRARY, and with capabilities
over its own namespaces alone.
"""

import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import socket
import sys
import traceback

NEW_MOUNT, NEW_PID, NEW_USER, NEW_IPC = 0x00020000, 0x20000000, 0x10000000, 0x08000000
READ_ONLY, NO_SUID_NO_DEVICES = 1, 2 | 4
OUR_FOLDER = "/grader"
PR_CAPBSET_DROP, CAPABILITY_VERSION_3 = 24, 0x20080522
NUMPY = "numpy numpy.random numpy.fft numpy.linalg numpy.lib.stride_tricks typing itertools math".split()
TORCH = [*NUMPY, *"torch torch.nn.functional torch.optim torch.nested._internal.nested_tensor".split()]
# what a first backward, and a first optimiser, would import: seconds each
WARM = {"numpy": NUMPY, "torch": TORCH, "training": [*TORCH, "torch._dynamo"]}
CHANNEL = 3  # the only descriptor that a child keeps, beside /dev/null as 0, 1 and 2

libc = ctypes.CDLL(None, use_errno=True)
libc.prctl.argtypes = [ctypes.c_int] + 4 * [ctypes.c_ulong]


def main():
    """Import what answers need, say "ready", then start and end children until the grader hangs up."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for name in WARM[sys.argv[2]]:
        importlib.import_module(name)
    from . import listening, rehearsal, seccomp, stand_ins, worker  # NumPy is there only now

    stand_ins.put_in_place()
    listening.listen_from_the_first_import()
    filters = {processes: seccomp.build(processes=processes) for processes in (True, False)}
    rehearsal.rehearse(sys.argv[2])
    gc.collect()
    gc.freeze()  # objects that are never looked at again are pages that are never copied
    gc.disable()
    own_pids = os.pidfd_open(os.getpid())
    null = os.open(os.devnull, os.O_RDWR)
    control.send(b'{"ready": true}')
    while True:
        order, descriptors, _, _ = socket.recv_fds(control, 65536, 1)
        if not order:
            return
        limits = json.loads(order)
        child = start_child(own_pids)
        if child == 0:
            for standard in () if limits["debug"] else (0, 1, 2):  # a pipe that is never emptied would fill and block
                os.dup2(null, standard)
            run_child(descriptors[0], limits, seccomp.install, filters[limits["processes"]], worker.serve)
        os.close(descriptors[0])
        control.recv(16)
        os.kill(child, signal.SIGKILL)
        _, status, usage = os.wait4(child, 0)  # returns when all that the child had started is gone, too
        seconds = usage.ru_utime + usage.ru_stime
        control.send(json.dumps({"status": status, "seconds": seconds, "peak_kb": usage.ru_maxrss}).encode())


def start_child(own_pids):
    """Fork a child that is number 1 of a new process namespace, so that killing it kills all its descendants."""
    check(libc.setns(own_pids, NEW_PID), "setns")  # back from the namespace of the child before
    check(libc.unshare(NEW_PID), "unshare")
    return os.fork()


def run_child(channel, limits, install, call_filter, serve):
    """Be the child: keep one channel, lock down, answer; never return."""
    try:
        os.dup2(channel, CHANNEL)
        os.closerange(CHANNEL + 1, 4096)
        lock_down(limits)
        forget_ourselves()
        install(call_filter)
        serve(socket.socket(fileno=CHANNEL))
    except BaseException:
        if limits["debug"]:
            traceback.print_exc()
    os._exit(0)


def forget_ourselves(folder=OUR_FOLDER):
    """Leave nothing of ours to import: a student's process needs none of it by name."""
    for name in [name for name in sys.modules if name.split(".")[0] == __package__]:
        del sys.modules[name]
    sys.path[:] = [path for path in sys.path if path != folder]
    sys.path_importer_cache.clear()


def lock_down(limits):
    """Take away everything that an answer does not need; raises OSError rather than leave anything open."""
    check(libc.unshare(NEW_MOUNT | NEW_IPC), "unshare")  # the network is the sandbox's: none, and sockets are refused
    options = f"size={limits['folder_bytes']},nr_inodes=4096,mode=1777".encode()
    for folder in (limits["folder"], "/dev/shm"):
        check(libc.mount(b"tmpfs", folder.encode(), b"tmpfs", NO_SUID_NO_DEVICES, options), "mount")
    check(libc.mount(b"tmpfs", OUR_FOLDER.encode(), b"tmpfs", READ_ONLY, b"size=4k,nr_inodes=1,mode=555"), "mount")
    os.chdir(limits["folder"])
    if limits["become"] is not None:
        os.setgroups([])
        os.setresgid(*3 * [limits["become"]])
        os.setresuid(*3 * [limits["become"]])
    check(libc.unshare(NEW_USER), "unshare")
    for name, value in limits["resources"].items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    drop_capabilities()


def drop_capabilities():
    """Empty all capability sets, and the bounding set from which they could be filled again."""
    capability = 0
    while libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:  # beyond the kernel's last one it says "invalid"
        capability += 1
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    check(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def check(result, name):
    """Raise OSError where a system call said no."""
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
