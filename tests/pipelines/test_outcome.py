"""What a run came to, in words."""

from __future__ import annotations

from datetime import UTC, datetime

from pipelines import outcome
from pipelines.local.nodes import Node, Outputs, Status

AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_run_that_failed_without_a_message_of_its_own_names_the_steps_that_failed(capsys):
    """Argo gives a failed DAG none; "Failed:" and nothing after it would help nobody."""
    nodes = {
        "w": Node("w", "w", "w", "DAG", "Failed", AT),
        "w-1": Node("w-1", "w.sources(0)", "sources(0)", "Pod", "Failed", AT),
        "w-2": Node("w-2", "w.plan", "plan", "Pod", "Succeeded", AT),
    }
    status = Status("w", "Failed", "", started_at=AT, finished_at=AT, nodes=nodes, outputs=Outputs(), at=AT)

    outcome.tell_failures(status, lambda _, node: f"why {node.id}")

    assert capsys.readouterr().out.splitlines() == ["Failed: there is no report", "  sources(0): why w-1"]
