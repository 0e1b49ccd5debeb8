"""bpftrace on this machine: whether these programs can run here."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from steps import bpftrace
from steps.bpftrace import STOPS_S, Cost, Tracer, clock_ns, run_times, tracing, version
from steps.model.trace_program import TraceProgram
from steps.trace.programs import tracepoints

__all__ = ["STOPS_S", "Cost", "Tracer", "clock_ns", "run_times", "tracing", "unavailable", "version"]


def unavailable(programs: Sequence[TraceProgram]) -> str | None:
    """Why these programs cannot run here, and what would mend it; None: they can."""
    if platform.system() != "Linux":
        return f"tracing needs Linux, and this is {platform.system()}"
    if missing := bpftrace.missing_tool():
        return missing
    if os.geteuid() != 0:
        return "tracing needs root: run it with sudo"
    return bpftrace.refused(tracepoints(programs))
