"""What watches an application, each signal alone and all together, and the application that is watched.

    unwatched    load ─► shop
    metrics      the same; VictoriaMetrics asks the shop for its counters each second
    logs         the same; the shop hands a line of each request to a collector, which hands it to Loki
    traces       the same; the shop hands two spans of each request to a collector, which hands them to Jaeger
    all-three    all of it, with one collector for both

The shop is one program with Prometheus's and OpenTelemetry's own libraries for Go; a signal that is off is not in the path of a
request. Lines go as OTLP through the collector and not as a file that an agent reads: so it is the same here and in pods, which
share no disk. Each store says afterwards what it keeps, and that has to be what was sent.
"""

from __future__ import annotations

from phases.catalogue.go_programs import from_module, from_source
from phases.catalogue.stack import OTELCOL, VICTORIA_METRICS
from phases.catalogue.upstreams import PRODUCT_JSON
from steps.model import Component, Image, Parity, Port, Process, Ready, Resources
from steps.model.keeping import Keeps

SERVICE = "shop"  # the name under which all three stores know the application
SERIES = 1000  # of products, beside some fifty that every program in Go has
SPANS = 2  # of a request: the answer, and the product in it
WORKERS = "1 each (GOMAXPROCS)"
OFF = {"metrics": "off", "logs": "off", "traces": "off"}
ON = {
    "metrics": f"client_golang, {SERIES:,} products and Go's own; asked each second",
    "logs": "OpenTelemetry, a JSON line of each request; batches of a second",
    "traces": "otelhttp, all requests, two spans each; batches of a second",
}


def _parity(*signals: str) -> Parity:
    return Parity(workers=WORKERS, more=OFF | {name: ON[name] for name in signals})


SHOP = Component(
    name="shop",
    title="Shop",
    version="1",
    ports=(Port(name="http", number=8080),),
    process=Process(
        program=from_source("shop"),
        argv=("@{program}",),
        env={"HOST": "@{host}", "PORT": "@{port}", "PRODUCT": "@{product}", "GOMAXPROCS": "@{workers}"},
    ),
    image=Image(reference="benchlab.local/program-shop:content", program="/app/shop"),
    ready=Ready(path="/health"),  # which nobody watches
    settings={"product": PRODUCT_JSON},
)

LOKI_MODULE = "github.com/grafana/loki/v3"
LOKI = Component(
    name="loki",
    title="Loki",
    version="3.7.8",
    ports=(Port(name="http", number=3100), Port(name="grpc", number=9095)),
    process=Process(
        program=from_module(
            "loki",
            f"{LOKI_MODULE}/cmd/loki",
            version=f"{LOKI_MODULE}/pkg/util/build.Version=3.7.8",
            told="-version",
            by_hand="half an hour on two cores",
        ),
        argv=("@{program}", "-config.file=@{config}"),
        env={"GOMAXPROCS": "@{workers}"},
    ),
    image=Image(reference="docker.io/grafana/loki:3.7.8", program="/usr/bin/loki"),
    resources=Resources(memory_mib=1024),
    config="loki.yaml",
    ready=Ready(path="/ready", within_s=30),
    keeps=Keeps(what="lines", api="loki", service=SERVICE),
)

JAEGER_MODULE = "github.com/jaegertracing/jaeger"
JAEGER = Component(
    name="jaeger",
    title="Jaeger",
    version="2.13.0",
    ports=(Port(name="http", number=16686), Port(name="grpc", number=16685), Port(name="otlp", number=4317)),
    process=Process(
        program=from_module(
            "jaeger",
            f"{JAEGER_MODULE}/cmd/jaeger",
            version=f"{JAEGER_MODULE}/internal/version.latestVersion=v2.13.0",
            told="version",
            by_hand="half an hour on two cores",
        ),
        argv=("@{program}", "--config", "file:@{config}"),
        env={"GOMAXPROCS": "@{workers}"},
    ),
    image=Image(reference="docker.io/jaegertracing/jaeger:2.13.0", program="/cmd/jaeger/jaeger-linux"),
    resources=Resources(memory_mib=1024),
    config="jaeger.yaml",
    ready=Ready(path="/api/services"),
    keeps=Keeps(what="spans", api="jaeger", service=SERVICE, each=SPANS),
)

SCRAPER = VICTORIA_METRICS.under(
    "victoria-metrics", config="watching-scrape.yaml", keeps=Keeps(what="series", api="prometheus", service=SERVICE)
)

# What a collector does with a signal, beside its template: OTLP in, batches, OTLP out to who keeps them.
LINES_ON = (
    "--config",
    (
        'yaml:{exporters: {otlphttp: {endpoint: "http://@{loki.host}:@{loki.port}/otlp"}}, '
        "service: {pipelines: {logs: {receivers: [otlp], processors: [batch], exporters: [otlphttp]}}}}"
    ),
)
SPANS_ON = (
    "--config",
    (
        'yaml:{exporters: {otlp: {endpoint: "@{jaeger.host}:@{jaeger.port.otlp}", tls: {insecure: true}}}, '
        "service: {pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [otlp]}}}}"
    ),
)
COLLECTOR = OTELCOL.under("otelcol", config="otelcol-watching.yaml")
TO_COLLECTOR = "@{otelcol.host}:@{otelcol.port}"

METRICS_ON = {"METRICS": "on", "SERIES": str(SERIES)}
LOGS_ON = {"LOGS": TO_COLLECTOR}
TRACES_ON = {"TRACES": TO_COLLECTOR, "SAMPLED": "1"}

UNWATCHED = SHOP.under("unwatched", title="Unwatched", parity=_parity())

METRICS = SHOP.under(
    "metrics",
    title="Metrics",
    env=METRICS_ON,
    watched_by=(SCRAPER.under("victoria-metrics", upstream="metrics"),),
    optional=True,
    parity=_parity("metrics"),
)

LOGS = SHOP.under(
    "logs",
    title="Logs",
    env=LOGS_ON,
    brings=(LOKI, COLLECTOR.under("otelcol", argv=LINES_ON)),
    optional=True,
    parity=_parity("logs"),
)

TRACES = SHOP.under(
    "traces",
    title="Traces",
    env=TRACES_ON,
    brings=(JAEGER, COLLECTOR.under("otelcol", argv=SPANS_ON)),
    optional=True,
    parity=_parity("traces"),
)

ALL_THREE = SHOP.under(
    "all-three",
    title="All three",
    env=METRICS_ON | LOGS_ON | TRACES_ON,
    brings=(LOKI, JAEGER, COLLECTOR.under("otelcol", argv=(*LINES_ON, *SPANS_ON))),
    watched_by=(SCRAPER.under("victoria-metrics", upstream="all-three"),),
    optional=True,
    parity=_parity("metrics", "logs", "traces"),
)

WATCHED = (METRICS, LOGS, TRACES, ALL_THREE)
