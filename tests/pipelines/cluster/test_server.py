"""Argo Server's answers, over a loopback server: what is not as the Kubernetes API has it."""

import pytest
import urllib3

from pipelines.cluster import submit
from pipelines.cluster.server import Address, Server
from steps.errors import ClusterError
from steps.refusals import Absent
from tests.pipelines.cluster.loopback import refusal, workflow

TEMPLATE = {"kind": "WorkflowTemplate", "metadata": {"name": "a-template"}, "spec": {}}
RUN = {"kind": "Workflow", "metadata": {"generateName": "a-run-"}, "spec": {"workflowTemplateRef": {"name": "a-template"}}}
NO_TEMPLATE = (404, refusal('workflowtemplates.argoproj.io "a-template" not found'))


@pytest.fixture
def argo(address):
    """An Argo Server that answers so."""
    return Server(urllib3.PoolManager(retries=False), Address(address, "", "argo"))


def test_a_dry_run_of_a_new_template_is_fine(argo, script):
    """The template is checked and not kept, so the run's check cannot find it: that is no mistake of the user's."""
    script.reads = [(200, {"version": "v4.1.2"}), (200, {}), NO_TEMPLATE]

    made = submit.submit(argo, [TEMPLATE, RUN], dry_run=True)

    assert made["metadata"]["name"].startswith("a-run-")


def test_a_run_without_its_template_is_refused(argo, script):
    """Only a dry run may miss it."""
    script.reads = [(200, {"version": "v4.1.2"}), NO_TEMPLATE]

    with pytest.raises(Absent, match="a-template"):
        submit.submit(argo, [RUN])


def test_an_argo_that_is_too_old_is_told_before_anything_is_sent(argo, script):
    """The manifests would fail there in ways nobody understands."""
    script.reads = [(200, {"version": "v3.5.1"})]

    with pytest.raises(ClusterError, match=r"is version v3.5.1: the manifests need 4.0 or later"):
        submit.submit(argo, [TEMPLATE, RUN])
    assert len(script.asked) == 1


def test_what_the_server_leaves_out_is_filled_in(argo, script):
    """It sends Workflows without their kind; a retry needs it."""
    plain = {key: value for key, value in workflow(1).items() if key not in {"apiVersion", "kind"}}
    script.reads = [(200, plain)]

    assert argo.workflow("a-run")["kind"] == "Workflow"
