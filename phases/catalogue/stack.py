"""A whole stack, layer by layer: each arm is one more program, or pair of programs, in the path of the same transaction.

    app          load ─► application ─► database
    gateway      load ─► nginx ─► application ─► database
    mesh         load ─► nginx ─► sidecar ═mTLS═ sidecar ─► application ─► database
    observed     the same, with access logs, all traces to a collector, and metrics scraped each second
    messaging    the same; the application also publishes each transaction to NATS, and waits until it is acknowledged
    observed-tuned   the observed one, with one trace in a hundred, no access log, and metrics every five seconds
    observed-small-pool   the tuned one, with a pool of two connections to the database instead of eight

The application is one program in all of them, in Go with a pool of connections to PostgreSQL, like the Go runtime's; gateway and
sidecars are those of the gateway comparison. Both sidecars show a certificate that was made for the cell, and each lets in nobody
but the other. Spans are collected and given to nobody: a store for them would be another program's cost.

Messages come last, so that each layer below adds to what it added to before there were any. They are stored as `written`: a file,
which outlives the broker's process as the row outlives the database's; `fsynced` would be the price of the disk, one per message.
"""

from __future__ import annotations

from phases.catalogue.brokers import NATS
from phases.catalogue.gateways import ENVOY, KEPT, NGINX
from phases.catalogue.go_programs import from_module, from_source
from phases.catalogue.runtimes import ENV, LISTENER
from steps.model import Component, Image, Parity, Port, Process, Ready, Resources
from steps.model.messaging import TOPIC
from steps.model.outbox import Outbox

TRANSACTION = Ready(path="/database")  # ready is who brings a row of the database
ADMIN = Port(name="admin", number=9901)
# In pods a stack is nine of them, and what they ask for has to leave room for the load on two cores. Nothing limits CPU.
LIGHT = Resources(cpu_request_cores=0.1)
TLS = "none, HTTP/1.1 on both sides"
MTLS = "mTLS (TLS 1.3) between the sidecars, which know each other by certificate; plain HTTP/1.1 elsewhere"

SILENT = {"messages": "none"}
UNSEEN = {"traces": "none", "metrics": "not scraped", **SILENT}

APP = Component(
    name="app",
    title="App",
    version="1",
    ports=(LISTENER,),
    process=Process(
        program=from_source("transaction"),
        argv=("@{program}",),
        env={name: ENV[name] for name in ("HOST", "PORT", "DATABASE_URL", "DATABASE_POOL")} | {"GOMAXPROCS": "@{workers}"},
    ),
    image=Image(reference="benchlab.local/program-transaction:content", program="/app/transaction"),
    ready=TRANSACTION,
    parity=Parity(workers="1 each", upstream_keep_alive="8 connections to the database", tls=TLS, access_log="off", more=UNSEEN),
)

GATEWAY = NGINX.under(
    "gateway",
    title="Gateway",
    resources=LIGHT,
    upstream="app",
    ready=TRANSACTION,
    brings=(APP,),
    parity=Parity(workers="1 each", upstream_keep_alive=KEPT, tls=TLS, access_log="off", more=UNSEEN),
)

# Envoy's words in one line each: what a sidecar's template takes in their place is YAML, and may be nothing.
LOGGED = (
    "[{name: envoy.access_loggers.file, typed_config: "
    '{"@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog, path: access.log}}]'
)
TRACED = (
    "{random_sampling: {value: %g}, provider: {name: envoy.tracers.opentelemetry, typed_config: "
    '{"@type": type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig, service_name: %s, '
    "grpc_service: {envoy_grpc: {cluster_name: collector}, timeout: 0.25s}}}}"
)
UNOBSERVED = {"access_log": "[]", "tracing": "null"}
TO_COLLECTOR = (
    "{static_resources: {clusters: [{name: collector, type: STRICT_DNS, connect_timeout: 5s, dns_lookup_family: V4_ONLY, "
    "typed_extension_protocol_options: {envoy.extensions.upstreams.http.v3.HttpProtocolOptions: "
    '{"@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions, '
    "explicit_http_config: {http2_protocol_options: {}}}}, load_assignment: {cluster_name: collector, endpoints: "
    '[{lb_endpoints: [{endpoint: {address: {socket_address: {address: "@{otelcol.host}", port_value: @{otelcol.port}}}}}]}]}}]}}'
)

SIDECAR_SERVER = ENVOY.under(
    "sidecar-server",
    title="Sidecar of the application (Envoy)",
    ports=(Port(name="mtls", number=8443), ADMIN),
    resources=LIGHT,
    config="sidecar-server.envoy.yaml",
    ready=Ready(path="/ready", port="admin"),
    settings=UNOBSERVED,
    identity="sidecar-server",
    upstream="app",
    parity=None,
)

SIDECAR_CLIENT = ENVOY.under(
    "sidecar-client",
    title="Sidecar of the gateway (Envoy)",
    ports=(Port(name="http", number=8080), ADMIN),
    resources=LIGHT,
    config="sidecar-client.envoy.yaml",
    ready=TRANSACTION,
    settings=UNOBSERVED,
    identity="sidecar-client",
    upstream="sidecar-server",
    parity=None,
)

MESH = NGINX.under(
    "mesh",
    title="Mesh",
    resources=LIGHT,
    upstream="sidecar-client",
    ready=TRANSACTION,
    brings=(APP, SIDECAR_SERVER, SIDECAR_CLIENT),
    parity=Parity(workers="1 each", upstream_keep_alive=KEPT, tls=MTLS, access_log="off", more=UNSEEN),
)

