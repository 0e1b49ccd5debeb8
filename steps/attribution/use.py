"""Utilisation, saturation and errors of what the target uses, resource by resource: Brendan Gregg's USE method.

https://www.brendangregg.com/usemethod.html. No rule of the verdict: its signals, and beside them what has no threshold. Pressures
and the disk's time are the machine's, all else is the target's. What nobody told is a reason, and never 0.
"""

from __future__ import annotations

from collections.abc import Mapping

from steps.attribution.signals import Signals, grown, total
from steps.model import TraceProgram, TraceRecord
from steps.model.trace import UseCell, UseRow
from steps.statistics.words import counted, number_of

IN_A_POD = "not told in a pod"
QUIET = "nothing was active"


def use_of(record: TraceRecord, seen: Signals) -> tuple[UseRow, ...]:
    """A row for each resource."""
    return (_cpu(seen), _memory(record, seen), _disk(record, seen), _network(record, seen), _locks(seen))


def _cpu(seen: Signals) -> UseRow:
    of = "; how many it may use is not known" if seen.cores is None else f" of {counted(seen.cores, 'core')}"
    used = f"{number_of(seen.cores_used)}{of}, its busiest thread {number_of(seen.busiest_thread)} of one"
    queue = f"{number_of(seen.split.cpu_wait_s / seen.seconds)} threads in the queue for a core"
    return UseRow(
        resource="CPU",
        utilisation=_known(used),
        saturation=_known(f"{queue}; {_pressure(seen.cpu_pressure)}"),
        errors=_of("throttled for {} of the time", seen.throttled, "its control group does not tell whether it was throttled"),
    )


def _memory(record: TraceRecord, seen: Signals) -> UseRow:
    looked = TraceProgram.MEMORY in record.programs
    freeing = _of("freeing memory for {} of its active time", seen.reclaim, QUIET if looked else _not_traced(TraceProgram.MEMORY))
    killed = grown(record, "oom_kills")
    untold = IN_A_POD if _in_pod(record) else "its control group does not tell of OOM kills"
    return UseRow(
        resource="memory",
        utilisation=_unknown("a trace does not read it; it is measured in the window before"),
        saturation=_joined(freeing, seen.memory_pressure),
        errors=_unknown(untold) if killed is None else _known(f"{counted(round(killed), 'OOM kill')} in its control group"),
    )


def _disk(record: TraceRecord, seen: Signals) -> UseRow:
    busy = busiest_disk(record)
    used = _unknown(IN_A_POD if _in_pod(record) else "the kernel tells of no device of its own")
    if busy:
        name, share, under_way = busy
        used = _known(f"device {name} busy {_percent(share)} of the window; {number_of(under_way)} requests under way on average")
    waiting = _of("waits for disk {} of its active time", seen.split.share("disk"), QUIET)
    return UseRow(
        resource="disk",
        utilisation=used,
        saturation=_joined(waiting, seen.io_pressure),
        errors=_unknown("not traced: what a device fails at"),
    )


def _network(record: TraceRecord, seen: Signals) -> UseRow:
    if TraceProgram.TCP not in record.programs:
        reason = _unknown(_not_traced(TraceProgram.TCP))
        return UseRow(resource="network", utilisation=reason, saturation=reason, errors=reason)
    out, into = (f"{number_of(total(record, name) / seen.seconds / 1000)} kB/s" for name in ("@tcp_out", "@tcp_in"))
    lost = "nothing was sent" if seen.retransmits is None else f"{_percent(seen.retransmits)} of segments sent again"
    failed = f"{counted(total(record, '@connect_failed'), 'connect')} failed"
    return UseRow(
        resource="network",
        utilisation=_known(f"{out} out, {into} in over TCP; how much the network could carry is not known"),
        saturation=_of(
            "{} of sends into a full buffer", seen.full_sends if total(record, "@tcp_sends") else None, "nothing was sent"
        ),
        errors=_known(f"{lost}; {failed}"),
    )


def _locks(seen: Signals) -> UseRow:
    reason = _not_traced(TraceProgram.LOCKS) if seen.split.lock_s is None else QUIET
    return UseRow(
        resource="locks",
        utilisation=_unknown("not traced: how long each was held"),
        saturation=_of("waits for locks {} of its active time", seen.split.share("lock"), reason),
        errors=_unknown("a lock that is taken does not fail"),
    )


def busiest_disk(record: TraceRecord) -> tuple[str, float, float] | None:
    """The device with the most requests under way, for how much of the window it was busy, and how many they were on average.

    None: no device is known.
    """
    before, after = record.before, record.after
    if before is None or after is None:
        return None
    seconds = after.since_s(before)
    under_way = _grown(before.disk_requests_s, after.disk_requests_s)
    found = max(under_way, key=lambda name: (under_way[name], name), default=None)
    if found is None or (busy := _grown(before.disk_busy_s, after.disk_busy_s).get(found)) is None:
        return None
    return found, min(busy / seconds, 1.0), under_way[found] / seconds


def _grown(first: Mapping[str, float], last: Mapping[str, float]) -> dict[str, float]:
    """Of the devices that were there twice; without those whose count began anew: the kernel prints 32 bits of it."""
    return {name: last[name] - first[name] for name in first.keys() & last.keys() if last[name] >= first[name]}


def _in_pod(record: TraceRecord) -> bool:
    """A tracer's pod tells when it counted by the clock of its node; a trace here has no need to."""
    return record.began_at is not None


def _joined(own: UseCell, pressure: float | None) -> UseCell:
    """The target's own wait and the machine's pressure; what is known of them."""
    return UseCell(said=f"{own.said}; {_pressure(pressure)}", known=own.known or pressure is not None)


def _pressure(share: float | None) -> str:
    return "the kernel tells of no pressure" if share is None else f"pressure {_percent(share)}"


def _of(text: str, share: float | None, reason: str) -> UseCell:
    return _unknown(reason) if share is None else _known(text.format(_percent(share)))


def _not_traced(program: TraceProgram) -> str:
    return f"not traced: {program}"


def _percent(share: float) -> str:
    return f"{number_of(100 * share)} %"


def _known(said: str) -> UseCell:
    return UseCell(said=said)


def _unknown(reason: str) -> UseCell:
    return UseCell(said=reason, known=False)
