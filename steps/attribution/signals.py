"""What a trace says beside its split of time: pressures, throttling, retransmits, the busiest thread; None: nobody told."""

from __future__ import annotations

from dataclasses import dataclass

from steps.attribution.split import on_cpu
from steps.model import TraceProgram, TraceRecord
from steps.model.trace import Bucket, Counters, Split
from steps.node import throttled_share

SEGMENT_BYTES = 1448  # of the usual size; loopback's are larger, and none of those gets lost


@dataclass(frozen=True)
class Signals:
    """Shares and ratios of one trace."""

    split: Split
    seconds: float
    cores: int | None  # that it may use
    cores_used: float
    busiest_thread: float  # of one core
    cpu_pressure: float | None
    io_pressure: float | None
    memory_pressure: float | None
    throttled: float | None
    sync_of_disk: float | None
    syncs: int
    retransmits: float | None
    full_sends: float | None
    reclaim: float | None
    reads_of_disk: float | None  # what reads took at the device, beside the wait: within a factor of two


def signals_of(record: TraceRecord, split: Split) -> Signals:
    """Everything that the rules look at."""
    seconds = record.seconds
    waits, memory = TraceProgram.BLOCK_IO in record.programs and split.disk_s > 0, TraceProgram.MEMORY in record.programs
    sync_s = total(record, "@sync_ns") / 1e9
    full, sends = total(record, "@tcp_full"), total(record, "@tcp_sends")
    segments = max(total(record, "@tcp_out") / SEGMENT_BYTES, sends - full)  # what is smaller than one is one all the same
    return Signals(
        split=split,
        seconds=seconds,
        cores=record.cpus,
        cores_used=split.on_cpu_s / seconds,
        busiest_thread=max(on_cpu(record.counts, record.end_ns or 0).values(), default=0.0) / seconds,
        cpu_pressure=_share(record, "cpu_pressure_s"),
        io_pressure=_share(record, "io_pressure_s"),
        memory_pressure=_share(record, "memory_pressure_s"),
        throttled=_throttled(record),
        sync_of_disk=min(sync_s / split.disk_s, 1.0) if waits else None,  # it may wait for a core in between
        syncs=total(record, "@syncs"),
        retransmits=total(record, "@retransmits") / segments if segments >= 1 else None,
        full_sends=full / max(sends, 1) if TraceProgram.TCP in record.programs else None,
        reclaim=total(record, "@reclaim_ns") / 1e9 / split.active_s if memory and split.active_s > 0 else None,
        reads_of_disk=min(_seconds(record.histograms.get("@io_us", {}).get("0", ())) / split.disk_s, 1.0) if waits else None,
    )


def total(record: TraceRecord, name: str) -> int:
    """All of a map together; one that was never written is a count of zero, in a program that ran."""
    return sum(record.counts.get(name, {}).values())


def _seconds(buckets: tuple[Bucket, ...]) -> float:
    """The sum of all values of a histogram in µs, each taken for the middle of its bucket."""
    return sum(each.count * (each.low + (each.low if each.high is None else each.high)) / 2 for each in buckets) / 1e6


def _throttled(record: TraceRecord) -> float | None:
    return throttled_share(_share(record, "throttled_s"), grown(record, "periods"), grown(record, "throttled_periods"))


def grown(record: TraceRecord, name: str) -> float | None:
    """By how much a counter grew between the two readings; None: nobody told."""
    before, after = record.before, record.after
    if before is None or after is None:
        return None
    first, last = getattr(before, name), getattr(after, name)
    return None if first is None or last is None else last - first


def _share(record: TraceRecord, name: str) -> float | None:
    """Of the time between the two readings."""
    more = grown(record, name)
    if more is None or not isinstance(record.before, Counters) or not isinstance(record.after, Counters):
        return None
    return more / record.after.since_s(record.before)
