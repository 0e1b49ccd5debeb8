"""The message driver with a broker in memory: whose fault is it when a consumer that was away does not return?"""

from __future__ import annotations

import asyncio
import time

import pytest

from steps.drivers.connection import Target
from steps.drivers.deliveries import Letters
from steps.drivers.http import LEAD_NS
from steps.drivers.messages import MessageFlight
from steps.drivers.recording import Schedule
from steps.model import MessageLoad

LOAD = MessageLoad(durability="memory", rate_mps=100, warmup_s=0, duration_s=1, away_s=0.2, timeout_s=0.5)


class Memory:
    """A broker that keeps every message for its one consumer, who comes back or does not."""

    def __init__(self, back):
        self._back, self._kept, self._heard = back, [], None

    async def publish(self, body):
        self._kept.append(body)
        self._give()

    async def consume(self, number, heard):  # as a broker is asked
        if number == 0 and self._kept:
            await self._back()
        self._heard = heard
        self._give()
        return self

    async def close(self):
        self._heard = None

    def _give(self):
        while self._heard and self._kept:
            self._heard(self._kept.pop(0))


async def at_once():
    """It is back."""


async def refused():
    """It is not let in."""
    message = "nobody listens"
    raise ConnectionRefusedError(message)


async def never():
    """It is still connecting when all is over."""
    await asyncio.sleep(60)


def flown(back):
    """The load, as it was sent, and what was delivered."""

    async def fly():
        broker, letters = Memory(back), Letters.of(len(Schedule.of(LOAD)), size=LOAD.size_bytes, consumers=1)
        consumer = await broker.consume(0, lambda body: letters.heard(0, body))
        flight = MessageFlight(LOAD, Target.of("http://127.0.0.1:1"), broker, [consumer], letters, spin=False)
        await flight.open()
        return await flight.fly(time.monotonic_ns() + LEAD_NS), flight.delivered.record()

    return asyncio.run(fly())


def test_consumer_that_was_away_gets_what_it_missed():
    """It was away as long as it was to be, and nothing is lost."""
    found, record = flown(at_once)

    assert found.stopped is None
    assert (record.lost, record.delivered) == (0, 100)
    assert record.away_s >= 0.2


@pytest.mark.parametrize(
    ("back", "why"),
    [(refused, "ConnectionRefusedError: nobody listens"), (never, "its time was over")],
    ids=["refused", "never"],
)
def test_consumer_that_cannot_come_back_is_no_loss_of_the_brokers(back, why):
    """The load has failed, in the words of what kept it away."""
    found, record = flown(back)

    assert found.stopped == f"consumer 0 could not come back: {why}"
    assert record.lost > 0
    assert record.catch_up_reason == "the consumer did not come back"
