"""Contenders that differ from another in a single resource, to see what it is worth; and a path of two programs."""

from __future__ import annotations

from phases.catalogue.databases import POSTGRES
from phases.catalogue.gateways import KEPT, NGINX, NO_LOG, NO_TLS
from phases.catalogue.runtimes import NODE
from steps.model import Parity, Ready, Resources

WORKERS = "a process for each connection"
SAFE = "waits for fdatasync of the write-ahead log (fsync, synchronous_commit, full_page_writes on)"

POSTGRES_MEMORY = POSTGRES.under(
    "postgres-memory",
    title="PG in memory",
    files="memory",
    resources=Resources(memory_mib=1024),  # in a pod, files in memory count as its own
    parity=Parity(
        workers=WORKERS,
        more={"a commit": f"{SAFE}, which is in memory: no device is waited for, and nothing survives", "buffers": "128 MB"},
    ),
)

POSTGRES_SMALL = POSTGRES.under(
    "postgres-small",
    title="PG, 2 MB of buffers",
    argv=("-c", "shared_buffers=2MB"),
    parity=Parity(workers=WORKERS, more={"a commit": SAFE, "buffers": "2 MB, and the kernel's page cache"}),
)

ROW = Ready(path="/database")  # ready is who brings a row of the database

RUNTIME = NODE.under("runtime", title="Node", ready=ROW, optional=False)

GATEWAY = NGINX.under(
    "gateway",
    title="nginx before it",
    upstream="runtime",
    ready=ROW,
    brings=(RUNTIME,),
    parity=Parity(workers="1 each", upstream_keep_alive=KEPT, tls=NO_TLS, access_log=NO_LOG),
)
