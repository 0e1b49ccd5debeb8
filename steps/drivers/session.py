"""A connection to a database that carries one transaction at a time: a few statements, each said when the last was answered.

Ours for the reason that the HTTP connection is, and one more: two client libraries would differ by more than two databases do.
Here both protocols are spoken in the same few lines, as text, as psql does, and sysbench without prepared statements.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, cast

from steps.drivers.connection import IDLE, lost_how
from steps.drivers.transactions import Statement

Row = tuple[str | None, ...]
Script = Callable[[int], Iterable[Statement]]


class Owner(Protocol):
    """Who is told what became of a transaction."""

    def opened(self, session: Session) -> None:
        """The session can carry transactions."""

    def finished(self, session: Session, how: str | None) -> None:
        """The transaction `session.request` has ended; how it failed, or None."""

    def broken(self, session: Session, how: str) -> None:
        """The connection is gone; `session.request` is what it carried, or IDLE."""


class Session(asyncio.Protocol):
    """What all databases have in common; how one of them speaks is in `postgresql` and `mysql`."""

    def __init__(self, owner: Owner, *, setup: Sequence[Statement], script: Script, keep_rows: bool = False) -> None:
        """setup: said once, before it is open. script: what a request says."""
        self.made = False  # it is open
        self.request = IDLE
        self.reusable = True
        self.rows: list[Row] = []  # of the last statement, where they are kept
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._owner: Owner | None = owner
        self._script = script
        self._keep_rows = keep_rows
        self._left: Iterator[Statement] = iter(setup)
        self._said = Statement("")
        self._data = bytearray()
        self._transport: asyncio.Transport | None = None

    def send(self, request: int, content: bytes = b"") -> None:  # noqa: ARG002  # as a connection of HTTP is asked
        """Carries out a request on a session that carries none."""
        self.request = request
        self._left = iter(self._script(request))
        self._next()

    def drop(self) -> None:
        """Closes at once; the owner hears nothing more."""
        self._owner = None
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._write = self._transport.write
        if self._owner is None:
            self._transport.abort()
        else:
            self._introduce()

    def data_received(self, data: bytes) -> None:
        self._data += data
        try:
            self._read()
        except (ValueError, IndexError) as error:
            self._break(f"not its protocol ({error})")

    def connection_lost(self, exc: Exception | None) -> None:
        self._break("connection closed" if exc is None else lost_how(exc))

    # What a protocol does

    @abstractmethod
    def _introduce(self) -> None:
        """Begins the conversation, if it is the client who does."""

    @abstractmethod
    def _read(self) -> None:
        """Takes whole messages from `_data`, and says `_answered` at the end of an answer, `_welcome` or `_refused` before."""

    @abstractmethod
    def _say(self, text: str) -> None:
        """Sends a statement."""

    # What it then says of it

    def _welcome(self) -> None:
        """The other side knows who this is."""
        self._next()

    def _refused(self, why: str) -> None:
        """The other side does not want this session, or cannot serve it."""
        self._break(why)

    def _answered(self, error: str | None, rows: int) -> None:
        """The answer to the last statement is complete. rows: changed or brought."""
        if error is None and self._said.rows not in {None, rows}:
            error = f"{self._said.text.split(' ', 1)[0]} of {rows} rows instead of {self._said.rows}"
        if error is None:
            self._next()
        elif not self.made:
            self._break(error)
        else:
            self.reusable = False  # whatever its transaction is in now, another connection is not
            self._finish(error)

    def _next(self) -> None:
        said = next(self._left, None)
        if said is not None:
            self._said, self.rows = said, []
            self._say(said.text)
            return
        if self.made:
            self._finish(None)
            return
        self.made = True
        if self._owner is not None:
            self._owner.opened(self)
        if not self.greeted.done():
            self.greeted.set_result(None)

    def _finish(self, how: str | None) -> None:
        if self._owner is not None:
            self._owner.finished(self, how)

    def _break(self, how: str) -> None:
        owner, self._owner = self._owner, None
        if self._transport is not None:
            self._transport.abort()
        if not self.greeted.done():
            self.greeted.set_exception(OSError(0, how))
            self.greeted.exception()  # nobody may be waiting any more
        elif owner is not None:
            owner.broken(self, how)
