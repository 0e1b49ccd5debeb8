"""What a keeper tells of the program beside it: what runs, not what was asked for. Imported by the keeper: cheap."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

from steps import processes
from steps.processes import Process


def describe(
    process: Process | None, *, component: str, config: Path | None, ready_at_ms: float | None = None
) -> dict[str, object]:
    """What runs, as `steps.model.Running` has it; `instance` changes when the component is started anew.

    ready_at_ms: when it was first seen to answer, if somebody looked, on the clock of `boot_ms`.
    """
    started_ms = None if process is None else process.started * processes.TICK_NS / 1e6
    return {
        "component": component,
        "instance": None if process is None else f"{process.pid} {process.started}",
        "argv": [] if process is None else processes.command_line(process.pid),
        "config_digest": None if config is None else _digest(config),
        "ready_ms": None if started_ms is None or ready_at_ms is None else ready_at_ms - started_ms,
    }


class Loads:
    """Counts the loads that announce themselves to a keeper: a component is loaded once in its life."""

    def __init__(self) -> None:
        self._announced = 0

    def announced(self) -> dict[str, object]:
        """How many came before this one."""
        self._announced += 1
        return {"loads_before": self._announced - 1}


def boot_ms() -> float:
    """Since the machine's start: the clock of processes' starts, which the kernel tells to 10 ms."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) / 1e6


def _digest(path: Path) -> str | None:
    """Of the file's text, as `steps.model.digest` makes it, without what that imports; None: it cannot be read."""
    try:
        plain = json.dumps(path.read_text(), ensure_ascii=False)
    except (OSError, ValueError):
        return None
    return "sha256:" + hashlib.sha256(plain.encode()).hexdigest()
