"""The topic of a load of messages: made before it, and counted after it. Correctness before speed.

Before: does the broker keep messages as the load's class says, as far as it can be asked, and does one message reach every
consumer, byte for byte? After: did every consumer get what was acknowledged, and nothing that was never sent?
"""

from __future__ import annotations

import asyncio

from steps.drivers.broker import Broker, Consumer, Dealing, Heard, client_of, how
from steps.drivers.connection import Target
from steps.drivers.deliveries import Delivered, Letters
from steps.drivers.http import clock
from steps.drivers.messages import MessageFlight
from steps.drivers.recording import Recording, Schedule
from steps.errors import MeasureError, UsageError
from steps.model import Check, Component
from steps.model.messaging import CHECKED_WITHIN_S, MessageLoad
from steps.model.sql import SteadyLoad

LOOK_S = 0.001
CLOSE_WITHIN_S = 5.0


class Post:
    """What one load does to one broker."""

    logged_bytes: int | None = None  # no broker tells

    def __init__(self, load: MessageLoad, url: str, component: Component) -> None:
        """Raises UsageError: the contender is no broker, or has no such class; MeasureError: its client is not installed."""
        if reason := component.lacks(load.durability):
            message = f"load {load.label} cannot be sent to {component.name}: {reason}"
            raise UsageError(message)
        self._load, self._target, self._durable = load, Target.of(url), component.classes[load.durability]
        dealing = Dealing(
            self._target.host,
            self._target.port,
            consumers=load.fan_out,
            client=self._durable.client,
            timeout_s=load.timeout_s,
            unacknowledged=load.unacknowledged,
        )
        self._broker: Broker = client_of(component.speaks)(dealing)
        self._letters = Letters.of(len(Schedule.of(load)), size=load.size_bytes, consumers=load.fan_out)
        self._consumers: list[Consumer] = []
        self._flight: MessageFlight | None = None
        self.first_ms: float | None = None  # of the first message: cold

    async def open(self) -> tuple[Check, ...]:
        """Makes the topic, and sends one message. Raises MeasureError: the broker does not do what it is told."""
        try:
            async with asyncio.timeout(CHECKED_WITHIN_S):
                await self._broker.open()
                await self._broker.declare()
                kept = await self._kept()
                if not kept.right:
                    return (kept,)
                self._consumers += [
                    await self._broker.consume(number, self._heard(number)) for number in range(self._load.fan_out)
                ]
                return kept, await self._first()
        except TimeoutError as error:
            message = f"the broker was not ready for messages within {CHECKED_WITHIN_S:g} s"
            raise MeasureError(message) from error
        except Exception as error:
            message = f"the broker does not do as it is told: {how(error)}"
            raise MeasureError(message) from error

    async def forget(self) -> None:
        """Makes the topic anew, so that the load can be sent once more. Raises MeasureError: the broker does not do it."""
        await self.open()

    def flight(self, *, spin: bool, at: SteadyLoad | None = None) -> MessageFlight:  # noqa: ARG002  # as a bank is asked
        """Sends the load."""
        self._flight = MessageFlight(self._load, self._target, self._broker, self._consumers, self._letters, spin=spin)
        return self._flight

    def delivered(self) -> Delivered | None:
        """What the consumers got of it; None: nothing was sent."""
        return self._flight.delivered if self._flight else None

    async def audit(self, *recordings: Recording) -> Check:  # noqa: ARG002  # as a bank is asked
        """Did every consumer get what was acknowledged? Raises MeasureError: nothing was sent."""
        delivered = self.delivered()
        if delivered is None:
            message = "no load was sent"
            raise MeasureError(message)
        found = delivered.record()
        wrong = None
        if found.strange:
            wrong = f"{found.strange:,} deliveries are of messages that were never sent so"
        elif found.lost and self._durable.promise == "at-least-once":
            wrong = f"{found.lost:,} of {found.acknowledged * found.consumers:,} deliveries of acknowledged messages never came"
        lost = f", {found.lost:,} deliveries lost, as it promises no more" if found.lost else ""
        right = f"{found.acknowledged:,} acknowledged messages reached {self._load.to_whom[3:]}{lost}"
        return Check(when="after", right=wrong is None, what=wrong or right)

    async def close(self) -> None:
        """Ends all connections, come what may: a broker that is gone must not keep the load from its end."""
        closing = (*(each.close() for each in self._consumers), self._broker.close())
        tasks = [asyncio.ensure_future(each) for each in closing]
        _, late = await asyncio.wait(tasks, timeout=CLOSE_WITHIN_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _kept(self) -> Check:
        """Does it keep messages as the class says?"""
        asked = self._durable.told
        said = dict(await self._broker.told()) if asked else {}
        what = f"{self._load.durability}: {' '.join(f'{name}={said.get(name)}' for name in asked) or self._durable.how}"
        wrong = [f"{name}={value}" for name, value in asked.items() if said.get(name) != value]
        return Check(when="before", right=not wrong, what=f"{what} instead of {' '.join(wrong)}" if wrong else what)

    async def _first(self) -> Check:
        """One message, acknowledged and at every consumer."""
        number, began = self._letters.total, clock()
        await self._broker.publish(self._letters.body(number))
        self.first_ms = (clock() - began) / 1e6
        deadline = clock() + round(self._load.timeout_s * 1e9)
        inboxes = self._letters.inboxes
        while not all(inbox.first_ns[number] for inbox in inboxes) and clock() < deadline:  # noqa: ASYNC110  # nobody tells when
            await asyncio.sleep(LOOK_S)
        missing = [str(at) for at, inbox in enumerate(inboxes) if not inbox.first_ns[number] or inbox.strange]
        size = f"{self._load.size_bytes:,} bytes"
        if missing:
            what = f"a message of {size} did not reach consumer {', '.join(missing)} as sent"
            return Check(when="before", right=False, what=what)
        return Check(when="before", right=True, what=f"{size} reached {self._load.to_whom[3:]} as sent")

    def _heard(self, consumer: int) -> Heard:
        return lambda body: self._letters.heard(consumer, body)
