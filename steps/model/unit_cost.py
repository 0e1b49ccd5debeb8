"""What a cost is for: the unit of work that an experiment's money is divided by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from steps.model.messaging import MessageLoad
from steps.model.metric import at_share
from steps.model.sql import SqlLoad
from steps.model.sql_ramp import SqlRampLoad
from steps.model.values import Model

Work = Literal["requests", "transactions", "messages", "gigabytes", "series", "spans"]


class UnitCost(Model):
    """Dollars per so many of a work, done right: what failed is paid for and not counted."""

    work: Work
    per: int = Field(gt=0)

    @property
    def title(self) -> str:
        """`USD per million requests`."""
        many = "million " if self.per == 1_000_000 else "" if self.per == 1 else f"{self.per:,} "
        return f"USD per {many}{self.work if self.per > 1 else self.work.removesuffix('s')}"

    def under(self, load: object) -> str:
        """`USD per million messages (1kb, written)`: a message's price is told with its size and its durability class."""
        return f"{self.title} ({load.size}, {load.durability})" if isinstance(load, MessageLoad) else self.title


PER_MILLION_REQUESTS = UnitCost(work="requests", per=1_000_000)
PER_MILLION_TRANSACTIONS = UnitCost(work="transactions", per=1_000_000)
PER_MILLION_MESSAGES = UnitCost(work="messages", per=1_000_000)
PER_GIGABYTE = UnitCost(work="gigabytes", per=1)
PER_MILLION_SERIES = UnitCost(work="series", per=1_000_000)
PER_MILLION_SPANS = UnitCost(work="spans", per=1_000_000)


PRICED: tuple[Work, ...] = ("requests", "transactions", "messages")  # to a load each of them is a request


def work_of(load: object) -> Work:
    """What a request of the load is called."""
    if isinstance(load, SqlLoad | SqlRampLoad):
        return "transactions"
    return "messages" if isinstance(load, MessageLoad) else "requests"


def unpriced(unit: UnitCost | None, metrics: Sequence[str]) -> str | None:
    """Why the unit cost cannot be told from these metrics; None: it can, or none is asked for."""
    if unit is None:
        return None
    if unit.work not in PRICED:
        return f"no load of {unit.work} is there to be priced; loads are of {', '.join(PRICED)}"
    shares = [found[1] for name in metrics if (found := at_share(name)) and found[0] == "cpu_us_per_request"]
    needed = ("knee_rps", f"memory_at_{max(shares)}_mib") if shares else ("goodput_rps", "cpu_us_per_request", "memory_mib")
    missing = [name for name in needed if name not in metrics]
    return f"its unit cost needs {missing[0]} among the metrics" if missing else None
