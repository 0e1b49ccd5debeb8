"""`install` puts what the lab needs beside an Argo, `uninstall` takes all of it away. Both may be called again and again."""

from __future__ import annotations

import base64
import copy
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from pipelines import secret
from pipelines.cluster import objects
from pipelines.cluster.applying import GONE_WITHIN_S, Say, applied, apply, check_tracing, leave_tracing, line, made_here
from pipelines.cluster.settings import S3, STORE, Settings
from steps.errors import ClusterError, ConflictError, LeftBehind, UsageError
from steps.kube import KINDS, Denied, Kube, Object

READY_WITHIN_S = 180.0

# What `uninstall` looks through, what uses something before what is used.
_OURS = (
    "CronWorkflow",
    "Workflow",
    "WorkflowTemplate",
    "Deployment",
    "Service",
    "ConfigMap",
    "ResourceQuota",
    "RoleBinding",
    "Role",
    "ServiceAccount",
    "ClusterRoleBinding",
    "ClusterRole",
    "Secret",
    "PersistentVolumeClaim",
)
_RESULTS = frozenset({"Secret", "PersistentVolumeClaim"})
_RUNS = ("CronWorkflow", "Workflow", "WorkflowTemplate")


@dataclass(frozen=True)
class Plan:
    """What would be applied, and whether the namespace is one of ours."""

    settings: Settings
    objects: tuple[Object, ...]
    makes_namespace: bool


def plan(kube: Kube | None, settings: Settings) -> Plan:
    """What an installation applies on this cluster; without one (`None`), on an empty cluster."""
    there = kube.get("Namespace", settings.namespace) if kube else None
    ours = there is None or made_here(there)
    enforce = ours or settings.pod_security is not None
    held = kube.get("Secret", secret.NAME) if kube and there is not None else None
    made = objects.of(settings, settings.s3 or _own_store(settings, held), enforce=enforce)
    if ours:
        made[0]["metadata"]["labels"] |= objects.LABELS
    return Plan(settings, tuple(made), makes_namespace=there is None)


def _own_store(settings: Settings, held: Object | None) -> S3:
    """The store's credentials: those it has, or new ones. They are made here and known to the Secret only."""
    known = {key: base64.b64decode(value).decode() for key, value in ((held or {}).get("data") or {}).items()}
    wanted = objects.own_store(settings, access_key=secrets.token_hex(10), secret_key=secrets.token_hex(20))
    if known.get("endpoint") != wanted.endpoint or not known.get("access-key"):
        return wanted
    return objects.own_store(settings, access_key=known["access-key"], secret_key=known["secret-key"])


def to_yaml(made: Plan) -> str:
    """The plan as YAML, with the credentials left out: what is printed ends up in logs."""
    shown = copy.deepcopy(list(made.objects))
    for each in shown:
        if each["kind"] == "Secret":
            each["data"] = dict.fromkeys(each["data"], "")
            each["metadata"]["annotations"] = {"benchlab.dev/note": "values are left out here; install fills them in"}
    return yaml.safe_dump_all(shown, sort_keys=False, width=120)


def install(kube: Kube, settings: Settings, *, force: bool, wait: bool, say: Say) -> None:
    """Applies everything, says what became of each, and waits until the store answers.

    force: takes fields over that somebody else has set. Raises ConflictError, ClusterError, UsageError.
    """
    here = kube.into(settings.namespace)
    _look_for_argo(here)
    made = plan(here, settings)
    traced = settings.tracing and check_tracing(here)
    if not made.makes_namespace:
        for wanted in made.objects:  # all or nothing: what will be refused is refused before anything is changed
            if traced or wanted["metadata"].get("namespace", here.namespace) == here.namespace:
                apply(here, wanted, force=force, dry_run=True)
    for wanted in made.objects:
        say(applied(here, wanted, force=force))
    if not settings.tracing:
        leave_tracing(here, dry_run=False, say=say)
    for stale in _stale(here, made):
        here.delete(stale["kind"], stale["metadata"]["name"], uid=stale["metadata"]["uid"])
        say(line(stale, "removed"))
    if wait and settings.s3 is None:
        _wait_for_store(here)
    if settings.s3 is None and settings.storage is None:
        say("note: results live as long as the store's pod; --storage 10Gi gives it a volume")


