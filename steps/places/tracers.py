"""The life of a tracer's pod: asked for, made, listened to, removed. What it is to look like says `tracer_pod`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_hex

from steps.errors import LeftBehind, MeasureError, NotReady
from steps.kube import KINDS, Denied, Kube, Object
from steps.ledger import entry_id
from steps.places import pod_status, tracer_pod
from steps.places.patience import create, patiently
from steps.places.tracer_pod import TRACER, Order
from steps.refusals import Absent

LOOK_EVERY_S = 0.2
GONE_WITHIN_S = 30.0
PATIENCE_S = 12.0  # for an image: the kubelet pulls again after ten seconds
BUILD = "`make images` builds it: push it where the nodes pull from, or load it onto them"


class Nowhere(NotReady):
    """No tracer can run here, which is no fault of this run; the message says what mends it."""


@dataclass(frozen=True)
class Tracers:
    """The tracer pods of a cell, or of somebody's look at a node."""

    kube: Kube  # into the namespace that is for them
    image: str
    labels: Mapping[str, str]
    where: Object  # on which node

    @property
    def selector(self) -> str:
        return ",".join(f"{name}={value}" for name, value in self.labels.items() if name.startswith("benchlab.dev/"))

    def may_be_made(self) -> None:
        """Asks whether such a pod would be taken, without making one. Raises Nowhere: it would not; ClusterError."""
        wanted = self._pod(Order(("look",), 60), self._name("asked"))
        path = KINDS["Pod"].path(self.kube.namespace)
        try:
            patiently(lambda: self.kube.call("POST", path, query={"dryRun": "All", "fieldValidation": "Strict"}, body=wanted))
        except (Denied, Absent) as error:
            if "quota" in str(error):
                raise
            base = self.kube.namespace.removesuffix(tracer_pod.SUFFIX)
            message = f"tracing is not installed in this cluster: python -m pipelines install --namespace {base} ({error})"
            raise Nowhere(message) from error

    def start(self, order: Order, *, called: str, within_s: float) -> str:
        """Makes a pod and returns its name once its container runs, or has ended.

        Raises Nowhere: its image is not to be had; NotReady: it did not start in time, and why; ClusterError.
        """
        name = self._name(called)
        create(self.kube, self._pod(order, name))
        self._until(name, _has_begun, within_s=within_s)
        return name

    def log(self, name: str) -> str:
        """What it has said so far. Raises ClusterError."""
        return patiently(lambda: self.kube.log(name, TRACER))

    def until_said(self, name: str, word: str, *, within_s: float) -> str:
        """Its log as soon as that word is in it.

        Raises MeasureError: it ended or took too long without it, and what it said.
        """
        deadline = time.monotonic() + within_s
        while True:
            over = _has_ended(self._look(name))  # before its log: so nothing that it said last is missed
            said = self.log(name)
            if word in said:
                return said
            if over or time.monotonic() > deadline:
                how = "ended" if over else f"did not get so far within {within_s:g} s"
                lines = [line for line in said.splitlines() if line.strip()]
                message = f"the tracer {how}: {lines[-1].strip() if lines else 'it said nothing'}"
                raise MeasureError(message)
            time.sleep(LOOK_EVERY_S)

    def until_ended(self, name: str, *, within_s: float) -> str:
        """Its whole log. Raises MeasureError: it was removed by somebody, or did not end in time."""
        self._until(name, _has_ended, within_s=within_s)
        return self.log(name)

    def remove(self) -> None:
        """Removes all of them and returns when they are gone. Raises LeftBehind, ClusterError."""
        deadline = time.monotonic() + GONE_WITHIN_S
        while found := patiently(lambda: self.kube.list("Pod", selector=self.selector)):
            for each in found:
                if "deletionTimestamp" not in each["metadata"]:
                    self.kube.delete("Pod", each["metadata"]["name"], uid=each["metadata"]["uid"])
            if time.monotonic() > deadline:
                left = ", ".join(each["metadata"]["name"] for each in found)
                message = f"still there {GONE_WITHIN_S:g} s after removal: pod {left} in namespace {self.kube.namespace}"
                raise LeftBehind(message)
            time.sleep(LOOK_EVERY_S)

    def _until(self, name: str, seen: Callable[[Object], bool], *, within_s: float) -> None:
        began = time.monotonic()
        while not seen(pod := self._look(name)):
            waited_s = time.monotonic() - began
            found = pod_status.trouble([pod], [])
            if found and pod_status.stuck(pod, TRACER) and (waited_s > PATIENCE_S or not found.passing):
                message = f"the tracer's pod does not start: {found.what}; {BUILD}"
                raise Nowhere(message)
            if waited_s > within_s or (found and not found.passing):
                state = found.what if found else f"its pod is {pod.get('status', {}).get('phase', 'unknown')}"
                message = f"the tracer did not get so far within {within_s:g} s: {state}"
                raise NotReady(message)
            time.sleep(LOOK_EVERY_S)

    def _look(self, name: str) -> Object:
        pods = patiently(lambda: self.kube.list("Pod", selector=self.selector))
        found = next((each for each in pods if each["metadata"]["name"] == name), None)
        if found is None or "deletionTimestamp" in found["metadata"]:
            message = f"the tracer's pod {name} was removed by somebody"
            raise MeasureError(message)
        return found

    def _pod(self, order: Order, name: str) -> Object:
        return tracer_pod.render(
            order, name=name, namespace=self.kube.namespace, labels=self.labels, image=self.image, where=self.where
        )

    def _name(self, called: str) -> str:
        cell = self.labels.get("benchlab.dev/cell", self.labels["benchlab.dev/run"])
        return entry_id(cell, TRACER, called, token_hex(2))


def _has_begun(pod: Object) -> bool:
    state = pod_status.container_status(pod, TRACER).get("state", {})
    return "running" in state or "terminated" in state


def _has_ended(pod: Object) -> bool:
    over = "terminated" in pod_status.container_status(pod, TRACER).get("state", {})
    return over or pod.get("status", {}).get("phase") in {"Failed", "Succeeded"}
