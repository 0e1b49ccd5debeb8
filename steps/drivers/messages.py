"""The message driver: the open loop of the HTTP driver, with slots for unacknowledged messages in the place of connections.

A broker's client sends many messages over one connection and hears of each when it is acknowledged. A slot is one message under
way; when all are taken, messages wait in the driver, and their time counts, as it does for a request without a connection.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from steps.drivers.broker import Broker, Consumer, how
from steps.drivers.connection import IDLE, Target
from steps.drivers.deliveries import Absence, Delivered, Letters
from steps.drivers.http import Flight, clock
from steps.drivers.recording import Flown
from steps.model.messaging import LEAVES_AT, MessageLoad

LOOK_S = 0.02  # how often it is looked whether all deliveries came


class Slot:
    """Carries one message at a time, from sending to acknowledgement."""

    def __init__(self, owner: MessageFlight) -> None:
        self.made, self.reusable = False, True
        self.request = IDLE
        self._owner = owner
        self._task: asyncio.Task[None] | None = None

    def send(self, request: int, content: bytes = b"") -> None:  # noqa: ARG002  # as a connection of HTTP is asked
        """Publishes the message of that number."""
        self.request = request
        self._task = asyncio.get_running_loop().create_task(self._publish(request))

    def drop(self) -> None:
        """Waits for it no longer; the owner hears nothing more."""
        if self._task is not None:
            self._task.cancel()

    async def _publish(self, request: int) -> None:
        try:
            await self._owner.publish(request)
        except Exception as error:  # noqa: BLE001  # whatever a library raises is how this message failed
            self._owner.finished(self, how(error))
        else:
            self._owner.finished(self, None)


class MessageFlight(Flight):
    """Sends one schedule of messages to one broker, and listens."""

    name = "benchlab message driver 1"

    def __init__(
        self, load: MessageLoad, target: Target, broker: Broker, consumers: list[Consumer], letters: Letters, *, spin: bool
    ) -> None:
        super().__init__(load, target, spin=spin)
        self._load, self._broker, self._consumers, self._letters = load, broker, consumers, letters
        self._absence = Absence() if load.away_s else None
        self.delivered: Delivered | None = None  # what the consumers got, once it was sent

    async def publish(self, request: int) -> None:
        """Returns when the broker has it."""
        await self._broker.publish(self._letters.body(request))

    def finished(self, slot: Slot, how_: str | None) -> None:
        """A message was acknowledged, or failed."""
        self._finish(slot, how_, clock())

    async def fly(self, start_ns: int) -> Flown:
        """Sends, then waits for what is still on its way to the consumers."""
        away = asyncio.create_task(self._away(start_ns)) if self._absence else None
        flown = await super().fly(start_ns)
        try:
            if flown.stopped is None:
                await self._arrived(flown)
        finally:
            gone = await _ended(away) if away else None
        if gone and flown.stopped is None:  # or the broker would be blamed for what nobody was there to take
            flown = replace(flown, stopped=f"consumer 0 could not come back: {gone}")
        self.delivered = Delivered(self._letters, flown, self._absence)
        return flown

    async def _away(self, start_ns: int) -> None:
        """Ends the first consumer's connection in the middle of the window, and brings it back."""
        begin_ns, end_ns = self.window_ns(start_ns)
        assert self._absence is not None  # noqa: S101  # or nobody asked for this
        await asyncio.sleep((begin_ns + LEAVES_AT * (end_ns - begin_ns) - clock()) / 1e9)
        self._absence.left_ns = clock()
        await self._consumers[0].close()
        await asyncio.sleep(max(0.0, (self._load.away_s or 0) - (clock() - self._absence.left_ns) / 1e9))
        began_ns = clock()  # connecting again is part of coming back
        self._consumers[0] = await self._broker.consume(0, lambda body: self._letters.heard(0, body))
        self._absence.back_ns = began_ns

    async def _arrived(self, flown: Flown) -> None:
        """Returns when every acknowledged message has been delivered, or its time is over."""
        deadline_ns = clock() + self._timeout_ns
        while self._letters.missing(flown.recording) and clock() < deadline_ns:  # noqa: ASYNC110  # nobody tells when
            await asyncio.sleep(LOOK_S)

    def _new(self) -> Any:
        return Slot(self)

    async def _dial(self, connection: Any) -> None:
        """A slot is open at once."""
        connection.made = True
        self.opened(connection)


async def _ended(task: asyncio.Task[None]) -> str | None:
    """Ends what was to be over; why it was not, or None."""
    task.cancel()
    (found,) = await asyncio.gather(task, return_exceptions=True)
    if isinstance(found, asyncio.CancelledError):
        return "its time was over"
    return how(found) if found else None
