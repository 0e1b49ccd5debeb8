"""A chain of services for a named mesh: rendered, and held against what Kubernetes and each mesh publish of their objects."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from phases.catalogue.meshes import SERVICES
from phases.catalogue.meshes_elsewhere import CILIUM, ISTIO, ISTIO_AMBIENT, LINKERD, MESHES
from phases.phase_10_mesh import EXPERIMENTS
from steps.places.base import Job
from steps.places.meshed import objects
from steps.places.pods import Setting

(MESH,) = EXPERIMENTS
SETTING = Setting(namespace="mesh-istio", image="benchlab/steps:1")
JOB = Job(run="run-1", cell="none-three-100rps-r1", experiment=MESH.model_copy(update={"phase": "phase-10"}))


class Strict(BaseModel):
    """Unknown fields are refused, as the API does it with strict validation."""

    model_config = ConfigDict(extra="forbid")


class Labels(Strict):
    matchLabels: dict[str, str]  # noqa: N815


class Meta(Strict):
    name: str
    namespace: str


# istio/istio, manifests/charts/base/files/crd-all.gen.yaml: peerauthentications.security.istio.io, v1
class PeerMtls(Strict):
    mode: Literal["UNSET", "DISABLE", "PERMISSIVE", "STRICT"]


class PeerAuthenticationSpec(Strict):
    mtls: PeerMtls
    selector: Labels | None = None


class PeerAuthentication(Strict):
    apiVersion: Literal["security.istio.io/v1"]  # noqa: N815
    kind: Literal["PeerAuthentication"]
    metadata: Meta
    spec: PeerAuthenticationSpec


# linkerd/linkerd2, charts/linkerd-crds/templates/policy: server (v1beta3), meshtls-authentication, authorization-policy
LINKERD_IDENTITY = r"^(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
GROUP = r"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"


class ServerSpec(Strict):
    podSelector: Labels  # noqa: N815
    port: int | str
    proxyProtocol: str = "unknown"  # noqa: N815
    accessPolicy: str = "deny"  # noqa: N815


class Server(Strict):
    apiVersion: Literal["policy.linkerd.io/v1beta3"]  # noqa: N815
    kind: Literal["Server"]
    metadata: Meta
    spec: ServerSpec


class Identities(Strict):
    identities: list[Annotated[str, StringConstraints(pattern=LINKERD_IDENTITY)]] = Field(min_length=1)


class MeshTLSAuthentication(Strict):
    apiVersion: Literal["policy.linkerd.io/v1alpha1"]  # noqa: N815
    kind: Literal["MeshTLSAuthentication"]
    metadata: Meta
    spec: Identities


class Ref(Strict):
    group: Annotated[str, StringConstraints(pattern=GROUP, max_length=253)] = ""
    kind: str
    name: str


class AuthorizationPolicySpec(Strict):
    targetRef: Ref  # noqa: N815
    requiredAuthenticationRefs: list[Ref]  # noqa: N815


class AuthorizationPolicy(Strict):
    apiVersion: Literal["policy.linkerd.io/v1alpha1"]  # noqa: N815
    kind: Literal["AuthorizationPolicy"]
    metadata: Meta
    spec: AuthorizationPolicySpec


# cilium/cilium, pkg/k8s/apis/cilium.io/client/crds/v2/ciliumnetworkpolicies.yaml
class Authentication(Strict):
    mode: Literal["disabled", "required", "test-always-fail"]


class Ingress(Strict):
    fromEndpoints: list[Labels]  # noqa: N815
    authentication: Authentication


class CiliumSpec(Strict):
    endpointSelector: Labels  # noqa: N815
    ingress: list[Ingress]


class CiliumNetworkPolicy(Strict):
    apiVersion: Literal["cilium.io/v2"]  # noqa: N815
    kind: Literal["CiliumNetworkPolicy"]
    metadata: Meta
    spec: CiliumSpec


POLICIES: dict[str, type[Strict]] = {
    each.__name__: each for each in (PeerAuthentication, Server, MeshTLSAuthentication, AuthorizationPolicy, CiliumNetworkPolicy)
}
CORE = {"Namespace": "V1Namespace", "ServiceAccount": "V1ServiceAccount", "Service": "V1Service", "Deployment": "V1Deployment"}


def rendered(mesh):
    return objects(mesh, SERVICES[:3], job=JOB, setting=SETTING)


def of_kind(found, kind):
    return [each for each in found if each["kind"] == kind]


@pytest.mark.parametrize("mesh", MESHES, ids=lambda mesh: mesh.name)
def test_every_object_is_what_is_published_of_its_kind(mesh):
    """A field that nobody knows would be dropped or refused by a cluster; nothing of ours is left unfilled."""
    client = pytest.importorskip("kubernetes.client")
    api = client.ApiClient()

    for each in rendered(mesh):
        if each["kind"] in CORE:
            assert through(api, each, CORE[each["kind"]]) == emptied(each)
        else:
            POLICIES[each["kind"]].model_validate(each)
    assert "@{" not in json.dumps(rendered(mesh))


def through(api: Any, content: dict, kind: str) -> dict:
    """The object as Kubernetes's own OpenAPI types have it: what they do not know is gone afterwards."""
    answer = type("Answer", (), {"data": json.dumps(content)})()
    return emptied(api.sanitize_for_serialization(api.deserialize(answer, kind)))


