"""Files of installed wheels."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path


def file_of(wheel: str, file: str) -> Path | None:
    """The file of an installed wheel whose path ends so; None: the wheel is not installed, or has no such file."""
    try:
        distribution = importlib.metadata.distribution(wheel)
    except importlib.metadata.PackageNotFoundError:
        return None
    for each in distribution.files or ():
        if each.as_posix().endswith(f"/{file}"):
            return Path(str(distribution.locate_file(each))).resolve()
    return None
