"""bpftrace on this machine: whether these programs can run here."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from steps import bpftrace
from steps.bpftrace import STOPS_S, Cost, Tracer, clock_ns, run_times, tracing, version
from steps.model.trace_program import TraceProgram
from steps.trace.programs import tracepoints

__all__ = ["STOPS_S", "Cost", "Tracer", "clock_ns", "run_times", "tracing", "unavailable", "version"]


THE_FIRST = 0xEFFFFFFC  # the inode of the PID namespace that the kernel began with


def unavailable(programs: Sequence[TraceProgram]) -> str | None:
    """Why these programs cannot run here, and what would mend it; None: they can."""
    if platform.system() != "Linux":
        return f"tracing needs Linux, and this is {platform.system()}"
    if missing := bpftrace.missing_tool():
        return missing
    if os.geteuid() != 0:
        return "tracing needs root: run it with sudo"
    if not _sees_the_kernels_pids():
        return "tracing needs the process numbers that the kernel counts by, and a container has its own: run it outside of one"
    return bpftrace.refused(tracepoints(programs))


def _sees_the_kernels_pids() -> bool:
    """Whether a process number means the same here and in a program; a kernel without PID namespaces has no others."""
    try:
        return Path("/proc/self/ns/pid").stat().st_ino == THE_FIRST
    except FileNotFoundError:
        return True