def emptied(content):
    """Without what says nothing: the client leaves out empty values."""
    if isinstance(content, dict):
        return {key: emptied(value) for key, value in content.items() if value not in (None, {}, [])}
    return [emptied(each) for each in content] if isinstance(content, list) else content


def test_an_unknown_field_is_found():
    """The check can fail."""
    client = pytest.importorskip("kubernetes.client")
    (namespace,) = of_kind(rendered(ISTIO), "Namespace")
    wrong = namespace | {"spec": {"meshed": True}}

    assert through(client.ApiClient(), wrong, "V1Namespace") != emptied(wrong)


@pytest.mark.parametrize("mesh", MESHES, ids=lambda mesh: mesh.name)
def test_every_service_has_an_account_and_is_called_by_name(mesh):
    """In a mesh an identity is an account's, and a route is found by a name."""
    found = rendered(mesh)
    accounts = [each["metadata"]["name"] for each in of_kind(found, "ServiceAccount")]
    pods = [each["spec"]["template"]["spec"] for each in of_kind(found, "Deployment")]
    nexts = [[env["value"] for env in pod["containers"][1]["env"] if env["name"] == "NEXT"] for pod in pods]

    assert [pod["serviceAccountName"] for pod in pods] == accounts
    assert len(set(accounts)) == 3
    assert nexts == [[], [f"{accounts[0]}.mesh-istio.svc:8080"], [f"{accounts[1]}.mesh-istio.svc:8080"]]
    assert {each["metadata"]["namespace"] for each in found if each["kind"] != "Namespace"} == {"mesh-istio"}


def test_a_namespace_says_which_mesh_it_is_in():
    """By a label or an annotation; Cilium takes every pod of its nodes."""
    meta = {mesh.name: rendered(mesh)[0]["metadata"] for mesh in MESHES}

    assert meta[ISTIO.name]["labels"]["istio-injection"] == "enabled"
    assert meta[ISTIO_AMBIENT.name]["labels"]["istio.io/dataplane-mode"] == "ambient"
    assert meta[LINKERD.name]["annotations"] == {"linkerd.io/inject": "enabled"}
    assert meta[CILIUM.name]["annotations"] == {}


def test_every_mesh_refuses_a_call_without_an_identity():
    """Each in its own words."""
    found = {mesh.name: {each["kind"]: each["spec"] for each in rendered(mesh) if each["kind"] in POLICIES} for mesh in MESHES}

    assert found["istio"] == found["istio-ambient"] == {"PeerAuthentication": {"mtls": {"mode": "STRICT"}}}
    assert found["cilium"]["CiliumNetworkPolicy"]["ingress"][0]["authentication"] == {"mode": "required"}
    assert found["linkerd"]["Server"]["port"] == "http"
    assert found["linkerd"]["AuthorizationPolicy"]["targetRef"]["name"] == "chain"
    assert found["linkerd"]["MeshTLSAuthentication"]["identities"] == [
        "*.mesh-istio.serviceaccount.identity.linkerd.cluster.local"
    ]
