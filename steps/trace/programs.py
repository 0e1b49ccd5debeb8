"""The texts of the programs, and the one text that they are together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.resources import files

from steps.model.trace_program import TraceProgram

LIVE = "@on"
IN_TREE = f"{LIVE} && @tree[tid]"  # the thread that runs now is of the target
LAST = re.compile(r"^END \{ (.*) \}$", re.MULTILINE)
POINT = re.compile(r"tracepoint:(\w+):(\w+)")


def text_of(program: TraceProgram) -> str:
    """A program as it is written, with TARGET and LIVE in the places of conditions."""
    return (files("steps.trace") / "programs" / f"{program}.bt").read_text(encoding="utf-8")


def tracepoints(programs: Iterable[TraceProgram]) -> tuple[str, ...]:
    """What the kernel must have, as `block/block_io_start`."""
    texts = (_frame(), *map(text_of, programs))
    return tuple(sorted({f"{group}/{name}" for text in texts for group, name in POINT.findall(text)}))


def together(programs: Iterable[TraceProgram], *, threads: Sequence[int], end_ns: int) -> str:
    """One text of all of them, for the tree of those threads, counting until that moment of CLOCK_MONOTONIC."""
    body = "\n".join(text_of(program) for program in programs).replace("TARGET", IN_TREE).replace("LIVE", LIVE)
    clears = " ".join(LAST.findall(body))  # there may be one END only
    body = LAST.sub("", body)
    seeds = " ".join(f"@tree[{thread}] = (uint64)1;" for thread in threads)
    return _frame().replace("SEEDS", seeds).replace("END_NS", str(end_ns)).replace("PROGRAMS", body).replace("CLEARS", clears)


def _frame() -> str:
    return (files("steps.trace") / "frame.bt").read_text(encoding="utf-8")
