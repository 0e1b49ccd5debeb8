"""Climbs a real contender: probes as the search asks for them, then the loads at shares of the knee.

Every probe is a flight of its own (`fly`: schedule, connections, keepers' readings), and before the next one the contender has to
answer a single question within the SLO again: what an overload left in its queues is not the next rate's.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from steps.drivers.connection import Client
from steps.drivers.keepers import Reading
from steps.drivers.recording import Flown
from steps.drivers.search import Knee, Until, judged, search
from steps.drivers.summary import driver_of, summarize
from steps.model import Counts, Environment, LoadRecord, Probe, Ramp, RampLoad, Search, SteadyLoad
from steps.statistics.histogram import quantile
from steps.statistics.readings import broken_off
from steps.statistics.validity import MOST_OF_CEILING

PAUSE_S = 0.05  # between questions to a contender that has not settled


class Part(Protocol):
    """What came of one flight."""

    flown: Flown | None
    readings: list[Reading]
    failure: str | None


P = TypeVar("P", bound=Part)
Fly = Callable[[SteadyLoad], Awaitable[P]]
Settled = Callable[[], Awaitable[None]]  # waits until a single question is answered within the SLO, but not for ever


@dataclass
class Climbed(Generic[P]):
    """The probes of a search, and what came of the loads at shares of its knee. `failure`: why it ended early."""

    until: Until
    probes: list[Probe] = field(default_factory=list)
    shares: dict[int, tuple[SteadyLoad, P]] = field(default_factory=dict)  # by percent of the knee
    failure: str | None = None

    @property
    def search(self) -> Search:
        """The search as it is recorded."""
        return Search(ends_rps=self.until.rps, ends_why=self.until.why, probes=tuple(self.probes))


def believed_rps(environment: Path | None) -> float | None:
    """The highest rate at which the driver is believed; None: its ceiling is not known.

    environment: what provision recorded. Raises UsageError: it is damaged.
    """
    if environment is None:
        return None
    calibration = Environment.from_json(environment.read_bytes(), source=environment.name).calibration
    ceiling_rps = calibration.ceiling_rps if calibration else None
    return None if ceiling_rps is None else MOST_OF_CEILING * ceiling_rps


async def climb(load: Ramp, settled: Settled, until: Until, fly: Fly[P]) -> Climbed[P]:
    """Searches the knee and measures below it. A contender that ends under the load ends the climb."""
    climbed: Climbed[P] = Climbed(until)
    knee = await _searched(load, settled, climbed, fly)
    if climbed.failure or knee is None:
        return climbed
    if knee.rps is None:
        climbed.failure = knee.reason if knee.broken else None
        return climbed
    for percent in load.shares_percent:
        await settled()
        at = load.share_of(knee.rps, percent)
        part = await fly(at)
        climbed.shares[percent] = (at, part)
        if part.failure:
            climbed.failure = f"at {percent} % of the knee ({at.rate_rps:,.4g} {load.unit}): {part.failure}"
            break
    return climbed


async def _searched(load: Ramp, settled: Settled, climbed: Climbed[P], fly: Fly[P]) -> Knee | None:
    """The knee; None: the contender ended on the way."""
    searching = search(load, climbed.until)
    rate = next(searching)
    warmup_s = load.warmup_s
    while True:
        await settled()
        at = load.probe_at(rate)
        part = await fly(at.model_copy(update={"warmup_s": max(warmup_s, at.warmup_s)}))
        warmup_s = 0.0  # once is enough: each probe warms up what follows
        ended = next(iter(broken_off(part.readings)), None)
        if ended or part.flown is None:
            climbed.failure = f"{ended or part.failure} (in the search, at {rate:,.4g} {load.unit})"
            return None
        climbed.probes.append(probe_of(load, rate, part.flown))
        try:
            rate = searching.send(climbed.probes[-1])
        except StopIteration as done:
            knee: Knee = done.value
            return knee


def probe_of(load: Ramp, rate_rps: float, flown: Flown) -> Probe:
    """What a flight says of its rate."""
    summary = summarize(flown)
    counts, response = summary.counts, summary.histograms["response"]
    return judged(
        load.slo,
        rate_rps=rate_rps,
        planned=counts.planned,
        p50_ms=quantile(response, 0.5, among=counts.planned).value_ms,
        p99_ms=quantile(response, 0.99, among=counts.planned).value_ms,
        errors=(counts.error + counts.timeout + counts.unfinished) / counts.planned,
        sent=_in_time(flown, within_ms=load.slo.p99_ms) / counts.planned,
        late_ms=driver_of(flown, summary, cpus=None).lateness_p99_ms,
    )


def _in_time(flown: Flown, *, within_ms: float) -> int:
    """The requests of the window that were sent before it was over, or as soon after as an answer may take.

    Without that, a short probe would ask for more than the SLO: of 0.3 s, a wait of 3 ms is 1 %.
    """
    end_ns = flown.recording.due_ns[0] + flown.schedule.warmup_ns + flown.schedule.duration_ns + round(within_ms * 1e6)
    return sum(1 for sent in flown.recording.sent_ns[flown.schedule.warmup :] if 0 < sent <= end_ns)


async def until_settled(load: RampLoad, url: str) -> None:
    """Waits until a single question is answered within the SLO, but no longer than a request may take."""
    client, give_up = Client(url), time.monotonic() + load.timeout_s
    while (asked := time.monotonic()) < give_up:
        answer = await client.get(load.path, within_s=give_up - asked)
        if answer.status == 200 and time.monotonic() - asked <= load.slo.p99_ms / 1000:
            break
        await asyncio.sleep(PAUSE_S)
    client.close()


def together(parts: Sequence[LoadRecord]) -> dict[str, Any]:
    """What the loads at the shares come to as one: counts added, the first window's start and the last one's end, its driver."""
    windows = [part.window for part in parts if part.window]
    if not windows:
        return {}
    errors: Counter[str] = Counter()
    for part in parts:
        errors.update(part.errors)
    return {
        "window": windows[0].model_copy(update={"ended_at": windows[-1].ended_at, "end_ns": windows[-1].end_ns}),
        "counts": _added([part.counts for part in parts]),
        "warmup": _added([part.warmup for part in parts]),
        "errors": dict(errors.most_common()),
        "driver": parts[-1].driver,
    }


def _added(counts: Sequence[Counts | None]) -> Counts:
    return Counts.model_validate({name: sum(getattr(each, name) for each in counts if each) for name in Counts.model_fields})
