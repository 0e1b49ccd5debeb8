"""The circumstances of a cluster, and what each image says of its version. What may not be known says so."""

from __future__ import annotations

import time
from collections.abc import Sequence
from secrets import token_hex

from steps.errors import LabError
from steps.kube import Kube, Object
from steps.model import Component
from steps.places import pod_status, pods
from steps.places.circumstances import UNKNOWN
from steps.places.own_version import own_version
from steps.places.patience import create, patiently
from steps.places.pods import Setting

SAID_WITHIN_S = 120.0  # every image is pulled here for the first time
PATIENCE_S = 20.0
INSTANCE = "node.kubernetes.io/instance-type"


def cluster(kube: Kube, me: Object | None) -> dict[str, str]:
    """The cluster's layer; the part of nodes needs the right to list them, and goes without."""
    facts = {"kubernetes": kube.version(), "path": "through Services, by their addresses"}
    try:
        nodes = kube.list("Node")
    except LabError as error:
        return {**facts, "nodes": f"{UNKNOWN}: {error}"}
    own = (me or {}).get("spec", {}).get("nodeName")
    node = next((each for each in nodes if own in {None, each["metadata"]["name"]}), {})
    told = node.get("status", {}).get("nodeInfo", {})
    return {
        **facts,
        "nodes": _nodes(nodes),
        "kubelet": told.get("kubeletVersion", UNKNOWN),
        "runtime": told.get("containerRuntimeVersion", UNKNOWN),
        "proxy": "kube-proxy" if told.get("kubeProxyVersion") is not None else UNKNOWN,
        "instance_type": node.get("metadata", {}).get("labels", {}).get(INSTANCE, UNKNOWN),
    }


def _nodes(nodes: Sequence[Object]) -> str:
    """How many can take pods, and what that means."""
    open_ = [each for each in nodes if not each["spec"].get("unschedulable")]
    if len(open_) < 2:
        return "one: driver and system under test share it"
    return f"{len(open_)}: driver and system under test rather on different ones"


def versions(kube: Kube, components: Sequence[Component], *, run: str, setting: Setting) -> dict[str, str]:
    """What each component's program says, asked in a pod of its own image; nothing of that pod stays."""
    able = [each for each in components if each.image is not None]
    said = {each.name: f"{UNKNOWN}: {each.name} has no image" for each in components if each.image is None}
    if not able:
        return said
    try:
        name = create(kube, pods.versions(able, run=run, mark=token_hex(2), setting=setting))["metadata"]["name"]
    except LabError as error:
        return said | dict.fromkeys((each.name for each in able), f"{UNKNOWN}: {error}")
    try:
        return said | _told(kube, able, name)
    finally:
        kube.delete("Pod", name)


def _told(kube: Kube, components: Sequence[Component], pod_name: str) -> dict[str, str]:
    """Waits for each container to end; one that does not says why."""
    began = time.monotonic()
    while True:
        pod = patiently(lambda: kube.get("Pod", pod_name)) or {"metadata": {}, "spec": {"containers": []}}
        waiting = [each.name for each in components if not _ended(pod, each.name)]
        waited_s = time.monotonic() - began
        hopeless = waited_s > PATIENCE_S and all(pod_status.stuck(pod, name) for name in waiting)
        if not waiting or hopeless or waited_s > SAID_WITHIN_S:
            return {each.name: _version(kube, each, pod, pod_name) for each in components}
        time.sleep(0.2)


def _ended(pod: Object, name: str) -> bool:
    return "terminated" in pod_status.container_status(pod, name).get("state", {})


def _version(kube: Kube, component: Component, pod: Object, pod_name: str) -> str:
    status = pod_status.container_status(pod, component.name)
    over = status.get("state", {}).get("terminated")
    if over is None:
        own = {**pod, "status": {**pod.get("status", {}), "containerStatuses": [status] if status else []}}
        found = pod_status.trouble([own], [])
        return f"{UNKNOWN}: {found.what if found else f'it said nothing within {SAID_WITHIN_S:g} s'}"
    if over.get("exitCode"):
        return f"{UNKNOWN}: {pod_status.how_it_ended(over)}"
    return f"{own_version(kube.log(pod_name, component.name))}\n{status.get('imageID', '')}".strip()
