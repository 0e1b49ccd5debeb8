"""A server that does to each request what the path says, so that tests can ask for every bad day there is.

`/script/LETTERS`: the letters are used in turn, one for each request:

    k  the right answer                     c  closes without an answer        h  never answers
    w  200 with a wrong body                r  resets the connection           g  what is no HTTP
    s  503                                  l  the right answer, then closes   p  half an answer, then closes
    d  the right answer after 30 ms         x  the right answer twice

`python -m tests.steps.odd_server LISTENER`: serves on an inherited listening socket until it is killed.
"""

import asyncio
import os
import socket
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BODY = b'{"service": "echo", "message": "hello from upstream"}\n'
LETTERS = "kwscrhglpdx"
SLOW_S = 0.03


def whole(body: bytes, status: str = "200 OK", extra: str = "") -> bytes:
    """An answer with that body."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode() + body


class OddServer(asyncio.Protocol):
    """One connection of it."""

    asked = Counter()

    def connection_made(self, transport):
        self.transport = transport
        self.pending = b""

    def data_received(self, data):
        self.pending += data
        while b"\r\n\r\n" in self.pending:
            head, self.pending = self.pending.split(b"\r\n\r\n", 1)
            path = head.split(b" ", 2)[1].decode()
            letters = path.rpartition("/")[2]
            letter = letters[self.asked[path] % len(letters)]
            self.asked[path] += 1
            self.answer(letter)

    def answer(self, letter):
        write, close = self.transport.write, self.transport.close
        if letter == "d":
            asyncio.get_running_loop().call_later(SLOW_S, write, whole(BODY))
        elif letter == "r":
            raw = self.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        elif letter != "h":
            write(ANSWERS[letter])
            if letter in "clp":
                close()


ANSWERS = {
    "k": whole(BODY),
    "w": whole(BODY.replace(b"hello", b"jello")),
    "s": whole(b"busy", "503 Service Unavailable"),
    "c": b"",
    "g": b"\x16\x03\x01 this is no HTTP\r\n\r\n",
    "l": whole(BODY, extra="Connection: close\r\n"),
    "p": whole(BODY)[:-10],
    "x": whole(BODY) * 2,
}


async def serve(listener):
    """Answers until it is killed."""
    server = await asyncio.get_running_loop().create_server(OddServer, sock=listener)
    await server.serve_forever()


@dataclass(frozen=True)
class Running:
    """A server's process, and where it answers."""

    url: str
    process: subprocess.Popen


@contextmanager
def odd_server(cpus=None) -> Iterator[Running]:
    """A server in a process of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        argv = (sys.executable, "-m", "tests.steps.odd_server", str(listener.fileno()))
        root = Path(__file__).parents[2]
        process = subprocess.Popen(
            argv,
            cwd=root,
            pass_fds=(listener.fileno(),),
            preexec_fn=(lambda: os.sched_setaffinity(0, cpus)) if cpus else None,
        )
    try:
        yield Running(url, process)
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    asyncio.run(serve(socket.socket(fileno=int(sys.argv[1]))))
