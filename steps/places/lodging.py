"""Where a component's own files are, and whom it runs as: a database that refuses to be root's runs as `nobody`.

Root's state is in a home that nobody else may enter, so such a component gets a folder outside of it: on a disk, as the state is,
not in memory like /tmp on some machines, for its fsync is measured. Its name is drawn before it is made, so that the ledger
knows it first.
"""

from __future__ import annotations

import os
import pwd
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from steps.errors import PlaceError
from steps.model import Component

OUTSIDE = Path("/var/tmp")  # noqa: S108  # kept over a restart, so on a disk; the name below cannot be guessed
NOBODY = "nobody"


@dataclass(frozen=True)
class Lodging:
    """A component's folder `@{folder}`, and the user that it belongs to; None: the caller."""

    room: Path
    user: int | None = None

    @classmethod
    def of(cls, component: Component, *, folder: Path, program: Path) -> Lodging:
        """folder: the one that the component has anyhow. Raises PlaceError: as another user it could not start."""
        process = component.process
        if process is None or not process.as_user or os.geteuid() != 0:
            return cls(folder)
        user = pwd.getpwnam(NOBODY).pw_uid
        if closed := _closed_to_others(program):
            message = (
                f"{component.name} refuses to run as root, and {NOBODY} may not read {closed}: "
                f"run as another user, or install where everyone may read"
            )
            raise PlaceError(message)
        return cls(OUTSIDE / f"benchlab-{component.name}-{secrets.token_hex(6)}", user)

    def make(self) -> None:
        """Makes the room, unless it is there as the component's folder. Raises OSError."""
        if self.user is not None:
            self.room.mkdir(mode=0o700)
            os.chown(self.room, self.user, self.user)


def _closed_to_others(program: Path) -> Path | None:
    """The first part of the path that others may not read or enter; None: they may."""
    for part in (*reversed(program.parents), program):
        if not part.stat().st_mode & stat.S_IXOTH:
            return part
    return None
