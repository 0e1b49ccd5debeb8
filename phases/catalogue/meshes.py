"""A mesh, as far as one machine can have it: the same chain of services without sidecars, and with a sidecar for each.

    none          load ─► service 3 ─► service 2 ─► service 1
    plain         load ─► caller's sidecar ─► sidecar 3 ─► service 3 ─► sidecar 3 ─► sidecar 2 ─► service 2 ─► …
    mtls          the same, and every ─► from sidecar to sidecar is mTLS
    mtls-rotated  the same, and each certificate is exchanged for another every two seconds

One Envoy per service for what comes in and what goes out, as in a mesh, and one for the caller: n services have n + 1. A load
goes through as many services as it has hops, counted from the end of the chain; the others are not there. The services are the
same programs with the same settings in every arm; a sidecar tells its service in a header where it takes calls to others.
In a cluster a sidecar has a pod of its own, unlike a mesh's, so there a service and its sidecar talk over the pods' network.

What one machine lacks is the mesh's control plane and its rules for the network, so these arms are what a data path costs, and no
mesh's name is on them. Meshes by name are in `meshes_elsewhere`.
"""

from __future__ import annotations

from phases.catalogue.gateways import ENVOY, KEPT
from phases.catalogue.go_programs import from_source
from phases.catalogue.upstreams import PRODUCT_JSON
from steps.model import Component, Image, Parity, Port, Process, Ready, Resources

LONGEST = 10  # services in a chain
THROUGH_THE_CHAIN = Ready(path="/json")
INBOUND, OUTBOUND, ADMIN, MTLS = (
    Port(name="inbound", number=8081),
    Port(name="outbound", number=8082),
    Port(name="admin", number=9901),
    Port(name="mtls", number=8443),
)

SERVICE = Component(
    name="service",
    title="Service (Go)",
    version="1",
    ports=(Port(name="http", number=8080),),
    process=Process(
        program=from_source("hop"),
        argv=("@{program}",),
        env={"HOST": "@{host}", "PORT": "@{port}", "BODY": "@{body}", "GOMAXPROCS": "@{workers}"},
    ),
    image=Image(reference="benchlab.local/program-hop:content", program="/app/hop"),
    ready=THROUGH_THE_CHAIN,
    settings={"body": PRODUCT_JSON},
)

# service-1 answers by itself, each other asks the one before it in this order.
SERVICES = (
    SERVICE.under("service-1", hop=1),
    *(
        SERVICE.under(f"service-{n}", hop=n, upstream=f"service-{n - 1}", env={"NEXT": "@{upstream.host}:@{upstream.port}"})
        for n in range(2, LONGEST + 1)
    ),
)

# What Istio's chart asks for a sidecar, unless told otherwise: global.proxy.resources.requests.
ASKED = Resources(cpu_request_cores=0.1, memory_mib=128)
FOR_A_DAY = {"connections_last": "86400s"}

SIDECAR = ENVOY.under(
    "sidecar",
    title="Sidecar (Envoy)",
    ports=(INBOUND, OUTBOUND, ADMIN),
    config="sidecar.envoy.yaml",
    ready=Ready(path="/ready", port="admin"),
    resources=ASKED,
    settings=FOR_A_DAY,
    parity=None,
)

# Envoy reads the certificate behind the link `live`, and again when the link is moved, as it would be in a mounted Secret.
WATCHED = (
    '{"resources": [{"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret", "name": "identity", '
    '"tls_certificate": {"certificate_chain": {"filename": "@{folder}/live/cert.pem"}, '
    '"private_key": {"filename": "@{folder}/live/key.pem"}, "watched_directory": {"path": "@{folder}"}}}]}'
)
LINKED = ("sh", "-c", 'ln -sfn "$1" live && printf %s "$2" > identity.json', "sh", "@{identity}", WATCHED)

MTLS_SIDECAR = SIDECAR.under(
    "sidecar",
    ports=(MTLS, OUTBOUND, ADMIN),
    config="sidecar-mtls.envoy.yaml",
    prepare=(LINKED,),
)

PLAIN_SIDECARS = tuple(SIDECAR.under(f"sidecar-{n}", hop=n, upstream=f"service-{n}") for n in range(1, LONGEST + 1))
MTLS_SIDECARS = tuple(
    MTLS_SIDECAR.under(
        f"sidecar-{n}",
        hop=n,
        upstream=f"service-{n}",
        identity=f"sidecar-{n}",
        settings=FOR_A_DAY | {"lets_in": f"sidecar-{n + 1}"},
    )
    for n in range(1, LONGEST + 1)
)
EXCHANGED_S = 2.0
RENEWED = {"connections_last": f"{EXCHANGED_S:g}s"}  # else a new certificate would wait for a connection that it is for
ROTATED_SIDECARS = tuple(each.under(each.name, rotates_s=EXCHANGED_S, settings=each.settings | RENEWED) for each in MTLS_SIDECARS)

NO_TLS = "none, HTTP/1.1 everywhere"
WITH_MTLS = "mTLS (TLS 1.3) between sidecars, which know each other by certificate; plain HTTP/1.1 to the service"

NONE = Component(
    name="none",
    title="No mesh",
    version="-",
    direct=True,
    parity=Parity(
        workers="services with GOMAXPROCS=1",
        upstream_keep_alive=KEPT,
        tls=NO_TLS,
        access_log="off",
        buffering="-",
        more={"certificates": "none"},
    ),
)

# The caller's sidecar has all that the others have, though nobody calls the caller: its calls would go to this service.
CALLER = "service-1"
ALIKE = {
    "workers": "1 each (--concurrency), beside the main thread; services with GOMAXPROCS=1",
    "upstream_keep_alive": "kept, idle for 60 s",
    "access_log": "off",
    "buffering": "streams, up to 1 MiB (the default)",
}

# A mesh has both in one pod, whose processes speak over loopback.
BESIDE = {"service to its sidecar": "over loopback; in a cluster from pod to pod"}

PLAIN = SIDECAR.under(
    "plain",
    title="Plain",
    ports=(OUTBOUND, INBOUND, ADMIN),
    brings=PLAIN_SIDECARS,
    ready=THROUGH_THE_CHAIN,
    upstream=CALLER,
    parity=Parity(tls=NO_TLS, more={"certificates": "none"} | BESIDE, **ALIKE),
)

MTLS_MESH = MTLS_SIDECAR.under(
    "mtls",
    title="mTLS",
    ports=(OUTBOUND, MTLS, ADMIN),
    brings=MTLS_SIDECARS,
    identity="caller",
    settings=FOR_A_DAY | {"lets_in": "nobody"},
    ready=THROUGH_THE_CHAIN,
    upstream=CALLER,
    parity=Parity(tls=WITH_MTLS, more={"certificates": "the same all through"} | BESIDE, **ALIKE),
)

ROTATED = MTLS_MESH.under(
    "mtls-rotated",
    title="Rotated",
    brings=ROTATED_SIDECARS,
    rotates_s=EXCHANGED_S,
    settings=MTLS_MESH.settings | RENEWED,
    parity=Parity(tls=WITH_MTLS, more={"certificates": "exchanged every 2 s, connections last 2 s"} | BESIDE, **ALIKE),
)

LAYERS = (NONE, PLAIN, MTLS_MESH)
