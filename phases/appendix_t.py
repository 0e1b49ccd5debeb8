"""Appendix T: what does the kernel see? Experiments that name the bottleneck, with its evidence."""

from __future__ import annotations

from phases.catalogue.databases import POSTGRES, POSTGRES_GROUPED
from phases.catalogue.gateways import DIRECT, ENVOY, NGINX
from phases.catalogue.resources import GATEWAY, POSTGRES_MEMORY, POSTGRES_SMALL, RUNTIME
from phases.catalogue.runtimes import ROW_JSON
from phases.catalogue.upstreams import PRODUCT_JSON, UPSTREAM
from steps.model import Experiment, HttpLoad, Hypothesis, Phase, SqlLoad
from steps.model.metric import (
    CALLS,
    CPU,
    DISK_WAIT,
    LATENCY,
    LOCK_WAIT,
    LOGGED,
    ON_CPU,
    PAGES,
    PAGES_ADDED,
    SWITCHES,
    SYNCS,
    TRANSACTION_CPU,
)
from steps.model.trace_program import TraceProgram

WRITES = SqlLoad(mix="write-heavy", durability="fsync", rate_tps=200, duration_s=12)
WAITS = (TraceProgram.OFF_CPU, TraceProgram.OFF_CPU_STACKS, TraceProgram.LOCKS, TraceProgram.BLOCK_IO, TraceProgram.PAGE_CACHE)

