"""The texts of the programs, and the one text that they are together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import reduce
from importlib.resources import files

from steps.bpftrace import NAMED
from steps.model.trace_program import TraceProgram
from steps.sidecar import COMM

LIVE = "@on"
IN_TREE = f"{LIVE} && @tree[tid]"  # the thread that runs now is of the target
LAST = re.compile(r"^END \{ (.*) \}$", re.MULTILINE)
# One by one: of a list of tracepoints bpftrace 0.17 lost those at which another probe of the text hangs too.
SEEN_AT = ("tracepoint:raw_syscalls:sys_exit", "tracepoint:sched:sched_switch")
INSIDE = '((struct task_struct *)curtask)->nsproxy->uts_ns->name.nodename == "{hostname}" && comm != "{keeper}"'
EVENT = re.compile(r"^ *//! (.*\n)", re.MULTILINE)  # a line that prints a single event, or keeps what it will tell
POINT = re.compile(r"tracepoint:(\w+):(\w+)")


def text_of(program: TraceProgram) -> str:
    """A program as it is written, with TARGET and LIVE in the places of conditions."""
    return (files("steps.trace") / "programs" / f"{program}.bt").read_text(encoding="utf-8")


def tracepoints(programs: Iterable[TraceProgram]) -> tuple[str, ...]:
    """What the kernel must have, as `block/block_io_start`."""
    texts = (_frame(), *map(text_of, programs))
    return tuple(sorted({f"{group}/{name}" for text in texts for group, name in POINT.findall(text)}))


def together(
    programs: Iterable[TraceProgram],
    *,
    threads: Sequence[int] = (),
    hostname: str | None = None,
    delay_ns: int = 0,
    end_ns: int | None = None,
    lasts_ns: int = 0,
    events: bool = False,
) -> str:
    """One text of all of them.

    It counts from so long after the last probe was attached until a moment of the tracer's clock, or for so long.
    The target is the tree of those threads, or all that runs in the pod of that host name. events: what can be printed one by one
    is, beside what is counted.
    """
    body = "\n".join(f"{NAMED}{program}\n{text_of(program)}" for program in programs)
    body = body.replace("TARGET", IN_TREE).replace("LIVE", LIVE)
    body = EVENT.sub(r"\1" if events else "", body)
    clears = " ".join(LAST.findall(body))  # there may be one END only
    body = LAST.sub("", body)
    # The first key of a map decides how wide its keys are: a pid out of a tracepoint's fields would make them too narrow.
    seeds = " ".join(f"@tree[{thread}] = (uint64)1;" for thread in threads) or "@tree[0] = (uint64)0;"
    until = f"@on + {lasts_ns}" if end_ns is None else str(end_ns)
    places = {"SEEDS": seeds, "MEMBERS": members(hostname), "DELAY_NS": str(delay_ns), "END_NS": until}
    return reduce(_put, {**places, "PROGRAMS": body, "CLEARS": clears}.items(), _frame())


def members(hostname: str | None) -> str:
    """Takes the threads of a pod into the tree as they are first seen; the keeper beside the component is none of it."""
    if hostname is None:
        return ""
    if not re.fullmatch(r"[a-z0-9]([-.a-z0-9]{0,61}[a-z0-9])?", hostname):
        message = f"{hostname!r} is no host name of a pod"
        raise ValueError(message)
    inside = INSIDE.format(hostname=hostname, keeper=COMM)
    return "\n".join(f"{point} /!@tree[tid] && {inside}/ {{ @tree[tid] = nsecs; }}" for point in SEEN_AT)


def _put(text: str, place: tuple[str, str]) -> str:
    return text.replace(*place)


def _frame() -> str:
    return (files("steps.trace") / "frame.bt").read_text(encoding="utf-8")
