"""Whole traced runs on a real Argo: a tracer beside each load, results in the store, bad days in the middle; nothing stays."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager

import pytest

from phases.catalogue.gateways import NGINX
from pipelines import rights
from pipelines.cluster import ending, report
from steps.model import RunVerdict, TraceProgram, TraceRecord
from steps.model.metric import CPU, LATENCY, ON_CPU
from steps.places.tracer_pod import TRACER
from tests.cluster.conftest import trace_image, wait_for
from tests.cluster.on_the_node import held
from tests.cluster.small_run import SmallRun, kill_in, small
from tests.cluster.test_rights import tracing, without
from tests.pod_security import against_baseline

pytestmark = pytest.mark.argo

PROGRAMS = (TraceProgram.OFF_CPU, TraceProgram.LOCKS, TraceProgram.TCP)


def traced():
    """Direct and nginx, a few seconds a cell, each with a trace."""
    update = {"name": "small-trace", "metrics": (*LATENCY, CPU, ON_CPU), "trace": PROGRAMS, "unit_cost": None}
    return small().model_copy(update=update)


@pytest.fixture
def begin(installed, need_images):
    """Starts small traced runs, and removes them afterwards."""
    made = []
    need_images(NGINX.image.reference, trace_image())

    def begun():
        made.append(SmallRun.begin(installed.kube, traced()))
        return made[-1]

    yield begun
    for each in made:
        each.delete()


@contextmanager
def watched(*places):
    """Every pod that was seen meanwhile in these namespaces, by namespace and name."""
    seen, over = {}, threading.Event()

    def look():
        while not over.wait(0.3):
            for kube in places:
                for pod in kube.list("Pod"):
                    seen[kube.namespace, pod["metadata"]["name"]] = pod

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def record(run, cell):
    with report.store_of(run.kube) as store:
        return TraceRecord.from_json(store.get(f"{run.prefix}/cells/{cell}/trace/trace.json"), source="trace.json")


def said_of(found):
    """What a report says of each contender's trace where it has none."""
    return {arm.name: " ".join(arm.reasons) for arm in found.traces}


def all_is_gone(run):
    """Nothing of the run is in either namespace, and the store knows."""
    assert run.there() == []
    assert tracing(run.kube).list("Pod") == []
    assert [each.id for each in run.ledger() if not each.closed_at] == []
    return True


def tracer_that_counts(run):
    """The pod of the tracer that counts, a moment after it was ready."""

    def counting():
        for pod in tracing(run.kube).list("Pod"):
            name = pod["metadata"]["name"]
            if "-count-" in name and '"ready_ns"' in _log(run, name):
                return name
        return None

    return wait_for(counting, within_s=180, what="a tracer to count")


def _log(run, name):
    try:
        return tracing(run.kube).log(name, TRACER)
    except Exception:  # noqa: BLE001  # it has not started, or is gone
        return ""


def test_traced_run_counts_each_cell_in_a_pod_and_only_tracers_have_a_right(begin, installed):
    """Every contender has a split of its time, the trace is in the store, and of all pods that were seen only tracers' are more
    than "baseline" allows."""
    before, where = held(), tracing(installed.kube)
    with watched(installed.kube, where) as seen:
        run = begin()
        kept = run.wait()
    found = run.report()

    assert (kept.status.phase, found.verdict) == ("Succeeded", RunVerdict.PREVIEW), found.reasons
    assert said_of(found) == {"direct": "", "nginx": ""}
    assert [(arm.seen, arm.target) for arm in found.traces] == [(1, "upstream"), (1, "nginx")]
    for cell in run.cells():
        one = record(run, cell)
        assert one.damage == ()
        assert one.seconds > 5
        assert one.counts["@tcp_out"]["1"] > 0
        assert {f"cells/{cell}/trace/{name}" for name in ("trace.bt", "bpftrace.json")} <= set(run.stored())
    assert {
        name: bad
        for (namespace, name), pod in seen.items()
        if namespace != where.namespace and (bad := against_baseline(pod["spec"]))
    } == {}
    assert len([name for namespace, name in seen if namespace == where.namespace]) == 2 * len(run.cells())
    assert all_is_gone(run)
    assert held() == before


