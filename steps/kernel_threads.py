"""CPU time of the kernel's own threads, which write back what a database syncs. Needs no right.

They belong to no component and to nobody else either, and no cgroup or process tree has them. Imported by the keeper, whose
start counts: no imports that are not cheap.
"""

# /proc is read so often that making a Path of each name would cost more than the reading.
# ruff: noqa: PTH123

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence

PARENT = 2  # of all of them
KERNELS_OWN = 0x0020_0000  # PF_KTHREAD in the flags of /proc/PID/stat


def times_ns(cpus: Sequence[int] | None) -> dict[int, int] | None:
    """By pid: what each thread that may run on one of these cores has used; None: they cannot be seen from here, as in a pod."""
    pids = _pids()
    if pids is None:
        return None
    wanted = None if cpus is None else set(cpus)
    return {pid: ns for pid in pids if (ns := _used_ns(pid, wanted)) is not None}


class KernelThreads:
    """What they have used since the first reading.

    A gain is added up by thread: a worker of the kernel may end after minutes of rest, and takes what it had used with it.
    """

    def __init__(
        self, cpus: Sequence[int] | None, *, read: Callable[[Sequence[int] | None], Mapping[int, int] | None] = times_ns
    ) -> None:
        """cpus: only threads that may run on one of these cores; None: all."""
        self._cpus, self._read = cpus, read
        self._last: Mapping[int, int] | None = None
        self._gained_ns = 0

    def cpu_s(self) -> float | None:
        """CPU seconds; None: they cannot be seen from here."""
        now = self._read(self._cpus)
        if now is None:
            return None
        if self._last is not None:
            self._gained_ns += sum(ns - min(self._last.get(pid, 0), ns) for pid, ns in now.items())
        self._last = now
        return self._gained_ns / 1e9


def _pids() -> list[int] | None:
    try:
        stat = _text(f"/proc/{PARENT}/stat")
        flags = int(stat[stat.rindex(b")") + 2 :].split()[6])
        return [int(pid) for pid in _text(f"/proc/{PARENT}/task/{PARENT}/children").split()] if flags & KERNELS_OWN else None
    except (OSError, ValueError, IndexError):
        return None


def _used_ns(pid: int, cpus: set[int] | None) -> int | None:
    """Of one; None: it is bound to other cores, or gone."""
    try:
        if cpus is not None and not cpus & os.sched_getaffinity(pid):
            return None
        return time.clock_gettime_ns((~pid << 3) | 2)  # its CPU clock, as `steps.processes` reads those of programs
    except OSError:
        return None


def _text(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.readall()
