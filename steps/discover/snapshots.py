"""Dated snapshots of sources in the object store: written once, never changed.

    snapshots/SOURCE/DATE/raw.jsonl.gz       every answer of that day: address, status, ETag, sha256, body
    snapshots/SOURCE/DATE/fetched.json       what was asked and when; its being there says that the day is complete
    snapshots/SOURCE/DATE/rows-VERSION.jsonl what the parser of that version made of it
    snapshots/SOURCE/DATE/parsed-VERSION.json  how many, or why none
    snapshots/SOURCE/DATE/trouble.json       why there is no snapshot of that day yet; goes when there is one

A day that was fetched is not fetched again. A parser that changed writes beside what the older one made. Everything after the
fetching is made from these alone, so that any report can be made again.
"""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from steps.discover.records import Trouble
from steps.errors import MissingObject
from steps.model.values import Model
from steps.store import Store

M = TypeVar("M", bound=Model)


class Received(Model):
    """One answer as it is kept. key: the candidate it is about; empty: about many."""

    url: str
    key: str = ""
    status: int
    etag: str = ""
    last_modified: str = ""
    sha256: str
    body: str  # base64

    @property
    def content(self) -> bytes:
        """The body."""
        return base64.b64decode(self.body)


class Fetched(Model):
    """That a source was read on a day."""

    source: str
    date: dt.date
    at: dt.datetime
    answers: int
    unchanged: int  # of them: 304
    failed: tuple[str, ...] = ()  # single requests that gave nothing, and why
    sha256: str  # of the raw file


class Parsed(Model):
    """What a parser made of a day. problem: why it made nothing."""

    parser: int
    rows: int
    problem: str = ""


def received(url: str, body: bytes, *, status: int, key: str = "", etag: str = "", last_modified: str = "") -> Received:
    """An answer, ready to be kept."""
    return Received(
        url=url,
        key=key,
        status=status,
        etag=etag,
        last_modified=last_modified,
        sha256=hashlib.sha256(body).hexdigest(),
        body=base64.b64encode(body).decode(),
    )


@dataclass(frozen=True)
class Snapshots:
    """The snapshots of one source."""

    store: Store
    source: str

    def _key(self, date: dt.date, name: str) -> str:
        return f"snapshots/{self.source}/{date}/{name}"

    def has(self, date: dt.date) -> bool:
        """Whether the source was read on that day."""
        return self.store.exists(self._key(date, "fetched.json"))

    def dates(self) -> list[dt.date]:
        """The days of which there is a snapshot, in order."""
        keys = [key.split("/") for key in self.store.list(f"snapshots/{self.source}/")]
        return sorted({dt.date.fromisoformat(parts[2]) for parts in keys if parts[-1] == "fetched.json"})

    def newest(self, *, until: dt.date, since: dt.date | None = None) -> dt.date | None:
        """The newest day up to `until`, not before `since`."""
        found = [date for date in self.dates() if date <= until and (since is None or date >= since)]
        return found[-1] if found else None

    def keep(
        self, date: dt.date, answers: Sequence[Received], *, at: dt.datetime, unchanged: int = 0, failed: Sequence[str] = ()
    ) -> bool:
        """Keeps a day's answers, unless there are some. Returns whether it did."""
        if self.has(date):
            return False
        lines = "".join(answer.model_dump_json() + "\n" for answer in answers)
        raw = gzip.compress(lines.encode(), mtime=0)  # the same answers, the same bytes
        self.store.put(self._key(date, "raw.jsonl.gz"), raw)
        fetched = Fetched(
            source=self.source,
            date=date,
            at=at,
            answers=len(answers),
            unchanged=unchanged,
            failed=tuple(failed),
            sha256=hashlib.sha256(raw).hexdigest(),
        )
        self.store.put(self._key(date, "fetched.json"), fetched.to_json())
        self.store.delete(self._key(date, "trouble.json"))
        return True

    def fetched(self, date: dt.date) -> Fetched:
        """What is known of a day. Raises MissingObject."""
        key = self._key(date, "fetched.json")
        return Fetched.from_json(self.store.get(key), source=key)

    def answers(self, date: dt.date) -> list[Received]:
        """A day's answers. Raises MissingObject."""
        key = self._key(date, "raw.jsonl.gz")
        lines = gzip.decompress(self.store.get(key)).splitlines()
        return [Received.from_json(line, source=key) for line in lines]

    def keep_rows(self, date: dt.date, rows: Iterable[Model], *, parser: int, problem: str = "") -> Parsed:
        """Keeps what a parser made of a day; one of that version that is there already stays."""
        if (found := self.parsed(date, parser=parser)) is not None:
            return found
        lines = [row.model_dump_json() + "\n" for row in rows]
        made = Parsed(parser=parser, rows=len(lines), problem=problem)
        self.store.put(self._key(date, f"rows-{parser}.jsonl"), "".join(lines))
        self.store.put(self._key(date, f"parsed-{parser}.json"), made.to_json())
        return made

    def parsed(self, date: dt.date, *, parser: int) -> Parsed | None:
        """What a parser made of a day; None: it did not look at it yet."""
        key = self._key(date, f"parsed-{parser}.json")
        try:
            return Parsed.from_json(self.store.get(key), source=key)
        except MissingObject:
            return None

    def rows(self, date: dt.date, kind: type[M], *, parser: int) -> tuple[M, ...]:
        """What a parser made of a day. Raises MissingObject."""
        key = self._key(date, f"rows-{parser}.jsonl")
        return tuple(kind.from_json(line, source=key) for line in self.store.get(key).splitlines())

    def keep_trouble(self, date: dt.date, why: str) -> None:
        """Writes down why there is no snapshot of a day."""
        self.store.put(self._key(date, "trouble.json"), json.dumps({"why": why}))

    def trouble(self, date: dt.date) -> Trouble | None:
        """Why there is no snapshot of a day; None: there is one, or nobody tried."""
        try:
            why = json.loads(self.store.get(self._key(date, "trouble.json")))["why"]
        except MissingObject:
            return None
        return Trouble(source=self.source, why=why, latest=self.newest(until=date))
