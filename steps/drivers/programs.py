"""What all programs of this machine use while a load runs: who has the CPU that no component accounts for.

A core that was not idle may have been a neighbour's, or the kernel's between programs: interrupts, and the ways into idleness and
out of it. Only the first is a reason to doubt a cell, and only this tells them apart. Read before a load and after it, never
meanwhile: it takes some 20 µs a process, in the driver's own loop.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from steps import processes
from steps.kernel_threads import times_ns


@dataclass(frozen=True)
class Programs:
    """A reading."""

    at_ns: int
    cpu_ns: int  # of all that can be seen but this process and the kernel's own threads, with the ended that they waited for

    @classmethod
    def read(cls) -> Programs | None:
        """None: not every program can be seen from here, as in a pod. Who sees the kernel's own threads sees all."""
        own = times_ns(None)
        if own is None:
            return None
        skipped = {os.getpid(), *own}
        found = [each for each in processes.everyone() if each.pid not in skipped]
        return cls(time.monotonic_ns(), sum(processes.used_ns(each) for each in found))


def cores_since(before: Programs | None) -> float | None:
    """CPU seconds per second since that reading; None: they cannot be seen."""
    now = Programs.read()
    if before is None or now is None or now.at_ns <= before.at_ns:
        return None
    return max(now.cpu_ns - before.cpu_ns, 0) / (now.at_ns - before.at_ns)
