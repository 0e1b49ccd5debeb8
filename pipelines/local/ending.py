"""How a run is ended from outside: stopped, terminated, or past its deadline."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from pipelines.local.decision import Stop

if TYPE_CHECKING:
    from pipelines.local.walk import Walk

Shutdown = Literal["", "Stop", "Terminate"]


def may_start(walk: Walk, *, on_exit: bool) -> bool:
    """Whether steps are still started; those of the exit handler survive a stop."""
    return not walk.shutdown or (walk.shutdown == "Stop" and on_exit)


def deadline(walk: Walk) -> datetime | None:
    """When the whole workflow has to be over."""
    seconds = walk.manifest.spec.active_deadline_seconds
    return None if seconds is None else walk.started_at + timedelta(seconds=seconds)


def past_deadline(walk: Walk) -> bool:
    """Whether the whole workflow has taken longer than it may."""
    at = deadline(walk)
    return at is not None and walk.clock() >= at


def to_stop(walk: Walk) -> tuple[Stop, ...]:
    """The steps that have to end; the exit handler has no deadline."""
    late = past_deadline(walk)
    if not walk.shutdown and not late:
        return ()
    found = []
    for node in walk.board.nodes.values():
        if node.kind != "Pod" or node.fulfilled:
            continue
        on_exit = walk.board.of_exit_handler(node)
        if not may_start(walk, on_exit=on_exit):
            found.append(Stop(node.id, f"workflow shutdown with strategy:  {walk.shutdown}"))
        elif late and not on_exit:
            found.append(Stop(node.id, "Step exceeded its deadline"))
    return tuple(found)


def close_retries(walk: Walk) -> None:
    """After a stop nobody looks at a retried node any more once its DAG is closed."""
    if not walk.shutdown:
        return
    for node in list(walk.board.nodes.values()):
        over = all(each in walk.board.nodes and walk.board.nodes[each].fulfilled for each in node.children)
        stopped = not may_start(walk, on_exit=walk.board.of_exit_handler(node))
        if node.kind == "Retry" and not node.fulfilled and over and stopped:
            walk.board.mark(node.name, "Failed", f"Stopped with strategy '{walk.shutdown}'")
