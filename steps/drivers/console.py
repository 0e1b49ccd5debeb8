"""A database is asked one thing at a time, outside the load: tables are made, and added up."""

from __future__ import annotations

import asyncio

from steps.drivers.connection import Target
from steps.drivers.session import Row, Session
from steps.drivers.sql import Dialect
from steps.drivers.transactions import Statement
from steps.errors import MeasureError
from steps.model.sql import Durability


class Console:
    """One session."""

    def __init__(self, target: Target, dialect: Dialect, durability: Durability) -> None:
        self._target, self._dialect = target, dialect
        self._setup = [Statement(text) for text in dialect.sets[durability]]
        self._saying: tuple[Statement, ...] = ()
        self._over: asyncio.Future[str | None] | None = None

    async def open(self) -> None:
        """Raises OSError: it cannot be reached, or does not want us."""
        loop = asyncio.get_running_loop()
        self._session = self._dialect.session(self, setup=self._setup, script=lambda _: self._saying, keep_rows=True)
        await loop.create_connection(lambda: self._session, self._target.host, self._target.port)
        await self._session.greeted

    async def say(self, *statements: Statement | str) -> list[Row]:
        """The rows of the last one. Raises MeasureError: one of them failed, and how."""
        self._saying = tuple(Statement(each) if isinstance(each, str) else each for each in statements)
        self._over = asyncio.get_running_loop().create_future()
        self._session.send(0)
        if how := await self._over:
            raise MeasureError(how)
        return self._session.rows

    def close(self) -> None:
        """At once."""
        self._session.drop()

    def opened(self, session: Session) -> None:
        """Nothing waits for it but `open`."""

    def finished(self, session: Session, how: str | None) -> None:  # noqa: ARG002
        """The statements were answered."""
        if self._over is not None:
            self._over.set_result(how)

    def broken(self, session: Session, how: str) -> None:  # noqa: ARG002
        """They will not be."""
        if self._over is not None and not self._over.done():
            self._over.set_result(how)
