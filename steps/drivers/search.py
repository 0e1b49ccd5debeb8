"""The knee: the highest rate that keeps an SLO, found by growing, then bisecting. Pure: it asks for a rate, and is told.

    rate = next(searching := search(load, until))        growing    500 · 1,000 · 2,000 ✗ ✗
    rate = searching.send(probe)                         bisecting  1,414 ✗ ✗ · 1,189 · 1,297 …
    …                                                    confirming the broken rate next above the knee
    StopIteration.value: Knee

On a shared machine a neighbour can spoil a probe. So one that breaks is tried once more before it counts, and one in which the
driver itself was late, which says nothing of the contender, up to three times more. Two spoilt probes in a row would still cut
the search off far below the knee, so a broken rate from earlier steps that would end it is tried again at the end, and climbing
goes on from there when it holds. What was recorded can be searched again, probe by probe, and gives the same knee.

Each further try errs on the high side, and so does a short probe: a queue that grows slowly has not grown long yet. Behind one
exponential server (D/M/1, 200 seeds) the knee is 1 % too high with probes of 40,000 requests, 2.5 % with 10,000, 6 % with 2,000;
the steadier the service, the less. The loads at shares of the knee, which are longer, show what the knee is worth.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal

from steps.errors import MeasureError
from steps.model import Probe, Ramp, Search, Slo
from steps.model.ramp import MOST_PROBES
from steps.statistics.validity import LATE_MS, LATE_SHARE

TRIES = 2  # before a rate counts as broken …
LATE_TRIES = 4  # … and of those in which the driver was late, which say nothing of the contender

Searching = Generator[float, Probe, "Knee"]


@dataclass(frozen=True)
class Knee:
    """The highest rate that kept the SLO; or only that it is not below one; or neither. Without a value there is a reason."""

    rps: float | None = None
    at_least_rps: float | None = None
    reason: str | None = None
    suspect: Literal["generator", "figures"] | None = None  # who ended the search, so that another time it may come further

    @property
    def broken(self) -> bool:
        """The contender keeps the SLO at no rate."""
        return self.rps is None and self.at_least_rps is None and self.suspect is None


@dataclass(frozen=True)
class Until:
    """The end of a search: the highest rate that may be tried, and whose limit that is."""

    rps: float
    why: str

    @classmethod
    def of(cls, load: Ramp, driver_rps: float | None) -> Until:
        """driver_rps: the highest rate at which the driver is believed, as far as that is known."""
        if driver_rps is not None and driver_rps < load.most_rps:
            return cls(driver_rps, "the driver ends there, not the contender")
        return cls(load.most_rps, "the experiment tries no higher rate")


def judged(
    slo: Slo,
    *,
    rate_rps: float,
    planned: int,
    p50_ms: float | None,
    p99_ms: float | None,
    errors: float,
    sent: float,
    late_ms: float,
) -> Probe:
    """The probe with its verdict. A driver that was late itself is not taken for a slow contender."""
    why, by_time = _broken(slo, p99_ms=p99_ms, errors=errors, sent=sent)
    late = late_ms > max(LATE_MS, LATE_SHARE * (p99_ms or slo.p99_ms))
    verdict = "met" if why is None else "driver" if by_time and late else "broken"
    return Probe(
        rate_rps=rate_rps,
        planned=planned,
        p50_ms=p50_ms,
        p99_ms=p99_ms,
        errors=errors,
        sent=sent,
        late_ms=late_ms,
        verdict=verdict,
        why=f"the driver itself was {late_ms:.1f} ms late (p99)" if verdict == "driver" else why,
    )


def _broken(slo: Slo, *, p99_ms: float | None, errors: float, sent: float) -> tuple[str | None, bool]:
    """What does not hold, and whether a late driver could be its cause."""
    if errors > slo.errors:
        return f"{100 * errors:.3g} % of the requests had no right answer; {100 * slo.errors:.3g} % may", False
    if sent < slo.sent:
        return f"{100 * sent:.3g} % of the requests were sent in time; {100 * slo.sent:.3g} % have to be", True
    if p99_ms is None:
        return "p99 has no value", False
    return (f"p99 is {p99_ms:.3g} ms; {slo.p99_ms:g} ms are allowed", True) if p99_ms > slo.p99_ms else (None, True)


def search(load: Ramp, until: Until) -> Searching:
    """Rates to probe one after the other; what was found is the generator's value."""
    climb = _Climb(load, until)
    rate: float | None = climb.first()
    while rate is not None:
        broken, tries = 0, 0
        while broken < climb.tries(rate) and tries < LATE_TRIES:
            if climb.probes == MOST_PROBES:
                return climb.unsettled()
            probe = yield rate
            climb.probes += 1
            tries += 1
            broken += probe.verdict == "broken"
            if probe.verdict == "met":
                break
        rate = climb.learnt(probe)
    return climb.knee()


