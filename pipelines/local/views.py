"""Runs as text: the list of them, and the tree of one, in the words and signs of `argo get`. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Protocol

from pipelines import duration
from pipelines.local.live import SIGNS, rows
from pipelines.local.nodes import Node, Status
from pipelines.tables import columns


class Kept(Protocol):
    """A run that can be shown, wherever it ran."""

    @property
    def name(self) -> str: ...

    @property
    def status(self) -> Status: ...

    def reason(self, node: Node) -> str:
        """Why a step failed, or what it waits for."""
        ...


def _verdict(kept: Kept) -> str:
    return kept.status.output("verdict") or "-"


def runs(found: Sequence[Kept]) -> str:
    """Runs, the newest first."""
    if not found:
        return "no runs yet; start one: python -m pipelines run gateway-comparison --quick"
    head = ("RUN", "PHASE", "VERDICT", "STARTED", "DURATION", "STEPS")
    body = [
        (
            each.name,
            each.status.phase,
            _verdict(each),
            f"{each.status.started_at:%Y-%m-%d %H:%M:%S}Z",
            duration.exact(each.status.duration_s),
            "/".join(map(str, each.status.progress)),
        )
        for each in found
    ]
    return columns([head, *body])


def runs_json(found: Sequence[Kept]) -> str:
    plain = [
        {
            "run": each.name,
            "phase": each.status.phase,
            "verdict": each.status.output("verdict"),
            "started_at": each.status.started_at.isoformat(),
            "duration_s": each.status.duration_s,
            "steps_done": each.status.progress[0],
            "steps": each.status.progress[1],
        }
        for each in found
    ]
    return json.dumps(plain, indent=2)


def tree(kept: Kept) -> str:
    """A run's head and its steps, each with its duration and, where it failed, the reason."""
    status = kept.status
    head = [
        ("Name:", status.workflow),
        ("Status:", status.phase),
        ("Message:", status.message),
        ("Verdict:", _verdict(kept)),
        ("Started:", f"{status.started_at:%Y-%m-%d %H:%M:%S}Z"),
        ("Duration:", duration.exact(status.duration_s)),
        ("Progress:", "/".join(map(str, status.progress))),
    ]
    table = [("STEP", "TEMPLATE", "DURATION", "MESSAGE")]
    for row in rows(status):
        node = row.node
        took = "" if node.kind == "Skipped" else duration.exact(node.duration_s(status.at))
        why = kept.reason(node) if node.failed or node.phase == "Pending" else node.message
        table.append((f"{'  ' * row.depth}{SIGNS.get(node.phase, '?')} {node.display_name}", node.template, took, why))
    return columns([each for each in head if each[1]]) + "\n\n" + columns(table)
