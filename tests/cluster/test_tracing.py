"""A tracer's pod on a real cluster, without Argo: what it counts, with how little right, and that nothing of it stays."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import replace

import pytest

from phases.catalogue.upstreams import UPSTREAM
from pipelines import rights, select
from pipelines.cluster import sweeping
from steps import processes
from steps.attribution.outcome import outcome_of
from steps.costs import book
from steps.errors import ClusterError, MeasureError
from steps.kube import KINDS, Denied
from steps.model import TraceProgram
from steps.places import pod_spec, tracer_pod
from steps.places.tracers import Nowhere
from steps.trace import pods
from steps.trace.programs import tracepoints
from tests.cluster.conftest import steps_image, trace_image, wait_for
from tests.cluster.on_the_node import held, in_pods
from tests.cluster.test_rights import cases, token, tracing, without
from tests.cluster.traced_pods import CELL, FSYNCS, PROGRAMS, Traced, record_of


@pytest.fixture
def environment(store_environment, need_images):
    need_images(UPSTREAM.image.reference)
    return {**os.environ, **store_environment, "KUBERNETES_SERVICE_HOST": "", "BENCHLAB_IMAGE": steps_image()}


@pytest.fixture
def traced(installed, environment, need_images):
    """A cell that is deployed, and torn down whatever happens."""
    need_images(trace_image())
    made = Traced.deployed(installed, environment)
    yield made
    made.lab.remove(None)


def test_fsyncs_of_a_pod_are_counted_exactly_and_its_time_adds_up(traced, tmp_path):
    """By a thread that is younger than the tracer, found by its host name alone; the disk is what it waits for."""
    assert pods.look(traced.tracers, tracepoints(PROGRAMS)) is None

    found = traced.count(tmp_path, meanwhile=lambda: traced.ask(f"/fsyncs/{FSYNCS}"))
    record = record_of(found, traced.target, PROGRAMS)
    said = outcome_of(record, None, book.load(), p50_ms=None)

    assert record.counts["@syncs"] == {"1": FSYNCS}
    assert record.counts["@io_bytes"]["1"] >= FSYNCS * 4096
    assert record.seconds == pytest.approx(pods.LASTS_S, abs=0.15)
    assert (said.reason, said.bottlenecks[0].resource, said.bottlenecks[0].kind) == (None, "disk", "sync")
    assert record.tool.startswith("bpftrace v")
    assert record.bpf_cores > 0
    cpu = next(each for each in said.reconciled if each.what == "CPU")
    assert cpu.traced == pytest.approx(cpu.counted, rel=0.15, abs=0.02)


def test_stacks_are_told_at_once_where_their_names_are_withheld(traced, tmp_path):
    """Without CAP_SYSLOG kernel symbols have no addresses, and reading them again for each frame took over half a minute."""

    def work():
        for _ in range(200):
            traced.ask("/fsyncs/1")

    found = traced.count(tmp_path, programs=(*PROGRAMS, TraceProgram.ON_CPU, TraceProgram.OFF_CPU_STACKS), meanwhile=work)
    late_s = time.time() - traced.ends_ns / 1e9

    assert len(found.printed.counts["@off_stacks"]) > 10
    assert late_s < 8


def test_keeper_and_the_rest_of_the_node_are_not_counted(traced, tmp_path):
    """An idle server that its keeper watches and the machine works around: next to nothing is its own."""
    found = traced.count(tmp_path)

    assert sum(found.printed.counts.get("@on_ns", {}).values()) < 0.03 * pods.LASTS_S * 1e9
    assert "@syncs" not in found.printed.counts


def test_nothing_stays_and_the_ledger_says_so(traced, installed):
    """What died with its tracer still there is removed by the cell's teardown, from both namespaces, with a proof."""
    where = tracing(installed.kube)
    ledger = traced.lab.place.ledger(traced.lab.run, prefix=traced.lab.prefix)
    ledger.open(pods._entry(traced.target, where.namespace))
    order = tracer_pod.Order(("count",), 300, 'BEGIN { printf("ready 1\\n"); }')
    traced.tracers.start(order, called="count", within_s=30)

    removal = traced.lab.remove(CELL)

    assert removal.left == ()
    assert any(line.startswith("Pod ") and line.endswith(where.namespace) for line in removal.removed)
    assert where.list("Pod") == []
    entries = {each.id: each for each in traced.lab.ledger()}
    assert f"nor a Pod in {where.namespace}" in entries[f"{CELL}-tracer"].proof


def test_killed_tracer_is_a_reason_and_nothing_stays_attached(traced, installed, tmp_path):
    """kill -9 in the middle, as the node sees it: a sentence, and no program is held by anybody."""
    before = held()
    if before is None:
        pytest.skip("the cluster's node is not this machine")

    def kill():
        for pod in tracing(installed.kube).list("Pod"):
            for pid in in_pods(pod["metadata"]["uid"]):
                if processes.name(pid) == "bpftrace":
                    os.kill(pid, 9)

    with pytest.raises(MeasureError, match="the tracer was ended by signal 9"):
        traced.count(tmp_path, meanwhile=kill)
    traced.tracers.remove()
    wait_for(lambda: held() == before, within_s=10, what="programs to be dropped")


