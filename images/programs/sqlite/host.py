#!/usr/bin/env python3
"""A process that uses SQLite, as an application does: `host.py --host HOST --port PORT --file FILE [--log-pages N]`.

Who drives it hands over a transaction at once, as a line of JSON: a list of [statement, rows]. rows: how many it changes or
brings; null: that is no matter. The answer is a line too: [what failed, or null; the rows of the last statement]. All statements
of a transaction are calls within this process.

Two connections are open, as the write-ahead log allows: one writes, a transaction after the other, and one reads meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import platform
import queue
import selectors
import socket
import sqlite3
import threading
from typing import Any

CHUNK = 1 << 16

Statements = list[tuple[str, Any]]
Said = tuple[Any, list[list[Any]]]


def opened(file: str, log_pages: int) -> sqlite3.Connection:
    """The file with a write-ahead log, whose commits are on the disk when they are acknowledged."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {log_pages}")
    return connection


def carry_out(connection: sqlite3.Connection, statements: Statements) -> Said:
    """What failed, or None; and the rows of the last statement as texts. A transaction that fails leaves nothing behind."""
    rows: list[Any] = []
    try:
        for text, expected in statements:
            cursor = connection.execute(text)
            rows = cursor.fetchall()
            found = len(rows) if cursor.description else cursor.rowcount
            if expected not in {None, found}:
                message = f"{text.partition(' ')[0]} of {found} rows instead of {expected}"
                raise sqlite3.IntegrityError(message)
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return str(error), []
    return None, [[None if value is None else str(value) for value in row] for row in rows]


def only_reads(statements: Statements) -> bool:
    """Whether the reading connection may have it: how a commit is made is asked of the one that writes."""
    return all(text.startswith("SELECT") and "pragma" not in text for text, _ in statements)


class Host:
    """Answers all who are connected."""

    def __init__(self, file: str, log_pages: int) -> None:
        self.writer, self.reader = opened(file, log_pages), opened(file, log_pages)
        self.waiting = queue.SimpleQueue()
        self.ready = selectors.DefaultSelector()

    def serve(self, server: socket.socket) -> None:
        """Until the process is ended."""
        threading.Thread(target=self.write, daemon=True).start()
        self.ready.register(server, selectors.EVENT_READ)
        while True:
            for key, _ in self.ready.select():
                if key.data is None:
                    self.accept(server)
                else:
                    self.hear(key.fileobj, key.data)

    def accept(self, server: socket.socket) -> None:
        client, _ = server.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ready.register(client, selectors.EVENT_READ, bytearray())

    def hear(self, client: socket.socket, heard: bytearray) -> None:
        """Reads what has come, and sees to each whole line of it."""
        try:
            part = client.recv(CHUNK)
        except OSError:
            part = b""
        if not part:
            self.ready.unregister(client)
            client.close()
            return
        heard += part
        while (end := heard.find(b"\n")) >= 0:
            statements = json.loads(heard[:end])
            del heard[: end + 1]
            if only_reads(statements):
                answer(client, carry_out(self.reader, statements))
            else:
                self.waiting.put((client, statements))

    def write(self) -> None:
        while True:
            client, statements = self.waiting.get()
            answer(client, carry_out(self.writer, statements))


def answer(client: socket.socket, said: Said) -> None:
    with contextlib.suppress(OSError):  # who asked may be gone
        client.sendall(json.dumps(said).encode() + b"\n")


def version() -> str:
    """`SQLite 3.40.1 in Python 3.11.2`, and how it was compiled."""
    options = [row[0] for row in sqlite3.connect(":memory:").execute("PRAGMA compile_options")]
    return f"SQLite {sqlite3.sqlite_version} in Python {platform.python_version()}\ncompiled with {' '.join(options)}"


def main() -> None:
    words = argparse.ArgumentParser(description="A process that uses SQLite.")
    words.add_argument("--version", action="version", version=version())
    words.add_argument("--host", required=True)
    words.add_argument("--port", type=int, required=True)
    words.add_argument("--file", required=True)
    words.add_argument("--log-pages", type=int, default=1000, help="after so many pages the log is written back")
    given = words.parse_args()
    host = Host(given.file, given.log_pages)
    with socket.create_server((given.host, given.port)) as server:
        host.serve(server)


if __name__ == "__main__":
    main()
