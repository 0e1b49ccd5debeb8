"""Kafka through aiokafka: a topic of one partition, and a group of its own for each that listens.

A consumer is assigned its partition and joins no group: the group only keeps its place, so no rebalancing is in any figure.
Words of a durability class are the topic's own settings, as `flush.messages`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from steps.drivers.broker import Consumer, Dealing, Heard, Listening
from steps.model.messaging import TOPIC

LARGEST = 2 << 20
# The library has one batch of a partition under way at a time, and whoever finds it full is overtaken by others: with its 16 KiB
# sixteen messages made a round trip, 500 a second fell behind, and half of them came out of order.
BATCH = 1 << 20
COMMIT_S = 0.1  # how often a consumer tells its place: the library's own 5 s would be the number of duplicates
TOLD_WITHIN_S = 1.0  # at its end; a broker that is gone does not answer
AGAIN_S = 0.1
PARTITION = TopicPartition(TOPIC, 0)


class Client:
    """See Broker."""

    def __init__(self, dealing: Dealing) -> None:
        self._dealing = dealing
        self._where = f"{dealing.host}:{dealing.port}"

    async def open(self) -> None:
        self._admin: Any = AIOKafkaAdminClient(bootstrap_servers=self._where)
        await self._admin.start()
        self._producer: Any = AIOKafkaProducer(
            bootstrap_servers=self._where,
            acks="all",
            linger_ms=0,
            max_batch_size=BATCH,
            max_request_size=LARGEST,
            metadata_max_age_ms=3_600_000,
        )
        await self._producer.start()

    async def declare(self) -> None:
        _refused(await self._admin.delete_topics([TOPIC]), "topic_error_codes", borne=UnknownTopicOrPartitionError)
        topic = NewTopic(TOPIC, num_partitions=1, replication_factor=1, topic_configs=dict(self._dealing.client))
        # A topic is gone some time after it was said to be.
        while _refused(await self._admin.create_topics([topic]), "topic_errors", borne=TopicAlreadyExistsError):  # noqa: ASYNC110
            await asyncio.sleep(AGAIN_S)
        while not await self._producer.partitions_for(TOPIC):  # noqa: ASYNC110  # nobody tells when
            await asyncio.sleep(AGAIN_S)

    async def told(self) -> Mapping[str, str]:
        (answer,) = await self._admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, TOPIC)])
        (_, _, _, _, entries), *_ = answer.resources
        return {entry[0]: entry[1] for entry in entries}

    async def publish(self, body: bytes) -> None:
        await (await self._producer.send(TOPIC, body, partition=0))

    async def consume(self, number: int, heard: Heard) -> Consumer:
        own: Any = AIOKafkaConsumer(
            bootstrap_servers=self._where,
            group_id=f"consumer-{number}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=LARGEST,
        )
        own.assign([PARTITION])
        await own.start()
        await own.committed(PARTITION)  # its place is known before anything is sent
        return Listening(_listen(own, heard), own.stop)

    async def close(self) -> None:
        await self._producer.stop()
        await self._admin.close()


def _refused(answer: Any, field: str, *, borne: type[KafkaError]) -> bool:
    """Whether the broker answered with the error that may be. Raises KafkaError: it answered with another."""
    ((_, code, *_),) = getattr(answer, field)
    if code and not issubclass(for_code(code), borne):
        raise for_code(code)
    return bool(code)


async def _listen(own: Any, heard: Heard) -> None:
    """Hears, and tells its place beside that: who waits for the answer hears nothing meanwhile, and it would be in p99."""
    loop = asyncio.get_running_loop()
    place = told = 0
    told_at, telling = loop.time(), None
    try:
        while True:
            found = await own.getmany(timeout_ms=round(1000 * COMMIT_S))
            for messages in found.values():
                for message in messages:
                    heard(message.value)
                    place = message.offset + 1
            if place > told and loop.time() - told_at >= COMMIT_S and (telling is None or telling.done()):
                if telling is not None:
                    telling.result()  # a place that was refused ends the consumer
                telling = loop.create_task(own.commit({PARTITION: place}))
                told, told_at = place, loop.time()
    finally:
        if telling is not None:
            await asyncio.wait([telling], timeout=TOLD_WITHIN_S)
            telling.cancel()