class _Climb:
    """What is known so far: the highest rate that met the SLO, and the lowest above it that did not."""

    def __init__(self, load: Ramp, until: Until) -> None:
        self._load, self._until = load, until
        self._low: float | None = None
        self._step = 2.0  # by which a rate grows
        self._sure = False  # the broken rate was the last that was tried
        self.high: Probe | None = None
        self.probes = 0

    def first(self) -> float:
        return min(self._load.start_rps, self._until.rps)

    def tries(self, rate_rps: float) -> int:
        """How often a rate has to break: a broken end that is confirmed, once more."""
        return 1 if self.high is not None and rate_rps == self.high.rate_rps else TRIES

    def learnt(self, probe: Probe) -> float | None:
        """The next rate, after a probe at the last one; None: enough is known."""
        self._sure = probe.verdict != "met"
        if probe.verdict == "met":
            self._low = probe.rate_rps
            if self.high is not None and probe.rate_rps >= self.high.rate_rps:  # it had been spoilt: on from here, carefully
                self.high, self._step = None, (1 + self._load.resolution) ** 2
        else:
            self.high = probe
        return self._next()

    def _next(self) -> float | None:
        low, high = self._low, self.high
        if high is None:
            return self._grown(low or self.first())
        if low is None:
            lower = _rounded(high.rate_rps / 2)
            return lower if lower >= self._load.least_rps else None
        if high.rate_rps > low * (1 + self._load.resolution):
            middle = _rounded(sqrt(low * high.rate_rps))
            if low < middle < high.rate_rps:
                return middle
        return None if self._sure else high.rate_rps

    def _grown(self, low: float) -> float | None:
        if low >= self._until.rps:
            return None
        grown, self._step = low * self._step, min(2.0, self._step**2)
        return min(_rounded(grown), self._until.rps)

    def knee(self) -> Knee:
        low, high = self._low, self.high
        if low is None:
            assert high is not None  # noqa: S101  # a search ends without a good rate only below bad ones
            at = f"{high.rate_rps:,.4g} {self._load.unit}"
            if high.verdict == "driver":
                return Knee(reason=f"nothing is known of the contender: even at {at} {high.why}", suspect="generator")
            return Knee(
                reason=f"the SLO does not hold even at {at}: {high.why}; lower the rate that the load starts at, or ask less"
            )
        if high is None:
            return self._bound(low, self._until.why)
        if high.verdict == "driver":
            return replace(self._bound(low, f"at {high.rate_rps:,.5g} {self._load.unit} {high.why}"), suspect="generator")
        return Knee(rps=low)

    def unsettled(self) -> Knee:
        """What is known when no more may be tried."""
        why = f"the search did not settle in {MOST_PROBES} probes"
        return replace(Knee(reason=why) if self._low is None else self._bound(self._low, why), suspect="figures")

    def _bound(self, low: float, why: str) -> Knee:
        return Knee(at_least_rps=low, reason=f"at least {low:,.5g} {self._load.unit}: {why}")


def _rounded(rate_rps: float) -> float:
    """Four significant digits: ten times finer than the finest resolution, and readable."""
    return float(f"{rate_rps:.4g}")


def knee_of(load: Ramp, found: Search) -> Knee:
    """The knee that recorded probes lead to. Raises MeasureError: they are not those of a whole search."""
    searching = search(load, Until(found.ends_rps, found.ends_why))
    rate = next(searching)
    for number, probe in enumerate(found.probes, start=1):
        if probe.rate_rps != rate:
            message = f"load.json is damaged: probe {number} of its search is at {probe.rate_rps:g} req/s, not at {rate:g}"
            raise MeasureError(message)
        try:
            rate = searching.send(probe)
        except StopIteration as done:
            if number < len(found.probes):
                break
            knee: Knee = done.value
            return knee
    message = f"load.json is damaged: its {len(found.probes)} probes are not a whole search"
    raise MeasureError(message)
