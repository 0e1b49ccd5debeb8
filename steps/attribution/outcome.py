"""From a trace's record to what an outcome says of it."""

from __future__ import annotations

from datetime import datetime

from steps.attribution import thresholds as at
from steps.attribution.options import with_options
from steps.attribution.reconciled import reconciled
from steps.attribution.rules import bottlenecks_of
from steps.attribution.signals import signals_of, total
from steps.attribution.split import split_of
from steps.attribution.use import use_of
from steps.costs.book import PriceBook
from steps.errors import MeasureError
from steps.model import LoadRecord, TraceOutcome, TraceProgram, TraceRecord, Window
from steps.model.trace import Split
from steps.statistics.figures import NOT_HERE

# Metric → the program that counts it, and where.
PER_REQUEST = {
    "switches_per_request": (TraceProgram.OFF_CPU, "@switches"),
    "calls_per_request": (TraceProgram.SYSCALLS, "@calls"),
    "syncs_per_request": (TraceProgram.BLOCK_IO, "@syncs"),
    "pages_per_request": (TraceProgram.PAGE_CACHE, "@pages_asked"),
    "pages_added_per_request": (TraceProgram.PAGE_CACHE, "@pages_added"),
}
SHARES = ("on_cpu", "cpu_wait", "disk", "network", "lock")


def outcome_of(record: TraceRecord, load: LoadRecord | None, book: PriceBook, *, p50_ms: float | None) -> TraceOutcome:
    """What a trace shows. load: what was sent under it. Never raises for what the record holds: it says why there is nothing."""
    cost = {"bpf_cores": record.bpf_cores, "bpf_cores_of": record.bpf_cores_of}
    base = TraceOutcome(target=record.target, reason="not judged", incomplete=record.incomplete, **cost)
    if record.unavailable or record.failure:
        said = f"{NOT_HERE}: {record.unavailable}" if record.unavailable else record.failure
        return base.model_copy(update={"reason": said})
    if record.damage:  # a map that is not there reads as zero, and one that is cut as less
        return base.model_copy(update={"reason": "; ".join(record.damage)})
    try:
        split = split_of(record)
    except MeasureError as error:
        return base.model_copy(update={"reason": str(error)})
    checks, gaps = reconciled(record, split)
    lacks = (*record.incomplete, *_short(record, load), *gaps)
    seen = signals_of(record, split)
    causes = bottlenecks_of(seen, whole=not lacks)
    found = tuple(with_options(each, book, cores=record.cpus) for each in causes)
    update = {
        "reason": None,
        "incomplete": lacks,
        "seconds": record.seconds,
        "split": split,
        "bottlenecks": found,
        "reconciled": checks,
        "use": use_of(record, seen),
        "figures": figures_of(record, split, load),
        "p50_ms": p50_ms,
        "histograms": record.histograms,
    }
    return base.model_copy(update=update)


def figures_of(record: TraceRecord, split: Split, load: LoadRecord | None) -> dict[str, float]:
    """What metrics can be made of, by their names; what is not known is not in it."""
    found = {f"{part}_percent": 100 * share for part in SHARES if (share := split.share(part)) is not None}
    answered = load.counts.ok / load.window.seconds if load and load.counts and load.window else 0
    if not answered:
        return found
    asked = record.seconds * answered
    found["active_ms_per_request"] = 1000 * split.active_s / asked
    told = {name: counted for name, (program, counted) in PER_REQUEST.items() if program in record.programs}
    if not total(record, "@switches"):
        told.pop("switches_per_request", None)  # that none was counted is a loss, and no zero
    return found | {name: total(record, counted) / asked for name, counted in told.items()}


def apart(record: TraceRecord, window: Window) -> list[str]:
    """Where a trace was not within its load. Machines' monotonic clocks begin anywhere: those of the wall are then compared."""
    early, late = False, record.end_ns is not None and record.end_ns - record.ahead_ns > window.end_ns
    if record.began_at is not None and record.ended_at is not None:
        began, ended = (datetime.fromisoformat(text) for text in (record.began_at, record.ended_at))
        early, late = began < datetime.fromisoformat(window.started_at), ended > datetime.fromisoformat(window.ended_at)
    return [*(["the trace began before its load"] if early else []), *(["the trace went on after its load"] if late else [])]


def _short(record: TraceRecord, load: LoadRecord | None) -> tuple[str, ...]:
    """Whether enough was seen, and while the load ran."""
    said = []
    missed, switches = total(record, "@missed"), total(record, "@switches")
    if not switches:
        said.append("threads ran, and no change of threads was counted: what the programs counted is not all")
    elif missed > at.MISSED * switches:
        said.append(f"the kernel left out {missed:,} of {switches:,} changes of threads")
    unended, ios = total(record, "@ios_unended"), total(record, "@ios")
    if unended > at.UNENDED * ios:
        said.append(f"{unended:,} of {ios:,} I/Os were not seen to end: how long those took is not known")
    if record.seconds < at.LEAST_S:
        said.append(f"only {record.seconds:.1f} s were counted, fewer than {at.LEAST_S:g}")
    window = load.window if load else None
    if window is None:
        said.append("nothing says what load ran under the trace")
    else:
        said += apart(record, window)
    return tuple(said)
