"""From signals to bottlenecks: each rule looks at its signs, and speaks when enough of them are met.

Errors come first (throttling, retransmits), then by weight. Confidence falls where signs disagree or a main one is
missing. When no rule speaks, the traced component is not what limits: the load, its sender, or something behind it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from steps.attribution import thresholds as at
from steps.attribution.signals import Signals
from steps.model.trace import Bottleneck, Sign

LEVELS: tuple[Literal["low", "medium", "high"], ...] = ("low", "medium", "high")  # of confidence


def bottlenecks_of(signals: Signals, *, whole: bool = True) -> tuple[Bottleneck, ...]:
    """The causes, the heaviest first; where there is none, that. whole: the trace lacks nothing; else confidence is low."""
    found = [each for rule in RULES if (each := rule(signals))]
    ranked = tuple(sorted(found, key=lambda each: -each.weight)) or (_nothing(signals),)
    return ranked if whole else tuple(each.model_copy(update={"confidence": LEVELS[0]}) for each in ranked)


def _throttling(seen: Signals) -> Bottleneck | None:
    main = _sign("throttled", seen.throttled, at.THROTTLED)
    wait = _sign("waits for CPU", seen.split.share("cpu_wait"), at.CPU_WAIT_SHARE)
    said = "a limit on CPU holds it back, whatever the machine has free"
    return _spoken("throttling", "", said, main=[main], beside=[wait], weight=1.0)


def _cpu(seen: Signals) -> Bottleneck | None:
    if _met(_sign("throttled", seen.throttled, at.THROTTLED)):
        return None  # it may not use more, and that has a name of its own
    busy = _sign("cores used", _of(seen.cores_used, seen.cores), at.CORES_BUSY)
    wait = _sign("waits for CPU", seen.split.share("cpu_wait"), at.CPU_WAIT_SHARE)
    pressure = _sign("pressure on CPU", seen.cpu_pressure, at.CPU_PRESSURE)
    weight = seen.split.share("on_cpu") or 0.0
    if _met(busy) and (_met(wait) or _met(pressure)):
        weight += seen.split.share("cpu_wait") or 0.0
        return _spoken("cpu", "", "it wants more cores than there are", main=[wait, pressure], beside=[busy], weight=weight)
    waiting = _sign("threads in the queue for a core", seen.split.cpu_wait_s / seen.seconds, at.WAITING_THREADS, unit="")
    if _met(wait) and _met(waiting):
        weight = seen.split.share("cpu_wait") or 0.0
        used = _of(seen.cores_used, seen.cores) or 0.0
        own = _sign("pressure on CPU, below its own use of the cores", seen.cpu_pressure, used, below=True)
        if _met(own):  # somebody waited for less time than its own threads had the cores: it was behind them
            said = "its threads want a core all at once, and queue behind each other"
            return _spoken("cpu", "bursts", said, main=[wait, waiting], beside=[own], weight=weight)
        said = "it wants a core, and others on the machine have it"
        return _spoken("cpu", "others", said, main=[wait, waiting], beside=[pressure], weight=weight)
    one = _sign("busiest thread", seen.busiest_thread, at.ONE_THREAD_BUSY)
    return _spoken("cpu", "one thread", "one thread is as busy as a core can be", main=[one], beside=[], weight=weight)


def _disk(seen: Signals) -> Bottleneck | None:
    share = seen.split.share("disk")
    main = _sign("waits for disk", share, at.DISK_SHARE)
    pressure = _sign("pressure on I/O", seen.io_pressure, at.IO_PRESSURE)
    synced = _sign("of that in fsync", seen.sync_of_disk, at.SYNC_OF_DISK)
    read = _sign("of that in reads", seen.reads_of_disk, at.READS_OF_DISK)
    kind = "sync" if _met(synced) else "reads" if _met(read) else ""
    said = {
        "sync": f"it waits until what it wrote is safe on disk ({seen.syncs / seen.seconds:,.0f} fsyncs a second)",
        "reads": "it waits for data that the page cache did not hold",
        "": "it waits for the disk",
    }[kind]
    beside = [pressure, {"sync": synced, "reads": read}.get(kind)]
    return _spoken("disk", kind, said, main=[main], beside=beside, weight=share or 0.0)


def _lock(seen: Signals) -> Bottleneck | None:
    share = seen.split.share("lock")
    main = _sign("waits for locks", share, at.LOCK_SHARE)
    few = _sign("cores used", seen.cores_used, at.LOCK_CORES, unit="", below=True)
    return _spoken("lock", "", "its threads wait for each other", main=[main], beside=[few], weight=share or 0.0)


def _network(seen: Signals) -> Bottleneck | None:
    share = seen.split.share("network")
    lost = _sign("retransmits", seen.retransmits, at.RETRANSMITS)
    full = _sign("sends into a full buffer", seen.full_sends, at.FULL_SENDS)
    main = _sign("waits to send", share, at.NETWORK_SHARE)
    weight = max(share or 0.0, 0.9 if _met(lost) else 0.0, seen.full_sends or 0.0)
    said = "the network loses what it sends" if _met(lost) else "it could send more than the network takes"
    signs = [main, *(each for each in (lost, full) if _met(each))]  # two that say different things: the other is not against it
    if full and not (seen.full_sends or seen.retransmits):  # TCP took everything: it may be a pipe that it waits for
        signs.append(full)
    return _spoken("network", "loss" if _met(lost) else "", said, main=signs, beside=[], weight=weight)


def _memory(seen: Signals) -> Bottleneck | None:
    reclaim = _sign("looks for free memory", seen.reclaim, at.RECLAIM_SHARE)
    pressure = _sign("pressure on memory", seen.memory_pressure, at.MEMORY_PRESSURE)
    # Disk waits that follow from its own lack of memory are memory's, which goes before them; the pressure is the machine's.
    follows = seen.split.share("disk") if _met(reclaim) else None
    weight = max(seen.reclaim or 0.0, seen.memory_pressure or 0.0, follows or 0.0)
    said = "it has to free memory before it can use some"
    return _spoken("memory", "", said, main=[reclaim, pressure], beside=[], weight=weight)


RULES: tuple[Callable[[Signals], Bottleneck | None], ...] = (_throttling, _memory, _cpu, _disk, _lock, _network)


def _nothing(seen: Signals) -> Bottleneck:
    quiet = [
        _sign("cores used", _of(seen.cores_used, seen.cores), at.QUIET_CORES, below=True),
        _sign("busiest thread", seen.busiest_thread, at.QUIET_ACTIVE, below=True),
    ]
    signs = [sign for sign in quiet if sign]
    level = sum(sign.met for sign in signs)  # one that is missing is not met
    busy = bool(signs) and not level
    return Bottleneck(
        resource="none",
        kind="busy" if busy else "",
        said="it is busy, and nothing that it waits for stands out: it may be near its limit"
        if busy
        else "nothing in it is the limit: the load, its sender, or something behind it is",
        confidence=LEVELS[level],
        weight=0.0,
        evidence=tuple(sign for sign in signs if sign.met),
        against=tuple(sign for sign in signs if not sign.met),
    )


def _spoken(
    resource: Any, kind: str, said: str, *, main: Iterable[Sign | None], beside: Iterable[Sign | None], weight: float
) -> Bottleneck | None:
    """A bottleneck, if one of its main signs is met."""
    asked = list(main)
    mains, others = [each for each in asked if each], [each for each in beside if each]
    if not any(each.met for each in mains):
        return None
    signs = (*mains, *others)
    unmet = [each for each in signs if not each.met]
    level = 2 if not unmet else 1 if len(unmet) <= len(signs) / 2 else 0
    met = tuple(each for each in signs if each.met)
    return Bottleneck(
        resource=resource,
        kind=kind,
        said=said,
        confidence=LEVELS[max(level - (len(mains) < len(asked)), 0)],
        weight=min(weight, 1.0),
        evidence=met,
        against=tuple(unmet),
    )


def _sign(metric: str, value: float | None, threshold: float, *, unit: str = "share", below: bool = False) -> Sign | None:
    """A value beside its threshold; None: nobody told it, so it speaks for nothing."""
    if value is None:
        return None
    met = value < threshold if below else value >= threshold
    return Sign(metric=metric, value=value, threshold=threshold, unit=unit, met=met)


def _met(sign: Sign | None) -> bool:
    return sign is not None and sign.met


def _of(part: float, whole: int | None) -> float | None:
    return part / whole if whole else None