def _look_for_argo(kube: Kube) -> None:
    if kube.get("CustomResourceDefinition", "workflows.argoproj.io") is None:
        message = "this cluster has no Argo Workflows: install it first (https://argo-workflows.readthedocs.io), or `make kind`"
        raise UsageError(message)


def _stale(kube: Kube, made: Plan) -> Iterator[Object]:
    """What an earlier installation put here and this one does not: another store, rights no longer asked for."""
    wanted = {(each["kind"], each["metadata"]["name"]) for each in made.objects}
    for kind in _OURS:
        if kind in _RESULTS or kind in _RUNS:
            continue
        for each in _installed(kube, kind):
            if (kind, each["metadata"]["name"]) not in wanted:
                yield each


def _installed(kube: Kube, kind: str) -> list[Object]:
    """What an installation in this namespace put there; of what is the whole cluster's, its own."""
    if KINDS[kind].namespaced:
        return kube.list(kind, selector=objects.INSTALLED)
    try:
        found = kube.list(kind, selector=objects.INSTALLED)
    except Denied:
        return []  # who may not look at the whole cluster has not installed anything in it
    return [each for each in found if each["metadata"]["name"] in objects.cluster_wide(kube.namespace).values()]


def _wait_for_store(kube: Kube) -> None:
    """Raises ClusterError: it is not ready in time, and what its pod says."""
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        found = kube.get("Deployment", STORE) or {}
        status = found.get("status", {})
        settled = status.get("observedGeneration") == found.get("metadata", {}).get("generation")
        if settled and status.get("readyReplicas") == status.get("updatedReplicas") == status.get("replicas") == 1:
            return
        if why := _hopeless(kube):
            message = f"the object store cannot start: {why}"
            raise ClusterError(message)
        time.sleep(0.5)
    see = f"kubectl -n {kube.namespace} describe pod -l app.kubernetes.io/name={STORE}"
    message = f"the object store was not ready after {READY_WITHIN_S:g} s; see `{see}`"
    raise ClusterError(message)


