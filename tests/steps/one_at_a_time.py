"""A server whose capacity is known: it answers one request at a time, and each takes the same time.

`python -m tests.steps.one_at_a_time LISTENER SERVICE_S [DIES_AFTER]`: serves on an inherited listening socket until it is
killed, or until it has been asked so often.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.steps.odd_server import BODY, Running, whole

ANSWER = whole(BODY)


class OneAtATime(asyncio.Protocol):
    """One connection of it; all stand in the same queue."""

    free_at = 0.0
    asked = 0

    def __init__(self, service_s: float, dies_after: int) -> None:
        self.service_s, self.dies_after = service_s, dies_after

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(data.count(b"\r\n\r\n")):
            OneAtATime.asked += 1
            if OneAtATime.asked == self.dies_after:
                os._exit(3)
            OneAtATime.free_at = max(OneAtATime.free_at, loop.time()) + self.service_s
            loop.call_at(OneAtATime.free_at, self.answer)

    def answer(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(ANSWER)


async def serve(listener: socket.socket, service_s: float, dies_after: int) -> None:
    """Answers until it is killed."""
    server = await asyncio.get_running_loop().create_server(lambda: OneAtATime(service_s, dies_after), sock=listener)
    await server.serve_forever()


@contextmanager
def one_at_a_time(service_s: float, *, dies_after: int = 0) -> Iterator[Running]:
    """Such a server in a process of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        words = (str(listener.fileno()), str(service_s), str(dies_after))
        argv = (sys.executable, "-m", "tests.steps.one_at_a_time", *words)
        process = subprocess.Popen(argv, cwd=Path(__file__).parents[2], pass_fds=(listener.fileno(),))
    try:
        yield Running(url, process)
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    asyncio.run(serve(socket.socket(fileno=int(sys.argv[1])), float(sys.argv[2]), int(sys.argv[3])))
