"""What a trace can look at, as an experiment names it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

TRACED_S = 10.0  # of the load that is sent once more, for the trace: 8 of them or more are counted
TRACED_WARMUP_S = 1.0
ATTACHED_WITHIN_S = 60.0  # in which a tracer's pod has to start and attach its programs; then no load is sent for it
DELAY_S = 4.0  # from then on, until it counts: the load hears of it and warms up
READY_WITHIN_S = 45.0  # in which the step `trace` says whether there can be one; then the load begins without


class TraceProgram(StrEnum):
    """A bpftrace program of ours, `steps/trace/programs/NAME.bt`; its head says what it counts."""

    OFF_CPU = "off-cpu"  # also how long the run queue was; the split of time is made from it
    LOCKS = "locks"
    BLOCK_IO = "block-io"
    PAGE_CACHE = "page-cache"
    MEMORY = "memory"
    TCP = "tcp"
    SYSCALLS = "syscalls"
    ON_CPU = "on-cpu"
    OFF_CPU_STACKS = "off-cpu-stacks"


# Those that can print what they see one by one, too: `Experiment.trace_events`.
PRINTING = (TraceProgram.BLOCK_IO, TraceProgram.TCP, TraceProgram.MEMORY)


def usual_s(programs: Sequence[TraceProgram]) -> float:
    """How long a trace takes a cell longer: finding out whether there can be one, and the load that is sent once more."""
    return 3.0 + TRACED_WARMUP_S + TRACED_S if programs else 0.0


def longest_s(programs: Sequence[TraceProgram]) -> float:
    """How long it may take the cell's load longer."""
    return READY_WITHIN_S + ATTACHED_WITHIN_S + DELAY_S + TRACED_WARMUP_S + TRACED_S if programs else 0.0


def untraceable(shape: str, programs: Sequence[TraceProgram], *, events: bool = False) -> str | None:
    """Why an experiment of that shape cannot be traced so, in words; None: it can, or need not."""
    if events and not set(programs) & set(PRINTING):
        return f"trace_events needs one of {', '.join(PRINTING)} in its trace: the others print no events"
    if not programs:
        return None
    if shape != "compare":
        return f"a trace goes with the shape compare, not {shape}: a search has no load that stays the same"
    if len(set(programs)) < len(programs):
        return "the trace names a program twice"
    if TraceProgram.OFF_CPU not in programs:
        return "a trace needs off-cpu among its programs: the split of time is made from it"
    return None
