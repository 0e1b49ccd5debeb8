"""The client of Valkey may have as many messages under way as the driver."""

from __future__ import annotations

import asyncio
import re

import pytest

from steps.drivers.broker import Dealing

valkey = pytest.importorskip("steps.drivers.broker_valkey")

COMMAND = re.compile(rb"\*\d+\r\n\$\d+\r\n(\w+)")


def test_each_message_under_way_has_a_connection():
    """A server that acknowledges nothing gets all that may be unacknowledged, and no message more."""
    got = []

    async def answer(reader, writer):
        while data := await reader.read(65536):
            for name in COMMAND.findall(data):
                if name == b"XADD":
                    got.append(name)
                else:
                    writer.write(b"+OK\r\n")
        writer.close()

    async def send():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = valkey.Client(Dealing("127.0.0.1", port, consumers=1, unacknowledged=50))
        await client.open()
        tasks = [asyncio.create_task(client.publish(b"m")) for _ in range(60)]
        async with asyncio.timeout(10):
            while len(got) < 50:  # noqa: ASYNC110  # nobody tells when
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await client.close()
        server.close()

    asyncio.run(send())

    assert len(got) == 50
