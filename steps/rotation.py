"""A certificate is exchanged for another while its owner runs: a link that leads to the one in use is moved, whole or not at all.

The owner watches the link's folder, as it would a Secret that Kubernetes mounts and renews. Both certificates were made when the
cell was, by an authority whose key is forgotten since. A keeper imports this: nothing here takes time to import.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LIVE = "live"  # the link, in the owner's folder
NEXT = "next"  # the folder of the second certificate, in that of the first


class Rotation:
    """The certificates of one component, in turn."""

    def __init__(self, folder: Path, identity: Path, every_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """folder: the component's, with the link; identity: the folder of its certificates, which only it has to read."""
        self._link = folder / LIVE
        self._targets = (identity, identity / NEXT)
        self._every_s = every_s
        self._clock = clock
        self._due = clock() + every_s
        self.count = 0

    def look(self) -> None:
        """Exchanges them, when it is time. Raises OSError: it cannot."""
        if self._clock() < self._due:
            return
        draft = self._link.with_name(f".{LIVE}")
        draft.unlink(missing_ok=True)
        draft.symlink_to(self._targets[(self.count + 1) % 2])
        os.replace(draft, self._link)  # noqa: PTH105  # one call of the kernel: at no moment is there no link
        self.count += 1
        self._due += self._every_s

    def told(self) -> dict[str, Any]:
        """How often it was done; after an odd number the second certificate is in use."""
        return {"rotations": self.count}
