"""Schedules as data: what is applied for one, and what a list says of those that stand."""

import pytest

from pipelines.cluster import crons

TEMPLATE = {"kind": "WorkflowTemplate", "metadata": {"name": "gateway-comparison"}, "spec": {}}
WORKFLOW = {
    "metadata": {
        "generateName": "gateway-comparison-",
        "labels": {
            "benchlab.dev/phase": "phase-4",
            "benchlab.dev/experiment": "gateway-comparison",
            "benchlab.dev/run": "{{workflow.name}}",
        },
    },
    "spec": {"workflowTemplateRef": {"name": "gateway-comparison"}},
}


def documents(what="phase-4/gateway-comparison", name=None):
    return crons.documents([TEMPLATE, WORKFLOW], what=what, name=name, when="0 3 * * 6", timezone="Europe/Berlin")


def test_schedule_brings_its_templates_along():
    """What the CronWorkflow refers to is applied before it."""
    template, cron = documents()

    assert template == TEMPLATE
    assert cron["spec"]["workflowSpec"]["workflowTemplateRef"] == {"name": "gateway-comparison"}
    assert cron["metadata"]["name"] == "phase-4-gateway-comparison"


def test_runs_of_a_schedule_are_runs_of_the_lab():
    """They bear the labels by which runs are found; the run's own name is known, and labelled by the template, when it begins."""
    spec = documents()[-1]["spec"]

    assert spec["workflowMetadata"]["labels"]["benchlab.dev/phase"] == "phase-4"
    assert spec["workflowMetadata"]["labels"][crons.WHAT] == "phase-4.gateway-comparison"
    assert "benchlab.dev/run" not in documents()[-1]["metadata"]["labels"]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({}, "waiting"),
        ({"active": [{"name": "r-1"}]}, "waiting, r-1 under way"),
        ({"conditions": [{"type": "SpecError", "status": "True", "message": "no such zone"}]}, "broken: no such zone"),
    ],
)
def test_list_says_how_a_schedule_stands(status, state):
    """What Argo says in a condition stands in the line."""
    cron = documents()[-1] | {"status": status}

    assert crons.as_text([crons._scheduled(cron)]).splitlines()[1].split("  ")[-2].strip() == state


def test_list_of_nothing_says_so():
    """No empty table."""
    assert crons.as_text([]) == "no schedules"
