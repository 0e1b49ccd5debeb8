"""A load that looks for the highest rate a contender sustains, and then measures below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from steps.model.load import HttpLoad
from steps.model.messaging import MessageLoad
from steps.model.metric import KNEE, at_share
from steps.model.slo import LEAST_SHARE_OF_START, MOST_PROBES, Slo, seconds_for, usual_probes
from steps.model.sql import SqlLoad
from steps.model.sql_ramp import SqlRampLoad
from steps.model.values import Model, Positive

__all__ = ["MOST_PROBES", "Load", "Ramp", "RampLoad", "Slo", "SqlRampLoad", "misfit"]  # steps.model.slo is a part of this


class RampLoad(Model):
    """A search for the knee, the highest rate that keeps the SLO; then loads at shares of it, which are measured.

    A probe is a short load at one rate. At low rates it lasts until it has the answers that bound a p99.
    """

    kind: Literal["ramp"] = "ramp"
    model: Literal["open"] = "open"
    path: str = Field(default="/", pattern="^/")
    slo: Slo
    start_rps: Positive = 500.0  # the first rate that is tried; it may break, and then lower ones are
    most_rps: Positive = 50_000.0  # no higher rate is tried
    resolution: float = Field(default=0.02, ge=0.01, le=0.5)  # how close the broken rate above the knee has to be
    probe_s: Positive = 2.0
    measure_s: Positive = 6.0  # at each share of the knee
    warmup_s: float = Field(default=1.0, ge=0)  # before the first probe, and before each share
    timeout_s: Positive = 5.0
    connections: int = Field(default=32, ge=1, le=1024)
    expect: str  # the body of a right answer; any other is an error, whatever its status
    shares_percent: tuple[Annotated[int, Field(ge=10, le=99)], ...] = Field(default=(50, 75, 90), min_length=1)

    @property
    def label(self) -> str:
        """The load in a cell's name."""
        return self.kind

    @property
    def under(self) -> str:
        """What a sentence adds where an experiment has several loads: of ramps there is one."""
        return ""

    @property
    def said(self) -> str:
        """The load in words."""
        shares = ", ".join(map(str, self.shares_percent))
        return (
            f"GET {self.path}, {self.model} loop, searched from {self.start_rps:g} requests/s for the highest rate with "
            f"{self.slo.said}; then {self.measure_s:g} s measured at {shares} % of it"
        )

    @property
    def unit(self) -> str:
        """Of its rates."""
        return "req/s"

    @property
    def window_s(self) -> float:
        """How long one measured window is."""
        return self.measure_s

    @property
    def least_rps(self) -> float:
        """The lowest rate that is tried."""
        return self.start_rps * LEAST_SHARE_OF_START

    @property
    def usual_s(self) -> float:
        """How long it takes, about."""
        probes = usual_probes(self.resolution)
        between_s = 0.15 + self.probe_at(self.start_rps).warmup_s  # connections, and what is still under way
        return self.warmup_s + probes * (self.probe_s + between_s) + len(self.shares_percent) * (self.warmup_s + self.measure_s)

    @property
    def longest_s(self) -> float:
        """How long it may take: every probe at the lowest rate, and each leaves requests that are waited for twice."""
        probe_s = self.probe_at(self.least_rps).usual_s + 2 * self.timeout_s + 1
        lowest = self.least_rps * min(self.shares_percent) / 100
        shares_s = sum(self.at(lowest, seconds=self.measure_s, warmup_s=self.warmup_s).longest_s for _ in self.shares_percent)
        return self.warmup_s + MOST_PROBES * probe_s + shares_s + self.timeout_s * len(self.shares_percent)

    def shortened(self, *, window_s: float, warmup_s: float) -> RampLoad:
        """The same with coarse steps and short windows."""
        shorter = {
            "measure_s": min(self.measure_s, window_s / 2),
            "probe_s": min(self.probe_s, window_s / 10),
            "warmup_s": min(self.warmup_s, warmup_s / 4),
            "resolution": max(self.resolution, 0.1),
        }
        return self.model_copy(update=shorter)

    def probe_at(self, rate_rps: float) -> HttpLoad:
        """The load of one probe: its first part is not counted, so that connections are warm."""
        return self.at(rate_rps, seconds=self.probe_s, warmup_s=min(0.2, self.probe_s / 4))

    def share_of(self, knee_rps: float, percent: int) -> HttpLoad:
        """The load that is measured at a share of the knee."""
        return self.at(knee_rps * percent / 100, seconds=self.measure_s, warmup_s=self.warmup_s)

    def at(self, rate_rps: float, *, seconds: float, warmup_s: float) -> HttpLoad:
        """The plain load of that rate, long enough for a p99."""
        return HttpLoad(
            path=self.path,
            rate_rps=rate_rps,
            warmup_s=warmup_s,
            duration_s=seconds_for(rate_rps, least_s=seconds),
            timeout_s=self.timeout_s,
            connections=self.connections,
            expect=self.expect,
        )


# A load that searches its rate itself.
Ramp = RampLoad | SqlRampLoad


def hops_of(load: HttpLoad | SqlLoad | MessageLoad | Ramp) -> int | None:
    """How many services in a chain each request of a load goes through; None: it does not say."""
    return load.hops if isinstance(load, HttpLoad) else None


def misfit(shape: str, loads: Sequence[HttpLoad | SqlLoad | MessageLoad | Ramp], metrics: Sequence[str]) -> str | None:
    """What of loads and metrics does not go with the shape, in a sentence; None: all does."""
    ramps = [load for load in loads if isinstance(load, Ramp)]
    of_ramps = [name for name in metrics if name == KNEE.name or at_share(name)]
    if shape != "ramp":
        if ramps:
            return f"shape {shape} sends at given rates; a {type(ramps[0]).__name__} goes with shape ramp"
        return f"{of_ramps[0]} is measured by shape ramp only" if of_ramps else None
    if len(ramps) < len(loads):
        return "shape ramp searches the rate itself: give it a RampLoad, or a SqlRampLoad"
    known = {KNEE.name: 0} | {name: found[1] for name in metrics if (found := at_share(name))}
    for name in metrics:
        if name not in known:
            return f"shape ramp measures {KNEE.name}, and the rest at shares of it, as in p99_at_75_ms; {name} has no share"
        if known[name] and any(known[name] not in load.shares_percent for load in ramps):
            return f"{name} is measured at {known[name]} % of the knee, which is not among the load's shares_percent"
    return None


# What an experiment may declare.
Load = Annotated[HttpLoad | RampLoad | SqlLoad | SqlRampLoad | MessageLoad, Field(discriminator="kind")]
