"""A phase's run on a real Argo: two small experiments and a review of both, watched to their end, with one page for all."""

from __future__ import annotations

import pytest

from phases.catalogue.gateways import HAPROXY, NGINX
from pipelines.cluster import ending, follow, report, runs, submit
from pipelines.cluster.direct import Direct
from steps.model import Experiment, Report, Rule, RunVerdict
from steps.model.overview import Overview
from tests.cluster.conftest import steps_image
from tests.cluster.small_run import small

pytestmark = pytest.mark.argo

NAMES = ("first-run", "second-run", "small-review")


def experiments() -> tuple[Experiment, ...]:
    """Previews of some seconds, each with a gateway of its own."""
    first, second = (
        small(gateway).model_copy(update={"name": name}) for gateway, name in zip((NGINX, HAPROXY), NAMES, strict=False)
    )
    review = Experiment(
        name=NAMES[2],
        question="Which would one choose?",
        shape="review",
        phase=first.phase,
        reads=NAMES[:2],
        rule=Rule(p99_below_ms=100),
    )
    return (first, second, review.as_preview())


@pytest.fixture
def begun(installed, need_images):
    """Submits the phase as a user does it, and removes it afterwards."""
    need_images(NGINX.image.reference, HAPROXY.image.reference)
    argo, made = Direct(installed.kube), []

    def begin(chosen):
        document = submit.submit(argo, submit.documents(chosen, declared=chosen, image=steps_image()))
        made.append(document)
        return document

    yield argo, begin
    for each in made:
        for workflow in installed.kube.list("Workflow", selector=f"benchlab.dev/run={each['metadata']['name']}"):
            ending.delete(argo, workflow, force=True, dry_run=False)
    for name in NAMES:
        installed.kube.delete("WorkflowTemplate", name)


def test_a_phase_has_one_page_that_links_its_experiments(begun, tmp_path):
    """Each experiment has its report, the review has read both in this very run, and the last step links all three."""
    argo, begin = begun

    kept = follow.wait(argo, begin(experiments()))
    brought = report.bring(argo, kept.document, reports=tmp_path)

    overview = Overview.from_json((brought.overview.parent / "report.json").read_bytes(), source="overview")
    assert kept.status.succeeded, kept.status.message
    assert [row.experiment for row in overview.rows] == list(NAMES)
    assert {row.verdict for row in overview.rows} == {RunVerdict.PREVIEW}
    assert all((brought.overview.parent / row.page).is_file() for row in overview.rows)
    review = Report.from_json((brought.pages[2].parent / "report.json").read_bytes(), source="review")
    assert len(review.answer.more) == 2, review.reasons
    assert kept.status.output("verdict") == "Preview"


def test_a_phase_that_was_stopped_is_finished_and_keeps_what_it_has(begun, tmp_path):
    """Stopped after its first experiment: the second part plans nothing of that one, and ends as a whole run does."""
    argo, begin = begun
    document = begin(experiments())
    name = document["metadata"]["name"]
    _until_the_second_begins(argo, name)
    ending.stop(argo, argo.workflow(name))
    stopped = follow.wait(argo, argo.workflow(name))

    again = submit.create(argo, submit.stamped(submit.continued(stopped.document)), dry_run=False)
    kept = follow.wait(argo, again)

    assert not stopped.status.succeeded
    assert kept.status.succeeded, [f"{node.name}: {kept.reasons(kept.status, node)}" for node in kept.status.failures()]
    plans = [node for node in kept.status.nodes.values() if node.display_name == "provision" and node.outputs]
    planned = {_experiment(node.name): each.value for node in plans for each in node.outputs.parameters if each.name == "plan"}
    assert planned[NAMES[0]] == "[]"
    assert planned[NAMES[1]] != "[]"
    overview = report.bring(argo, kept.document, reports=tmp_path).overview
    assert overview.is_file()


def _until_the_second_begins(argo, name):
    for document in follow.changes(argo, argo.workflow(name)):
        nodes = runs.status_of(document).nodes.values()
        if any(node.display_name == NAMES[1] for node in nodes):
            return
    message = f"{name} ended before its second experiment began"
    raise AssertionError(message)


def _experiment(node: str) -> str:
    return next(name for name in NAMES if f".{name}." in node)
