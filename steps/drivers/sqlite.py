"""The way to a process that uses SQLite (images/programs/sqlite): a transaction is one line there, and one line back.

SQLite has no protocol, for it is no server: an application calls it. So all that a request says is handed over at once, and the
process calls it statement by statement, which costs no exchanges; those are what a server's clients wait for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from steps.drivers.session import Session
from steps.drivers.transactions import Statement


class SqliteSession(Session):
    """A connection to the process."""

    def send(self, request: int, content: bytes = b"") -> None:  # noqa: ARG002  # as a connection of HTTP is asked
        """Hands over a request whole."""
        self.request = request
        self._left, self._said = iter(()), Statement("")
        self._hand_over(self._script(request))

    def _introduce(self) -> None:
        self._welcome()

    def _say(self, text: str) -> None:
        self._hand_over((Statement(text),))

    def _hand_over(self, statements: Iterable[Statement]) -> None:
        self._write(json.dumps(tuple(statements)).encode() + b"\n")

    def _read(self) -> None:
        data = self._data
        while (end := data.find(b"\n")) >= 0:
            error, rows = json.loads(data[:end])
            del data[: end + 1]
            if self._keep_rows:
                self.rows = [tuple(row) for row in rows]
            self._answered(error, 0)