OTELCOL = Component(
    name="otelcol",
    title="OpenTelemetry Collector",
    version="0.160.0",
    ports=(Port(name="otlp", number=4317), Port(name="metrics", number=8888)),
    process=Process(
        program=from_source("otelcol"),
        argv=("@{program}", "--config", "file:@{config}"),
        env={"GOMAXPROCS": "@{workers}"},
    ),
    image=Image(reference="docker.io/otel/opentelemetry-collector:0.160.0", program="/otelcol"),
    resources=LIGHT,
    config="otelcol.yaml",
    ready=Ready(path="/metrics", port="metrics"),
)

VICTORIA = "github.com/VictoriaMetrics/VictoriaMetrics"
VICTORIA_METRICS = Component(
    name="victoria-metrics",
    title="VictoriaMetrics",
    version="1.150.0",
    ports=(Port(name="http", number=8428),),
    process=Process(
        program=from_module(
            "victoria-metrics", f"{VICTORIA}/app/victoria-metrics", version=f"{VICTORIA}/lib/buildinfo.Version=v1.150.0"
        ),
        argv=(
            "@{program}",
            "-httpListenAddr=@{host}:@{port}",
            "-storageDataPath=@{folder}/data",
            "-promscrape.config=@{config}",
            "-retentionPeriod=1d",
            "-loggerLevel=ERROR",
        ),
        env={"GOMAXPROCS": "@{workers}"},
    ),
    image=Image(reference="docker.io/victoriametrics/victoria-metrics:v1.150.0", program="/victoria-metrics-prod"),
    resources=LIGHT,
    config="scrape.yaml",
    ready=Ready(path="/health"),
    settings={"scrape_interval": "1s"},
)

# Sidecars that tell what they do: to the collector, which is then one of their clusters.
TOLD = ("--config-yaml", TO_COLLECTOR)

OBSERVED = MESH.under(
    "observed",
    title="Observed",
    brings=(
        APP,
        OTELCOL,
        SIDECAR_SERVER.under(
            "sidecar-server", argv=TOLD, settings={"access_log": LOGGED, "tracing": TRACED % (100, "sidecar-server")}
        ),
        SIDECAR_CLIENT.under(
            "sidecar-client", argv=TOLD, settings={"access_log": LOGGED, "tracing": TRACED % (100, "sidecar-client")}
        ),
        VICTORIA_METRICS,
    ),
    optional=True,
    parity=Parity(
        workers="1 each",
        upstream_keep_alive=KEPT,
        tls=MTLS,
        access_log="both sidecars, to a file",
        more={"traces": "all", "metrics": "scraped each second", **SILENT},
    ),
)

# The broker comes before the application, which makes its topic there; it is set up as messaging-benchmark's of that class.
WRITTEN = NATS.classes["written"]
PUBLISHING = {
    "BROKER_URL": "nats://@{nats.host}:@{nats.port}",
    "TOPIC": TOPIC,
    "STORAGE": WRITTEN.client["storage"],
}
BROKER = NATS.keeping("written").model_copy(update={"resources": LIGHT})
MESSAGING = OBSERVED.under(
    "messaging",
    title="Messaging",
    brings=(
        BROKER,
        APP.under("app", env=PUBLISHING),
        *OBSERVED.brings[1:],
    ),
    outbox=Outbox(broker=NATS.name, durability="written"),
    parity=Parity(
        workers="1 each",
        upstream_keep_alive=KEPT,
        tls=MTLS,
        access_log="both sidecars, to a file",
        more={
            "traces": "all",
            "metrics": "scraped each second",
            "messages": f"one each, the row, acknowledged before the answer; NATS, {WRITTEN.how}",
        },
    ),
)

OBSERVED_TUNED = MESH.under(
    "observed-tuned",
    title="Tuned",
    brings=(
        APP,
        OTELCOL,
        SIDECAR_SERVER.under(
            "sidecar-server", argv=TOLD, settings={"access_log": "[]", "tracing": TRACED % (1, "sidecar-server")}
        ),
        SIDECAR_CLIENT.under(
            "sidecar-client", argv=TOLD, settings={"access_log": "[]", "tracing": TRACED % (1, "sidecar-client")}
        ),
        VICTORIA_METRICS.under("victoria-metrics", settings={"scrape_interval": "5s"}),
    ),
    optional=True,
    parity=Parity(
        workers="1 each",
        upstream_keep_alive=KEPT,
        tls=MTLS,
        access_log="off",
        more={"traces": "1 in 100", "metrics": "scraped every 5 s", **SILENT},
    ),
)

# The same again, with a smaller pool: the database has a process for each connection, which is memory that few requests need.
OBSERVED_SMALL_POOL = OBSERVED_TUNED.under(
    "observed-small-pool",
    title="Small pool",
    brings=(APP.under("app", env={"DATABASE_POOL": "2"}), *OBSERVED_TUNED.brings[1:]),
    parity=Parity(
        workers="1 each",
        upstream_keep_alive=f"{KEPT}; 2 to the database",
        tls=MTLS,
        access_log="off",
        more={"traces": "1 in 100", "metrics": "scraped every 5 s", **SILENT},
    ),
)

LAYERS = (APP, GATEWAY, MESH, OBSERVED, MESSAGING)
