"""What the consumer of Kafka does beside hearing: it tells its place, and nobody waits for that."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

kafka = pytest.importorskip("steps.drivers.broker_kafka")

EACH_S = 0.005
MEANWHILE = 30  # messages that come until a place is kept


@dataclass
class Message:
    offset: int
    value: bytes = b""


@dataclass
class Slow:
    """A library's consumer whose place is kept once 30 more messages were taken, or at its end."""

    sent: int = 0
    told: list[int] = field(default_factory=list)
    under_way: int = 0
    most: int = 0
    kept: int = 0
    ending: bool = False

    async def getmany(self, *, timeout_ms):  # as the library is asked
        await asyncio.sleep(EACH_S)
        self.sent += 1
        return {kafka.PARTITION: [Message(self.sent - 1)]}

    async def commit(self, offsets):
        self.told.append(offsets[kafka.PARTITION])
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        due = self.sent + MEANWHILE
        while self.sent < due and not self.ending:  # noqa: ASYNC110  # nobody tells when
            await asyncio.sleep(EACH_S)
        self.under_way -= 1
        self.kept += 1


def test_nobody_waits_for_a_place_to_be_kept():
    """Messages go on coming while it is told; one telling is under way at a time, and the last is waited for at the end."""
    own, places = Slow(), []

    async def listen():
        task = asyncio.create_task(kafka._listen(own, lambda _: places.append(own.sent)))
        async with asyncio.timeout(20):
            while own.kept < 2 or not own.under_way:  # noqa: ASYNC110  # nobody tells when
                await asyncio.sleep(EACH_S)
        own.ending = True
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(listen())

    assert own.most == 1
    assert own.kept == len(own.told) > 2
    assert own.told == sorted(set(own.told))
    assert set(own.told) <= set(places)
