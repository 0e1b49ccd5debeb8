"""Argo through Argo Server: where one has its address and a token, and no way to the cluster's own API.

Settings are those of the `argo` CLI: ARGO_SERVER (host:port), ARGO_TOKEN (`Bearer …`), ARGO_SECURE (TLS unless `false`),
ARGO_INSECURE_SKIP_VERIFY, ARGO_NAMESPACE, ARGO_BASE_HREF; the CA by --certificate-authority. It also opens what the controller
put into a database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from pipelines.cluster.api import IDLE_S, OF_THE_LAB, Brief, Document, Shutdown
from pipelines.cluster.compressed import opened
from steps import refusals
from steps.errors import ClusterError, UsageError
from steps.kube import CONNECT_S, KINDS, READ_S, Kube
from steps.refusals import Absent, Unreachable

if TYPE_CHECKING:
    import urllib3

_RENEW = "set ARGO_TOKEN to a new one, as `argo auth token` prints it (Bearer …)"
_OTHER_CA = "name the CA that signed it with --certificate-authority, or set ARGO_INSECURE_SKIP_VERIFY=true"
_PLAIN = "set ARGO_SECURE=false"
_BRIEF = "metadata,items.metadata.name,items.metadata.labels,items.metadata.creationTimestamp,items.status.phase"


@dataclass(frozen=True)
class Address:
    """Where the server is, and who asks."""

    url: str
    token: str
    namespace: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], namespace: str | None) -> Address:
        """From the variables of the `argo` CLI. Raises UsageError."""
        host = environment["ARGO_SERVER"].removesuffix("/")
        secure = environment.get("ARGO_SECURE") != "false"
        if "://" in host:
            message = f"ARGO_SERVER is {host}: write it as HOST:PORT; ARGO_SECURE says whether it is https"
            raise UsageError(message)
        base = environment.get("ARGO_BASE_HREF", "").strip("/")
        token = environment.get("ARGO_TOKEN", "")
        return cls(
            url=f"{'https' if secure else 'http'}://{host}{f'/{base}' if base else ''}",
            token=token if not token or " " in token else f"Bearer {token}",
            namespace=namespace or environment.get("ARGO_NAMESPACE") or _own_namespace(environment),
        )


def _own_namespace(environment: Mapping[str, str]) -> str:
    """That of the kubeconfig's context, as the `argo` CLI takes it; the usual one where there is none."""
    from pipelines.cluster import access

    try:
        return access.connect(environment).namespace
    except UsageError:
        return access.DEFAULT_NAMESPACE


