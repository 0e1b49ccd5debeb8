"""What the status of a pod or Deployment says is wrong, in one sentence for people.

Pure: objects as the API gives them. Some troubles pass by themselves (an image that a busy registry did not give at once, a
quota that another run is about to leave); these are borne for a while before they count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from steps.places.readiness import ending

Object = dict[str, Any]

LONGEST_TEXT = 400
PULLING = {
    "ErrImagePull",
    "ImagePullBackOff",
    "RegistryUnavailable",
    "ErrImageNeverPull",
    "ImageInspectError",
    "InvalidImageName",
}
NEVER = {"InvalidImageName", "ErrImageNeverPull"}  # waiting does not help
BROKEN = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError"}


@dataclass(frozen=True)
class Trouble:
    """What is wrong, and whether it can pass."""

    what: str
    passing: bool = False


def trouble(pods: Iterable[Object], deployments: Iterable[Object]) -> Trouble | None:
    """The first trouble there is; one that cannot pass goes before one that can."""
    found = [*(each for pod in pods for each in _of_pod(pod)), *(each for one in deployments for each in _of_deployment(one))]
    return min(found, key=lambda each: each.passing, default=None)


def container_status(pod: Object, name: str) -> Object:
    """The status of a pod's container; empty before it has one."""
    statuses: list[Object] = pod.get("status", {}).get("containerStatuses") or []
    return next((each for each in statuses if each["name"] == name), {})


def runs(pod: Object, name: str) -> bool:
    """Whether the container runs."""
    return "running" in container_status(pod, name).get("state", {}) and "deletionTimestamp" not in pod["metadata"]


def stuck(pod: Object, name: str) -> bool:
    """Whether the container cannot be started for now."""
    return container_status(pod, name).get("state", {}).get("waiting", {}).get("reason") in PULLING | BROKEN


def _of_pod(pod: Object) -> Iterator[Trouble]:
    status = pod.get("status", {})
    if status.get("phase") == "Failed" and status.get("reason"):
        yield Trouble(f"its pod was ended by Kubernetes, {status['reason']}: {_text(status.get('message'))}")
    for condition in status.get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield Trouble(f"no node takes its pod: {_text(condition.get('message'))}", passing=True)
    for each in status.get("containerStatuses") or []:
        yield from _of_container(each, pod)


def _of_container(status: Object, pod: Object) -> Iterator[Trouble]:
    name, image = status["name"], _image(pod, status["name"])
    waiting = status.get("state", {}).get("waiting", {})
    reason, message = waiting.get("reason", ""), _text(waiting.get("message"))
    if reason in PULLING:
        yield Trouble(f"image {image} cannot be pulled ({reason}): {message}", passing=reason not in NEVER)
    elif reason in BROKEN:
        yield Trouble(f"container {name} cannot be started ({reason}): {message}")
    over = status.get("state", {}).get("terminated") or status.get("lastState", {}).get("terminated")
    if over:
        yield Trouble(f"container {name} ended before it was ready, {how_it_ended(over)}")


def how_it_ended(over: Object) -> str:
    """How a container ended, with its last words."""
    code = over.get("exitCode", 0)
    how = ending(128 - code if code > 128 else code)
    if over.get("reason") == "OOMKilled":
        how = "out of memory: it used all that it may have"
    if over.get("reason") in {"StartError", "ContainerCannotRun"}:
        how = "it cannot be started"
    lines = [line for line in (over.get("message") or "").splitlines() if line.strip()]
    return f'{how}; its last line: "{_text(lines[-1])}"' if lines else how


def _of_deployment(deployment: Object) -> Iterator[Trouble]:
    """Pods that Kubernetes refuses to make are told of here only."""
    for condition in deployment.get("status", {}).get("conditions") or []:
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            yield refused(condition.get("message", ""))


def refused(message: str) -> Trouble:
    """What it means that a pod was refused."""
    said = _text(message)
    if "exceeded quota" in message:
        quota = said[said.index("exceeded quota") :]
        return Trouble(f"the namespace's quota is used up ({quota}): raise it, or end what uses it", passing=True)
    if "violates PodSecurity" in message:
        return Trouble(f"the namespace's Pod Security refuses its pod: {said}")
    return Trouble(f"Kubernetes refuses its pod: {said}", passing=True)


def strangers(pod: Object, expected: Object) -> str | None:
    """How the pod that was admitted differs from the one that was rendered; None: in nothing that counts."""
    containers, rendered = (
        {each["name"]: each for each in spec["containers"] + (spec.get("initContainers") or [])} for spec in (pod["spec"], expected)
    )
    if more := sorted(containers.keys() - rendered.keys()):
        return (
            f"its pod was given containers that nobody asked for ({', '.join(more)}): is a mesh's injection on in the namespace?"
        )
    for name, asked in rendered.items():
        for key in ("image", "command"):
            if containers[name].get(key) != asked[key]:
                return f"{key} of container {name} became {containers[name].get(key)!r}, rendered was {asked[key]!r}"
    return None


def _image(pod: Object, container: str) -> str:
    specs: list[Object] = pod["spec"]["containers"]
    return next((str(each["image"]) for each in specs if each["name"] == container), "?")


def _text(said: str | None) -> str:
    """One line, not too long."""
    line = re.sub(r"\s+", " ", said or "no reason given").strip()
    return line if len(line) <= LONGEST_TEXT else f"{line[:LONGEST_TEXT]}…"
