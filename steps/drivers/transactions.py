"""What the transactions of a load say, and what the tables must hold afterwards: the same text for every database. Pure.

The tables are pgbench's (TPC-B's), with ten thousand accounts a branch instead of a hundred thousand, so that they are filled in
a second or two, and with the number of the request in each line of the history: so it can be told which acknowledged
transactions are there. Which account a request touches, and by how much, follows from its number alone.
"""

# ruff: noqa: S608  # tables of our own, and numbers

from __future__ import annotations

import random
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

from steps.model.sql import SqlLoad

TELLERS, ACCOUNTS = 10, 10_000  # of each branch
MOST = 5000  # that is moved at once, either way
ROWS_AT_ONCE = 2000
READS_OF_TEN = 9
TABLES = (
    "CREATE TABLE branches (bid integer PRIMARY KEY, balance integer NOT NULL, filler char(88))",
    "CREATE TABLE tellers (tid integer PRIMARY KEY, bid integer NOT NULL, balance integer NOT NULL, filler char(84))",
    "CREATE TABLE accounts (aid integer PRIMARY KEY, bid integer NOT NULL, balance integer NOT NULL, filler char(84))",
    """CREATE TABLE history (request integer PRIMARY KEY, tid integer NOT NULL, bid integer NOT NULL, aid integer NOT NULL,
    delta integer NOT NULL, filler char(22))""",
)
HISTORY = "SELECT request, tid, bid, aid, delta FROM history"
SUMS = (
    "SELECT (SELECT sum(delta) FROM history), (SELECT sum(balance) FROM accounts), "
    "(SELECT sum(balance) FROM tellers), (SELECT sum(balance) FROM branches)"
)


class Statement(NamedTuple):
    """What is said, and how many rows it changes or brings; None: that is no matter."""

    text: str
    rows: int | None = None


class Movement(NamedTuple):
    """One line of the history."""

    request: int
    tid: int
    bid: int
    aid: int
    delta: int


BEGIN, COMMIT = Statement("BEGIN"), Statement("COMMIT")
TRIED = (BEGIN, Statement("UPDATE accounts SET balance = balance + 0 WHERE aid = 1", 1), COMMIT)  # a commit that moves nothing


def filled(scale: int) -> Iterator[str]:
    """What fills the tables, nothing moved yet."""
    yield from _rows("branches", "(bid, balance, filler)", (f"({bid},0,'')" for bid in range(1, scale + 1)))
    tellers = range(TELLERS * scale)
    yield from _rows("tellers", "(tid, bid, balance, filler)", (f"({n + 1},{n // TELLERS + 1},0,'')" for n in tellers))
    accounts = range(ACCOUNTS * scale)
    yield from _rows("accounts", "(aid, bid, balance, filler)", (f"({n + 1},{n // ACCOUNTS + 1},0,'')" for n in accounts))


def _rows(table: str, columns: str, values: Iterable[str]) -> Iterator[str]:
    rows = list(values)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield f"INSERT INTO {table} {columns} VALUES {','.join(rows[start : start + ROWS_AT_ONCE])}"


@dataclass(frozen=True)
class Requests:
    """What each request of a load does. A load may be one of several on the same tables: their requests are numbered on."""

    load: SqlLoad
    first: int  # the number of the first request in the history
    aids: array[int]
    tids: array[int]
    deltas: array[int]

    @classmethod
    def of(cls, load: SqlLoad, number: int, *, first: int = 0) -> Self:
        """So many requests; the same for every contender and repetition."""
        draw = random.Random(f"{load.label} {load.scale}").randint
        aids = array("l", (draw(1, ACCOUNTS * load.scale) for _ in range(number)))
        tids = array("l", (draw(1, TELLERS * load.scale) for _ in range(number)))
        return cls(load, first, aids, tids, array("l", (draw(-MOST, MOST) for _ in range(number))))

    def writes(self, request: int) -> bool:
        """Whether the request changes anything."""
        return self.load.mix != "read-heavy" or request % 10 >= READS_OF_TEN

    def movement(self, request: int) -> Movement:
        """The line that it leaves in the history, if it writes."""
        tid = self.tids[request]
        return Movement(self.first + request, tid, (tid - 1) // TELLERS + 1, self.aids[request], self.deltas[request])

    def script(self, request: int) -> tuple[Statement, ...]:
        """What the request says."""
        balance = Statement(f"SELECT balance FROM accounts WHERE aid = {self.aids[request]}", 1)
        if not self.writes(request):
            return (balance,)
        return moving(self.movement(request), whole=self.load.mix == "tpcb")


def moving(moved: Movement, *, whole: bool) -> tuple[Statement, ...]:
    """The transaction that moves money. whole: at its teller and branch too, as TPC-B has it."""
    _, tid, bid, aid, delta = moved
    places = (
        Statement(f"UPDATE tellers SET balance = balance + {delta} WHERE tid = {tid}", 1),
        Statement(f"UPDATE branches SET balance = balance + {delta} WHERE bid = {bid}", 1),
    )
    values = ", ".join(map(str, moved))
    return (
        BEGIN,
        Statement(f"UPDATE accounts SET balance = balance + {delta} WHERE aid = {aid}", 1),
        Statement(f"SELECT balance FROM accounts WHERE aid = {aid}", 1),
        *(places if whole else ()),
        Statement(f"INSERT INTO history (request, tid, bid, aid, delta, filler) VALUES ({values}, '')", 1),
        COMMIT,
    )


def untrue(
    found: Iterable[Movement], sums: tuple[int, ...], *, expected: dict[int, Movement], unknown: frozenset[int], whole: bool
) -> str | None:
    """What of the tables does not fit what was acknowledged, in a sentence; None: all does.

    sums: of history, accounts, tellers and branches. expected: by request, what was acknowledged. unknown: requests whose end
    nobody was told of: they may be there or not. whole: tellers and branches were moved too.
    """
    there = {each.request: each for each in found}
    if lost := sorted(expected.keys() - there.keys()):
        return f"{len(lost):,} of {len(expected):,} acknowledged transactions are not there ({_named(lost)})"
    if strange := sorted(there.keys() - expected.keys() - unknown):
        return f"{len(strange):,} transactions are there that were never acknowledged nor sent ({_named(strange)})"
    if wrong := sorted(request for request, moved in expected.items() if there[request] != moved):
        return f"{len(wrong):,} transactions are there with other values than were sent ({_named(wrong)})"
    total = sum(each.delta for each in there.values())
    names = ("history", "accounts", "tellers", "branches") if whole else ("history", "accounts")
    for name, held in zip(names, sums, strict=False):
        if held != total:
            return f"the {name} add up to {held:,}, the transactions to {total:,}"
    return None


def _named(requests: list[int]) -> str:
    shown = ", ".join(map(str, requests[:3]))
    return f"request {shown}{', …' if len(requests) > 3 else ''}"
