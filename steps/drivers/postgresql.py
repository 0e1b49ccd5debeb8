"""PostgreSQL's protocol 3.0, as far as a load needs it: simple queries, no password, no TLS."""

from __future__ import annotations

from steps.drivers.session import Session

USER, DATABASE = b"bench", b"postgres"
HEAD = 5  # a letter, and the length of what follows with its own four bytes


class PostgresSession(Session):
    """A session as the role `bench`."""

    _error: str | None = None
    _count = 0

    def _introduce(self) -> None:
        words = b"\0\3\0\0" + b"\0".join((b"user", USER, b"database", DATABASE, b"", b""))
        self._write((len(words) + 4).to_bytes(4, "big") + words)

    def _say(self, text: str) -> None:
        words = text.encode()
        self._write(b"Q" + (len(words) + 5).to_bytes(4, "big") + words + b"\0")

    def _read(self) -> None:
        data, at = self._data, 0
        while len(data) - at >= HEAD:
            end = at + 1 + int.from_bytes(data[at + 1 : at + HEAD], "big")
            if len(data) < end:
                break
            letter, body = data[at], bytes(data[at + HEAD : end])
            at = end
            self._take(letter, body)
        del data[:at]

    def _take(self, letter: int, body: bytes) -> None:
        if letter == ord("Z"):  # it waits for the next
            error, count = self._error, self._count
            self._error, self._count = None, 0
            if self._before():
                self._welcome()
            else:
                self._answered(error, count)
        elif letter == ord("C"):  # INSERT 0 1, UPDATE 1, SELECT 1, COMMIT
            last = body[:-1].rpartition(b" ")[2]
            self._count = int(last) if last.isdigit() else 0
        elif letter == ord("D") and self._keep_rows:
            self.rows.append(_row(body))
        elif letter == ord("E"):
            self._error = _said(body)
            if self._before():
                self._refused(self._error)
        elif letter == ord("R") and body[:4] != b"\0\0\0\0":
            self._refused("it asks for a password")

    def _before(self) -> bool:
        """Whether nothing was said yet."""
        return not self.made and not self._said.text


def _row(body: bytes) -> tuple[str | None, ...]:
    found: list[str | None] = []
    at = 2
    for _ in range(int.from_bytes(body[:2], "big")):
        size = int.from_bytes(body[at : at + 4], "big", signed=True)
        at += 4
        found.append(None if size < 0 else body[at : at + size].decode())
        at += max(size, 0)
    return tuple(found)


def _said(body: bytes) -> str:
    """`23505 duplicate key value …` of an error's fields."""
    fields = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
    return f"{fields.get(b'C', '')} {fields.get(b'M', '')}".strip()
