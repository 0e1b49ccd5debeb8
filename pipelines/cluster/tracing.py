"""What tracers need in a cluster: a namespace of their own, and who may make and remove their pods there. Pure.

Pod Security "baseline" refuses CAP_SYS_ADMIN, without which no kernel takes a program, so this namespace enforces nothing, and is
the only one of the lab that does not. Who may make a pod in it can have the node: that is the account of one step, and so whoever
may submit Workflows that run as it. Its pods get no network.
"""

from __future__ import annotations

from pipelines import rights
from pipelines.cluster import parts
from pipelines.cluster.parts import LABELS, POD_SECURITY, binding, object_of
from pipelines.cluster.settings import Settings
from steps.kube import Object
from steps.places.tracer_pod import namespace_of

PODS = 20  # at once: a tracer for each node that `doctor` looks at; of a run one


def of(settings: Settings) -> list[Object]:
    """Everything, in order; nothing where no tracing is wanted."""
    if not settings.tracing:
        return []
    where = namespace_of(settings.namespace)
    return [_namespace(where), _quota(where), _no_network(where), *_rights(settings.namespace, where)]


def _namespace(where: str) -> Object:
    labels = {**LABELS, f"{POD_SECURITY}/enforce": "privileged"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": where, "labels": labels}}


def _quota(where: str) -> Object:
    return object_of("ResourceQuota", "v1", "benchlab", where, spec={"hard": {"pods": str(PODS)}})


def _no_network(where: str) -> Object:
    """Nothing comes in and nothing goes out, where the cluster's network keeps to policies."""
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    return object_of("NetworkPolicy", "networking.k8s.io/v1", "benchlab", where, spec=spec)


def _rights(namespace: str, where: str) -> list[Object]:
    """A role for each account; the accounts are those of the runs' namespace."""
    found = []
    for account in dict.fromkeys(right.account for right in rights.TRACING_RIGHTS):
        rules = [right.rule for right in rights.TRACING_RIGHTS if right.account == account]
        found.append(object_of("Role", parts.RBAC, account, where, rules=rules))
        found.append(binding("Role", account, account, namespace, inside=where))
    return found
