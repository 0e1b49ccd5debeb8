"""What the lab needs beside an Argo, as Kubernetes objects in the order in which they are applied. Pure."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlparse

from pipelines import rights, schedule, secret
from pipelines.cluster import tracing
from pipelines.cluster.parts import INSTALLED, LABELS, PART_OF, POD_SECURITY, RBAC, binding, object_of
from pipelines.cluster.settings import BUCKET, S3, STORE, STORE_PORT, Settings
from steps.kube import Object
from steps.places.tracer_pod import namespace_of

__all__ = [
    "CONTAINER_SAFETY",
    "INSTALLED",
    "LABELS",
    "PART_OF",
    "POD_SAFETY",
    "POD_SECURITY",
    "REPOSITORY",
    "SWEEPER",
    "cluster_wide",
    "namespace",
    "object_of",
    "of",
    "own_store",
    "step",
    "sweeper",
    "workflow",
]

SWEEPER = "benchlab-sweeper"
REPOSITORY = "benchlab"
UID = 65532  # "nonroot" of distroless images, as the components' pods have it

POD_SAFETY = {
    "runAsNonRoot": True,
    "runAsUser": UID,
    "runAsGroup": UID,
    "fsGroup": UID,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER_SAFETY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}


def of(settings: Settings, s3: S3, *, enforce: bool) -> list[Object]:
    """Everything, in order.

    s3: where the runs' data go. enforce: refuse pods that are not safe enough; otherwise they are only warned about.
    """
    store = [] if settings.s3 else _store(settings)
    return [
        namespace(settings, enforce=enforce),
        *_accounts(settings),
        *_rights(settings),
        _secret(settings, s3),
        _artifacts(settings, s3),
        *store,
        _quota(settings),
        sweeper(settings),
        *tracing.of(settings),
    ]


def namespace(settings: Settings, *, enforce: bool) -> Object:
    """The namespace, of which only its labels are ours.

    Our own pods are "restricted". Argo's are not: under it Argo 4.1.2's init and wait containers were refused, unless its
    controller's ConfigMap gives them a securityContext. So "baseline" is what is enforced, and the rest is warned about.
    """
    labels = {f"{POD_SECURITY}/enforce": settings.pod_security or "baseline"} if enforce else {}
    labels |= {f"{POD_SECURITY}/{mode}": "restricted" for mode in ("warn", "audit")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": settings.namespace, "labels": labels}}


def _accounts(settings: Settings) -> list[Object]:
    return [object_of("ServiceAccount", "v1", name, settings.namespace) for name in rights.ACCOUNTS]


def _rights(settings: Settings) -> list[Object]:
    """A role for each account with exactly its rights; those on nodes are the whole cluster's."""
    found = []
    for account in rights.ACCOUNTS:
        rules = [right.rule for right in rights.RIGHTS if right.account == account]
        found.append(object_of("Role", RBAC, account, settings.namespace, rules=rules))
        found.append(binding("Role", account, account, settings.namespace))
    for right in rights.NODE_RIGHTS if settings.nodes else ():
        name = cluster_wide(settings.namespace)[right.account]
        found.append(object_of("ClusterRole", RBAC, name, None, rules=[right.rule]))
        found.append(binding("ClusterRole", name, right.account, settings.namespace))
    return found


def cluster_wide(namespace: str) -> dict[str, str]:
    """Account → the name of what it has beyond the namespace: two installations in one cluster have two."""
    return {rights.PLACE: f"benchlab-nodes-{namespace}", rights.STEPS: f"benchlab-kubelets-{namespace}"}


def own_store(settings: Settings, *, access_key: str, secret_key: str) -> S3:
    """The SeaweedFS of this installation, as its clients see it."""
    endpoint = f"http://{STORE}.{settings.namespace}.svc:{STORE_PORT}"
    return S3(bucket=BUCKET, endpoint=endpoint, addressing="path", access_key=access_key, secret_key=secret_key)


def _secret(settings: Settings, s3: S3) -> Object:
    values = {
        "bucket": s3.bucket,
        "addressing": s3.addressing,
        "endpoint": s3.endpoint,
        "region": s3.region,
        "access-key": s3.access_key,
        "secret-key": s3.secret_key,
        "session-token": s3.session_token,
    }
    # `data` and not `stringData`: a key that is no longer given must go when the Secret is applied again.
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items() if value}
    return object_of("Secret", "v1", secret.NAME, settings.namespace, type="Opaque", data=data)


def _artifacts(settings: Settings, s3: S3) -> Object:
    """Where Argo's executor keeps artifacts: the same bucket, with the same keys."""
    endpoint = urlparse(s3.endpoint or "https://s3.amazonaws.com")
    repository: dict[str, object] = {
        "bucket": s3.bucket,
        "endpoint": endpoint.netloc,
        "insecure": endpoint.scheme == "http",
        "region": s3.region,
    }
    if s3.access_key:
        for field, key in (("accessKeySecret", "access-key"), ("secretKeySecret", "secret-key")):
            repository[field] = {"name": secret.NAME, "key": key}
        if s3.session_token:
            repository["sessionTokenSecret"] = {"name": secret.NAME, "key": "session-token"}
    else:
        repository["useSDKCreds"] = True
    if s3.addressing != "auto":
        repository["addressingStyle"] = s3.addressing  # Argo 4.1 and later; older ones overlook it
    if settings.s3 is None:
        repository["createBucketIfNotPresent"] = {}
    made = object_of("ConfigMap", "v1", "artifact-repositories", settings.namespace)
    made["metadata"]["annotations"] = {"workflows.argoproj.io/default-artifact-repository": REPOSITORY}
    made["data"] = {REPOSITORY: json.dumps({"s3": repository}, indent=2)}  # JSON is YAML without its surprises
    return made


