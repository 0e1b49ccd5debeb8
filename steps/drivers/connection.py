"""One keep-alive HTTP/1.1 connection that carries one request at a time.

Ours, because general clients cost more than what they measure: their requests pass through pools, header objects and a task each.
Here a request is one write of bytes made before the run, and an answer is one call of the owner.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, cast
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpResponseParser

from steps.errors import UsageError
from steps.model.values import Model

IDLE = -1
LONGEST_BODY = 1 << 20  # what follows is not kept: no right answer is that long


class Target(Model):
    """Where requests go."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Target:
        """The target that `http://HOST:PORT` names. Raises UsageError."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or 80
        except ValueError:
            host, port, parts = None, 0, urlsplit("")
        if parts.scheme != "http" or not host:
            message = f"cannot send requests to {url!r}: give http://HOST:PORT"
            raise UsageError(message)
        return cls(host=host, port=port)

    def get(self, path: str) -> bytes:
        """The bytes of a GET request."""
        return self._head("GET", path)

    def post(self, path: str, body: bytes) -> bytes:
        """The bytes of a POST request with a body of JSON."""
        return self._head("POST", path, "Content-Type: application/json", f"Content-Length: {len(body)}") + body

    def _head(self, method: str, path: str, *more: str) -> bytes:
        host = f"[{self.host}]" if ":" in self.host else self.host
        head = (f"{method} {path} HTTP/1.1", f"Host: {host}:{self.port}", "User-Agent: benchlab", "Accept: */*", *more)
        return "\r\n".join((*head, "", "")).encode()


class Carrier(Protocol):
    """A connection that carries one request at a time, whatever it speaks."""

    made: bool
    request: int
    reusable: bool

    def send(self, request: int, content: bytes) -> None:
        """Sends a request on a connection that carries none."""

    def drop(self) -> None:
        """Closes at once; the owner hears nothing more."""


class Owner(Protocol):
    """Who is told what became of a request."""

    def opened(self, connection: Connection) -> None:
        """The connection can carry requests."""

    def answered(self, connection: Connection, status: int, body: bytes) -> None:
        """The answer to `connection.request` is complete; `connection.reusable` says whether another may follow."""

    def broken(self, connection: Connection, how: str) -> None:
        """The connection is gone; `connection.request` is what it carried, or IDLE."""


class Connection(asyncio.Protocol):
    """Tells its owner of each answer, then of its end, unless the owner dropped it."""

    __slots__ = (
        "_body",
        "_complete",
        "_owner",
        "_parser",
        "_transport",
        "_write",
        "made",
        "received",
        "request",
        "reusable",
        "status",
    )

    def __init__(self, owner: Owner) -> None:
        self.made = False
        self.request = IDLE
        self.reusable = True
        self.received = 0  # bytes, heads of answers with them
        self.status = 0
        self._owner: Owner | None = owner
        self._body = b""
        self._complete = 0
        self._parser = HttpResponseParser(self)

    def send(self, request: int, content: bytes) -> None:
        """Sends a request, known to its owner by a number, on a connection that carries none."""
        self.request = request
        self._write(content)

    def drop(self) -> None:
        """Closes at once; the owner hears nothing more."""
        self._owner = None
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._write = self._transport.write
        self.made = True
        if self._owner is None:
            self._transport.abort()
        else:
            self._owner.opened(self)

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserError:
            self._break("not HTTP")
            return
        if self._complete:
            self._answer()
        elif self.request == IDLE:
            self._break("an answer nobody asked for")

    def on_body(self, body: bytes) -> None:
        if not self._body:
            self._body = body
        elif len(self._body) < LONGEST_BODY:
            self._body += body

    def on_message_complete(self) -> None:
        self._complete += 1
        self.status = self._parser.get_status_code()
        self.reusable = self._parser.should_keep_alive()

    def connection_lost(self, exc: Exception | None) -> None:
        self._break("connection closed" if exc is None else lost_how(exc))

    def _answer(self) -> None:
        if self._complete > 1 or self.request == IDLE:
            self._break("an answer nobody asked for")
            return
        body, self._body, self._complete = self._body, b"", 0
        if self._owner is not None:
            self._owner.answered(self, self.status, body)

    def _break(self, how: str) -> None:
        owner, self._owner = self._owner, None
        self._transport.abort()
        if owner is not None:
            owner.broken(self, how)


def lost_how(error: BaseException) -> str:
    """How a connection failed, in the words of the record."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, (ConnectionResetError, BrokenPipeError)):
        return "connection reset"
    if isinstance(error, TimeoutError):
        return "connection timed out"
    return f"connection failed ({getattr(error, 'strerror', None) or type(error).__name__})"


class Answer(Model):
    """What came back for a request outside the load; status None: nothing did, and `how` says why."""

    status: int | None
    body: bytes = b""
    size: int = 0  # bytes that came, its head with them
    how: str = ""


async def ask_once(url: str, path: str, *, within_s: float) -> Answer:
    """The answer to one question, on a connection of its own, or how there was none."""
    client = Client(url)
    try:
        return await client.get(path, within_s=within_s)
    finally:
        client.close()


class Client:
    """Asks one question at a time on a connection that it keeps, outside the load: checks, and keepers' readings."""

    def __init__(self, url: str) -> None:
        self._target = Target.of(url)
        self._connection: Connection | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._before = 0  # bytes of earlier answers

    async def get(self, path: str, *, within_s: float) -> Answer:
        """The answer, or how there was none. One question at a time."""
        return await self.ask(self._target.get(path), within_s=within_s)

    async def ask(self, content: bytes, *, within_s: float) -> Answer:
        """The answer to the bytes of a request, or how there was none."""
        try:
            async with asyncio.timeout(within_s):
                return await self._exchange(content)
        except TimeoutError:
            self.close()
            return Answer(status=None, how=f"no answer within {within_s:g} s")
        except OSError as error:
            self.close()
            return Answer(status=None, how=lost_how(error))

    def close(self) -> None:
        """Closes the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.drop()

    async def _exchange(self, content: bytes) -> Answer:
        loop = asyncio.get_running_loop()
        self._answer = loop.create_future()
        if self._connection is None:
            await loop.create_connection(lambda: Connection(self), self._target.host, self._target.port)
        if self._connection is not None:
            self._before = self._connection.received
            self._connection.send(0, content)
        return await self._answer

    def opened(self, connection: Connection) -> None:
        self._connection = connection

    def answered(self, connection: Connection, status: int, body: bytes) -> None:
        connection.request = IDLE
        if not connection.reusable:
            self.close()
        self._tell(Answer(status=status, body=body, size=connection.received - self._before))

    def broken(self, connection: Connection, how: str) -> None:
        if connection is self._connection:
            self._connection = None
        self._tell(Answer(status=None, how=how))

    def _tell(self, answer: Answer) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)
