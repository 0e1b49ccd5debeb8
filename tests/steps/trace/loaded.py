"""Which BPF programs the kernel holds, whoever holds their descriptors: the system call that `bpftool prog` makes. Needs root."""

from __future__ import annotations

import ctypes
import platform
import struct
import time

from steps.bpftrace import BPF

NEXT_PROGRAM = 11  # BPF_PROG_GET_NEXT_ID


def programs() -> set[int]:
    """The numbers of all programs that are loaded now. A number is never used again."""
    call = ctypes.CDLL(None, use_errno=True).syscall
    found, number = set(), 0
    while True:
        attributes = ctypes.create_string_buffer(struct.pack("III", number, 0, 0), 128)
        if call(BPF[platform.machine()], NEXT_PROGRAM, attributes, len(attributes)):
            return found
        number = struct.unpack_from("III", attributes)[1]
        found.add(number)


def more_than(before: set[int], within_s: float = 3.0) -> set[int]:
    """What is loaded and was not before; the kernel drops programs a moment after their last descriptor."""
    give_up = time.monotonic() + within_s
    while (more := programs() - before) and time.monotonic() < give_up:
        time.sleep(0.05)
    return more