def _hopeless(kube: Kube) -> str | None:
    """What waiting does not mend: an image that is nowhere, a program that ends at once, a pod that may not be made."""
    for pod in kube.list("Pod", selector=f"app.kubernetes.io/name={STORE}"):
        for container in pod.get("status", {}).get("containerStatuses", ()):
            waiting = container.get("state", {}).get("waiting", {})
            if waiting.get("reason") in {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"}:
                return f"image {container['image']}: {waiting.get('message', waiting['reason'])}; name another: --objects-image"
            if waiting.get("reason") == "CrashLoopBackOff":
                return f"it ends at once: `kubectl -n {kube.namespace} logs {pod['metadata']['name']}`"
    conditions = ((kube.get("Deployment", STORE) or {}).get("status", {}).get("conditions")) or ()
    return next((each["message"] for each in conditions if each["type"] == "ReplicaFailure" and each["status"] == "True"), None)


def uninstall(kube: Kube, *, keep_results: bool, dry_run: bool, say: Say) -> None:
    """Removes everything that `install` and `cron` put into the namespace, and the Workflows of the lab.

    keep_results: the store's volume and credentials stay for a later installation.
    Raises ConflictError: a run is under way; LeftBehind: something would not go.
    """
    _no_run_under_way(kube)
    found = [each for kind in _OURS if not (keep_results and kind in _RESULTS) for each in _all_of(kube, kind)]
    for each in found:
        if not dry_run:
            _remove(kube, each)
        say(line(each, "would be removed" if dry_run else "removed"))
    there = kube.get("Namespace", kube.namespace)
    traced = leave_tracing(kube, dry_run=dry_run, say=say)
    if not dry_run:
        _wait_until_gone(kube, [each for each in found if not _shared(each)])
    if there is not None and not keep_results:
        _leave(kube, there, dry_run=dry_run, say=say)
    if not found and not traced:
        say(f"nothing of the lab was in {kube.namespace}")


def _remove(kube: Kube, thing: Object) -> None:
    """Removes a thing; of a ConfigMap that holds somebody else's repositories too, only what is ours."""
    meta = thing["metadata"]
    if _shared(thing):
        kube.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": meta["name"]}})
    else:
        kube.delete(thing["kind"], meta["name"], uid=meta["uid"])


def _shared(thing: Object) -> bool:
    return thing["kind"] == "ConfigMap" and bool(set(thing.get("data", {})) - {objects.REPOSITORY})


def _all_of(kube: Kube, kind: str) -> list[Object]:
    """Everything of a kind that is the lab's: installed, or made for runs."""
    found = {each["metadata"]["uid"]: each for each in _installed(kube, kind)}
    if kind in _RUNS:
        for selector in (f"{objects.PART_OF}=benchlab", "benchlab.dev/experiment", "benchlab.dev/phase"):
            found |= {each["metadata"]["uid"]: each for each in kube.list(kind, selector=selector)}
    return list(found.values())


def _no_run_under_way(kube: Kube) -> None:
    under_way = [
        each["metadata"]["name"]
        for each in kube.list("Workflow", selector="benchlab.dev/phase,workflows.argoproj.io/completed!=true")
    ]
    if under_way:
        message = f"{', '.join(under_way)}: under way; stop it first (`python -m pipelines stop {under_way[0]}`)"
        raise ConflictError(message)


def _wait_until_gone(kube: Kube, found: list[Object]) -> None:
    """Pods of the store, and whatever has a finalizer, take a while. Raises LeftBehind."""
    waited_for = {(each["kind"], each["metadata"]["name"]): each["metadata"]["uid"] for each in found}
    until = time.monotonic() + GONE_WITHIN_S
    while True:
        for (kind, name), uid in list(waited_for.items()):
            seen = kube.get(kind, name)
            if seen is None or seen["metadata"]["uid"] != uid:
                del waited_for[kind, name]
        pods = [each["metadata"]["name"] for each in kube.list("Pod", selector=objects.INSTALLED)]
        if not waited_for and not pods:
            return
        if time.monotonic() > until:
            left = [*(f"{kind} {name}" for kind, name in waited_for), *(f"Pod {name}" for name in pods)]
            message = f"still there {GONE_WITHIN_S:g} s after it was removed: {', '.join(left)}"
            raise LeftBehind(message)
        time.sleep(0.5)


def _leave(kube: Kube, namespace: Object, *, dry_run: bool, say: Say) -> None:
    """A namespace that install made goes when nothing else is in it; of any other only our labels go."""
    labels = namespace["metadata"].get("labels", {})
    if not any(name.startswith(objects.POD_SECURITY) for name in labels):
        return
    others = _others(kube) if made_here(namespace) and not dry_run else []
    goes = made_here(namespace) and not others
    if not dry_run and goes:
        kube.delete("Namespace", kube.namespace, uid=namespace["metadata"]["uid"])
        _wait_until_gone(kube, [namespace])
    elif not dry_run:
        kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": kube.namespace}})  # gives up our labels
    would = "would be " if dry_run else ""
    say(line(namespace, f"{would}removed" if goes else f"{would}left without our labels"))
    if others:
        say(f"note: {', '.join(others)} in {kube.namespace} are not the lab's; the namespace stays")


def _others(kube: Kube) -> list[str]:
    """What somebody else keeps in the namespace; what Kubernetes puts into each is not counted."""
    stock = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
    kinds = ("Pod", "Service", "ConfigMap", "Secret", "ServiceAccount", "PersistentVolumeClaim", "Workflow", "WorkflowTemplate")
    named = ((kind, each["metadata"]["name"]) for kind in kinds for each in kube.list(kind))
    return [f"{kind} {name}" for kind, name in named if (kind, name) not in stock]
