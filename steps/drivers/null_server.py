"""The least an HTTP server can be: one constant answer to whatever is asked. The driver's ceiling is found against it.

`python -m steps.drivers.null_server LISTENER BODY`, where LISTENER is the inherited descriptor of a listening socket.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import cast

import uvloop
from httptools import HttpParserError, HttpRequestParser


class NullServer(asyncio.Protocol):
    """Answers each request on a connection with the same bytes."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._parser = HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserError:
            self._transport.abort()

    def on_message_complete(self) -> None:
        self._transport.write(self._answer)


def answer(body: bytes) -> bytes:
    """A whole answer with that body."""
    head = ("HTTP/1.1 200 OK", "Content-Type: text/plain", f"Content-Length: {len(body)}")
    return "\r\n".join((*head, "", "")).encode() + body


async def serve(listener: socket.socket, body: bytes) -> None:
    """Answers until it is killed."""
    content = answer(body)
    server = await asyncio.get_running_loop().create_server(lambda: NullServer(content), sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2].encode()))
