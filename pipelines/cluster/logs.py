"""What the steps of a run on a cluster printed: all of it, and what is added while they go on.

Each step's log is read again from the second of its last line on, which no dropped connection can disturb; lines that were seen
are left out by their times.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pipelines.cluster import follow, runs
from pipelines.cluster.api import Argo
from pipelines.local.nodes import Node, Status
from steps.errors import ClusterError, UsageError
from steps.refusals import Absent, Unreachable

EVERY_S = 1.0


@dataclass
class _Read:
    """How far a step's log was read."""

    last: datetime | None = None
    seen: set[str] = field(default_factory=set)  # lines of the last second
    over: bool = False

    def new(self, lines: list[str]) -> list[str]:
        """Those of the lines that were not read before, without their times."""
        # Argo Server tells the whole log, whatever second it is asked from.
        known = self.last
        fresh = [line for line in lines if line not in self.seen and (known is None or (_time(line) or known) >= known)]
        times = [time for line in lines if (time := _time(line)) is not None]
        if times:
            self.last = max(times).replace(microsecond=0)
            self.seen = {line for line in lines if (at := _time(line)) is not None and at >= self.last}
        return runs.printed(fresh)


def _time(line: str) -> datetime | None:
    """`2026-11-23T16:40:00.123456789Z …`: Python reads no more than six digits of a second."""
    stamp = line.partition(" ")[0].rstrip("Z")
    try:
        return datetime.fromisoformat(f"{stamp[:26]}+00:00")
    except ValueError:
        return None


def lines(
    api: Argo, name: str, wanted: str | None, *, follow_on: bool, pause: Callable[[float], None] = time.sleep
) -> Iterator[str]:
    """The lines of a run's steps, each with the step's name in front, in the order of the steps.

    wanted: only steps whose name contains it. Raises UsageError: there is no such run, or no such step; ClusterError.
    """
    read: dict[str, _Read] = {}
    document = runs.document(api, name)
    silent_at = time.monotonic()
    while True:
        status = runs.status_of(document)
        chosen = [node for node in status.pods() if wanted is None or wanted in node.name]
        if wanted is not None and not chosen and status.fulfilled:
            message = f"run {name} has no step whose name contains {wanted!r}; `get {name}` shows them"
            raise UsageError(message)
        for node in chosen:
            yield from _of_step(api, status, node, read.setdefault(node.id, _Read()))
        if not follow_on or status.fulfilled:
            return
        pause(EVERY_S)
        try:
            document = api.workflow(name)
            silent_at = time.monotonic()
        except Unreachable:
            if time.monotonic() - silent_at > follow.PATIENCE_S:
                raise


def _of_step(api: Argo, status: Status, node: Node, read: _Read) -> Iterator[str]:
    short = node.name.removeprefix(f"{status.workflow}.")
    if read.over or node.phase == "Pending":
        return
    try:
        found = read.new(api.log(status.workflow, runs.pod_of(status, node), since=read.last))
    except Unreachable:
        return  # the next look may have it
    except Absent:
        found = [] if read.last else [f"(its pod is gone, and its log with it{_said(node)})"]
        read.over = True
    except ClusterError as error:
        if "is waiting to start" not in str(error):
            raise
        return
    yield from (f"{short}: {line}" for line in found)
    read.over = read.over or node.fulfilled


def _said(node: Node) -> str:
    return f"; Argo says: {node.message}" if node.message else ""
