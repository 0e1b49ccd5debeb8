"""A load of transactions: what is asked of a database, at which rate, and how safe an acknowledged one has to be."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from steps.model.load import HttpLoad
from steps.model.messaging import MessageLoad
from steps.model.values import Model, Positive

Mix = Literal["read-heavy", "write-heavy", "tpcb"]
Durability = Literal["fsync", "relaxed"]

# Questions and answers of one transaction, at most: each waits for the answer to the one before.
EXCHANGES: dict[Mix, int] = {"read-heavy": 5, "write-heavy": 5, "tpcb": 7}
CHECKED_WITHIN_S = 60.0  # tables are made and filled before, and added up after
FILLED_S = 0.2  # a branch with its accounts, about
SAFE: dict[Durability, str] = {
    "fsync": "acknowledged on the disk",
    "relaxed": "acknowledged before they are on the disk",
}


def named(mix: Mix, durability: Durability) -> str:
    """What tells a load from the others of its experiment: `tpcb`, `write-heavy-relaxed`."""
    return mix if durability == "fsync" else f"{mix}-{durability}"


class SqlLoad(Model):
    """Transactions in an open loop: the schedule is fixed before the run and waits for nobody.

    read-heavy: nine of ten read a balance, the tenth changes one. write-heavy: all change one (pgbench's simple-update). tpcb:
    pgbench's own mix, with tellers and branches. fsync: a commit is acknowledged when it is on the disk; relaxed: before that.
    """

    kind: Literal["sql"] = "sql"
    model: Literal["open"] = "open"
    mix: Mix
    durability: Durability = "fsync"
    rate_tps: Positive
    clients: int = Field(default=16, ge=1, le=90)  # connections
    scale: int = Field(default=10, ge=1, le=1000)  # branches; ten tellers and ten thousand accounts each
    warmup_s: float = Field(default=3.0, ge=0)
    duration_s: Positive
    timeout_s: Positive = 5.0

    @property
    def name(self) -> str:
        """What tells it from the others of its experiment: `tpcb`, `write-heavy-relaxed`."""
        return named(self.mix, self.durability)

    @property
    def label(self) -> str:
        """The load in a cell's name: `tpcb-200tps`."""
        return f"{self.name}-{self.rate_tps:g}tps".replace(".", "-").replace("+", "")

    @property
    def under(self) -> str:
        """What a sentence or a heading adds where an experiment has several loads."""
        return f" for {self.name} at {self.rate_tps:g} transactions/s"

    @property
    def said(self) -> str:
        """The load in words."""
        return (
            f"{self.mix} transactions, {SAFE[self.durability]}, {self.rate_tps:g} per second in an {self.model} loop "
            f"for {self.duration_s:g} s after {self.warmup_s:g} s of warm-up, on {10_000 * self.scale:,} accounts"
        )

    @property
    def rate_rps(self) -> float:
        """A transaction is one request of the load."""
        return self.rate_tps

    @property
    def exchanges_per_s(self) -> float:
        """Questions and answers that the driver has to do with, at most."""
        return self.rate_tps * EXCHANGES[self.mix]

    @property
    def connections(self) -> int:
        """How many there are at most."""
        return self.clients

    @property
    def window_s(self) -> float:
        """How long one measured window is."""
        return self.duration_s

    @property
    def usual_s(self) -> float:
        """How long it takes, about: with the tables that are filled before."""
        return self.warmup_s + self.duration_s + FILLED_S * self.scale

    @property
    def longest_s(self) -> float:
        """How long it may take."""
        return self.warmup_s + self.duration_s + self.timeout_s + 2 * CHECKED_WITHIN_S

    def shortened(self, *, window_s: float, warmup_s: float) -> SqlLoad:
        """The same, no longer than that."""
        shorter = {"duration_s": min(self.duration_s, window_s), "warmup_s": min(self.warmup_s, warmup_s)}
        return self.model_copy(update=shorter)


# A load at a given rate, in one window.
SteadyLoad = HttpLoad | SqlLoad | MessageLoad
