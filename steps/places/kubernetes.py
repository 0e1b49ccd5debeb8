"""A cluster as a place: each component is a Deployment, a Service and a ConfigMap, with its keeper beside it in its pod.

Nothing is kept between steps: what belongs to a run is found by its labels. Objects are plain JSON, rendered by `pods`; what is
asked of the API goes through `steps.kube`.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Self

from steps.errors import PlaceError
from steps.kube import Kube, Object
from steps.ledger import Ledger, entry_id
from steps.model import Component, Environment, Experiment, LedgerEntry, now
from steps.places import circumstances, pod_facts, pod_readiness, pod_removal, pods
from steps.places.base import Cpus, Deployed, Job, Removal
from steps.places.patience import create, patiently
from steps.places.pods import VERSIONS, Setting
from steps.places.store_ledger import StoreLedger


class KubernetesPlace:
    """Pods in the namespace of the run's Workflow."""

    def __init__(self, kube: Kube, environment: Mapping[str, str], *, owner: Mapping[str, str] | None = None) -> None:
        """owner: of what is made; None: the Workflow that owns the pod of this step."""
        self._kube = kube
        self._owner = owner
        self._environment = environment

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """The cluster whose pod this is. Raises PlaceError: it is none."""
        return cls(Kube.in_pod(), environment)

    def cores(self) -> tuple[Cpus, Cpus]:
        """Nothing is pinned: the scheduler and the kernel say which cores a pod gets."""
        return None, None

    def facts(self, experiment: Experiment, *, run: str = "unknown") -> Environment:
        """The circumstances; a component whose image cannot be had says so in place of its version."""
        components = experiment.programs
        if components:
            ledger = self.ledger(run, prefix=f"{experiment.key}/{run}")
            what = f"the pod that asks {len(components)} images for versions"
            ledger.open(self._entry(VERSIONS, run=run, cell=None, what=what))
        return Environment(
            run=run,
            at=now(),
            place="kubernetes",
            driver=circumstances.driver(),
            node=circumstances.node(*self.cores()),
            cluster=pod_facts.cluster(self._kube, self._me),
            components=pod_facts.versions(self._kube, components, run=run, setting=self._setting) if components else {},
        )

    def ledger(self, run: str, *, prefix: str) -> Ledger:  # noqa: ARG002  # the prefix holds the run
        """The ledger of a run, in the store."""
        return StoreLedger(prefix=prefix, environment=self._environment)

    def deploy(self, component: Component, *, job: Job, beside: Mapping[str, Deployed], ledger: Ledger) -> Deployed:
        """Makes a component's objects and waits until it answers its ready check through its Service."""
        rendered = pods.render(component, job=job, beside=beside, setting=self._setting)
        kinds = ", ".join(each["kind"] for each in rendered.objects)
        what = f"{component.name} ({kinds} {rendered.name} in namespace {self._kube.namespace})"
        ledger.open(self._entry(entry_id(job.cell, component.name), run=job.run, cell=job.cell, what=what))
        made = {each["kind"]: create(self._kube, each) for each in rendered.objects}
        host = made["Service"]["spec"]["clusterIP"]
        return pod_readiness.wait(component, rendered, host=host, job=job, kube=self._kube)

    def remove(self, run: str, cell: str | None, *, ledger: Ledger, logs: Path | None) -> Removal:  # noqa: ARG002
        """Removes everything with the labels of a cell, or of the run, and looks whether it is gone."""
        return pod_removal.remove(self._kube, run, cell, logs=logs)

    def _entry(self, entry: str, *, run: str, cell: str | None, what: str) -> LedgerEntry:
        """What the ledger says of it; what finds it again are its labels."""
        facts = {"namespace": self._kube.namespace, "labels": pods.selector(run, cell)}
        return LedgerEntry(id=entry, run=run, cell=cell, kind="object", what=what, facts=facts, opened_at=now())

    @cached_property
    def _me(self) -> Object | None:
        """The pod that this step runs in; None: it runs beside the cluster."""
        if not self._environment.get("KUBERNETES_SERVICE_HOST"):
            return None
        name = self._environment.get("ARGO_POD_NAME") or socket.gethostname()
        found = patiently(lambda: self._kube.get("Pod", name))
        if found is None:
            message = f"there is no pod {name} in namespace {self._kube.namespace}: ARGO_POD_NAME must name the pod of this step"
            raise PlaceError(message)
        return found

    @cached_property
    def _setting(self) -> Setting:
        """The image is that of this step, and the owner the Workflow that owns its pod."""
        image = self._environment.get("BENCHLAB_IMAGE") or _image(self._me)
        if not image:
            message = "the image of the keepers is not known beside a cluster: set BENCHLAB_IMAGE to that of the steps"
            raise PlaceError(message)
        return Setting(namespace=self._kube.namespace, image=image, owner=self._owner or _workflow(self._me))


def _image(me: Object | None) -> str | None:
    containers = me["spec"]["containers"] if me else []
    return next((each["image"] for each in containers if each["name"] == "main"), None)


def _workflow(me: Object | None) -> dict[str, str] | None:
    """An owner reference to the Workflow: when it is deleted, whatever it still has goes with it."""
    owners = me["metadata"].get("ownerReferences", ()) if me else ()
    found = next((each for each in owners if each["kind"] == "Workflow"), None)
    return {key: found[key] for key in ("apiVersion", "kind", "name", "uid")} if found else None
