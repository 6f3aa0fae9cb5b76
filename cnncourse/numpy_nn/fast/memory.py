"""Freed memory stays with the process, for the next layer.

Every layer asks for an array for its output, and the one before it is freed. The C library of Linux would give the
freed memory back to the system, which hands it out again a moment later, page by page and filled with zeros: that can
take several times as long as the layer itself, and longer with several threads. So the library is told not to.
It is the same memory again and again; the process's peak does not grow.
"""

import ctypes
import sys

# `mallopt`'s names for: give back what is free at the heap's end beyond a number of bytes (no more than an int holds),
# and ask the system for every array above a number of bytes (32 MiB are the most it takes).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


told = False  # whether the C library has been told


def keep_freed():
    """Tell the C library to keep freed memory; returns whether it does. Only glibc, Linux's usual one, can."""
    global told
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return False
    told = bool(mallopt(M_TRIM_THRESHOLD, 1 << 30) and mallopt(M_MMAP_THRESHOLD, 1 << 25))
    return told
