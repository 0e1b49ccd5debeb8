"""A trace of pods, without a cluster: whom it looks at, and what it says where there can be none. `tests/cluster` traces."""

import os
import re
import shutil
import subprocess

import pytest

from steps.bpftrace import ROOM
from steps.errors import LeftBehind, MeasureError
from steps.model import Endpoints, LedgerEntry, PodContainer, TraceProgram, now
from steps.places import tracer_pod
from steps.places.base import Removal
from steps.places.tracers import Nowhere, Tracers
from steps.trace import pods
from steps.trace.programs import members, together

CELL = "nginx-500rps-r1"
POD = PodContainer(node="198.51.100.7", namespace="lab", pod=f"{CELL}-nginx-abcde-7d9c5b8f6-x2x4z", container="nginx")
WHERE = Endpoints(target="http://198.51.100.9:80", keepers={"upstream": "http://k:1", "nginx": "http://k:2"}, pods={"nginx": POD})


def target_of(where, contender="nginx"):
    return pods.Target.of(where, contender, run="run-1", cell=CELL)


def tracers(kube):
    target = target_of(WHERE)
    return pods.tracers_of(target, kube, image="benchlab/trace:1")


def test_target_is_the_contender_whoever_watches_it():
    """Who asks it is deployed after it. Of a direct path what stands around is looked at."""
    watched = WHERE.model_copy(update={"keepers": {**WHERE.keepers, "scraper": "http://k:3"}})
    pods_of = {"pods": {"nginx": POD, "upstream": POD}}
    direct = WHERE.model_copy(update={"keepers": {"upstream": "http://k:1"}, **pods_of})

    assert (target_of(watched).component, target_of(watched).keeper) == ("nginx", "http://k:2")
    assert target_of(direct, contender="direct").component == "upstream"


def test_pod_of_a_target_is_known_by_its_host_name():
    """The kubelet cuts a pod's name at 63 letters, and what a cut leaves at the end."""
    target = target_of(WHERE)
    long = POD.model_copy(update={"pod": "a" * 62 + "-bcd"})
    cut = target_of(WHERE.model_copy(update={"pods": {"nginx": long}}))

    assert (target.component, target.hostname, target.keeper) == ("nginx", POD.pod, "http://k:2")
    assert cut.hostname == "a" * 62


def test_target_whose_pod_nobody_knows_is_a_reason():
    """The API may not tell where a pod is."""
    with pytest.raises(MeasureError, match="it is not known in which pod nginx is"):
        target_of(WHERE.model_copy(update={"pods": {}}))


