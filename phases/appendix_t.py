"""Appendix T: what does the kernel see? Experiments that name the bottleneck, with its evidence."""

from __future__ import annotations

from phases.catalogue.databases import POSTGRES, POSTGRES_GROUPED
from phases.catalogue.gateways import DIRECT, ENVOY, NGINX
from phases.catalogue.upstreams import PRODUCT_JSON, UPSTREAM
from steps.model import Experiment, HttpLoad, Hypothesis, Phase, SqlLoad
from steps.model.metric import CPU, DISK_WAIT, LATENCY, LOCK_WAIT, LOGGED, ON_CPU, SYNCS, TRANSACTION_CPU
from steps.model.trace_program import TraceProgram

PHASE = Phase(
    appendix="t",
    title="What the kernel sees",
    experiments=(
        Experiment(
            name="io-bottleneck",
            question="What does PostgreSQL wait for when it writes, with and without waiting for the disk?",
            baseline=POSTGRES,
            contenders=(POSTGRES_GROUPED,),
            loads=(
                SqlLoad(mix="write-heavy", durability="fsync", rate_tps=200, duration_s=12),
                SqlLoad(mix="write-heavy", durability="relaxed", rate_tps=200, duration_s=12),
            ),
            repetitions=6,
            metrics=(*LATENCY, TRANSACTION_CPU, LOGGED, DISK_WAIT, ON_CPU, SYNCS),
            trace=(TraceProgram.OFF_CPU, TraceProgram.LOCKS, TraceProgram.BLOCK_IO, TraceProgram.PAGE_CACHE),
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
            trace=(TraceProgram.OFF_CPU, TraceProgram.LOCKS, TraceProgram.TCP, TraceProgram.ON_CPU),
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
    ),
)