def test_tracer_whose_pod_is_removed_in_the_middle_is_a_reason(traced, installed, tmp_path):
    """As an administrator or a drained node would do it."""
    where, before = tracing(installed.kube), held()

    def remove():
        for each in where.list("Pod"):
            where.delete("Pod", each["metadata"]["name"])

    with pytest.raises(MeasureError, match="was removed by somebody"):
        traced.count(tmp_path, meanwhile=remove)
    wait_for(lambda: where.list("Pod") == [], within_s=30)
    assert held() == before


def test_image_that_is_nowhere_is_no_fault_of_the_run(traced):
    """The reason names what builds it."""
    lost = pods.tracers_of(traced.target, traced.tracers.kube.into(traced.target.namespace), image="nowhere.invalid/trace:0")

    with pytest.raises(Nowhere, match=r"image nowhere\.invalid/trace:0 cannot be pulled.*`make images` builds it"):
        pods.look(lost, tracepoints(PROGRAMS))


def test_namespace_without_tracing_names_the_command(traced, namespace):
    """Asked before anything is written down or made, as whoever the step runs as."""
    target = pods.Target(traced.target.component, "http://none", namespace.namespace, "h", "r", CELL)
    nowhere = pods.tracers_of(target, traced.tracers.kube, image="any")

    with pytest.raises(Nowhere, match=f"tracing is not installed in this cluster: .*--namespace {namespace.namespace} "):
        nowhere.may_be_made()


def asked_and_looked(tracers):
    """What the step does before its load begins."""
    tracers.may_be_made()
    pods.look(tracers, ())


@pytest.mark.parametrize(("right", "verb"), [each for each in cases(rights.TRACE) if each.values[0].tracing])
def test_trace_needs_each_of_its_rights(installed, traced, right, verb):
    """Without one of them a look at the node fails, and the refusal names it."""
    with without(installed, right, verb), pytest.raises((Denied, Nowhere), match=f"may not {verb} {right.resource}"):
        asked_and_looked(traced.tracers)
    administrators = pods.tracers_of(traced.target, installed.kube, image="any")
    administrators.remove()


@pytest.mark.parametrize(("right", "verb"), [each for each in cases(rights.PLACE) if each.values[0].tracing])
def test_teardown_needs_each_of_its_rights_on_tracers(installed, traced, right, verb):
    """Without one of them a tracer stays, and so does its entry in the ledger: absence is not taken on trust."""
    where = tracing(installed.kube)
    ledger = traced.lab.place.ledger(traced.lab.run, prefix=traced.lab.prefix)
    ledger.open(pods._entry(traced.target, where.namespace))
    traced.tracers.start(tracer_pod.Order(("count",), 300, "BEGIN { }"), called="count", within_s=30)
    with without(installed, right, verb):
        as_place = replace(traced.lab, kube=token(installed.kube, rights.PLACE))
        removal = as_place.place.remove(traced.lab.run, CELL, ledger=ledger, logs=None)
        behind, why = ledger.close(CELL, proof=removal.proof)

    assert f"may not {verb} {right.resource}" in f"{removal.unseen} {why}"
    assert behind == (f"{CELL}-tracer",)
    traced.tracers.remove()


def test_tracer_of_a_run_that_is_no_more_is_swept(traced, installed):
    """No Workflow knows it: it goes at once, while somebody's look at a node keeps its time to live."""
    name = traced.tracers.start(tracer_pod.Order(("count",), 300, "BEGIN { }"), called="count", within_s=30)

    said = sweeping.sweep(installed.kube, time_to_live_s=7200)

    assert f"removed Pod {name} of run {traced.lab.run} (no Workflow of its run is under way)" in said


def asked(kube, spec):
    """What the API server says to a pod, which it does not make; None: it takes it."""
    wanted = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"asked-{secrets.token_hex(3)}"}, "spec": spec}
    try:
        kube.call("POST", KINDS["Pod"].path(kube.namespace), query={"dryRun": "All"}, body=wanted)
    except ClusterError as error:
        return str(error)
    return None


def test_policy_every_other_pod_of_the_lab_is_restricted(kube, namespace, installed):
    """Asked of the API server itself: each component's pod is let into a namespace that enforces "restricted", a tracer's is not,
    nor into the lab's own; only where tracers live it is."""
    level = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    namespace.patch("Namespace", namespace.namespace, level)
    wait_for(lambda: asked(namespace, {"containers": [{"name": "c", "image": "i"}]}), what="the namespace to be restricted")
    experiments = [experiment for phase in select.phases() for experiment in phase.experiments]
    components = {each.name: each for experiment in experiments for each in experiment.programs if each.image}
    refused = {
        each.name: said
        for each in components.values()
        if (said := asked(namespace, pod_spec.of(each, argv=(), env={}, config=each.config, keeper="k", identity="i")))
    }
    where = tracer_pod.beside({"app": "x"}, installed.namespace)
    labels = tracer_pod.labels_of("r", CELL)
    tracer = tracer_pod.render(tracer_pod.Order(("look",), 60), name="t", namespace="n", labels=labels, image="i", where=where)[
        "spec"
    ]

    assert components
    assert refused == {}
    assert "violates PodSecurity" in asked(namespace, tracer)
    assert "violates PodSecurity" in asked(installed.kube, tracer)
    assert asked(tracing(installed.kube), tracer) is None
