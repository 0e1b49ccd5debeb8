"""How much a component keeps on its disk: asked once, after a load. Imported by the keeper: cheap."""

from __future__ import annotations

import os
from pathlib import Path

BLOCK = 512  # bytes: the unit of st_blocks, whatever the file system's own is


def bytes_in(folder: Path) -> int | None:
    """What the files in a folder take of the disk, each once, holes not counted; None: it may not be looked into.

    What comes and goes meanwhile (a database at its own work) is counted or not.
    """
    taken: dict[tuple[int, int], int] = {}  # by file: one with several names takes its place once
    refused: list[OSError] = []
    for where, _, names in os.walk(folder, onerror=refused.append):
        for name in names:
            try:
                found = os.lstat(os.path.join(where, name))  # noqa: PTH118  # a Path of each name would cost more than the look
            except OSError:
                continue
            taken[found.st_dev, found.st_ino] = found.st_blocks * BLOCK
    closed = not folder.is_dir() or any(not isinstance(error, FileNotFoundError) for error in refused)
    return None if closed else sum(taken.values())
