"""The SQL driver: the open loop of the HTTP driver, with sessions of a database in the place of connections.

Ours for all databases, and not pgbench for one and sysbench for the other: two tools differ in clocks, schedules (random in
both), percentiles and mixes by more than two databases do, and neither has room for a check of what was committed. pgbench's own
log is what this is held against (tests/oracles).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from steps.drivers.connection import Target
from steps.drivers.http import Flight, clock
from steps.drivers.mysql import MysqlSession
from steps.drivers.postgresql import PostgresSession
from steps.drivers.session import Row, Session
from steps.drivers.sqlite import SqliteSession
from steps.drivers.transactions import Requests, Statement
from steps.model.component import Speaks
from steps.model.sql import Durability, SqlLoad


@dataclass(frozen=True)
class Dialect:
    """How one kind of database is spoken with."""

    session: type[Session]
    sets: dict[Durability, tuple[str, ...]]  # said on each connection
    asks: str  # how durable a commit is, as it will be for the load
    safe: dict[Durability, Row]  # what must be the answer
    settles: tuple[str, ...]  # said once the tables are filled
    logged: str | None  # asks how many bytes its log has had; None: it does not tell
    forgets: str = "TRUNCATE TABLE history"


DIALECTS: dict[Speaks, Dialect] = {
    "postgresql": Dialect(
        session=PostgresSession,
        sets={"fsync": (), "relaxed": ("SET synchronous_commit = off",)},
        asks="SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')",
        safe={"fsync": ("on", "on", "on"), "relaxed": ("on", "on", "off")},
        settles=("VACUUM ANALYZE branches, tellers, accounts", "CHECKPOINT"),
        logged="SELECT pg_current_wal_insert_lsn() - '0/0'",
    ),
    "mysql": Dialect(
        session=MysqlSession,
        sets={"fsync": (), "relaxed": ("CALL relax()",)},
        asks="SELECT @@innodb_flush_log_at_trx_commit, @@innodb_doublewrite, @@log_bin",
        safe={"fsync": ("1", "1", "0"), "relaxed": ("2", "1", "0")},
        settles=("ANALYZE TABLE branches, tellers, accounts",),
        logged="SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'innodb_lsn_current'",
    ),
    "sqlite": Dialect(
        session=SqliteSession,
        sets={"fsync": (), "relaxed": ("PRAGMA synchronous = NORMAL",)},
        asks="SELECT journal_mode, synchronous FROM pragma_journal_mode, pragma_synchronous",
        safe={"fsync": ("wal", "2"), "relaxed": ("wal", "1")},
        settles=("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"),
        logged=None,
        forgets="DELETE FROM history",
    ),
}


class SqlFlight(Flight):
    """Sends one schedule of transactions to one database."""

    name = "benchlab sql driver 1"

    def __init__(self, load: SqlLoad, target: Target, dialect: Dialect, requests: Requests, *, spin: bool) -> None:
        super().__init__(load, target, spin=spin)
        self._dialect, self._script = dialect, requests.script
        self._setup = [Statement(text) for text in dialect.sets[load.durability]]

    def finished(self, session: Session, how: str | None) -> None:
        """A transaction has ended."""
        self._finish(session, how, clock())

    def _new(self) -> Session:
        return self._dialect.session(self, setup=self._setup, script=self._script)

    async def _dial(self, connection: Any) -> None:
        await super()._dial(connection)
        try:
            await connection.greeted
        except BaseException:  # out of time, too
            connection.drop()
            raise
