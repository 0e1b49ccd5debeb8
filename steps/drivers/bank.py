"""The tables of a SQL load: made before it, and added up after it. Correctness before speed.

Before: is a commit as durable as the load says, and does one transaction do what it should? After: is every acknowledged
transaction there, with its values, and no other; do the balances add up?
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from steps.drivers import transactions
from steps.drivers.connection import Target
from steps.drivers.console import Console
from steps.drivers.recording import Fate, Recording, Schedule
from steps.drivers.sql import DIALECTS, SqlFlight
from steps.drivers.transactions import Movement, Requests
from steps.errors import MeasureError, UsageError
from steps.model import Check
from steps.model.component import Speaks
from steps.model.sql import CHECKED_WITHIN_S, SqlLoad

FIRST = Movement(request=-1, tid=1, bid=1, aid=1, delta=42)  # the transaction that is tried before the load


class Bank:
    """What one load does to one database."""

    def __init__(self, load: SqlLoad, url: str, speaks: Speaks) -> None:
        """Raises UsageError: the contender is no database."""
        if speaks not in DIALECTS:
            message = f"load {load.label} is for databases, and the contender speaks {speaks}"
            raise UsageError(message)
        self._load, self._target, self._dialect = load, Target.of(url), DIALECTS[speaks]
        self._requests = Requests.of(load, len(Schedule.of(load)))
        self._whole = load.mix == "tpcb"
        self.first_ms: float | None = None  # of the first transaction: cold
        self.logged_bytes: int | None = None  # how much the log grew by the load

    async def open(self) -> tuple[Check, ...]:
        """Makes the tables and looks at them. Raises MeasureError: the database does not do what it is told."""
        async with self._console() as console:
            durable = await self._durable(console)
            if not durable.right:
                return (durable,)
            await console.say(*transactions.TABLES)
            await console.say("BEGIN", *transactions.filled(self._load.scale), "COMMIT")
            await console.say(*self._dialect.settles)
            began = time.monotonic_ns()
            await console.say(*transactions.moving(FIRST, whole=self._whole))
            self.first_ms = (time.monotonic_ns() - began) / 1e6
            found = await self._audit(console, "before", {FIRST.request: FIRST}, frozenset())
            self._logged_before = await self._logged(console)
            return durable, found

    def flight(self, *, spin: bool) -> SqlFlight:
        """Sends the load."""
        return SqlFlight(self._load, self._target, self._dialect, self._requests, spin=spin)

    async def forget(self) -> None:
        """Takes away which transactions there were, so that they can be sent once more. Raises MeasureError: it does not."""
        async with self._console() as console:
            await console.say("TRUNCATE TABLE history")

    async def close(self) -> None:
        """Its consoles are closed already."""

    def delivered(self) -> None:
        """A database delivers nothing."""

    async def audit(self, recording: Recording) -> Check:
        """Is there what was acknowledged, and nothing else? Raises MeasureError: it could not be asked."""
        writing = [request for request in range(len(recording.fates)) if self._requests.writes(request)]
        done = {request: self._requests.movement(request) for request in writing if recording.fates[request] == Fate.OK}
        unknown = frozenset(request for request in writing if recording.sent_ns[request]) - done.keys()
        async with self._console() as console:
            self.logged_bytes = await self._logged(console) - self._logged_before
            return await self._audit(console, "after", {FIRST.request: FIRST, **done}, unknown)

    async def _logged(self, console: Console) -> int:
        ((found,),) = await console.say(self._dialect.logged)
        return int(found or 0)

    async def _durable(self, console: Console) -> Check:
        (found,) = await console.say(self._dialect.asks)
        safe = self._dialect.safe[self._load.durability]
        what = f"{self._load.durability}: {' '.join(map(str, found))}"
        right = found == safe
        return Check(when="before", right=right, what=what if right else f"{what} instead of {' '.join(map(str, safe))}")

    async def _audit(
        self, console: Console, when: Literal["before", "after"], expected: dict[int, Movement], unknown: frozenset[int]
    ) -> Check:
        found = [Movement(*(int(value or 0) for value in row)) for row in await console.say(transactions.HISTORY)]
        (sums,) = await console.say(transactions.SUMS)
        wrong = transactions.untrue(
            found, tuple(int(value or 0) for value in sums), expected=expected, unknown=unknown, whole=self._whole
        )
        return Check(
            when=when, right=wrong is None, what=wrong or f"{len(expected):,} acknowledged transactions are there, balanced"
        )

    @asynccontextmanager
    async def _console(self) -> AsyncIterator[Console]:
        console = Console(self._target, self._dialect, self._load.durability)
        try:
            async with asyncio.timeout(CHECKED_WITHIN_S):
                await console.open()
                yield console
        except OSError as error:  # TimeoutError is one
            message = f"the database does not answer: {error.strerror or 'out of time'}"
            raise MeasureError(message) from error
        finally:
            console.close()