def test_tracers_are_made_in_a_namespace_of_their_own_beside_the_target(api):
    """On the node where a pod with the target's labels is; found again by run and cell."""
    kube, _, _ = api
    made = tracers(kube)._pod(tracer_pod.Order(("look",), 60), "t")
    (term,) = made["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]

    assert made["metadata"]["namespace"] == "lab-trace"
    assert term["namespaces"] == ["lab"]
    assert term["labelSelector"]["matchLabels"] == {
        "benchlab.dev/run": "run-1",
        "benchlab.dev/cell": CELL,
        "benchlab.dev/component": "nginx",
    }
    assert {"benchlab.dev/run": "run-1", "benchlab.dev/cell": CELL, "benchlab.dev/component": "tracer"}.items() <= (
        made["metadata"]["labels"].items()
    )


NO_RIGHT = (
    'pods is forbidden: User "system:serviceaccount:lab:benchlab-trace" cannot create resource "pods" in API group "" '
    'in the namespace "lab-trace"'
)


@pytest.mark.parametrize(
    ("status", "said"),
    [(403, NO_RIGHT), (404, 'namespaces "lab-trace" not found'), (403, 'pods "t" is forbidden: violates PodSecurity "baseline"')],
    ids=["no right", "no namespace", "not let in"],
)
def test_cluster_without_tracing_names_the_command(api, status, said):
    """It is asked before anything is written down or made."""
    kube, answers, asked = api
    answers.append((status, {"message": said}))

    with pytest.raises(Nowhere, match="tracing is not installed in this cluster: python -m pipelines install --namespace lab "):
        tracers(kube).may_be_made()
    assert asked == ["POST /api/v1/namespaces/lab-trace/pods"]


def waiting(name, reason, image="benchlab/trace:1"):
    state = {"waiting": {"reason": reason, "message": "not there"}}
    status = {"phase": "Pending", "containerStatuses": [{"name": "tracer", "state": state}]}
    return {
        "metadata": {"name": name, "uid": "1"},
        "spec": {"containers": [{"name": "tracer", "image": image}]},
        "status": status,
    }


def test_image_that_is_not_there_names_what_builds_it(api):
    """A run goes on without its traces."""
    kube, answers, _ = api
    answers.append((200, {"items": [waiting("t", "ErrImageNeverPull")]}))

    with pytest.raises(Nowhere, match=r"image benchlab/trace:1 cannot be pulled .*`make images` builds it"):
        tracers(kube)._until("t", lambda pod: False, within_s=1)


def test_pod_that_somebody_removed_is_a_reason(api):
    """An empty list is no result."""
    kube, answers, _ = api
    answers.append((200, {"items": []}))

    with pytest.raises(MeasureError, match="the tracer's pod t was removed by somebody"):
        tracers(kube).until_ended("t", within_s=1)


def test_tracer_that_nobody_may_look_for_keeps_its_ledger_entry():
    """Absence is not proved by not being allowed to look; entries of other namespaces are closed."""
    removal = Removal(unseen={"lab-trace": "benchlab-place may not list pods in namespace lab-trace"})

    def entry(namespace):
        return LedgerEntry(
            id="t", run="r", cell=None, kind="object", what="tracer", facts={"namespace": namespace}, opened_at=now()
        )

    with pytest.raises(LeftBehind, match="whether tracer is gone is not known: benchlab-place may not list"):
        removal.proof(entry("lab-trace"))
    assert removal.proof(entry("lab")) == "nothing of it was found"


def test_program_takes_in_what_runs_in_the_pod_but_the_keeper():
    """It counts so long after all is attached and for so long: nobody knows the node's clock before."""
    text = together((TraceProgram.OFF_CPU,), hostname="nginx-0", delay_ns=4, lasts_ns=8)

    assert '->name.nodename == "nginx-0" && comm != "benchlab-keeper"' in text
    assert "nsecs >= @armed + 4/" in text
    assert "nsecs >= @on + 8/" in text
    assert not re.search(r"\b(SEEDS|MEMBERS|PROGRAMS|CLEARS|TARGET|LIVE|DELAY_NS|END_NS)\b", text)
    assert members(None) == ""


def test_host_name_that_would_change_the_program_is_refused():
    """It comes from an API, and goes into a program that root runs."""
    with pytest.raises(ValueError, match="is no host name"):
        members('x" || system("id")')


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bpftrace") is None or os.geteuid() != 0, reason="needs bpftrace and root")
@pytest.mark.parametrize("program", [each for each in TraceProgram if each is not TraceProgram.OFF_CPU])
def test_program_for_a_pod_is_taken_by_bpftrace(program, tmp_path):
    """Parsed and compiled; nothing is attached."""
    script = tmp_path / "trace.bt"
    script.write_text(together((TraceProgram.OFF_CPU, program), hostname="nginx-0", delay_ns=1, lasts_ns=2, events=True))
    said = subprocess.run(["bpftrace", "--help"], capture_output=True, text=True, check=False)
    dry = "--dry-run" if "--dry-run" in said.stdout + said.stderr else "-d"  # the older one's word
    done = subprocess.run([*ROOM, "bpftrace", dry, str(script)], capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stderr


def test_tracers_are_told_apart_by_their_names(api):
    """A look and a count of one cell, and of a second attempt."""
    kube, _, _ = api
    made = tracers(kube)

    assert isinstance(made, Tracers)
    assert made._name("look") != made._name("look")
    assert made._name("count").startswith(f"{CELL}-tracer-count-")
