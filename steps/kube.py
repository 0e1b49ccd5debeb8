"""The Kubernetes API for objects as plain dicts: the only door to it, here and on the top floor.

The official client is not used for requests: it knows the kinds of one Kubernetes version and none of Argo's, and to import it
costs a second in each pod of each cell. What is applied is applied by the server ("server-side apply"): two owners of a field
are told apart, and what is applied twice changes nothing. In a pod the ServiceAccount's files say where the API is and who we
are; `pipelines.cluster.access` finds both in a kubeconfig.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steps import refusals
from steps.errors import ConflictError, PlaceError
from steps.refusals import Absent, Denied, Unreachable

if TYPE_CHECKING:
    import urllib3

__all__ = ["KINDS", "Absent", "Denied", "Kind", "Kube", "Object", "Unreachable"]

Object = dict[str, Any]

OWNER = "benchlab"  # the name under which we own fields
CONNECT_S, READ_S = 5.0, 30.0
_OTHER_CA = "name the CA that signed it in the kubeconfig (certificate-authority)"
_RENEW = "renew the credentials that the kubeconfig's context names"
IN_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True)
class Kind:
    """Where the API keeps the objects of one kind."""

    name: str
    version: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str, name: str = "") -> str:
        root = f"/apis/{self.version}" if "/" in self.version else f"/api/{self.version}"
        parts = [root, *(("namespaces", namespace) if self.namespaced else ()), self.plural, *((name,) if name else ())]
        return "/".join(parts)


_RBAC, _ARGO = "rbac.authorization.k8s.io/v1", "argoproj.io/v1alpha1"

KINDS = {
    kind.name: kind
    for kind in (
        Kind("Namespace", "v1", "namespaces", namespaced=False),
        Kind("Node", "v1", "nodes", namespaced=False),
        Kind("ServiceAccount", "v1", "serviceaccounts"),
        Kind("Secret", "v1", "secrets"),
        Kind("ConfigMap", "v1", "configmaps"),
        Kind("Service", "v1", "services"),
        Kind("Pod", "v1", "pods"),
        Kind("Event", "v1", "events"),
        Kind("PersistentVolumeClaim", "v1", "persistentvolumeclaims"),
        Kind("ResourceQuota", "v1", "resourcequotas"),
        Kind("Deployment", "apps/v1", "deployments"),
        Kind("ReplicaSet", "apps/v1", "replicasets"),
        Kind("Lease", "coordination.k8s.io/v1", "leases"),
        Kind("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies"),
        Kind("StorageClass", "storage.k8s.io/v1", "storageclasses", namespaced=False),
        Kind("Role", _RBAC, "roles"),
        Kind("RoleBinding", _RBAC, "rolebindings"),
        Kind("ClusterRole", _RBAC, "clusterroles", namespaced=False),
        Kind("ClusterRoleBinding", _RBAC, "clusterrolebindings", namespaced=False),
        Kind("CustomResourceDefinition", "apiextensions.k8s.io/v1", "customresourcedefinitions", namespaced=False),
        Kind("Workflow", _ARGO, "workflows"),
        Kind("WorkflowTemplate", _ARGO, "workflowtemplates"),
        Kind("CronWorkflow", _ARGO, "cronworkflows"),
        Kind("WorkflowTaskResult", _ARGO, "workflowtaskresults"),
    )
}


class Kube:
    """One cluster, one namespace, one identity."""

    def __init__(self, http: urllib3.PoolManager, *, host: str, namespace: str, bearer: Callable[[], str | None]) -> None:
        self._http = http
        self._bearer = bearer
        self.host = host.rstrip("/")
        self.namespace = namespace

    @classmethod
    def in_pod(cls) -> Kube:
        """The cluster whose pod this is, as the pod's ServiceAccount. Nothing is sent yet. Raises PlaceError: not in a pod."""
        import urllib3

        address = os.environ.get("KUBERNETES_SERVICE_HOST")
        if not address or not (IN_POD / "token").is_file():
            message = "this is not a pod with a ServiceAccount's token: there is no Kubernetes API to talk to"
            raise PlaceError(message)
        host = f"https://{f'[{address}]' if ':' in address else address}:{os.environ.get('KUBERNETES_SERVICE_PORT', '443')}"
        http = urllib3.PoolManager(ca_certs=str(IN_POD / "ca.crt"), retries=False)
        # Read anew each time: the kubelet replaces the token before it expires.
        return cls(http, host=host, namespace=(IN_POD / "namespace").read_text(), bearer=(IN_POD / "token").read_text)

    @property
    def where(self) -> str:
        """What answers, for people."""
        return f"the Kubernetes API at {self.host}"

    def into(self, namespace: str) -> Kube:
        """The same cluster and identity, another namespace."""
        return Kube(self._http, host=self.host, namespace=namespace, bearer=self._bearer)

    def apply(self, wanted: Object, *, force: bool = False, dry_run: bool = False) -> Object:
        """Makes an object be as wanted in the fields that it names, and returns it whole.

        Raises ConflictError: a field has another owner (`force` takes it); ClusterError.
        """
        query = {"fieldManager": OWNER, "force": str(force).lower(), "fieldValidation": "Strict"}
        query |= {"dryRun": "All"} if dry_run else {}
        path = self._path(wanted["kind"], wanted["metadata"]["name"], namespace=wanted["metadata"].get("namespace"))
        return self.call("PATCH", path, query=query, body=wanted, content_type="application/apply-patch+yaml")

    def create(self, wanted: Object) -> Object:
        """Creates an object. Raises ConflictError: there is one of that name; ClusterError."""
        path = self._path(wanted["kind"], namespace=wanted["metadata"].get("namespace"))
        return self.call("POST", path, query={"fieldManager": OWNER, "fieldValidation": "Strict"}, body=wanted)

    def get(self, kind: str, name: str) -> Object | None:
        """An object, or None when there is none."""
        return self._unless_absent("GET", self._path(kind, name))

    def list(self, kind: str, *, selector: str = "") -> list[Object]:
        """The objects of a kind, only those with these labels; none where the cluster has no such kind."""
        query = {"labelSelector": selector} if selector else {}
        found = self._unless_absent("GET", self._path(kind), query=query) or {}
        own = {"apiVersion": KINDS[kind].version, "kind": kind}  # items of a list leave them out
        return [{**own, **item} for item in found.get("items", [])]

    def patch(self, kind: str, name: str, change: Object) -> Object:
        """Changes some fields of an object (a JSON merge patch). Raises Absent, ClusterError."""
        query = {"fieldManager": OWNER}
        return self.call("PATCH", self._path(kind, name), query=query, body=change, content_type="application/merge-patch+json")

    def delete(self, kind: str, name: str, *, uid: str | None = None, propagation: str = "Background") -> bool:
        """Removes an object and what it owns; False when there was none.

        uid: only the very object that was seen, not one that took its name since. propagation: `Orphan` spares what it owns.
        """
        options: Object = {"propagationPolicy": propagation} | ({"preconditions": {"uid": uid}} if uid else {})
        try:
            return self._unless_absent("DELETE", self._path(kind, name), body=options) is not None
        except ConflictError:
            return False

    def version(self) -> str:
        """The cluster's version, such as v1.34.4. Raises ClusterError."""
        return str(self.call("GET", "/version")["gitVersion"])

    def text(self, path: str, *, query: dict[str, str]) -> str:
        """What the API answers to a GET, as it is. Raises Absent, Denied, ClusterError."""
        return self._send("GET", path, query=query)

    def clock(self) -> datetime:
        """What time the API server has, in whole seconds. Raises ClusterError."""
        with self._answer("GET", "/version", {}, headers={}) as answer:
            return parsedate_to_datetime(answer.headers["Date"])

    def log(self, pod: str, container: str) -> str:
        """What a container printed. Raises Absent, Denied, ClusterError: it has not started."""
        return self._send("GET", f"{self._path('Pod', pod)}/log", query={"container": container})

    def call(self, method: str, path: str, **given: Any) -> Object:
        """One request, and its answer read as JSON. Raises Absent, Denied, ConflictError, ClusterError."""
        answer: Object = json.loads(self._send(method, path, **given))
        return answer

    def _path(self, kind: str, name: str = "", *, namespace: str | None = None) -> str:
        return KINDS[kind].path(namespace or self.namespace, name)

    def _unless_absent(self, method: str, path: str, **given: Any) -> Object | None:
        try:
            return self.call(method, path, **given)
        except Absent:
            return None

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: Object | None = None,
        content_type: str = "application/json",
        accept: str = "application/json, */*",
    ) -> str:
        with self._answer(
            method, path, query or {}, body=body, headers={"Accept": accept, "Content-Type": content_type}
        ) as answer:
            text: str = answer.data.decode(errors="replace")
        return text

    def lines(self, path: str, *, query: dict[str, str], idle_s: float) -> Iterator[str]:
        """What the API goes on saying to a GET, line by line. Raises Unreachable: it broke off, or said nothing for so long."""
        with self._answer("GET", path, query, headers={}, read_s=idle_s, preload_content=False) as answer:
            rest = b""
            for piece in answer.stream(65536, decode_content=True):
                *whole, rest = (rest + piece).split(b"\n")
                yield from (line.decode(errors="replace") for line in whole if line.strip())

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        *,
        headers: dict[str, str],
        body: Object | None = None,
        read_s: float = READ_S,
        preload_content: bool = True,
    ) -> Iterator[Any]:
        """An answer that is no refusal, closed when the block ends."""
        from urllib.parse import urlencode

        import urllib3

        bearer = self._bearer()
        answer: Any = None
        try:
            answer = self._http.request(
                method,
                f"{self.host}{path}{f'?{urlencode(query)}' if query else ''}",
                body=None if body is None else json.dumps(body),
                headers=headers | ({"Authorization": f"Bearer {bearer}"} if bearer else {}),
                timeout=urllib3.Timeout(connect=CONNECT_S, read=read_s),
                retries=urllib3.Retry(2, read=0, backoff_factor=0.2) if method == "GET" else False,
                preload_content=preload_content,
            )
            if answer.status >= 400:
                said = refusals.said_in(answer.data.decode(errors="replace"))
                raise refusals.refused(answer.status, said, where=self.where, renew=_RENEW, token=bearer or "", path=path)
            yield answer
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise refusals.unreached(error, where=self.where, certificate=_OTHER_CA) from error
        finally:
            if answer is not None and not preload_content:
                answer.close()
