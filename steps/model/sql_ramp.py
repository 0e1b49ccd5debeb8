"""A load of transactions that looks for the highest rate at which a database keeps an objective: TPS at the SLO."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from steps.model.slo import LEAST_SHARE_OF_START, MOST_PROBES, Slo, seconds_for, usual_probes
from steps.model.sql import CHECKED_WITHIN_S, EXCHANGES, FILLED_S, SAFE, Durability, Mix, SqlLoad, named
from steps.model.values import Model, Positive


class SqlRampLoad(Model):
    """The same search as a RampLoad's, with transactions in the place of requests, on tables that are filled once."""

    kind: Literal["sql-ramp"] = "sql-ramp"
    model: Literal["open"] = "open"
    mix: Mix
    durability: Durability = "fsync"
    slo: Slo
    start_tps: Positive = 200.0  # the first rate that is tried; it may break, and then lower ones are
    most_tps: Positive = 20_000.0  # no higher rate is tried
    resolution: float = Field(default=0.05, ge=0.01, le=0.5)  # how close the broken rate above the knee has to be
    probe_s: Positive = 2.0
    measure_s: Positive = 8.0  # at each share of the knee; shorter windows cannot prove that it had settled
    warmup_s: float = Field(default=1.0, ge=0)  # before the first probe, and before each share
    timeout_s: Positive = 2.0
    clients: int = Field(default=16, ge=1, le=90)  # connections
    scale: int = Field(default=10, ge=1, le=1000)  # branches; ten tellers and ten thousand accounts each
    shares_percent: tuple[Annotated[int, Field(ge=10, le=99)], ...] = Field(default=(50, 75, 90), min_length=1)

    @property
    def name(self) -> str:
        """What tells it from the others of its experiment: `tpcb`, `write-heavy-relaxed`."""
        return named(self.mix, self.durability)

    @property
    def label(self) -> str:
        """The load in a cell's name: `tpcb-ramp`."""
        return f"{self.name}-ramp"

    @property
    def under(self) -> str:
        """What a sentence or a heading adds where an experiment has several loads."""
        return f" for {self.name}"

    @property
    def said(self) -> str:
        """The load in words."""
        shares = ", ".join(map(str, self.shares_percent))
        return (
            f"{self.mix} transactions, {SAFE[self.durability]}, {self.model} loop, on {10_000 * self.scale:,} accounts, "
            f"searched from {self.start_tps:g} per second for the highest rate with {self.slo.said}; "
            f"then {self.measure_s:g} s measured at {shares} % of it"
        )

    @property
    def connections(self) -> int:
        """How many there are at most."""
        return self.clients

    @property
    def unit(self) -> str:
        """Of its rates."""
        return "tx/s"

    @property
    def start_rps(self) -> float:
        """A transaction is one request of the load."""
        return self.start_tps

    @property
    def most_rps(self) -> float:
        """No higher rate is tried."""
        return self.most_tps

    @property
    def least_rps(self) -> float:
        """The lowest rate that is tried."""
        return self.start_tps * LEAST_SHARE_OF_START

    @property
    def exchanges(self) -> int:
        """Questions and answers of a transaction, at most: what the driver has to do with."""
        return EXCHANGES[self.mix]

    @property
    def window_s(self) -> float:
        """How long one measured window is."""
        return self.measure_s

    @property
    def usual_s(self) -> float:
        """How long it takes, about: with the tables that are filled before."""
        probe = self.probe_at(self.start_tps)
        searched_s = usual_probes(self.resolution) * (probe.warmup_s + probe.duration_s + 0.15)
        shares_s = len(self.shares_percent) * (self.warmup_s + self.measure_s)
        return FILLED_S * self.scale + self.warmup_s + searched_s + shares_s

    @property
    def longest_s(self) -> float:
        """How long it may take: every probe at the lowest rate, and each leaves transactions that are waited for twice."""
        probe, share = self.probe_at(self.least_rps), self.share_of(self.least_rps, min(self.shares_percent))
        probe_s = probe.warmup_s + probe.duration_s + 3 * self.timeout_s + 1
        share_s = share.warmup_s + share.duration_s + 2 * self.timeout_s
        return 2 * CHECKED_WITHIN_S + self.warmup_s + MOST_PROBES * probe_s + len(self.shares_percent) * share_s

    def shortened(self, *, window_s: float, warmup_s: float) -> SqlRampLoad:
        """The same with coarse steps and short windows."""
        shorter = {
            "measure_s": min(self.measure_s, window_s / 2),
            "probe_s": min(self.probe_s, window_s / 3),
            "warmup_s": min(self.warmup_s, warmup_s / 4),
            "resolution": max(self.resolution, 0.2),
        }
        return self.model_copy(update=shorter)

    def probe_at(self, rate_tps: float) -> SqlLoad:
        """The load of one probe: its first part is not counted, so that connections are warm."""
        return self.at(rate_tps, seconds=self.probe_s, warmup_s=min(0.2, self.probe_s / 4))

    def share_of(self, knee_tps: float, percent: int) -> SqlLoad:
        """The load that is measured at a share of the knee."""
        return self.at(knee_tps * percent / 100, seconds=self.measure_s, warmup_s=self.warmup_s)

    def at(self, rate_tps: float, *, seconds: float, warmup_s: float) -> SqlLoad:
        """The plain load of that rate, long enough for a p99."""
        return SqlLoad(
            mix=self.mix,
            durability=self.durability,
            rate_tps=rate_tps,
            clients=self.clients,
            scale=self.scale,
            warmup_s=warmup_s,
            duration_s=seconds_for(rate_tps, least_s=seconds),
            timeout_s=self.timeout_s,
        )
