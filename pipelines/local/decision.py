"""What the reducer decides: which steps to start, which to end, and when to ask it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipelines.local.spec import Template


@dataclass(frozen=True)
class Pod:
    """A step to start: everything about it is decided, only the paths are still those of a container."""

    node_id: str
    name: str  # of the pod: also of the log
    template: Template
    wants_result: bool  # somebody reads what it prints
    deadline_s: float | None  # how long it may run


@dataclass(frozen=True)
class Stop:
    """A step to end, and what its node says then."""

    node_id: str
    message: str


@dataclass(frozen=True)
class Decision:
    """What to do now, and when to look again even if nothing happens."""

    start: tuple[Pod, ...]
    stop: tuple[Stop, ...]
    wake_at: datetime | None
