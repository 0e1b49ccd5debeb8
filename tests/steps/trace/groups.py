"""Control groups of a test's own, of version 1 or 2: a limit that a load is put under. Needs root."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PERIOD_US = 100_000


@contextmanager
def limited_cpu(cores: float) -> Iterator[Path]:
    """A group whose members may use so much CPU together. Yields the file that takes pids."""
    quota_us = round(cores * PERIOD_US)
    settings = {"cpu.cfs_period_us": f"{PERIOD_US}", "cpu.cfs_quota_us": f"{quota_us}"}
    with _group("cpu", settings, {"cpu.max": f"{quota_us} {PERIOD_US}"}) as members:
        yield members


@contextmanager
def limited_memory(size: int) -> Iterator[Path]:
    """A group whose members may have so many bytes together, the page cache of their files with them."""
    with _group("memory", {"memory.limit_in_bytes": f"{size}"}, {"memory.max": f"{size}"}) as members:
        yield members


@contextmanager
def _group(controller: str, first: Mapping[str, str], second: Mapping[str, str]) -> Iterator[Path]:
    old = (ROOT / controller / "cgroup.procs").exists()
    folder = (ROOT / controller if old else ROOT) / f"benchlab-test-{secrets.token_hex(4)}"
    folder.mkdir()
    try:
        for name, value in (first if old else second).items():
            (folder / name).write_text(value)
        yield folder / "cgroup.procs"
    finally:
        _remove(folder)


def _remove(folder: Path, within_s: float = 5.0) -> None:
    """A group goes when its last member was waited for."""
    give_up = time.monotonic() + within_s
    while folder.exists():
        try:
            folder.rmdir()
        except OSError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)