def _store(settings: Settings) -> list[Object]:
    """SeaweedFS: one pod, one address, and a volume where there is one."""
    selector = {"app.kubernetes.io/name": STORE}
    service = object_of("Service", "v1", STORE, settings.namespace)
    service["spec"] = {"selector": selector, "ports": [{"name": "s3", "port": STORE_PORT, "targetPort": "s3"}]}
    deployment = object_of("Deployment", "apps/v1", STORE, settings.namespace)
    deployment["spec"] = {
        "replicas": 1,
        "strategy": {"type": "Recreate"},  # two of them on one volume destroy it
        "selector": {"matchLabels": selector},
        "template": {"metadata": {"labels": {**LABELS, **selector}}, "spec": _store_pod(settings)},
    }
    return [*_volume(settings), service, deployment]


def _volume(settings: Settings) -> list[Object]:
    if settings.storage is None:
        return []
    claim = object_of("PersistentVolumeClaim", "v1", STORE, settings.namespace)
    claim["spec"] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": settings.storage}}}
    if settings.storage_class:
        claim["spec"]["storageClassName"] = settings.storage_class
    return [claim]


def _store_pod(settings: Settings) -> Object:
    flags = {
        "dir": "/data",
        "ip": "$(POD_IP)",
        "ip.bind": "0.0.0.0",  # noqa: S104  # a pod is reached at its own address only
        "master.telemetry": "false",
        "webdav": "false",
        "admin.ui": "false",
        "s3.port.iceberg": "0",
        "s3.port.lance": "0",
    }
    data = {"persistentVolumeClaim": {"claimName": STORE}} if settings.storage else {"emptyDir": {}}
    return {
        "enableServiceLinks": False,  # it takes a variable S3_PORT for a setting of its own
        "automountServiceAccountToken": False,
        "securityContext": POD_SAFETY,
        "containers": [
            {
                "name": "seaweedfs",
                "image": settings.objects_image,
                "imagePullPolicy": "IfNotPresent",
                "command": ["weed", "mini", *(f"-{name}={value}" for name, value in flags.items())],
                "env": [
                    {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                    {"name": "HOME", "value": "/data"},
                    *(_from_secret(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
                ],
                "ports": [{"name": "s3", "containerPort": STORE_PORT}],
                "readinessProbe": {"httpGet": {"path": "/healthz", "port": "s3"}, "periodSeconds": 2},
                "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
                "securityContext": CONTAINER_SAFETY,
                "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
            }
        ],
        "volumes": [{"name": "data", **data}, {"name": "tmp", "emptyDir": {}}],
    }


def _from_secret(variable: str) -> Object:
    key, optional = next((key, free) for name, key, free in secret.SETTINGS if name == variable)
    reference = {"name": secret.NAME, "key": key} | ({"optional": True} if optional else {})
    return {"name": variable, "valueFrom": {"secretKeyRef": reference}}


def _quota(settings: Settings) -> Object:
    """A run that lost control of itself fills the quota, not the cluster.

    Only counts: with a limit on CPU the API refuses each pod that names none, Argo's own too.
    """
    counts = {"pods": settings.pods, "services": settings.pods, "count/deployments.apps": settings.pods}
    return object_of(
        "ResourceQuota", "v1", "benchlab", settings.namespace, spec={"hard": {name: str(n) for name, n in counts.items()}}
    )


def step(name: str, words: list[str], settings: Settings) -> Object:
    """A template that runs one verb of the steps, with the store's settings and no right but its account's."""
    return {
        "name": name,
        "serviceAccountName": rights.account_of(name),
        "container": {
            "image": settings.image,
            "imagePullPolicy": "IfNotPresent",
            "command": ["python", "-m", "steps"],
            "args": words,
            "env": [_from_secret(variable) for variable, _, _ in secret.SETTINGS],
            "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
            "securityContext": {name: value for name, value in CONTAINER_SAFETY.items() if name != "readOnlyRootFilesystem"},
        },
    }


def workflow(template: Object, *, deadline_s: int) -> Object:
    """A Workflow of one step, which leaves nothing but its record, and that for an hour."""
    return {
        "apiVersion": _ARGO,
        "kind": "Workflow",
        "metadata": {"labels": dict(LABELS)},
        "spec": {
            "entrypoint": template["name"],
            "serviceAccountName": template["serviceAccountName"],
            "activeDeadlineSeconds": deadline_s,
            "ttlStrategy": {"secondsAfterCompletion": 3600},
            "podGC": {"strategy": "OnPodSuccess"},
            "securityContext": {name: value for name, value in POD_SAFETY.items() if name != "fsGroup"},
            "templates": [template],
        },
    }


_ARGO = "argoproj.io/v1alpha1"


def sweeper(settings: Settings) -> Object:
    """Removes what lost runs left, again and again; what it removed is an output of its Workflow."""
    words = ["sweep", "--time-to-live-s", str(settings.time_to_live_s), "--removed", "{{outputs.parameters.removed.path}}"]
    words += ["--tracing", namespace_of(settings.namespace)] if settings.tracing else []
    template = step("sweep", words, settings)
    path = "/tmp/removed"  # noqa: S108  # in a container of its own
    template["outputs"] = {
        "parameters": [{"name": "removed", "globalName": "removed", "valueFrom": {"path": path, "default": "[]"}}]
    }
    made = schedule.cron_workflow(
        SWEEPER,
        workflow(template, deadline_s=300),
        schedule=settings.sweep_every,
        timezone="Etc/UTC",
        labels=LABELS,
        annotations={
            "workflows.argoproj.io/title": "Sweeper",
            "workflows.argoproj.io/description": "Removes what lost runs left.",
        },
        late_s=600,
    )
    made["metadata"]["namespace"] = settings.namespace
    return made