def test_run_without_tracing_goes_on_and_says_what_mends_it(begin, installed):
    """A right that nobody gave, or an installation without tracers: a row with its reason, and no failure."""
    right = next(each for each in rights.TRACING_RIGHTS if each.account == rights.TRACE and "create" in each.verbs)
    with without(installed, right, "create"):
        run = begin()
        kept = run.wait()
    found = run.report()

    assert (kept.status.phase, found.verdict) == ("Succeeded", RunVerdict.PREVIEW), found.reasons
    for said in said_of(found).values():
        assert "not available here: tracing is not installed in this cluster: python -m pipelines install" in said
    assert all_is_gone(run)


def test_tracer_that_is_removed_in_the_middle_fails_its_cell_alone(begin):
    """The cell says what is missing; the other stands, and no program stays attached."""
    before, run = held(), begin()
    name = tracer_that_counts(run)
    tracing(run.kube).delete("Pod", name)
    run.wait()
    found = run.report()

    lost = next(cell for cell in run.cells() if name.startswith(cell))
    assert found.verdict is RunVerdict.FAILED
    assert "was removed by somebody" in record(run, lost).failure
    assert [cell.id for cell in found.cells if cell.status == "failed"] == [lost]
    assert all_is_gone(run)
    assert held() == before


def test_step_that_is_killed_in_the_middle_leaves_no_tracer(begin):
    """kill -9 of the step `trace`: nobody waits for its tracer, and teardown removes it."""
    before, run = held(), begin()
    cell = next(cell for cell in run.cells() if tracer_that_counts(run).startswith(cell))
    kill_in(run.kube, run.pod_of(f"{cell}.trace"), "main", "-m steps trace ")
    run.wait()
    found = run.report()

    assert found.verdict is RunVerdict.FAILED
    assert "left no trace.json" in json.dumps(said_of(found))
    assert all_is_gone(run)
    assert held() == before


def test_load_that_is_killed_in_the_middle_ends_its_trace(begin):
    """kill -9 of the load while it is traced: the cell fails by name, and the tracer ends at the moment that was announced."""
    before, run = held(), begin()
    cell = next(cell for cell in run.cells() if tracer_that_counts(run).startswith(cell))
    kill_in(run.kube, run.pod_of(f"{cell}.load"), "main", "-m steps load ")
    run.wait()
    found = run.report()

    reasons = {each.id: " ".join(each.reasons) for each in found.cells if each.status == "failed"}
    assert found.verdict is RunVerdict.FAILED
    assert reasons.keys() == {cell}
    assert all_is_gone(run)
    assert held() == before


def test_target_that_is_killed_in_the_middle_fails_its_cell_alone(begin):
    """kill -9 of what is traced: its load has nobody to answer it, the other cell stands, and no program stays attached."""
    before, run = held(), begin()
    cell = next(cell for cell in run.cells() if tracer_that_counts(run).startswith(cell))
    which = f"benchlab.dev/run={run.name},benchlab.dev/cell={cell},benchlab.dev/component"
    name = "nginx" if cell.startswith("nginx") else "upstream"
    [pod] = run.kube.list("Pod", selector=f"{which}={name}")
    kill_in(run.kube, pod["metadata"]["name"], name, "nginx: master")
    run.wait()
    found = run.report()

    reasons = {each.id: " ".join(each.reasons) for each in found.cells if each.status == "failed"}
    assert found.verdict is RunVerdict.FAILED
    assert reasons.keys() == {cell}
    assert name in reasons[cell] or "connection" in reasons[cell]
    assert all_is_gone(run)
    assert held() == before


def test_run_that_is_terminated_in_the_middle_is_swept(begin, installed):
    """No exit handler runs: the sweep finds the tracer in its own namespace."""
    before, run = held(), begin()
    tracer_that_counts(run)
    list(ending.terminate(run.argo, run.argo.workflow(run.name), dry_run=False))
    run.wait()

    assert run.there() == []
    wait_for(lambda: tracing(installed.kube).list("Pod") == [], within_s=60, what="the tracer to be gone")
    assert held() == before
