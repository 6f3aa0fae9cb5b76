"""A system-call filter for the student's process: what no answer needs is refused with "not permitted".

Written by hand as classic BPF. Threads, processes, files in the private folder and memory stay possible; sockets that
lead out, mounts, new namespaces, tracing, shared memory that outlives a process and the kernel's administration do not.
Source: Linux, `Documentation/userspace-api/seccomp_filter.rst`; numbers from `asm/unistd_64.h` (x86_64) and
`asm-generic/unistd.h` (aarch64).
"""

import ctypes
import errno
import platform
import struct

# name: (number on x86_64, number on aarch64); None where the architecture has no such call
REFUSED = {
    "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180),
    "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "unshare": (272, 97), "setns": (308, 268), "chroot": (161, 51), "pivot_root": (155, 41),
    "mount": (165, 40), "umount2": (166, 39), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "fanotify_init": (300, 262),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142), "syslog": (103, 116),
    "swapon": (167, 224), "swapoff": (168, 225), "quotactl": (179, 60), "acct": (163, 89),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171),
    "sethostname": (170, 161), "setdomainname": (171, 162), "personality": (135, 92), "vhangup": (153, 58),
    "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None),
}  # fmt: skip
FORKING = {"fork": (57, None), "vfork": (58, None)}
CLONE, CLONE3, SOCKET = (56, 220), (435, 435), (41, 198)
AF_UNIX = 1  # between own processes; loaders of training data talk over such sockets
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

NEW_NAMESPACES = 0x7E020000  # user, pid, net, ipc, uts, cgroup, mount
CLONE_THREAD = 0x00010000
LOAD, JUMP_EQUAL, JUMP_GREATER, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
NOT_THERE = 0x00050000 | errno.ENOSYS  # for clone3, whose flags a filter cannot see: libraries fall back to clone
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in the kernel's struct seccomp_data

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2

libc = ctypes.CDLL(None, use_errno=True)
libc.prctl.argtypes = [ctypes.c_int] + 4 * [ctypes.c_ulong]


def build(machine=None, processes=True):
    """Return the filter as bytes, for `machine` (x86_64 or aarch64; this one by default).

    With `processes=False` new processes are refused too, and only threads may start.
    Raises NotImplementedError for other machines.
    """
    machine = machine or platform.machine()
    if machine not in ARCHITECTURES:
        raise NotImplementedError(f"no system-call filter for {machine}: x86_64 and aarch64 are known")
    column, audit = ARCHITECTURES[machine]
    program = [(LOAD, 0, 0, ARCHITECTURE), (JUMP_EQUAL, 1, 0, audit), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    if machine == "x86_64":  # the x32 numbering of the same calls
        program += [(JUMP_GREATER, 0, 1, 0x3FFFFFFF), (RETURN, 0, 0, KILL)]
    for numbers in [*REFUSED.values(), *([] if processes else FORKING.values())]:
        if numbers[column] is not None:
            program += [(JUMP_EQUAL, 0, 1, numbers[column]), (RETURN, 0, 0, REFUSE)]
    program += [(JUMP_EQUAL, 0, 4, SOCKET[column]), (LOAD, 0, 0, FIRST_ARGUMENT)]
    program += [(JUMP_EQUAL, 0, 1, AF_UNIX), (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]
    program += [(JUMP_EQUAL, 0, 1, CLONE3[column]), (RETURN, 0, 0, NOT_THERE)]
    program += [(JUMP_EQUAL, 1, 0, CLONE[column]), (RETURN, 0, 0, ALLOW), (LOAD, 0, 0, FIRST_ARGUMENT)]
    program += [(JUMP_ANY_BIT, 0, 1, NEW_NAMESPACES), (RETURN, 0, 0, REFUSE)]
    if not processes:
        program += [(JUMP_ANY_BIT, 1, 0, CLONE_THREAD), (RETURN, 0, 0, REFUSE)]
    program += [(RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def install(filter_bytes):
    """Give up new privileges for ever and put the filter over this process and all that it starts."""
    code = ctypes.create_string_buffer(filter_bytes, len(filter_bytes))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(filter_bytes) // 8, ctypes.addressof(code)))
    for arguments in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(program), 0, 0),
    ):
        if libc.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl refused the system-call filter")
