"""A small real run of the lab through the installed store, and what can be done to it in the middle."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from phases.catalogue.gateways import NGINX
from pipelines.cluster import ending, follow, report, runs, submit
from pipelines.cluster.api import Document
from pipelines.cluster.direct import Direct
from pipelines.local.nodes import Status
from steps.kube import Kube
from steps.model import Experiment, LedgerEntry, Plan, Report
from tests.cluster.conftest import steps_image, wait_for
from tests.lab import experiment

WARMUP_S, DURATION_S = 1, 7
MIDDLE_S = 2.0  # after its container began, a load is on its way


def small(*contenders, repetitions: int = 1) -> Experiment:
    """The gateway comparison in small: direct and a contender or two, a few seconds a cell."""
    whole = experiment(contenders or (NGINX,), ready_within_s=30.0)
    load = whole.loads[0].model_copy(update={"rate_rps": 200, "warmup_s": WARMUP_S, "duration_s": DURATION_S})
    change = {"name": "small-run", "loads": (load,), "repetitions": repetitions, "preview": True}
    return whole.model_copy(update=change)


@dataclass
class SmallRun:
    """A run under way in the namespace of the installation."""

    argo: Direct
    kube: Kube
    name: str
    asked: Experiment

    @classmethod
    def begin(cls, kube: Kube, asked: Experiment, *, load_memory: str = "") -> SmallRun:
        """Submitted as a user does it; `load_memory`: a limit of the load step's memory that is another than ours."""
        argo = Direct(kube)
        documents = submit.documents([asked], declared=[asked], image=steps_image())
        if load_memory:
            _limit(documents, "load", load_memory)
        document = submit.submit(argo, documents)
        return cls(argo, kube, document["metadata"]["name"], asked)

    @property
    def prefix(self) -> str:
        return f"{self.asked.key}/{self.name}"

    def status(self) -> Status:
        return runs.find(self.argo, self.name).status

    def phases(self) -> dict[str, str]:
        """The phase of each step, by the end of its name: `nginx-200rps-r1.load`."""
        return {_short(node.name): node.phase for node in self.status().nodes.values()}

    def pod_of(self, step: str, *, within_s: float = 90, after_s: float = 0.0) -> str:
        """The pod of a step (`nginx-200rps-r1.load`) once its container has run for a while."""

        def running():
            status = self.status()
            found = [node for node in status.pods() if _short(node.name).startswith(step) and not node.fulfilled]
            pod = self.kube.get("Pod", status.pod_name(found[-1])) if found else None
            containers = pod["status"].get("containerStatuses", ()) if pod else ()
            started = any(each["name"] == "main" and "running" in each["state"] for each in containers)
            return pod["metadata"]["name"] if started else None

        pod = wait_for(running, within_s=within_s, what=f"{step} to run")
        time.sleep(after_s)
        return pod

    def load_of_first(self, *, after_s: float) -> str:
        """The pod of the first cell's load, some seconds after it began."""
        loads = [f"{name}.load" for name in self.cells()]

        def begun():
            return next((name for name in loads if self.phases().get(name) == "Running"), None)

        return self.pod_of(wait_for(begun, within_s=120, what="a load"), after_s=after_s)

    def cells(self) -> list[str]:
        return [cell.id for cell in Plan.of(self.asked, run=self.name, seed=0).cells]

    def plan(self) -> list[str] | None:
        """The cells in their order, once they are planned."""
        node = next((each for each in self.status().nodes.values() if each.display_name == "provision" and each.outputs), None)
        plan = next((each.value for each in node.outputs.parameters if each.name == "plan"), None) if node else None
        return json.loads(plan) if plan else None

    def wait(self) -> runs.Kept:
        """The run once it is over."""
        return follow.wait(self.argo, self.argo.workflow(self.name))

    def report(self) -> Report:
        """What it says of itself in the store."""
        with report.store_of(self.kube) as store:
            return Report.from_json(store.get(f"{self.prefix}/report/report.json"), source="report.json")

    def ledger(self) -> list[LedgerEntry]:
        with report.store_of(self.kube) as store:
            return [LedgerEntry.from_json(store.get(key), source=key) for key in store.list(f"{self.prefix}/ledger/")]

    def stored(self) -> list[str]:
        with report.store_of(self.kube) as store:
            return [key.removeprefix(f"{self.prefix}/") for key in store.list(f"{self.prefix}/")]

    def there(self) -> list[str]:
        """What of it is in the namespace beside Argo's own."""
        kinds = ("Deployment", "ReplicaSet", "Pod", "Service", "ConfigMap")
        selector = f"benchlab.dev/run={self.name},benchlab.dev/component"
        return [f"{kind} {each['metadata']['name']}" for kind in kinds for each in self.kube.list(kind, selector=selector)]

    def delete(self) -> None:
        for each in self.kube.list("Workflow", selector=f"benchlab.dev/run={self.name}"):
            ending.delete(self.argo, each, force=True, dry_run=False)
        self.kube.delete("WorkflowTemplate", self.asked.name)


def _limit(documents: list[Document], step: str, memory: str) -> None:
    """Another limit of memory for a step."""
    for document in documents:
        for template in document["spec"].get("templates", ()):
            if template["name"] == step:
                template["container"]["resources"] = {"requests": {"memory": memory}, "limits": {"memory": memory}}


def _short(name: str) -> str:
    """`small-run-1.cells(3:nginx-200rps-r1).load(0)` → `nginx-200rps-r1.load(0)`."""
    _, colon, rest = name.partition(":")
    return rest.replace(").", ".", 1) if colon else name.partition(".")[2]


def evict(kube: Kube, pod: str) -> None:
    """As a node that is drained does it."""
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": kube.namespace}}
    kube.call("POST", f"/api/v1/namespaces/{kube.namespace}/pods/{pod}/eviction", body=body)


def kill_in(kube: Kube, pod: str, container: str, words: str) -> None:
    """Kills -9 the process of a container that has these words in its command line, from a container beside it."""
    found = kube.get("Pod", pod)
    looked_at = next(each for each in found["spec"]["containers"] if each["name"] == container)
    code = (
        "import os, pathlib\n"
        "for each in pathlib.Path('/proc').glob('[0-9]*'):\n"
        "    said = (each / 'cmdline').read_bytes().replace(b'\\0', b' ').decode()\n"
        f"    if {words!r} in said and int(each.name) != os.getpid(): os.kill(int(each.name), 9)\n"
    )
    assassin = {
        "name": "assassin",
        "image": steps_image(),
        "command": ["python", "-c", code],
        "targetContainerName": container,
        "securityContext": looked_at.get("securityContext", {}),
    }
    kube.call(
        "PATCH",
        f"/api/v1/namespaces/{kube.namespace}/pods/{pod}/ephemeralcontainers",
        body={"spec": {"ephemeralContainers": [assassin]}},
        content_type="application/strategic-merge-patch+json",
    )
