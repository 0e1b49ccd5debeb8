"""What was sent, and what came of it: counted and written down when all is over."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from steps.drivers.deliveries import Delivered
from steps.drivers.keepers import Reading, write_readings
from steps.drivers.ramp import Climbed, together
from steps.drivers.recording import Flown
from steps.drivers.series import write_series
from steps.drivers.summary import driver_of, summarize
from steps.model import Canary, Check, CrossCheck, Load, LoadRecord, SteadyLoad, Usage, Window
from steps.model.keeping import Kept
from steps.model.outbox import Published
from steps.statistics.histogram import histogram_of, write_log


@dataclass
class Sent:
    """What happened, before it is counted."""

    checks: list[Check] = field(default_factory=list)
    first_ms: float | None = None
    flown: Flown | None = None
    wall_minus_monotonic_ns: int = 0  # turns moments of the one clock into the other's
    readings: list[Reading] = field(default_factory=list)
    failure: str | None = None
    climbed: Climbed[Sent] | None = None  # of a ramp, in the place of `flown` and `readings`
    canaries: tuple[Canary | None, Canary | None] = (None, None)
    cross_checks: tuple[CrossCheck, ...] = ()
    idle: tuple[Usage, ...] = ()
    logged_bytes: int | None = None  # by a database
    kept_bytes: int | None = None  # on its disk, after the load
    programs_cores: float | None = None  # of the machine's programs, but for this one
    delivered: Delivered | None = None  # of messages
    published: Published | None = None  # by transactions
    kept: tuple[Kept, ...] = ()  # by the stores of what watches the contender
    traced: tuple[SteadyLoad, Sent] | None = None  # the load that was sent once more, under a trace


def write(sent: Sent, *, folder: Path, run: str, cell: str, load: Load, cpus: tuple[int, ...] | None) -> LoadRecord:
    """Counts what happened and stores it: load.json comes last, so that where it is, the others are whole. Returns the record."""
    record = LoadRecord(
        run=run,
        cell=cell,
        load=load,
        checks=tuple(sent.checks),
        first_ms=sent.first_ms,
        failure=sent.failure,
        cross_checks=sent.cross_checks,
        idle=sent.idle,
        published=sent.published,
        logged_bytes=sent.logged_bytes,
        kept_bytes=sent.kept_bytes,
        kept=sent.kept,
    )
    if sent.flown is not None:
        record = record.model_copy(update=_counted(sent, sent.flown, folder=folder, cpus=cpus))
    if sent.climbed is not None:
        parts = [
            write(
                replace(part, canaries=sent.canaries),
                folder=_made(folder / f"share-{percent}"),
                run=run,
                cell=cell,
                load=at,
                cpus=cpus,
            )
            for percent, (at, part) in sent.climbed.shares.items()
        ]
        record = record.model_copy(update={"search": sent.climbed.search, **together(parts)})
    if sent.traced is not None:
        write(sent.traced[1], folder=_made(folder / "traced"), run=run, cell=cell, load=sent.traced[0], cpus=cpus)
    (folder / "load.json").write_text(record.to_json(), encoding="utf-8")
    return record


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _counted(sent: Sent, flown: Flown, *, folder: Path, cpus: tuple[int, ...] | None) -> dict[str, object]:
    summary = summarize(flown)
    begin_ms, end_ms = ((at + sent.wall_minus_monotonic_ns) / 1e6 for at in flown.window_ns)
    more = {"delivery": histogram_of(sent.delivered.durations_us())} if sent.delivered else {}
    write_log(folder / "load.hdr", summary.histograms | more, start_ms=begin_ms, end_ms=end_ms)
    write_series(folder / "series.csv", flown)
    write_readings(folder / "usage.csv", sent.readings)
    return {
        "window": Window(
            started_at=_utc(begin_ms), ended_at=_utc(end_ms), start_ns=flown.window_ns[0], end_ns=flown.window_ns[1]
        ),
        "warmup": summary.warmup,
        "counts": summary.counts,
        "answered": summary.answered,
        "programs_cores": sent.programs_cores,
        "messages": sent.delivered.record() if sent.delivered else None,
        "errors": summary.errors,
        "driver": driver_of(flown, summary, cpus=cpus),
        "usage": tuple(reading.usage for reading in sent.readings if reading.edge),
        "canary_before": sent.canaries[0],
        "canary_after": sent.canaries[1],
    }


def _utc(ms: float) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
