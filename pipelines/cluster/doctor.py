"""`doctor --argo`: what a cluster lacks for a run, and the command that mends it.

Some of it can only be seen from inside: a Workflow of two small steps shows whether the image is there, the store answers from a
pod and the clocks agree, which version Argo has, and how long it waits between two steps.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pipelines import rights
from pipelines.cluster import install, objects, traceable
from pipelines.cluster.applying import inside, tracing_of
from pipelines.cluster.settings import Settings
from pipelines.local.doctor import Finding
from steps.errors import ClusterError, LabError
from steps.kube import Absent, Denied, Kube, Object

PROBE_WITHIN_S = 90.0
CLOCKS_S = 2.0  # a report's times come from several machines; the API tells whole seconds
REQUEUE_S = 4.0
REVIEW = "authorization.k8s.io/v1"

# What submit, watch, logs and delete need of whoever calls them.
_OWN_RIGHTS = (
    ("argoproj.io", "workflowtemplates", ("get", "create", "patch")),
    ("argoproj.io", "workflows", ("get", "list", "watch", "create", "patch", "delete")),
    ("", "pods", ("list",)),
    ("", "pods/log", ("get",)),
)


def findings(kube: Kube, settings: Settings) -> list[Finding]:
    """Everything that a run on the cluster needs, in the order in which one would mend it."""
    return list(_all(kube.into(settings.namespace), settings))


def _all(kube: Kube, settings: Settings) -> Iterator[Finding]:
    try:
        yield Finding("cluster", fine=True, said=f"Kubernetes {kube.version()} at {kube.host}, namespace {kube.namespace}")
    except LabError as error:
        yield Finding("cluster", fine=False, said=str(error), mend="start it, or name another in KUBECONFIG")
        return
    yield _nodes(kube)
    yield _own_rights(kube)
    missing = _installation(kube, settings)
    yield missing
    if not missing.fine:
        return  # a probe would fail for the same reason
    yield _rights_of_steps(kube)
    yield from _probe(kube, settings)
    yield from traceable.findings(kube, settings)


def _nodes(kube: Kube) -> Finding:
    try:
        ready = [
            each["metadata"]["name"]
            for each in kube.list("Node")
            if any(one["type"] == "Ready" and one["status"] == "True" for one in each["status"]["conditions"])
        ]
    except Denied as error:
        return Finding("nodes", fine=True, said=f"unknown ({error})")
    apart = (
        "the load pod and what it measures are kept apart" if len(ready) > 1 else "load and contender share it: light loads only"
    )
    mend = "" if ready else "wait for a node, or add one"
    return Finding("nodes", fine=bool(ready), said=f"{len(ready)} ready; {apart}" if ready else "none is ready", mend=mend)


def _own_rights(kube: Kube) -> Finding:
    """The rights of whoever calls."""
    try:
        lacking = [
            f"{verb} {resource}"
            for group, resource, verbs in _OWN_RIGHTS
            for verb in verbs
            if not _allowed(kube, None, group, resource, verb)
        ]
    except ClusterError as error:
        return Finding("your rights", fine=False, said=str(error), mend="ask the cluster's administrators")
    said = f"not allowed: {', '.join(lacking)}" if lacking else "enough to submit, watch, read logs and delete"
    return Finding("your rights", fine=not lacking, said=said, mend="ask the cluster's administrators for a role with these")


def _allowed(kube: Kube, account: str | None, group: str, resource: str, verb: str, *, of: str = "") -> bool:
    """Whether an account (None: whoever calls) of a namespace may do this here, as the API server decides it."""
    name, _, subresource = resource.partition("/")
    asked: Object = {"group": group, "resource": name, "subresource": subresource, "verb": verb}
    everywhere = resource.startswith("nodes")
    spec: Object = {"resourceAttributes": asked if everywhere else {**asked, "namespace": kube.namespace}}
    kind = "SelfSubjectAccessReview"
    if account is not None:
        kind = "SubjectAccessReview"
        spec["user"] = f"system:serviceaccount:{of}:{account}"
    review = {"apiVersion": REVIEW, "kind": kind, "spec": spec}
    answer = kube.call("POST", f"/apis/{REVIEW}/{kind.lower()}s", body=review)
    return bool(answer["status"]["allowed"])


def _installation(kube: Kube, settings: Settings) -> Finding:
    mend = f"python -m pipelines install --namespace {kube.namespace}"
    try:
        if kube.get("CustomResourceDefinition", "workflows.argoproj.io") is None:
            return Finding("Argo", fine=False, said="this cluster has no Argo Workflows", mend="install it, or `make kind`")
        wanted = install.plan(kube, settings.model_copy(update={"tracing": tracing_of(kube) is not None})).objects
        # The store may be anyone's S3: its pod is not asked for.
        needed = [each for each in wanted if each["kind"] in {"ServiceAccount", "Role", "RoleBinding", "Secret", "ConfigMap"}]
        lacking = [
            f"{each['kind']} {each['metadata']['name']}"
            for each in needed
            if inside(kube, each).get(each["kind"], each["metadata"]["name"]) is None
        ]
    except ClusterError as error:
        return Finding("installation", fine=False, said=str(error), mend="ask the cluster's administrators")
    said = f"missing: {', '.join(lacking)}" if lacking else f"complete in {kube.namespace}"
    return Finding("installation", fine=not lacking, said=said, mend=mend)


def _rights_of_steps(kube: Kube) -> Finding:
    """The rights of the ServiceAccounts, each asked of the API server."""
    wanted = [(right, kube) for right in rights.RIGHTS]
    if (tracing := tracing_of(kube)) is not None:
        wanted += [(right, kube.into(tracing["metadata"]["name"])) for right in rights.TRACING_RIGHTS]
    try:
        lacking = [
            f"{right.account} may not {verb} {right.resource}"
            for right, where in wanted
            for verb in right.verbs
            if not _allowed(where, right.account, right.group, right.resource, verb, of=kube.namespace)
        ]
    except Denied:
        return Finding("rights of steps", fine=True, said="unknown: you may not ask about others")
    count = sum(len(right.verbs) for right, _ in wanted)
    said = "; ".join(lacking) if lacking else f"all {count}"
    return Finding(
        "rights of steps", fine=not lacking, said=said, mend=f"python -m pipelines install --namespace {kube.namespace}"
    )


def _probe(kube: Kube, settings: Settings) -> Iterator[Finding]:
    """Runs two small steps in the cluster and reads what they tell."""
    asked_at = datetime.now(UTC)
    made = kube.create(_probe_workflow(settings))
    try:
        over = _wait_for(kube, made["metadata"]["name"])
        executor = _executor(kube, made["metadata"]["name"])
    finally:
        kube.delete("Workflow", made["metadata"]["name"])
    status = over.get("status", {})
    if status.get("phase") != "Succeeded":
        yield Finding("a step in a pod", fine=False, said=_why(status), mend=_mend(status, settings))
        return
    yield Finding("Argo", fine=True, said=f"version {executor.rpartition(':')[2] if executor else 'unknown'}")
    yield Finding("image", fine=True, said=settings.image)
    said: dict[str, Any] = json.loads(_output(status))
    yield _store(said, kube)
    yield _clocks(said, ahead_s=(asked_at - datetime.fromisoformat(made["metadata"]["creationTimestamp"])).total_seconds())
    yield _requeue(status)


def _probe_workflow(settings: Settings) -> Object:
    """check ─► again: the same step twice, so that the time between two steps can be seen."""
    template = objects.step("check", ["check", "--found", "{{outputs.parameters.found.path}}"], settings)
    path = "/tmp/found"  # noqa: S108  # in a container of its own
    template["outputs"] = {"parameters": [{"name": "found", "valueFrom": {"path": path}}]}
    made = objects.workflow(template, deadline_s=int(PROBE_WITHIN_S))
    tasks = [{"name": "first", "template": "check"}, {"name": "again", "template": "check", "depends": "first"}]
    made["metadata"]["name"] = f"benchlab-doctor-{secrets.token_hex(3)}"
    made["spec"] |= {"entrypoint": "main", "templates": [{"name": "main", "dag": {"tasks": tasks}}, template]}
    del made["spec"]["podGC"]  # its pods say which version the executor has; they go with the Workflow
    return made


def _wait_for(kube: Kube, name: str) -> Object:
    """The Workflow when it is over, or as it is when that takes too long or cannot come to a good end."""
    until = time.monotonic() + PROBE_WITHIN_S
    while True:
        found = kube.get("Workflow", name) or {}
        status = found.get("status", {})
        if status.get("finishedAt") or time.monotonic() > until or "image" in _why(status).lower():
            return found
        time.sleep(0.5)


def _executor(kube: Kube, workflow: str) -> str | None:
    """The image of Argo's executor, whose tag is Argo's version."""
    try:
        pods = kube.list("Pod", selector=f"workflows.argoproj.io/workflow={workflow}")
    except (Denied, Absent):
        return None
    images = (each["image"] for pod in pods for each in pod["spec"]["containers"] if each["name"] == "wait")
    return next(images, None)


def _why(status: Object) -> str:
    """What is said of the probe: the first message that a node of it has."""
    nodes = status.get("nodes", {}).values()
    said = [each["message"] for each in nodes if each.get("message") and each.get("type") == "Pod"]
    return (
        said[0]
        if said
        else status.get("message") or (f"it is {status['phase']}" if "phase" in status else "no controller took it")
    )


def _mend(status: Object, settings: Settings) -> str:
    why = _why(status).lower()
    if "image" in why:
        return f"`make images` builds {settings.image}; load it onto the nodes, or push it and name it with --image"
    if "no controller" in why:
        return "start Argo's controller, or let it watch this namespace"
    return "python -m pipelines install, then look again"


def _output(status: Object) -> str:
    nodes = sorted(status["nodes"].values(), key=lambda each: each["startedAt"])
    parameters = (one for node in nodes for one in node.get("outputs", {}).get("parameters", ()) if one["name"] == "found")
    return str(next(parameters)["value"])


def _store(said: dict[str, Any], kube: Kube) -> Finding:
    mend = f"see `kubectl -n {kube.namespace} get pods`, or install with --s3 and another store"
    return Finding("S3 from a pod", fine=said["store_error"] is None, said=said["store_error"] or said["store"], mend=mend)


def _clocks(said: dict[str, Any], *, ahead_s: float) -> Finding:
    """The node's and this machine's clock against the API server's."""
    if said["clock_s"] is None:
        return Finding("clocks", fine=True, said=f"unknown: {said['clock_error']}")
    here_s = ahead_s - 0.5  # the API cuts its times to whole seconds
    fine = abs(said["clock_s"]) <= CLOCKS_S and abs(here_s) <= CLOCKS_S
    text = f"against the API server: a pod's {said['clock_s']:+.1f} s, this machine's {here_s:+.1f} s"
    return Finding("clocks", fine=fine, said=text, mend="set the clocks by NTP: times of several machines stand side by side")


def _requeue(status: Object) -> Finding:
    """How long the controller lets a step wait that could begin."""
    first, again = (next(each for each in status["nodes"].values() if each["displayName"] == name) for name in ("first", "again"))
    waited_s = (datetime.fromisoformat(again["startedAt"]) - datetime.fromisoformat(first["finishedAt"])).total_seconds()
    mend = "kubectl -n argo set env deployment/workflow-controller DEFAULT_REQUEUE_TIME=1s"
    said = f"{waited_s:.0f} s between a step and the next"
    return Finding("controller", fine=waited_s <= REQUEUE_S, said=said, mend=mend)
