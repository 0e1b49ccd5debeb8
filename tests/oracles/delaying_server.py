"""A small real HTTP server that is exactly as slow as it is told to be.

`python -m tests.oracles.delaying_server --port N [--delay-ms D] [--slow-ms S --slow-share P] [--most-open K]`

Answers after D ms; the share P of requests, evenly spread by their count, after S ms instead. Of requests that find K others
open it refuses each at once with 503, as a server does that sheds load. Its timer is the driver's, some 50 µs late; the loop's
would be up to a millisecond late.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count

import uvloop

from steps.drivers.alarm import alarm

BODY = b"an answer of the delaying server\n"
VERSION = "delaying server 1"


def answer(status: str, body: bytes) -> bytes:
    """A whole answer."""
    head = (
        f"HTTP/1.1 {status}",
        "Connection: keep-alive",
        f"Content-Length: {len(body)}",
    )  # ab speaks HTTP/1.0 and wants to be told
    return "\r\n".join((*head, "", "")).encode() + body


RIGHT, BUSY = answer("200 OK", BODY), answer("503 Service Unavailable", b"busy\n")


class Waiting:
    """Answers that are not due yet."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, asyncio.Transport]] = []
        self._number = count()
        self._alarm = alarm(asyncio.get_running_loop(), self._ring)

    def __len__(self) -> int:
        return len(self._due)

    def add(self, transport: asyncio.Transport, delay_ns: int) -> None:
        heappush(self._due, (time.monotonic_ns() + delay_ns, next(self._number), transport))
        self._alarm.set(self._due[0][0])

    def _ring(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic_ns():
            transport = heappop(self._due)[2]
            if not transport.is_closing():
                transport.write(RIGHT)
        if self._due:
            self._alarm.set(self._due[0][0])


def delays_ns(delay_ms: float, slow_ms: float, slow_share: float) -> Iterator[int]:
    """How long each request has to wait, for ever."""
    usual, slow = round(delay_ms * 1e6), round(slow_ms * 1e6)
    return (slow if int(n * slow_share) != int((n - 1) * slow_share) else usual for n in count(1))


class DelayingServer(asyncio.Protocol):
    """One connection. Requests come one after the other, without a body."""

    def __init__(self, waiting: Waiting, delays: Iterator[int], most_open: int) -> None:
        self._waiting, self._delays, self._most_open = waiting, delays, most_open
        self._pending = b""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while b"\r\n\r\n" in self._pending:
            self._pending = self._pending.split(b"\r\n\r\n", 1)[1]
            self._asked()

    def _asked(self) -> None:
        delay_ns = next(self._delays)
        if len(self._waiting) >= self._most_open:
            self._transport.write(BUSY)
        elif delay_ns:
            self._waiting.add(self._transport, delay_ns)
        else:
            self._transport.write(RIGHT)


async def serve(given: argparse.Namespace) -> None:
    """Answers until it is killed."""
    waiting, delays = Waiting(), delays_ns(given.delay_ms, given.slow_ms, given.slow_share)

    def connection() -> DelayingServer:
        return DelayingServer(waiting, delays, given.most_open)

    server = await asyncio.get_running_loop().create_server(connection, given.host, given.port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("--version", action="version", version=VERSION)
    words.add_argument("--host", default="127.0.0.1")
    words.add_argument("--port", type=int, required=True)
    words.add_argument("--delay-ms", type=float, default=0)
    words.add_argument("--slow-ms", type=float, default=0)
    words.add_argument("--slow-share", type=float, default=0)
    words.add_argument("--most-open", type=int, default=1_000_000)
    uvloop.run(serve(words.parse_args()))
