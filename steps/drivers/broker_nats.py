"""NATS JetStream through nats-py: one stream, and a durable push consumer for each that listens.

Words of a durability class: `storage`, memory or file.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import nats
from nats.js.api import AckPolicy, ConsumerConfig, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from steps.drivers.broker import Consumer, Dealing, Heard
from steps.model.messaging import TOPIC

AGAIN_AFTER_S = 1.0  # what a consumer was given and did not acknowledge is given again; the server's own 30 s would be the figure
MOST_UNACKNOWLEDGED = 20_000


class Listener:
    """A consumer's own connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def close(self) -> None:
        """Without waiting for what is under way."""
        await self._connection.close()


class Client:
    """See Broker."""

    def __init__(self, dealing: Dealing) -> None:
        self._dealing = dealing

    async def open(self) -> None:
        self._connection = await self._connected()
        self._stream = self._connection.jetstream(timeout=self._dealing.timeout_s)

    async def declare(self) -> None:
        with suppress(NotFoundError):
            await self._stream.delete_stream(TOPIC)
        storage = StorageType(self._dealing.client["storage"])
        await self._stream.add_stream(StreamConfig(name=TOPIC, subjects=[TOPIC], storage=storage))

    async def told(self) -> Mapping[str, str]:
        found = (await self._stream.stream_info(TOPIC)).config
        return {"storage": str(getattr(found.storage, "value", found.storage)), "replicas": str(found.num_replicas)}

    async def count(self) -> int:
        """See `steps.drivers.outbox`."""
        return int((await self._stream.stream_info(TOPIC)).state.messages)

    async def publish(self, body: bytes) -> None:
        await self._stream.publish(TOPIC, body)

    async def consume(self, number: int, heard: Heard) -> Consumer:
        async def take(message: Any) -> None:
            heard(message.data)
            await message.ack()

        connection = await self._connected()
        await connection.jetstream().subscribe(
            TOPIC,
            stream=TOPIC,
            durable=f"consumer-{number}",
            cb=take,
            manual_ack=True,
            config=ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=AGAIN_AFTER_S, max_ack_pending=MOST_UNACKNOWLEDGED),
        )
        return Listener(connection)

    async def close(self) -> None:
        await self._connection.close()

    async def _connected(self) -> Any:
        address = f"nats://{self._dealing.host}:{self._dealing.port}"
        return await nats.connect(address, allow_reconnect=False, error_cb=_quiet)


async def _quiet(_: Exception) -> None:
    """What fails is told by the message that failed."""
