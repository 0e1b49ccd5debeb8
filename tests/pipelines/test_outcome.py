"""What a run came to, in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines import outcome
from pipelines.local.nodes import Node, Outputs, Status
from steps.model import HypothesisVerdict, RunVerdict
from tests.steps.sealed_runs import run

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


@pytest.mark.parametrize(("unlike", "code"), [((), 3), (("nginx ran in 2 different versions",), 4)], ids=["alike", "unlike"])
def test_gate_of_a_run_whose_cells_are_unlike_can_tell_nothing(unlike, code):
    """Its hypotheses were judged on figures of two things; where only another arm lacks repetitions, they still count."""
    done = Status("w", "Succeeded", "", started_at=AT, finished_at=AT, nodes={}, outputs=Outputs(), at=AT)
    given = run(
        "a", verdict=RunVerdict.INCONCLUSIVE, reasons=unlike or ("envoy: 5 of 6 repetitions are valid",), unlike=unlike
    ).report
    broken = given.hypotheses[0].model_copy(update={"verdict": HypothesisVerdict.DOES_NOT_HOLD})

    assert outcome.exit_status(done, [given.model_copy(update={"hypotheses": (broken,)})], gate=True) == code
