"""RabbitMQ through aiormq: a fanout exchange with confirms, and a queue for each that listens.

Words of a durability class: `queue`, classic or quorum; `durable`, whether queue and message are to outlive the broker.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiormq

from steps.drivers.broker import Consumer, Dealing, Heard
from steps.model.messaging import TOPIC

AHEAD = 1000  # messages that a consumer is given before it has acknowledged the first
TRANSIENT, PERSISTENT = 1, 2


class Listener:
    """A consumer's own connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def close(self) -> None:
        """Without acknowledging anything more."""
        await self._connection.close()


class Client:
    """See Broker."""

    def __init__(self, dealing: Dealing) -> None:
        self._dealing = dealing
        self._durable = dealing.client["durable"] == "yes"
        mode = PERSISTENT if self._durable else TRANSIENT
        self._properties = aiormq.spec.Basic.Properties(delivery_mode=mode)

    async def open(self) -> None:
        self._connection = await self._connected()
        self._channel: Any = await self._connection.channel(publisher_confirms=True)

    async def declare(self) -> None:
        await self._channel.exchange_declare(TOPIC, exchange_type="fanout", durable=True)
        for number in range(self._dealing.consumers):
            await self._channel.queue_delete(_queue(number))
            await self._channel.queue_declare(
                _queue(number), durable=self._durable, arguments={"x-queue-type": self._dealing.client["queue"]}
            )
            await self._channel.queue_bind(_queue(number), TOPIC)

    async def told(self) -> Mapping[str, str]:
        return {}  # the protocol has no question for it

    async def publish(self, body: bytes) -> None:
        await self._channel.basic_publish(body, exchange=TOPIC, properties=self._properties)

    async def consume(self, number: int, heard: Heard) -> Consumer:
        connection = await self._connected()
        channel: Any = await connection.channel()

        async def take(message: Any) -> None:
            heard(bytes(message.body))
            await channel.basic_ack(message.delivery.delivery_tag, wait=False)

        await channel.basic_qos(prefetch_count=AHEAD)
        await channel.basic_consume(_queue(number), take)
        return Listener(connection)

    async def close(self) -> None:
        await self._connection.close()

    async def _connected(self) -> Any:
        return await aiormq.connect(f"amqp://guest:guest@{self._dealing.host}:{self._dealing.port}/")


def _queue(number: int) -> str:
    return f"{TOPIC}-{number}"
