"""Where a component's own files are, and whom it runs as: a database that refuses to be root's runs as `nobody`.

Root's state is in a home that nobody else may enter, so such a component gets a folder outside of it: on a disk, as the state is,
not in memory like /tmp on some machines, for its fsync is measured. One whose files are to be in memory gets a folder there,
whoever it is. Its name is drawn before it is made, so that the ledger knows it first.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from steps.errors import PlaceError
from steps.model import Component

OUTSIDE = Path("/var/tmp")  # noqa: S108  # kept over a restart, so on a disk; the name below cannot be guessed
MEMORY = Path("/dev/shm")  # noqa: S108  # a tmpfs on every Linux; the name below cannot be guessed
LEAST_MIB = 512  # that must be free there
NOBODY = "nobody"


@dataclass(frozen=True)
class Lodging:
    """A component's folder `@{folder}`, and the user that it belongs to; None: the caller.

    apart: it is another than the one that the component has anyhow.
    """

    room: Path
    user: int | None = None
    apart: bool = False

    @classmethod
    def of(cls, component: Component, *, folder: Path, program: Path) -> Lodging:
        """folder: the one that the component has anyhow. Raises PlaceError: it could not start so."""
        above = _memory(component) if component.files == "memory" else OUTSIDE
        room = above / f"benchlab-{component.name}-{secrets.token_hex(6)}"
        process = component.process
        if process is None or not process.as_user or os.geteuid() != 0:
            return cls(room, apart=True) if component.files == "memory" else cls(folder)
        user = pwd.getpwnam(NOBODY).pw_uid
        if closed := _closed_to_others(program):
            message = (
                f"{component.name} refuses to run as root, and {NOBODY} may not read {closed}: "
                f"run as another user, or install where everyone may read"
            )
            raise PlaceError(message)
        return cls(room, user, apart=True)

    def make(self) -> None:
        """Makes the room, unless it is there as the component's folder. Raises OSError."""
        if self.apart:
            self.room.mkdir(mode=0o700)
            self.give(self.room)

    def give(self, path: Path) -> None:
        """Makes a path its user's. Raises OSError."""
        if self.user is not None:
            os.chown(path, self.user, self.user)


def _memory(component: Component) -> Path:
    """The folder whose files are in memory. Raises PlaceError: there is none, or no room in it."""
    free_mib = shutil.disk_usage(MEMORY).free >> 20 if MEMORY.is_mount() else 0
    if free_mib < LEAST_MIB:
        message = (
            f"{component.name} is to have its files in memory, and {MEMORY} has {free_mib} MiB free of {LEAST_MIB} MiB or more"
        )
        raise PlaceError(message)
    return MEMORY


def _closed_to_others(program: Path) -> Path | None:
    """The first part of the path that others may not read or enter; None: they may."""
    for part in (*reversed(program.parents), program):
        if not part.stat().st_mode & stat.S_IXOTH:
            return part
    return None
