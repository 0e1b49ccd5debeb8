"""What all programs of this machine use while a load runs: who has the CPU that no component accounts for.

A core that was not idle may have been a neighbour's, or the kernel's between programs: interrupts, and the ways into idleness and
out of it. Only the first is a reason to doubt a cell, and only this tells them apart. Read before a load and after it, never
meanwhile: it takes some 20 µs a process, in the driver's own loop.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from steps import processes
from steps.kernel_threads import times_ns
from steps.processes import Process


@dataclass(frozen=True)
class Programs:
    """A reading."""

    at_ns: int
    used: Mapping[tuple[int, int], tuple[Process, int]]  # each that can be seen but this one and the kernel's own threads; ns

    @classmethod
    def read(cls) -> Programs | None:
        """None: not every program can be seen from here, as in a pod. Who sees the kernel's own threads sees all."""
        own = times_ns(None)
        if own is None:
            return None
        skipped = {os.getpid(), *own}
        found = [each for each in processes.everyone() if each.pid not in skipped]
        return cls(time.monotonic_ns(), {each.key: (each, processes.used_ns(each)) for each in found})


def cores_since(before: Programs | None) -> float | None:
    """CPU seconds per second since that reading; None: they cannot be seen.

    A gain is added up by program: one that ended meanwhile and was waited for by nobody who is looked at takes what it had used
    with it, and that must not hide what a neighbour used. Who did wait for it shows all that it ever used; there, what it had
    used before is taken off, if it was a child of theirs all the time. So it is that much at most.
    """
    now = Programs.read()
    if before is None or now is None or now.at_ns <= before.at_ns:
        return None
    ended: Counter[int] = Counter()  # by parent
    for key, (program, ns) in before.used.items():
        if key not in now.used:
            ended[program.parent] += ns
    gained = 0
    for key, (program, ns) in now.used.items():
        then, then_ns = before.used.get(key, (None, 0))
        inherited = (program.children_ticks - then.children_ticks if then else 0) * processes.TICK_NS
        gained += max(ns - then_ns - min(inherited, ended[program.pid]), 0)
    return min(gained / (now.at_ns - before.at_ns), os.cpu_count() or 1)
