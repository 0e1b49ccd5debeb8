"""Whether a node is tried again: the phases of its attempts decide, in Argo's order.

Stopped → longest duration → policy → limit. An attempt that failed is `Failed`; one that could not be run, or whose
artifacts could not be moved, is `Error`; by default only the first is tried again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.local import ending, gotext, names
from pipelines.local.board import Board
from pipelines.local.failures import NodeFailure
from pipelines.local.nodes import Node
from pipelines.local.spec import Backoff, RetryStrategy, Template

if TYPE_CHECKING:
    from pipelines.local.walk import Walk


def next_attempt(walk: Walk, node: Node, strategy: RetryStrategy) -> int | None:
    """The attempt of a running node to go on with; None when it has to wait, or has just come to its end.

    Raises NodeFailure: the strategy says no duration, or one that cannot be read.
    """
    attempts = [walk.board.nodes[each] for each in node.children if each in walk.board.nodes]
    if not attempts or not attempts[-1].fulfilled:
        return max(0, len(attempts) - 1)
    reason = _reason_to_end(walk, attempts, strategy) if attempts[-1].failed else ""
    if reason is not None:
        ended = walk.board.mark(node.name, attempts[-1].phase, reason)
        walk.board.put(replace(ended, outputs=attempts[-1].outputs))
        return None
    if strategy.backoff is not None and _must_wait(walk, node, attempts, strategy.backoff):
        return None
    walk.board.mark(node.name, node.phase, "")
    return len(attempts)


def tags(board: Board, node: Node, template: Template, attempt: int) -> dict[str, str]:
    """What an attempt knows of itself and of the one before."""
    before = board.nodes.get(node.children[attempt - 1]) if attempt else None
    found = {
        "retries": str(attempt),
        "lastRetry.exitCode": (before.outputs.exit_code if before and before.outputs else None) or "0",
        "lastRetry.status": before.phase if before else "",
        "lastRetry.duration": gotext.number(before.duration_s(before.started_at)) if before else "0",
        "lastRetry.message": before.message if before else "",
    }
    if template.container:
        found["pod.name"] = names.pod_name(board.workflow, f"{node.name}({attempt})", template.name)
    return found


def _reason_to_end(walk: Walk, attempts: list[Node], strategy: RetryStrategy) -> str | None:
    last = attempts[-1]
    if walk.shutdown:
        return f"Stopped with strategy '{walk.shutdown}'"
    if ending.past_deadline(walk):
        return "retry exceeded workflow deadline"
    if strategy.backoff is not None:
        why = _out_of_time(walk, attempts, strategy.backoff)
        if why is not None:
            return why
    retried = {"Always": {"Failed", "Error"}, "OnError": {"Error"}, "OnFailure": {"Failed"}}[strategy.retry_policy]
    if last.phase not in retried:
        return last.message
    if strategy.limit is not None and len(attempts) > _limit(strategy.limit):
        return "No more retries left"
    return None


def _out_of_time(walk: Walk, attempts: list[Node], backoff: Backoff) -> str | None:
    if backoff.max_duration is None:
        return None
    until = attempts[0].started_at + timedelta(seconds=_seconds(backoff.max_duration))
    if walk.clock() > until:
        return "Max duration limit exceeded"
    again = (attempts[-1].finished_at or walk.clock()) + timedelta(seconds=_pause_s(len(attempts), backoff))
    return "Backoff would exceed max duration limit" if again > until else None


def _must_wait(walk: Walk, node: Node, attempts: list[Node], backoff: Backoff) -> bool:
    pause_s = _pause_s(len(attempts), backoff)
    again = (attempts[-1].finished_at or walk.clock()) + timedelta(seconds=pause_s)
    if walk.clock() >= again:
        return False
    walk.wake_at(again)
    walk.board.mark(node.name, node.phase, f"Backoff for {gotext.humanize(pause_s)}")
    return True


def _pause_s(attempts: int, backoff: Backoff) -> float:
    if not backoff.duration:
        message = "no base duration specified for retryStrategy"
        raise NodeFailure(message)
    pause_s = _seconds(backoff.duration)
    if backoff.factor and _limit(backoff.factor) > 0:
        pause_s *= float(_limit(backoff.factor)) ** (attempts - 1)
    return pause_s if backoff.cap is None else min(pause_s, _seconds(backoff.cap))


def _seconds(text: str) -> float:
    try:
        return gotext.seconds(text)
    except ValueError as error:
        raise NodeFailure(str(error)) from error


def _limit(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        message = f"{text!r} is no whole number"
        raise NodeFailure(message) from error
