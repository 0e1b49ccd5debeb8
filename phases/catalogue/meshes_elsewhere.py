"""Meshes for real clusters: pinned charts, and the objects by which a chain of services gets into each and refuses all others.

Each is set to what it calls strict: a call without an identity of the mesh is refused. Cilium's mutual authentication proves who
the nodes' identities are and encrypts nothing by itself, so WireGuard is on beside it.
"""

from __future__ import annotations

from steps.model.mesh import Chart, Mesh

ISTIO_VERSION = "1.31.4"
STRICT = {
    "apiVersion": "security.istio.io/v1",
    "kind": "PeerAuthentication",
    "metadata": {"name": "strict", "namespace": "@{namespace}"},
    "spec": {"mtls": {"mode": "STRICT"}},
}

ISTIO = Mesh(
    name="istio",
    title="Istio, sidecars",
    charts=(
        Chart(name="istio/base", version=ISTIO_VERSION),
        Chart(name="istio/cni", version=ISTIO_VERSION),  # else each pod needs NET_ADMIN, which Pod Security "restricted" denies
        Chart(name="istio/istiod", version=ISTIO_VERSION, values={"pilot.cni.enabled": "true"}),
    ),
    namespace_labels={"istio-injection": "enabled"},
    policies=(STRICT,),
)

ISTIO_AMBIENT = Mesh(
    name="istio-ambient",
    title="Istio, ambient",
    charts=(
        Chart(name="istio/base", version=ISTIO_VERSION),
        Chart(name="istio/istiod", version=ISTIO_VERSION, values={"profile": "ambient"}),
        Chart(name="istio/cni", version=ISTIO_VERSION, values={"profile": "ambient"}),
        Chart(name="istio/ztunnel", version=ISTIO_VERSION),
    ),
    namespace_labels={"istio.io/dataplane-mode": "ambient"},
    policies=(STRICT,),
)

LINKERD_VERSION = "2025.4.4"  # of the charts: edge-25.4.4, which is Linkerd 2.18; only edge releases are published since 2.15
LINKERD = Mesh(
    name="linkerd",
    title="Linkerd",
    charts=(
        Chart(name="linkerd-edge/linkerd-crds", version=LINKERD_VERSION),
        Chart(name="linkerd-edge/linkerd2-cni", version=LINKERD_VERSION),
        Chart(name="linkerd-edge/linkerd-control-plane", version=LINKERD_VERSION, values={"cniEnabled": "true"}),
    ),
    namespace_annotations={"linkerd.io/inject": "enabled"},
    policies=(
        {
            "apiVersion": "policy.linkerd.io/v1beta3",
            "kind": "Server",
            "metadata": {"name": "chain", "namespace": "@{namespace}"},
            "spec": {
                "podSelector": {"matchLabels": {"app.kubernetes.io/part-of": "benchlab"}},
                "port": "http",
                "proxyProtocol": "HTTP/1",
            },
        },
        {
            "apiVersion": "policy.linkerd.io/v1alpha1",
            "kind": "MeshTLSAuthentication",
            "metadata": {"name": "chain", "namespace": "@{namespace}"},
            "spec": {"identities": ["*.@{namespace}.serviceaccount.identity.linkerd.cluster.local"]},
        },
        {
            "apiVersion": "policy.linkerd.io/v1alpha1",
            "kind": "AuthorizationPolicy",
            "metadata": {"name": "chain", "namespace": "@{namespace}"},
            "spec": {
                "targetRef": {"group": "policy.linkerd.io", "kind": "Server", "name": "chain"},
                "requiredAuthenticationRefs": [{"group": "policy.linkerd.io", "kind": "MeshTLSAuthentication", "name": "chain"}],
            },
        },
    ),
)

CILIUM = Mesh(
    name="cilium",
    title="Cilium",
    charts=(
        Chart(
            name="cilium/cilium",
            version="1.18.0",
            values={
                "authentication.enabled": "true",
                "authentication.mutual.spire.enabled": "true",
                "authentication.mutual.spire.install.enabled": "true",
                "encryption.enabled": "true",
                "encryption.type": "wireguard",
            },
        ),
    ),
    policies=(
        {
            "apiVersion": "cilium.io/v2",
            "kind": "CiliumNetworkPolicy",
            "metadata": {"name": "chain", "namespace": "@{namespace}"},
            "spec": {
                "endpointSelector": {"matchLabels": {"app.kubernetes.io/part-of": "benchlab"}},
                "ingress": [
                    {
                        "fromEndpoints": [{"matchLabels": {"app.kubernetes.io/part-of": "benchlab"}}],
                        "authentication": {"mode": "required"},
                    }
                ],
            },
        },
    ),
)

MESHES = (ISTIO, ISTIO_AMBIENT, LINKERD, CILIUM)
ELSEWHERE = tuple(each.absent for each in MESHES)
