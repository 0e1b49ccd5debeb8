"""MySQL's and MariaDB's protocol, as far as a load needs it: text queries, no password, no TLS."""

from __future__ import annotations

from collections.abc import Iterator

from steps.drivers.session import Session

USER, DATABASE = b"bench", b"bench"
PLUGIN = b"mysql_native_password"
# Protocol 4.1, connect with a database, rows found instead of rows changed, transactions, secure connection, plugins.
CAPABILITIES = 0x200 | 0x8 | 0x2 | 0x2000 | 0x8000 | 0x80000 | 0x1
HEAD = 4  # three bytes of length, and the message's number
OK, ERROR, END, SWITCH = 0x00, 0xFF, 0xFE, 0xFE
QUERY = b"\3"
LONGEST_END = 9


class MysqlSession(Session):
    """A session as the user `bench`."""

    _welcomed = False
    _columns = 0  # that are still to come
    _brings_rows = False
    _count = 0

    def _introduce(self) -> None:
        """It speaks first."""

    def _say(self, text: str) -> None:
        words = QUERY + text.encode()
        self._write(len(words).to_bytes(3, "little") + b"\0" + words)

    def _read(self) -> None:
        data, at = self._data, 0
        while len(data) - at >= HEAD:
            end = at + HEAD + int.from_bytes(data[at : at + 3], "little")
            if len(data) < end:
                break
            number, body = data[at + 3], bytes(data[at + HEAD : end])
            at = end
            if self._welcomed:
                self._take(body)
            else:
                self._meet(number, body)
        del data[:at]

    def _meet(self, number: int, body: bytes) -> None:
        if body[0] == ERROR:
            self._refused(_said(body))
        elif number == 0:  # its greeting; whatever it offers, this is enough
            words = CAPABILITIES.to_bytes(4, "little") + (1 << 24).to_bytes(4, "little") + b"\x21" + bytes(23)
            self._reply(number, words + USER + b"\0" + b"\0" + DATABASE + b"\0" + PLUGIN + b"\0")
        elif body[0] == SWITCH:  # to another way of asking for the password, which is empty
            self._reply(number, b"")
        elif body[0] == OK:
            self._welcomed = True
            self._welcome()
        else:
            self._refused("it asks for a password")

    def _reply(self, number: int, words: bytes) -> None:
        self._write(len(words).to_bytes(3, "little") + bytes((number + 1,)) + words)

    def _take(self, body: bytes) -> None:
        """Columns, an end, rows, an end; or OK, or an error, in their place."""
        if body[0] == ERROR:
            self._end(_said(body))
        elif body[0] == END and len(body) < LONGEST_END:
            if self._columns:  # of the columns
                self._columns = 0
            else:
                self._end(None)
        elif self._brings_rows:
            if not self._columns:
                self._count += 1
                if self._keep_rows:
                    self.rows.append(tuple(_texts(body)))
        elif body[0] == OK:
            self._count = _length(body, 1)[0]
            self._end(None)
        else:
            self._columns, self._brings_rows = _length(body, 0)[0], True

    def _end(self, error: str | None) -> None:
        count = self._count
        self._columns, self._brings_rows, self._count = 0, False, 0
        self._answered(error, count)


def _length(body: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where the next thing begins."""
    size = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(body[at])
    return (body[at], at + 1) if size is None else (int.from_bytes(body[at + 1 : at + 1 + size], "little"), at + 1 + size)


def _texts(body: bytes) -> Iterator[str | None]:
    at = 0
    while at < len(body):
        if body[at] == 0xFB:
            at += 1
            yield None
            continue
        size, at = _length(body, at)
        yield body[at : at + size].decode()
        at += size


def _said(body: bytes) -> str:
    """`1062 Duplicate entry …` of an error."""
    text = body[3:]
    return f"{int.from_bytes(body[1:3], 'little')} {(text[6:] if text[:1] == b'#' else text).decode(errors='replace')}"
