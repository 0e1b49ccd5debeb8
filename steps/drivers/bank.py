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
from steps.model.sql import CHECKED_WITHIN_S, SqlLoad, SteadyLoad
from steps.model.sql_ramp import SqlRampLoad

FIRST = Movement(request=-1, tid=1, bid=1, aid=1, delta=42)  # the transaction that is tried before the load
PAUSE_S = 0.05  # between questions to a database that has not settled


class Bank:
    """What one load does to one database: once, or of a ramp again and again on the same tables."""

    def __init__(self, load: SqlLoad | SqlRampLoad, url: str, speaks: Speaks) -> None:
        """Raises UsageError: the contender is no database."""
        if speaks not in DIALECTS:
            message = f"load {load.label} is for databases, and the contender speaks {speaks}"
            raise UsageError(message)
        self._load, self._target, self._dialect = load, Target.of(url), DIALECTS[speaks]
        self._sent: list[Requests] = []  # by flight
        self._whole = load.mix == "tpcb"
        self._logged_before: int | None = None
        self.first_ms: float | None = None  # of the first transaction: cold
        self.logged_bytes: int | None = None  # how much the log grew by the load; None: the database does not tell

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

    def flight(self, *, spin: bool, at: SteadyLoad | None = None) -> SqlFlight:
        """Sends the load; of a ramp, the one that it comes to at a rate."""
        load = at or self._load
        assert isinstance(load, SqlLoad)  # noqa: S101  # a ramp has no rate of its own
        first = sum(len(each.aids) for each in self._sent)
        self._sent.append(Requests.of(load, len(Schedule.of(load)), first=first))
        return SqlFlight(load, self._target, self._dialect, self._sent[-1], spin=spin)

    async def until_settled(self, *, within_ms: float, timeout_s: float) -> None:
        """Waits until a single commit is acknowledged within that time, but no longer than the timeout.

        Raises MeasureError: it cannot be asked.
        """
        give_up = time.monotonic() + timeout_s
        async with self._console() as console:
            while (asked := time.monotonic()) < give_up:
                await console.say(*transactions.TRIED)
                if time.monotonic() - asked <= within_ms / 1000:
                    return
                await asyncio.sleep(PAUSE_S)

    async def forget(self) -> None:
        """Takes away which transactions there were, so that they can be sent once more. Raises MeasureError: it does not."""
        async with self._console() as console:
            await console.say(self._dialect.forgets)

    async def close(self) -> None:
        """Its consoles are closed already."""

    def delivered(self) -> None:
        """A database delivers nothing."""

    async def audit(self, *recordings: Recording) -> Check:
        """Is there what was acknowledged, and nothing else? recordings: of the flights so far, in their order.

        Raises MeasureError: it could not be asked.
        """
        done, unknown = {FIRST.request: FIRST}, set[int]()
        for requests, recording in zip(self._sent, recordings, strict=True):
            acknowledged, open_ = _told(requests, recording)
            done |= acknowledged
            unknown |= open_
        async with self._console() as console:
            logged = await self._logged(console)
            if logged is not None and self._logged_before is not None:
                self.logged_bytes = logged - self._logged_before
            return await self._audit(console, "after", done, frozenset(unknown))

    async def _logged(self, console: Console) -> int | None:
        if self._dialect.logged is None:
            return None
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


def _told(requests: Requests, recording: Recording) -> tuple[dict[int, Movement], set[int]]:
    """What a flight was told of its writes, by their numbers in the history: the acknowledged ones, and those nobody knows of."""
    writing = [request for request in range(len(recording.fates)) if requests.writes(request)]
    done = {request for request in writing if recording.fates[request] == Fate.OK}
    moved = [requests.movement(request) for request in sorted(done)]
    unknown = {requests.first + request for request in writing if recording.sent_ns[request] and request not in done}
    return {each.request: each for each in moved}, unknown
