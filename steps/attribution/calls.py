"""System calls by what a thread that sleeps in them waits for. Numbers differ between machines; others are not known here."""

from __future__ import annotations

from collections.abc import Mapping

FUTEX = "futex"
DISK = ("fsync", "fdatasync", "sync_file_range", "msync", "sync", "pread64", "pwrite64", "preadv", "pwritev")
SENDING = ("write", "writev", "sendto", "sendmsg", "sendmmsg", "sendfile", "connect", "splice")

_X86_64 = {
    "write": 1,
    "pread64": 17,
    "pwrite64": 18,
    "writev": 20,
    "msync": 26,
    "sendfile": 40,
    "connect": 42,
    "sendto": 44,
    "sendmsg": 46,
    "fsync": 74,
    "fdatasync": 75,
    "sync": 162,
    "futex": 202,
    "splice": 275,
    "sync_file_range": 277,
    "preadv": 295,
    "pwritev": 296,
    "sendmmsg": 307,
}
_AARCH64 = {
    "write": 64,
    "writev": 66,
    "pread64": 67,
    "pwrite64": 68,
    "preadv": 69,
    "pwritev": 70,
    "sendfile": 71,
    "splice": 76,
    "sync": 81,
    "fsync": 82,
    "fdatasync": 83,
    "sync_file_range": 84,
    "futex": 98,
    "connect": 203,
    "sendto": 206,
    "sendmsg": 211,
    "msync": 227,
    "sendmmsg": 269,
}
NUMBERS: Mapping[str, Mapping[str, int]] = {"x86_64": _X86_64, "aarch64": _AARCH64}


def waits_for(machine: str) -> dict[int, str]:
    """By the number of a call: `disk`, `network` or `futex`. Empty for a machine whose numbers are not known."""
    kinds = {**dict.fromkeys(DISK, "disk"), **dict.fromkeys(SENDING, "network"), FUTEX: "futex"}
    return {number: kinds[name] for name, number in NUMBERS.get(machine, {}).items()}
