"""System V shared memory: it has no folder and outlives who made it, so a database that was killed leaves some behind."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from steps.model import LedgerEntry

TABLE = Path("/proc/sysvipc/shm")
REMOVE = 0  # IPC_RMID


def left_by(entries: Iterable[LedgerEntry]) -> list[int]:
    """The segments that the components of these entries made and that nobody is attached to any more."""
    makers = {int(each.facts["main"]): _second(each.opened_at) for each in entries if "main" in each.facts}
    if not makers or not TABLE.exists():
        return []
    heading, *rows = (line.split() for line in TABLE.read_text().splitlines())
    found = (dict(zip(heading, map(int, row), strict=False)) for row in rows)
    return [
        each["shmid"]
        for each in found
        # A pid is used again: a segment that was made before the component is another's.
        if not each["nattch"] and each["cpid"] in makers and each["ctime"] >= makers[each["cpid"]]
    ]


def remove(segments: Iterable[int]) -> None:
    """Removes them; one that cannot be removed is found again by `left_by`."""
    libc = ctypes.CDLL(None)
    for segment in segments:
        libc.shmctl(segment, REMOVE, None)


def _second(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())
