"""Valkey streams through valkey-py: one stream, and a consumer group for each that listens.

A durability class has no words here: it is the server's configuration, which is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from valkey.asyncio import BlockingConnectionPool, Valkey

from steps.drivers.broker import Consumer, Dealing, Heard, Listening
from steps.model.messaging import TOPIC

AT_ONCE = 1000  # messages of one answer
BLOCK_MS = 1000
NEW, UNACKNOWLEDGED = ">", "0"


class Client:
    """See Broker."""

    def __init__(self, dealing: Dealing) -> None:
        self._dealing = dealing

    async def open(self) -> None:
        # A pool, as applications have it: a connection carries one XADD at a time, and each message under way may have one.
        pool = BlockingConnectionPool(
            host=self._dealing.host,
            port=self._dealing.port,
            max_connections=self._dealing.unacknowledged,
            timeout=ceil(self._dealing.timeout_s),
        )
        self._valkey: Any = Valkey(connection_pool=pool)
        await self._valkey.ping()

    async def declare(self) -> None:
        await self._valkey.delete(TOPIC)
        for number in range(self._dealing.consumers):
            await self._valkey.xgroup_create(TOPIC, f"consumer-{number}", id="0", mkstream=True)

    async def told(self) -> Mapping[str, str]:
        said = await self._valkey.config_get("append*")
        return {_text(name): _text(value) for name, value in said.items()}

    async def publish(self, body: bytes) -> None:
        await self._valkey.xadd(TOPIC, {"m": body})

    async def consume(self, number: int, heard: Heard) -> Consumer:
        own: Any = Valkey(host=self._dealing.host, port=self._dealing.port, single_connection_client=True)
        await own.initialize()
        return Listening(_listen(own, f"consumer-{number}", heard), own.aclose)

    async def close(self) -> None:
        await self._valkey.aclose()
        await self._valkey.connection_pool.disconnect()


async def _listen(own: Any, group: str, heard: Heard) -> None:
    """First what it was given and did not acknowledge, then whatever is new."""
    while await _take(own, group, UNACKNOWLEDGED, heard):
        pass
    while True:
        await _take(own, group, NEW, heard)


async def _take(own: Any, group: str, start: str, heard: Heard) -> int:
    found = await own.xreadgroup(group, "bench", {TOPIC: start}, count=AT_ONCE, block=BLOCK_MS)
    messages = [each for _, several in found or () for each in several]
    for _, fields in messages:
        heard(fields[b"m"])
    if messages:
        await own.xack(TOPIC, group, *(name for name, _ in messages))
    return len(messages)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