class Server:
    """One namespace of an Argo Server."""

    kube: Kube | None = None

    def __init__(self, http: urllib3.PoolManager, address: Address) -> None:
        self._http = http
        self._address = address
        self.namespace = address.namespace

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], *, namespace: str | None = None, certificate_authority: Path | None = None
    ) -> Server:
        """The server that the environment names. Nothing is sent yet. Raises UsageError."""
        import urllib3

        if certificate_authority is not None and not certificate_authority.is_file():
            message = f"--certificate-authority {certificate_authority}: there is no such file"
            raise UsageError(message)
        skip = environment.get("ARGO_INSECURE_SKIP_VERIFY") == "true"
        if skip:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the user has just said so
        trusted = str(certificate_authority) if certificate_authority else None
        http = urllib3.PoolManager(ca_certs=trusted, cert_reqs="CERT_NONE" if skip else "CERT_REQUIRED", retries=False)
        return cls(http, Address.from_environment(environment, namespace))

    @property
    def where(self) -> str:
        return f"the Argo Server at {self._address.url}"

    def version(self) -> str:
        return str(self._call("GET", "/api/v1/version").get("version", ""))

    def workflow(self, name: str) -> Document:
        return _whole(self._call("GET", f"{self._of('workflows')}/{quote(name)}"))

    def briefs(self) -> list[Brief]:
        query = {"listOptions.labelSelector": OF_THE_LAB, "fields": _BRIEF}
        found = self._call("GET", self._of("workflows"), query=query).get("items") or ()
        return sorted((Brief.of(each) for each in found), key=lambda each: each.created_at, reverse=True)

    def changes(self, document: Document) -> Iterator[Document]:
        metadata = document["metadata"]
        query = {
            "listOptions.fieldSelector": f"metadata.name={metadata['name']}",
            "listOptions.resourceVersion": metadata["resourceVersion"],
        }
        for event in self._stream(self._of("workflow-events"), query=query, idle_s=IDLE_S):
            if event["type"] == "DELETED":
                message = f"run {metadata['name']} was deleted"
                raise Absent(message)
            yield _whole(event["object"])

    def offer(self, template: Document, *, dry_run: bool) -> None:
        folder, name = self._of("workflow-templates"), template["metadata"]["name"]
        if dry_run:
            self._call("POST", f"{folder}/lint", body={"template": template})
            return
        try:
            before = self._call("GET", f"{folder}/{quote(name)}")["metadata"]
        except Absent:
            self._call("POST", folder, body={"template": template})
            return
        kept = {key: before[key] for key in ("resourceVersion", "uid") if key in before}
        newer = {**template, "metadata": {**template["metadata"], **kept, "namespace": self.namespace}}
        self._call("PUT", f"{folder}/{quote(name)}", body={"template": newer})

    def create(self, workflow: Document, *, dry_run: bool) -> Document:
        body: Document = {"workflow": workflow} | ({"serverDryRun": True} if dry_run else {})
        try:
            return _whole(self._call("POST", self._of("workflows"), body=body))
        except Absent:
            if not dry_run:
                raise
            return workflow  # its template was checked just before, and a dry run does not keep it

    def shut_down(self, name: str, how: Shutdown) -> None:
        self._call("PUT", f"{self._of('workflows')}/{quote(name)}/{how.lower()}", body={})

    def delete(self, name: str) -> None:
        self._call("DELETE", f"{self._of('workflows')}/{quote(name)}")

    def log(self, workflow: str, pod: str, *, since: datetime | None = None, last: int | None = None) -> list[str]:
        query = {"podName": pod, "logOptions.container": "main", "logOptions.timestamps": "true"}
        query |= {"logOptions.sinceTime.seconds": str(int(since.astimezone(UTC).timestamp()))} if since else {}
        query |= {"logOptions.tailLines": str(last)} if last else {}
        entries = self._stream(f"{self._of('workflows')}/{quote(workflow)}/log", query=query, idle_s=READ_S)
        return [each.get("content", "") for each in entries]

    def artifact(self, workflow: str, node: str, name: str) -> bytes:
        """An output artifact of a step, as it is. Raises Absent."""
        path = f"/artifact-files/{quote(self.namespace)}/workflows/{quote(workflow)}/{quote(node)}/outputs/{quote(name)}"
        with self._answer("GET", path, {}) as answer:
            return bytes(answer.data)

    def _of(self, what: str) -> str:
        return f"/api/v1/{what}/{quote(self.namespace)}"

    def _call(self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Document | None = None) -> Document:
        with self._answer(method, path, query or {}, body=body) as answer:
            text = answer.data.decode()
        try:
            found: Document = json.loads(text)
        except ValueError as error:
            message = f"{self.where} answers, but not as an Argo Server does: is the address right, and ARGO_BASE_HREF?"
            raise ClusterError(message) from error
        return found

    def _stream(self, path: str, *, query: Mapping[str, str], idle_s: float) -> Iterator[Document]:
        """The results that the server goes on sending, one JSON object a line."""
        with self._answer("GET", path, query, read_s=idle_s, preload_content=False) as answer:
            rest = b""
            for piece in answer.stream(65536, decode_content=True):
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    if line.strip():
                        yield self._result(json.loads(line))

    def _result(self, said: Document) -> Document:
        if "error" not in said:
            return dict(said["result"])
        error = said["error"]
        # The server ends a watch with 429 when the cluster's API closed its own.
        status = int(error.get("http_code") or error.get("code") or 500)
        message = str(error.get("message", "no reason given"))
        if status in {8, 410}:
            raise Unreachable(message)
        raise refusals.refused(_http(status), message, where=self.where, renew=_RENEW, token=self._address.token, path="argoproj")

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        *,
        body: Document | None = None,
        read_s: float = READ_S,
        preload_content: bool = True,
    ) -> Iterator[Any]:
        """An answer that is no refusal, closed when the block ends."""
        import urllib3

        answer: Any = None
        token = self._address.token
        try:
            answer = self._http.request(
                method,
                f"{self._address.url}{path}{f'?{urlencode(query)}' if query else ''}",
                body=None if body is None else json.dumps(body),
                headers={"Content-Type": "application/json"} | ({"Authorization": token} if token else {}),
                timeout=urllib3.Timeout(connect=CONNECT_S, read=read_s),
                retries=urllib3.Retry(2, read=0, backoff_factor=0.2) if method == "GET" else False,
                preload_content=preload_content,
            )
            if answer.status >= 400:
                raise self._refused(answer.status, answer.data.decode(errors="replace"), path)
            yield answer
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise refusals.unreached(error, where=self.where, certificate=_OTHER_CA, plain=_PLAIN) from error
        finally:
            if answer is not None and not preload_content:
                answer.close()

    def _refused(self, status: int, body: str, path: str) -> Exception:
        said = refusals.said_in(body)
        if status == 400 and "HTTPS server" in said:
            return ClusterError(f"{self.where} speaks TLS: unset ARGO_SECURE")
        if status == 404 and not said.endswith("not found"):
            return Absent(f"{self.where} has nothing at {path}: is the address right, and ARGO_BASE_HREF?")
        return refusals.refused(status, said, where=self.where, renew=_RENEW, token=self._address.token)


def _whole(document: Document) -> Document:
    """A Workflow with what the server leaves out of it."""
    return opened({"apiVersion": KINDS["Workflow"].version, "kind": "Workflow"} | document)


def _http(code: int) -> int:
    """The HTTP status of a gRPC code; streams carry either."""
    return {3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 14: 503, 16: 401}.get(code, code if code >= 100 else 500)
