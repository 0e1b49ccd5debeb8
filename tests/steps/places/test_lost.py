"""Which things in a namespace are lost: judged by their Workflow, or by their age where they have none."""

from datetime import UTC, datetime, timedelta

from steps.places.lost import lost

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR_S = 3600.0


def thing(name="echo", *, run="r1", owner=None, kind="Deployment", age_s=0.0, owner_kind="Workflow"):
    """An object of a run, as the API lists it."""
    meta = {
        "name": name,
        "uid": f"uid-{name}",
        "labels": {"benchlab.dev/run": run},
        "creationTimestamp": (NOW - timedelta(seconds=age_s)).isoformat().replace("+00:00", "Z"),
    }
    if owner:
        meta["ownerReferences"] = [{"kind": owner_kind, "name": "w", "uid": owner}]
    return {"kind": kind, "metadata": meta}


def workflow(uid="w1", *, name="w1", run=None):
    """A Workflow that is under way."""
    return {"metadata": {"uid": uid, "name": name, "labels": {"benchlab.dev/run": run} if run else {}}}


def found(*things, under_way=()):
    return [each.name for each in lost(things, under_way, at=NOW, time_to_live_s=HOUR_S)]


def test_what_belongs_to_a_workflow_that_is_over_is_lost_at_once():
    """Its exit handler, which would have removed it, is part of the Workflow."""
    assert found(thing(owner="w1"), under_way=[workflow("w2")]) == ["echo"]


def test_what_belongs_to_a_workflow_under_way_is_kept_whatever_its_age():
    """A long run is no lost run."""
    assert found(thing(owner="w1", age_s=100 * HOUR_S), under_way=[workflow("w1")]) == []


def test_a_retried_run_keeps_what_its_second_workflow_made():
    """A run may be finished by another Workflow than the one it is named after."""
    assert found(thing(age_s=2 * HOUR_S), under_way=[workflow("w2", name="again", run="r1")]) == []
    assert found(thing(age_s=2 * HOUR_S, run="w2"), under_way=[workflow("w9", name="w2")]) == []


def test_what_belongs_to_nobody_is_lost_after_its_time_to_live():
    """It may be somebody's experiment by hand."""
    assert found(thing(age_s=HOUR_S - 1)) == []
    assert found(thing(age_s=HOUR_S + 1)) == ["echo"]


def test_what_another_object_owns_goes_with_it():
    """A pod of a ReplicaSet comes back as long as that stands."""
    assert found(thing(kind="Pod", owner="rs1", owner_kind="ReplicaSet", age_s=2 * HOUR_S)) == []


def test_what_was_removed_is_told_with_its_run_and_the_reason():
    """The sweeper's output is read by people."""
    (one,) = lost([thing(owner="w1")], [], at=NOW, time_to_live_s=HOUR_S)

    assert str(one) == "Deployment echo of run r1 (its Workflow is over)"


def test_a_cells_tracer_is_lost_as_soon_as_no_workflow_of_its_run_is_under_way():
    """It has no owner, for none reaches across namespaces; somebody's look at a node has its time to live."""
    labels = {"benchlab.dev/run": "r1", "benchlab.dev/component": "tracer", "benchlab.dev/cell": "c-1rps-r1"}
    meta = {**thing(kind="Pod", age_s=1)["metadata"], "labels": labels, "namespace": "lab-trace"}
    of_a_cell = {"kind": "Pod", "metadata": meta}
    look = {"kind": "Pod", "metadata": {**meta, "labels": {name: labels[name] for name in list(labels)[:2]}}}

    assert found(of_a_cell, look) == ["echo"]
    assert found(of_a_cell, under_way=[workflow("w2", name="again", run="r1")]) == []
    assert [each.why for each in lost([of_a_cell], [], at=NOW, time_to_live_s=HOUR_S)] == ["no Workflow of its run is under way"]
