"""The golden loads, each in a pod of its own: limits are the pod's, the link is its own, and a tracer's pod counts it."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from phases.catalogue.gateways import ENVOY
from pipelines import rights
from steps.errors import MeasureError
from steps.kube import Kube
from steps.model import TraceProgram, TraceRecord
from steps.places import pod_spec, pod_status
from steps.places import pods as objects
from steps.trace import pods
from tests.cluster.conftest import steps_image, trace_image, wait_for
from tests.cluster.on_the_node import in_pods
from tests.cluster.place_lab import with_image
from tests.cluster.test_rights import token
from tests.cluster.traced_pods import record_of
from tests.steps.trace import golden, links, loads

PORT, SERVER_PORT = 8080, 8081
BEGINS_S = 0.5  # of what is counted exactly: so long after the tracer began to count
MEMORY_MIB = 96  # of what is short of it: an interpreter, and less of the page cache than its file
CELL = "golden-1rps-r1"


def sent(record: TraceRecord) -> None:
    """Its own end's: the other one is not in the pod."""
    assert record.counts["@tcp_out"] == {"1": loads.SHAPED_BYTES}


@dataclass(frozen=True)
class InPod:
    """What a load's pod is given beside what every component has."""

    check: Callable[[TraceRecord], None] | None = None  # None: as on one machine
    limits: dict[str, str] = field(default_factory=dict)
    exact: bool = False  # it begins when the tracer counts, and ends


PODS = {  # each `golden.LOADS` that says so
    "fsyncs": InPod(exact=True),
    "quota": InPod(limits={"cpu": f"{round(1000 * loads.QUOTA_CORES)}m"}),
    "lock": InPod(),
    "shaped": InPod(sent, exact=True),
    "cold": InPod(),
    "warm": InPod(),
    "reclaim": InPod(limits={"memory": f"{MEMORY_MIB}Mi"}),
    "idle": InPod(),
}


def judged(name: str, kube: Kube, folder: Path) -> str:
    """The resource that the verdict on a load in a pod names, whose counts are checked."""
    record = traced(name, kube, folder)
    (PODS[name].check or golden.LOADS[name].check)(record)
    return golden.outcome(record).bottlenecks[0].resource


def traced(name: str, kube: Kube, folder: Path) -> TraceRecord:
    """The record of one load. kube: the namespace in which the lab is installed, as its administrator."""
    programs = (TraceProgram.OFF_CPU, *golden.LOADS[name].programs)
    run = f"golden-{secrets.token_hex(3)}"
    with ExitStack() as stack:
        far = stack.enter_context(_far_end(kube)) if name == "shaped" else None
        pod = stack.enter_context(_pod(name, kube, run, far))
        address = pod["status"]["podIP"]
        if name == "shaped":
            _shape(pod["metadata"]["uid"])
        if name == "idle":
            stack.enter_context(_asking(address, folder))
        target = pods.Target(name, f"http://{address}:{pod_spec.KEEPER_PORT}", kube.namespace, pod["metadata"]["name"], run, CELL)
        tracers = pods.tracers_of(target, token(kube, rights.TRACE), image=trace_image())
        stack.callback(tracers.remove)

        def attached(end_ns: int) -> None:
            counts_in_s = (end_ns - time.time_ns()) / 1e9 - pods.LASTS_S
            _ask(address, f"{counts_in_s + BEGINS_S if PODS[name].exact else 0.1:.2f}")

        try:
            found = pods.count(programs, target, tracers, folder=folder, attached=attached)
        except MeasureError as error:
            over = pod_status.container_status(kube.get("Pod", target.hostname) or {}, name).get("state", {}).get("terminated")
            message = f"{error}: {pod_status.how_it_ended(over) if over else 'its container runs'}"
            raise MeasureError(message) from error
        return record_of(found, target, programs)


@contextmanager
def _pod(name: str, kube: Kube, run: str, far: str | None) -> Iterator[dict[str, Any]]:
    """The load's pod, from when it answers until it is gone."""
    metadata = {
        "name": f"{name}-{run}",
        "labels": dict(each.split("=", 1) for each in objects.selector(run, CELL, name).split(",")),
    }
    kube.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": _spec(name, far)})
    try:
        yield wait_for(lambda: _answering(kube, metadata["name"]), within_s=60, what=f"{name} to answer in its pod")
    finally:
        kube.delete("Pod", metadata["name"])
        wait_for(lambda: kube.get("Pod", metadata["name"]) is None, within_s=30, what=f"the pod of {name} to be gone")


def _spec(name: str, far: str | None) -> dict[str, Any]:
    """A component's pod, keeper and all, whose program is a load."""
    words = ("/usr/bin/python3", "-c", Path(loads.__file__).read_text(), name, pod_spec.FOLDER, str(PORT))
    component = with_image(ENVOY.model_copy(update={"name": name, "ready": None, "config": None}), f"docker.io/{steps_image()}")
    env = {loads.LISTENS: str(SERVER_PORT), **({loads.FAR: far} if far else {})}
    spec = pod_spec.of(component, argv=words, env=env, config=None, keeper=f"docker.io/{steps_image()}")
    program = next(each for each in spec["containers"] if each["name"] == name)
    program["resources"]["limits"].update(PODS[name].limits)
    program["resources"]["requests"] = {"cpu": "400m", "memory": "64Mi"}
    return {**spec, "restartPolicy": "Never", "terminationGracePeriodSeconds": 0}


def _answering(kube: Kube, name: str) -> dict[str, Any] | None:
    pod = kube.get("Pod", name)
    assert pod["status"].get("phase") in {"Pending", "Running"}, pod["status"]
    if address := pod["status"].get("podIP"):
        with suppress(OSError):
            _ask(address, "")
            return pod
    return None


def _ask(address: str, what: str) -> None:
    with urllib.request.urlopen(f"http://{address}:{PORT}/{what}", timeout=5) as answer:
        answer.read()


@contextmanager
def _far_end(kube: Kube) -> Iterator[str]:
    """Takes one connection and all that it brings, on the node, which is this machine. Yields ADDRESS PORT."""
    if not in_pods():
        pytest.skip("the cluster's node is not this machine")
    node = next(each["address"] for each in kube.list("Node")[0]["status"]["addresses"] if each["type"] == "InternalIP")
    with socket.create_server(("", 0)) as server:

        def take() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                while connection.recv(1 << 16):
                    pass
                connection.close()

        threading.Thread(target=take, daemon=True).start()
        yield f"{node} {server.getsockname()[1]}"


def _shape(uid: str) -> None:
    """Makes the way out of that pod slow."""
    pid = in_pods(uid)[0]
    queue = loads.QUEUES["shaped"]
    shape = ("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", links.RATE, "burst", links.BUCKET, "limit", queue)
    subprocess.run(["nsenter", "--net", "--target", str(pid), *shape], check=True)


@contextmanager
def _asking(address: str, folder: Path) -> Iterator[None]:
    """The idle server's client, in a process beside the cluster."""
    (folder / "server").write_text(f"{address} {SERVER_PORT}")
    with subprocess.Popen([sys.executable, loads.__file__, "client", str(folder)]) as client:
        try:
            yield
        finally:
            client.kill()
