"""A tracer as a pod: the only one of the lab with a right on the node, in a namespace of its own.

Pure. Root with CAP_SYS_ADMIN and nothing else: that is what a kernel takes programs from (BPF and PERFMON alone would need the
node's tracefs as a volume). No hostPID, no hostPath, no token: the target is known by its pod's host name, which the kernel keeps
with each of its threads. AppArmor's usual profile forbids mounting tracefs, so none is asked for. An owner reference cannot reach
across namespaces: what belongs to a cell is found by its labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from steps.places.pod_spec import Object, literal
from steps.places.pods import PREFIX
from steps.tracer import PROGRAM, ROOM

SUFFIX = "-trace"
TRACER = "tracer"
LABELS = {"app.kubernetes.io/name": TRACER, "app.kubernetes.io/part-of": "benchlab", "app.kubernetes.io/managed-by": "benchlab"}
GRACE_S = 10


def namespace_of(namespace: str) -> str:
    """Where the tracers of an installation live: beside it, so that two installations do not share one."""
    return f"{namespace}{SUFFIX}"


@dataclass(frozen=True)
class Order:
    """What a tracer is told: its words, a program, and after how long it is ended whatever happens."""

    words: tuple[str, ...]
    longest_s: int
    program: str | None = None


def labels_of(run: str, cell: str | None) -> dict[str, str]:
    """What finds it again, like a component's; one that belongs to no cell is somebody's look at a node."""
    own = {**LABELS, f"{PREFIX}/run": run, f"{PREFIX}/component": TRACER}
    return own if cell is None else {**own, f"{PREFIX}/cell": cell}


def beside(labels: Mapping[str, str], namespace: str) -> Object:
    """The node on which a pod with these labels is."""
    term = {
        "labelSelector": {"matchLabels": dict(labels)},
        "namespaces": [namespace],
        "topologyKey": "kubernetes.io/hostname",
    }
    return {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def on_node(name: str) -> Object:
    """That node, and no other."""
    return {"nodeName": name}


def render(order: Order, *, name: str, namespace: str, labels: Mapping[str, str], image: str, where: Object) -> Object:
    """The pod. where: from `beside` or `on_node`."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels)},
        "spec": {
            **where,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": order.longest_s,
            "terminationGracePeriodSeconds": GRACE_S,
            "containers": [_container(order, image)],
            "volumes": [{"name": "room", "emptyDir": {}}],
        },
    }


def _container(order: Order, image: str) -> Object:
    words = ["python3", "-P", "-m", "steps.tracer", *order.words]
    values = {"HOME": str(ROOM), "TMPDIR": str(ROOM), **({PROGRAM: order.program} if order.program else {})}
    return {
        "name": TRACER,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": [literal(word) for word in words],
        "env": _env(values.items()),
        "resources": {"requests": {"cpu": "250m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "runAsUser": 0,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]},
            "seccompProfile": {"type": "RuntimeDefault"},
            "appArmorProfile": {"type": "Unconfined"},
        },
        "volumeMounts": [{"name": "room", "mountPath": str(ROOM)}],
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def _env(values: Iterable[tuple[str, str]]) -> list[Object]:
    return [{"name": name, "value": literal(text)} for name, text in values]
