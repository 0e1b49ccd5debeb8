"""Loopback ports: free ones to start on, and proof that nobody listens any more."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from steps import processes
from steps.model import Port

LISTENING = "0A"  # TCP_LISTEN in /proc/net/tcp


def free(wanted: Sequence[Port], *, host: str) -> dict[str, int]:
    """A port for each, by its name, on which nobody listens now. Nothing reserves it: who starts there may find it taken."""
    with ExitStack() as held:
        found = {}
        for port in wanted:
            held_open = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            held_open.bind((host, 0))
            found[port.name] = held_open.getsockname()[1]
        return found


def listeners(ports: Iterable[int]) -> dict[int, set[str]]:
    """Of these ports those on which somebody listens, with the inodes of the sockets."""
    wanted = set(ports)
    found: dict[int, set[str]] = {}
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with suppress(FileNotFoundError):  # no IPv6 here
            for fields in map(str.split, table.read_text().splitlines()[1:]):
                port = int(fields[1].rpartition(":")[2], 16)
                if fields[3] == LISTENING and port in wanted:
                    found.setdefault(port, set()).add(fields[9])
    return found


def holds(pid: int, inodes: Collection[str]) -> bool:
    """Whether the process has one of these sockets open; False too where it may not be looked at."""
    return not {f"socket:[{inode}]" for inode in inodes}.isdisjoint(processes.open_files(pid))
