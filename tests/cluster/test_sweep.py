"""The sweeper on a real cluster: what a terminated run left is removed by its own CronWorkflow's Workflow, and told."""

import json

import pytest

from pipelines.cluster import objects, report
from steps.model import LedgerEntry, now
from steps.places import lost
from tests.cluster.conftest import finished, wait_for

EXPERIMENT = {"benchlab.dev/experiment": "trial"}


def run_named(name, *, suspended=True):
    """A run that has begun and waits."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": name, "labels": {"benchlab.dev/run": name, "benchlab.dev/phase": "phase-0", **EXPERIMENT}},
        "spec": {"entrypoint": "main", "templates": [{"name": "main", "suspend": {} if suspended else {"duration": "0"}}]},
    }


def component_of(workflow, kube):
    """A component of a run, as `deploy` makes it: owned by the Workflow, labelled."""
    run = workflow["metadata"]["name"]
    owner = {"apiVersion": workflow["apiVersion"], "kind": "Workflow", "name": run, "uid": workflow["metadata"]["uid"]}
    safe = {"securityContext": objects.POD_SAFETY, "nodeSelector": {"no": "such-node"}}
    container = {"name": "main", "image": "none", "securityContext": objects.CONTAINER_SAFETY}
    labels = {"benchlab.dev/run": run, "benchlab.dev/component": "echo"}
    spec = {
        "selector": {"matchLabels": {"benchlab.dev/component": "echo"}},
        "template": {"metadata": {"labels": labels}, "spec": {**safe, "containers": [container]}},
    }
    meta = {"name": f"{run}-echo", "labels": labels, "ownerReferences": [owner]}
    kube.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec})
    kube.create({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [{"port": 80}]}})


def key(run):
    return f"runs/phase-0/trial/{run}/ledger/echo.json"


def open_entry(kube, run):
    """What `deploy` had written down before it made the component."""
    with report.store_of(kube) as store:
        store.ensure_bucket()
        entry = LedgerEntry(id="echo", run=run, cell=None, kind="object", what="echo", opened_at=now())
        store.put(key(run), entry.to_json())


def closed(kube, run):
    with report.store_of(kube) as store:
        return LedgerEntry.from_json(store.get(key(run)), source=key(run)).closed_at is not None


@pytest.mark.argo
def test_what_a_terminated_run_left_is_swept_and_told(installed):
    """Terminated runs have no exit handler: the sweeper's Workflow removes their things, lists them, and closes their ledger."""
    kube = installed.kube
    alive, dead = kube.create(run_named("alive")), kube.create(run_named("dead"))
    for each in (alive, dead):
        component_of(each, kube)
        open_entry(kube, each["metadata"]["name"])
    kube.patch("Workflow", "dead", {"spec": {"shutdown": "Terminate"}})
    finished(kube, "dead")

    cron = kube.get("CronWorkflow", objects.SWEEPER)
    spec = cron["spec"]["workflowSpec"]
    kube.create({"apiVersion": cron["apiVersion"], "kind": "Workflow", "metadata": {"name": "sweep-now"}, "spec": spec})
    status = finished(kube, "sweep-now")["status"]

    assert status["phase"] == "Succeeded", status
    said = json.loads(next(each["value"] for each in status["outputs"]["parameters"] if each["name"] == "removed"))
    assert said == [f"{kind} dead-echo of run dead (its Workflow is over)" for kind in ("Deployment", "Service")]
    assert kube.get("Deployment", "dead-echo") is None
    assert kube.get("Deployment", "alive-echo") is not None
    assert lost.look(kube, time_to_live_s=7200) == []
    assert (closed(kube, "dead"), closed(kube, "alive")) == (True, False)
    for name in ("alive", "dead", "sweep-now"):
        kube.delete("Workflow", name)
    wait_for(lambda: kube.get("Deployment", "alive-echo") is None, what="the owner's things to go with it")


@pytest.mark.argo
def test_dry_run_only_tells(installed):
    """`sweep --argo --dry-run` names what is lost and removes nothing."""
    kube = installed.kube
    dead = kube.create(run_named("dead-again", suspended=False))
    component_of(dead, kube)
    finished(kube, "dead-again")

    assert len(lost.sweep(kube, time_to_live_s=7200, dry_run=True)) == 2
    assert kube.get("Service", "dead-again-echo") is not None
    kube.delete("Workflow", "dead-again")
