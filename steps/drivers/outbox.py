"""Does each transaction of a load leave its message at the broker? Asked of the broker itself, before the load and after it.

An application that forgets to publish is faster than one that does not, and the price of its messages would be that of nothing.
Before the load the broker must keep messages as the arm says, as far as it can be asked; and messages of whoever asked whether
the application was ready are counted, so that those of the load are the difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar, cast

from steps.drivers.broker import Broker, Dealing, client_of, how
from steps.drivers.connection import Target
from steps.drivers.recording import Recording
from steps.errors import MeasureError, UsageError
from steps.model import Check, Component, Endpoints
from steps.model.outbox import Published

WITHIN_S = 5.0

T = TypeVar("T")


class Counting(Broker, Protocol):
    """A broker that tells how many messages its topic holds."""

    async def count(self) -> int:
        """Of all that were acknowledged. Raises what its library does."""


class Outgoing:
    """The outbox of one cell."""

    def __init__(self, where: Endpoints, contender: Component, *, within_s: float = WITHIN_S) -> None:
        """Raises UsageError: the contender has no outbox, its place was not handed over, or its broker does not count."""
        if contender.outbox is None or where.outbox is None:
            message = f"deploy handed over no outbox of {contender.name}"
            raise UsageError(message)
        self._outbox, target = contender.outbox, Target.of(where.outbox)
        component = next(each for each in contender.parts if each.name == self._outbox.broker)
        self._durable = component.classes[self._outbox.durability]
        self._client = client_of(component.speaks)
        self._dealing = Dealing(target.host, target.port, consumers=0, client=self._durable.client, timeout_s=within_s)
        if not hasattr(self._client, "count"):
            message = (
                f"{component.name} does not tell how many messages it keeps, so nobody can count what transactions left there"
            )
            raise UsageError(message)

    async def before(self) -> Check:
        """Does the broker keep messages as it should? What is there by now is not of the load."""
        try:
            said, self._there = await self._asked(_state)
        except MeasureError as error:
            return Check(when="before", right=False, what=str(error))
        wrong = [f"{name}={value}" for name, value in self._durable.told.items() if said.get(name) != value]
        kept = f"{self._outbox.broker} keeps messages {self._outbox.durability}: {self._durable.how}"
        what = f"{self._outbox.broker} is not set up for {self._outbox.durability}: {' '.join(wrong)} is not so"
        return Check(when="before", right=not wrong, what=what if wrong else kept)

    async def after(self, recording: Recording) -> Published:
        """What the load left. Raises MeasureError: the broker does not tell."""
        _, there = await self._asked(_state)
        return Published(
            broker=self._outbox.broker,
            durability=self._outbox.durability,
            answered=recording.answered,
            sent=recording.sent,
            kept=there - self._there,
        )

    async def _asked(self, question: Callable[[Counting], Awaitable[T]]) -> T:
        client = cast("Counting", self._client(self._dealing))
        within_s = self._dealing.timeout_s
        try:
            async with asyncio.timeout(within_s):
                await client.open()
                try:
                    return await question(client)
                finally:
                    await client.close()
        except TimeoutError as error:
            message = f"{self._outbox.broker} does not tell within {within_s:g} s how many messages it keeps"
            raise MeasureError(message) from error
        except Exception as error:
            message = f"{self._outbox.broker} does not tell how many messages it keeps: {how(error)}"
            raise MeasureError(message) from error


async def _state(client: Counting) -> tuple[dict[str, str], int]:
    return dict(await client.told()), await client.count()
