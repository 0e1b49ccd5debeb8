"""Whether the nodes of a cluster can be traced: tried on each by a tracer's pod that loads a program, not told from versions."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from pipelines.cluster.applying import tracing_of
from pipelines.cluster.settings import Settings
from pipelines.image import trace_reference
from pipelines.local.doctor import Finding
from steps.errors import LabError
from steps.kube import Denied, Kube
from steps.model.trace_program import TraceProgram
from steps.places import tracer_pod
from steps.places.tracers import Nowhere, Tracers
from steps.trace.pods import look
from steps.trace.programs import tracepoints

MOST_NODES = 5  # of a large cluster: its nodes are mostly alike


def findings(kube: Kube, settings: Settings) -> Iterator[Finding]:
    """A line for each node that was tried; one, where tracing is not installed."""
    if tracing_of(kube) is None:
        said = "not installed: a traced experiment says so in the place of its traces"
        yield Finding(
            "tracing", fine=True, said=said, mend=f"python -m pipelines install --namespace {kube.namespace}", optional=True
        )
        return
    nodes = _nodes(kube)
    for name in nodes[:MOST_NODES]:
        yield _node(kube, name, trace_reference(settings.image))
    if len(nodes) > MOST_NODES:
        yield Finding("tracing", fine=True, said=f"{len(nodes) - MOST_NODES} more nodes were not tried")


def _nodes(kube: Kube) -> list[str]:
    """Those that can take a pod; none where one may not list them."""
    try:
        return [each["metadata"]["name"] for each in kube.list("Node") if not each["spec"].get("unschedulable")]
    except Denied:
        return []


def _node(kube: Kube, name: str, image: str) -> Finding:
    tracers = Tracers(
        kube=kube.into(tracer_pod.namespace_of(kube.namespace)),
        image=image,
        labels=tracer_pod.labels_of(f"doctor-{secrets.token_hex(3)}", None),
        where=tracer_pod.on_node(name),
    )
    try:
        why = look(tracers, tracepoints(tuple(TraceProgram)))
    except LabError as error:
        mend = f"build or load {image}, then look again" if isinstance(error, Nowhere) else f"see node {name}"
        return Finding(f"tracing on {name}", fine=False, said=str(error), mend=mend)
    said = why or f"a program of two instructions is taken, and bpftrace of {image} works"
    mend = "run traced experiments on a node whose kernel allows it; others say why they have no trace"
    return Finding(f"tracing on {name}", fine=why is None, said=said, mend=mend)
