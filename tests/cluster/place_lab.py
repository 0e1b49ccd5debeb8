"""Cells on a real cluster, deployed and removed through the place as the steps do it, from beside the cluster.

Service addresses are reached from a node of the cluster; elsewhere these tests are skipped.
"""

from __future__ import annotations

import os
import secrets
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.image import reference
from steps import deploy
from steps.model import Endpoints, LedgerEntry, Usage, cell_of
from steps.places.base import Deployed, Job, Removal
from steps.places.kubernetes import KubernetesPlace
from steps.places.pods import selector
from steps.store import Store
from tests.lab import experiment

RUN = "tests-1"
STEPS_IMAGE = os.environ.get("BENCHLAB_STEPS_IMAGE") or reference()
POD_SECURITY = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}


@dataclass
class PlaceLab:
    """A namespace, the store of the ledger, and what was asked."""

    kube: object
    environment: dict[str, str]
    owner: dict[str, str] | None = None
    asked: object = field(default_factory=experiment)
    run: str = RUN
    deployed: dict[str, Deployed] = field(default_factory=dict)

    @property
    def place(self) -> KubernetesPlace:
        return KubernetesPlace(self.kube, self.environment, owner=self.owner)

    @property
    def prefix(self) -> str:
        return f"{self.asked.key}/{self.run}"

    def deploy(self, cell: str) -> Endpoints:
        """A cell as the step deploys it."""
        self.deployed = {}
        deploy.deploy(self.place, Job(run=self.run, cell=cell, experiment=self.asked), self.deployed)
        return deploy._endpoints(self.place, self.deployed, self.asked.component(cell_of(self.asked, cell).contender))

    def remove(self, cell: str | None, *, logs: Path | None = None) -> Removal:
        """A cell as the step tears it down: things first, then the ledger."""
        ledger = self.place.ledger(self.run, prefix=self.prefix)
        removal = self.place.remove(self.run, cell, ledger=ledger, logs=logs)
        if not removal.left:
            assert ledger.close(cell, proof=removal.proof) == ((), None)
        return removal

    def ledger(self) -> list[LedgerEntry]:
        store = Store.from_environment(self.environment)
        return [LedgerEntry.from_json(store.get(key), source=key) for key in store.list(f"{self.prefix}/ledger/")]

    def pods(self, component: str | None = None) -> list[dict]:
        return self.kube.list("Pod", selector=selector(self.run, None, component))

    def objects(self) -> list[dict]:
        kinds = ("Deployment", "ReplicaSet", "Pod", "Service", "ConfigMap")
        return [each for kind in kinds for each in self.kube.list(kind, selector=selector(self.run, None))]


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()


def usage(endpoints: Endpoints, component: str) -> Usage:
    return Usage.from_json(get(f"{endpoints.keepers[component]}/usage"), source="usage")


def in_namespace(namespace, store_environment) -> PlaceLab:
    """A lab in a namespace that from now on takes restricted pods only; a ConfigMap stands for the Workflow that owns things."""
    namespace.patch("Namespace", namespace.namespace, {"metadata": {"labels": POD_SECURITY}})
    owner = namespace.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "stands-for-the-workflow"}})
    return PlaceLab(
        namespace,
        {**os.environ, **store_environment, "BENCHLAB_IMAGE": STEPS_IMAGE, "KUBERNETES_SERVICE_HOST": ""},
        owner={"apiVersion": "v1", "kind": "ConfigMap", "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]},
        run=f"tests-{secrets.token_hex(3)}",
    )


def with_image(component, reference_, program=None):
    image = component.image.model_copy(update={"reference": reference_, "program": program or component.image.program})
    return component.model_copy(update={"image": image})
