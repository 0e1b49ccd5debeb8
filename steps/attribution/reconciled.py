"""Totals that two sources tell: what the programs counted beside what the kernel accounts for processes. A gap is said."""

from __future__ import annotations

from steps.attribution import thresholds as at
from steps.attribution.signals import total
from steps.model import TraceRecord
from steps.model.trace import Counters, Reconciled, Split

READ = "bytes read"
SENT = "bytes sent over TCP"


def reconciled(record: TraceRecord, split: Split) -> tuple[tuple[Reconciled, ...], tuple[str, ...]]:
    """The comparisons, and what they leave open."""
    before, after = record.before, record.after
    if before is None or after is None:
        return (), ("nobody read what the processes used: the trace cannot be checked",)
    checks, gaps = [_cpu(record, split, before, after)], []
    if abs(checks[0].traced - checks[0].counted) > max(at.CPU_GAP * checks[0].counted, at.CPU_GAP_CORES):
        gaps.append(f"traced and accounted CPU time differ: {checks[0].said}")
    if "block-io" in record.programs:
        checks += _bytes(record, before, after)
        gaps += [f"more was read than traced: {each.said}" for each in checks if each.what == READ and _missed(each)]
    if "tcp" in record.programs:
        carried = _carried(record, before, after)
        checks += [*_sent_again(record, before, after), *carried]
        if not _buffered(record, split):
            gaps += [f"more was sent than the network carried: {each.said}" for each in carried if _twice(each, record.seconds)]
    return tuple(checks), tuple(gaps)


def _cpu(record: TraceRecord, split: Split, before: Counters, after: Counters) -> Reconciled:
    """The readings are not exactly at the edges of the counting, so both are per second."""
    traced = split.on_cpu_s / record.seconds
    counted = (after.cpu_s - before.cpu_s) / after.since_s(before)
    said = f"{traced:.3f} cores traced, {counted:.3f} accounted"
    return Reconciled(what="CPU", traced=traced, counted=counted, unit="cores", said=said)


def _sent_again(record: TraceRecord, before: Counters, after: Counters) -> list[Reconciled]:
    """Packets beside segments, of which one packet may hold several; in a pod its namespace is not asked."""
    if before.retransmitted is None or after.retransmitted is None:
        return []
    events, counted = total(record, "@retransmits"), after.retransmitted - before.retransmitted
    said = f"{events:,} packets of the target sent again, {counted:,} segments in its network namespace"
    return [Reconciled(what="TCP retransmits", traced=events, counted=counted, unit="", said=said)]


def _carried(record: TraceRecord, before: Counters, after: Counters) -> list[Reconciled]:
    """What the target gave to TCP and got from it, beside what its network namespaces carried: per second, as CPU is."""
    found = []
    for key, what, first, last in (
        ("@tcp_out", SENT, before.ip_sent_bytes, after.ip_sent_bytes),
        ("@tcp_in", "bytes received over TCP", before.ip_received_bytes, after.ip_received_bytes),
    ):
        if not first or first.keys() != last.keys():  # one that is gone takes its count with it
            continue
        carried = sum(last.values()) - sum(first.values())
        traced, counted = total(record, key) / record.seconds, carried / after.since_s(before)
        rest = "with headers and whatever else is in it"
        said = f"{traced:,.0f} a second of the target, {counted:,.0f} by its network namespace, {rest}"
        found.append(Reconciled(what=what, traced=traced, counted=counted, unit="bytes/s", said=said))
    return found


def _buffered(record: TraceRecord, split: Split) -> bool:
    """Whether it found no room for what it sent: some of that may not have been carried when the counting ended."""
    return total(record, "@tcp_full") > 0 or split.network_s > at.SENDS_WAITED * record.seconds


def _twice(each: Reconciled, seconds: float) -> bool:
    """Whether bytes were counted twice. That fewer were traced says nothing: the namespace is others', too.

    What is received may have come before.
    """
    return each.what == SENT and (each.traced - each.counted) * seconds > at.TCP_GAP * each.counted * seconds + at.TCP_GAP_BYTES


def _missed(read: Reconciled) -> bool:
    """Whether reads are missing. Of writes nothing can be told: they are accounted long before a device gets them."""
    return read.counted - read.traced > max(at.READ_GAP * read.counted, at.READ_GAP_BYTES)


def _bytes(record: TraceRecord, before: Counters, after: Counters) -> list[Reconciled]:
    """Bytes that went to devices in the context of the target, beside what its processes caused."""
    found = []
    for key, what, first, last in (
        ("0", READ, before.read_bytes, after.read_bytes),
        ("1", "bytes written", before.write_bytes, after.write_bytes),
    ):
        if first is None or last is None:
            continue
        traced, counted = record.counts.get("@io_bytes", {}).get(key, 0), last - first
        machine = record.counts.get("@machine_bytes", {}).get(key, 0)
        rest = max(machine - traced, 0)
        said = f"{traced:,} of {machine:,} bytes of the machine by its own threads, {counted:,} accounted to its processes"
        if key == "1" and counted > traced:
            said += " (when they change a page in memory, and then for the whole piece that the page is in)"
        if rest:
            said += f"; {100 * rest / machine:.0f} % by others, of whom the kernel's writers work for it too"
        found.append(Reconciled(what=what, traced=traced, counted=counted, unit="bytes", said=said))
    return found
