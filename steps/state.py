"""The folder of local state: who is running, what is about to exist, and where scratch files are.

    lock                            flock'ed for the life of a run; says which one: {"run": …, "pid": …, "since": …}
    ledger/RUN/ENTRY.json           what was created and is not yet proved absent
    work/RUN/cells/CELL/COMPONENT/  a component's configuration, log and temporary files

A run is over when nobody holds the lock, or somebody holds it for another run. The kernel lets a lock go whatever way its
holder ends, so this needs no clean exit. Imported by the keeper, whose start counts: no imports that are not cheap.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self


class State:
    """The folder, with the places in it by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()  # as the kernel shows it in /proc/PID/cwd

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """$BENCHLAB_STATE, else benchlab in $XDG_STATE_HOME, else ~/.local/state/benchlab."""
        if given := environment.get("BENCHLAB_STATE"):
            return cls(Path(given))
        if home := environment.get("XDG_STATE_HOME"):
            return cls(Path(home) / "benchlab")
        return cls(Path(environment.get("HOME", "~")).expanduser() / ".local" / "state" / "benchlab")

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    def ledger(self, run: str) -> Path:
        return self.folder / "ledger" / run

    def work(self, run: str) -> Path:
        return self.folder / "work" / run

    def cells(self, run: str) -> Path:
        return self.work(run) / "cells"

    def cell(self, run: str, cell: str) -> Path:
        return self.cells(run) / cell

    def kept_logs(self, run: str) -> Path:
        """For the logs of components whose cell did not come to its own teardown."""
        return self.folder / "runs" / run / "logs" / "components"

    def runs(self) -> list[str]:
        """Every run that has something here that can be removed."""
        kept = (self.folder / "ledger", self.folder / "work")
        return sorted({each.name for folder in kept if folder.is_dir() for each in folder.iterdir() if each.is_dir()})


def holder(lock: Path) -> dict[str, object] | None:
    """What the holder of the lock says of itself; nothing known of it is `{}`; None: nobody holds the lock."""
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _said(os.pread(descriptor, 4096, 0))
    finally:
        os.close(descriptor)  # lets go of it again, at once: a run that starts now must not be refused
    return None


def is_over(lock: Path, run: str, *, held_by: dict[str, object] | None = None) -> bool:
    """Whether that run is gone: nobody holds the lock, or another run does.

    held_by: what the holder said of itself earlier; a run that is finished later has its name, but is another process.
    """
    found = holder(lock)
    if found is None or found.get("run", run) != run:
        return True
    return bool(held_by) and bool(found) and found != held_by


def _said(text: bytes) -> dict[str, object]:
    """The lock's content; one that is just being written says nothing."""
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def write_whole(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Writes a file so that a reader, or a machine that loses power, sees the old one or the new one."""
    beside = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
