"""What the objects of an installation have in common. Pure."""

from __future__ import annotations

from steps.kube import Object

PART_OF = "app.kubernetes.io/part-of"
LABELS = {PART_OF: "benchlab", "app.kubernetes.io/managed-by": "benchlab-install"}
INSTALLED = ",".join(f"{name}={value}" for name, value in LABELS.items())
# Of a namespace: which pods it lets in. What is refused is also told to whoever asks.
POD_SECURITY = "pod-security.kubernetes.io"
RBAC = "rbac.authorization.k8s.io/v1"


def object_of(kind: str, version: str, name: str, namespace: str | None, **fields: object) -> Object:
    """An object that carries the installation's labels."""
    where = {"namespace": namespace} if namespace else {}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **where, "labels": dict(LABELS)}, **fields}


def binding(kind: str, role: str, account: str, namespace: str, *, inside: str | None = None) -> Object:
    """Gives an account of a namespace a role. inside: of another namespace."""
    return object_of(
        f"{kind}Binding",
        RBAC,
        role,
        (inside or namespace) if kind == "Role" else None,
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
        subjects=[{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    )