PHASE = Phase(
    appendix="t",
    title="What the kernel sees",
    experiments=(
        Experiment(
            name="ebpf-tutorial",
            question="What does the kernel see of a web server that answers, and of a gateway before it?",
            baseline=DIRECT,
            contenders=(NGINX,),
            around=(UPSTREAM,),
            loads=(HttpLoad(path="/json", rate_rps=500, duration_s=12, expect=PRODUCT_JSON),),
            repetitions=6,
            metrics=(*LATENCY, CPU, CALLS, SWITCHES, SYNCS, ON_CPU),
            trace=tuple(TraceProgram),
            hypotheses=(
                Hypothesis(
                    statement="A web server answers a request with fewer than five system calls",
                    metric="calls_per_request",
                    of=DIRECT,
                    below=5.0,
                ),
                Hypothesis(
                    statement="A gateway makes at least two system calls more: it receives and sends twice",
                    metric="calls_per_request",
                    of=NGINX,
                    over=DIRECT,
                    added_above=2.0,
                ),
                Hypothesis(
                    statement="A gateway makes nothing safe on the disk",
                    metric="syncs_per_request",
                    of=NGINX,
                    below=0.001,
                ),
            ),
        ),
        Experiment(
            name="io-bottleneck",
            question="What does PostgreSQL wait for when it writes, with and without waiting for the disk?",
            baseline=POSTGRES,
            contenders=(POSTGRES_GROUPED,),
            loads=(WRITES, SqlLoad(mix="write-heavy", durability="relaxed", rate_tps=200, duration_s=12)),
            repetitions=6,
            metrics=(*LATENCY, TRANSACTION_CPU, LOGGED, DISK_WAIT, ON_CPU, SYNCS),
            trace=WAITS,
            hypotheses=(
                Hypothesis(
                    statement="PostgreSQL waits for the disk for more than a fifth of its active time where commits are safe",
                    metric="disk_percent",
                    of=POSTGRES,
                    above=20.0,
                    load="write-heavy",
                ),
                Hypothesis(
                    statement="PostgreSQL flushes less than once in two transactions where commits need not be safe",
                    metric="syncs_per_request",
                    of=POSTGRES,
                    below=0.5,
                    load="write-heavy-relaxed",
                ),
            ),
        ),
        Experiment(
            name="network-analysis",
            question="What do gateways wait for between a client and its service?",
            baseline=DIRECT,
            contenders=(NGINX, ENVOY),
            around=(UPSTREAM,),
            loads=(HttpLoad(path="/json", rate_rps=500, duration_s=12, expect=PRODUCT_JSON),),
            repetitions=6,
            metrics=(*LATENCY, CPU, ON_CPU, LOCK_WAIT),
            trace=(
                TraceProgram.OFF_CPU,
                TraceProgram.LOCKS,
                TraceProgram.TCP,
                TraceProgram.ON_CPU,
                TraceProgram.OFF_CPU_STACKS,
            ),
            hypotheses=(
                Hypothesis(
                    statement="nginx spends more than half of its active time computing",
                    metric="on_cpu_percent",
                    of=NGINX,
                    above=50.0,
                ),
                Hypothesis(
                    statement="Envoy waits for locks for less than a tenth of its active time",
                    metric="lock_percent",
                    of=ENVOY,
                    below=10.0,
                ),
            ),
        ),
        Experiment(
            name="cache-analysis",
            question="What are buffers of its own worth to PostgreSQL, where the kernel has the same pages?",
            baseline=POSTGRES,
            contenders=(POSTGRES_SMALL,),
            loads=(SqlLoad(mix="read-heavy", rate_tps=500, duration_s=12),),
            repetitions=6,
            metrics=(*LATENCY, TRANSACTION_CPU, PAGES, PAGES_ADDED, DISK_WAIT, ON_CPU),
            trace=WAITS,
            hypotheses=(
                Hypothesis(
                    statement="With 2 MB of buffers PostgreSQL asks the page cache for a page more in two transactions",
                    metric="pages_per_request",
                    of=POSTGRES_SMALL,
                    over=POSTGRES,
                    added_above=0.5,
                ),
                Hypothesis(
                    statement="The page cache has them: less than one page in ten transactions had to be added to it",
                    metric="pages_added_per_request",
                    of=POSTGRES_SMALL,
                    below=0.1,
                ),
                Hypothesis(
                    statement="So a transaction takes less than 0.5 ms more at the median",
                    metric="p50_ms",
                    of=POSTGRES_SMALL,
                    over=POSTGRES,
                    added_below=0.5,
                ),
            ),
        ),
        Experiment(
            name="io-aware-benchmark",
            question="What would a faster disk be worth to PostgreSQL that writes, and what would more CPU?",
            baseline=POSTGRES,
            contenders=(POSTGRES_MEMORY,),
            loads=(WRITES,),
            repetitions=6,
            metrics=(*LATENCY, TRANSACTION_CPU, DISK_WAIT, ON_CPU, SYNCS),
            trace=WAITS,
            hypotheses=(
                Hypothesis(
                    statement="With the disk as fast as memory, a transaction is sooner done at the median",
                    metric="p50_ms",
                    of=POSTGRES_MEMORY,
                    over=POSTGRES,
                    added_below=0.0,
                ),
                Hypothesis(
                    statement="It then waits for the disk for less than a tenth of its active time",
                    metric="disk_percent",
                    of=POSTGRES_MEMORY,
                    below=10.0,
                ),
                Hypothesis(
                    statement="It makes as many fsyncs: at least four in ten transactions",
                    metric="syncs_per_request",
                    of=POSTGRES_MEMORY,
                    above=0.4,
                ),
            ),
        ),
        Experiment(
            name="io-aware-path",
            question="Do a runtime and a gateway before PostgreSQL wait for the disk, too?",
            baseline=RUNTIME,
            contenders=(GATEWAY,),
            around=(POSTGRES,),
            loads=(HttpLoad(path="/database", rate_rps=200, duration_s=12, expect=ROW_JSON),),
            repetitions=6,
            metrics=(*LATENCY, CPU, DISK_WAIT, ON_CPU, SYNCS),
            trace=(*WAITS, TraceProgram.TCP),
            hypotheses=(
                Hypothesis(
                    statement="A runtime before a database waits for the disk for less than a twentieth of its active time",
                    metric="disk_percent",
                    of=RUNTIME,
                    below=5.0,
                ),
                Hypothesis(
                    statement="A gateway waits for the disk for less than a twentieth of its active time",
                    metric="disk_percent",
                    of=GATEWAY,
                    below=5.0,
                ),
                Hypothesis(
                    statement="The gateway adds less than 1 ms at the median",
                    metric="p50_ms",
                    of=GATEWAY,
                    over=RUNTIME,
                    added_below=1.0,
                ),
            ),
        ),
    ),
)
