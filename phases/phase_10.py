"""Phase 10: what does a transaction cost, where does its time go, and what would one change?"""

from __future__ import annotations

from phases import (
    phase_10_databases,
    phase_10_fullstack,
    phase_10_mesh,
    phase_10_messaging,
    phase_10_review,
    phase_10_watching,
)
from phases.catalogue.databases import POSTGRES
from phases.catalogue.loads import TO_THE_KNEE
from phases.catalogue.runtimes import BUN, COMPUTED_JSON, GO, NODE, PYTHON, ROW_JSON, RUNTIMES, RUST
from phases.catalogue.upstreams import PRODUCT_JSON
from steps.model import Experiment, HttpLoad, Hypothesis, Phase
from steps.model.metric import CAPACITY, CPU, GOODPUT, IDLE_MEMORY, LATENCY, MEMORY, PATH_CPU, READY
from steps.model.unit_cost import PER_MILLION_REQUESTS

PHASE = Phase(
    number=10,
    title="Performance and cost engineering",
    experiments=(
        Experiment(
            name="runtime-benchmark",
            question="What does the same API cost in each runtime?",
            shape="compare",
            baseline=GO,
            contenders=tuple(runtime for runtime in RUNTIMES if runtime is not GO),
            around=(POSTGRES,),
            loads=(
                HttpLoad(name="json", path="/json", rate_rps=300, warmup_s=3, duration_s=12, expect=PRODUCT_JSON),
                HttpLoad(
                    name="echo",
                    path="/echo",
                    method="POST",
                    body=PRODUCT_JSON,
                    rate_rps=300,
                    warmup_s=3,
                    duration_s=12,
                    expect=PRODUCT_JSON,
                ),
                HttpLoad(name="compute", path="/compute", rate_rps=300, warmup_s=3, duration_s=12, expect=COMPUTED_JSON),
                HttpLoad(name="database", path="/database", rate_rps=300, warmup_s=3, duration_s=12, expect=ROW_JSON),
            ),
            quick_repetitions=2,
            quick_loads=("json",),  # the way to a database is in the preview of full-stack-benchmark
            repetitions=6,
            metrics=(*LATENCY, GOODPUT, CPU, PATH_CPU, MEMORY, IDLE_MEMORY, READY),
            unit_cost=PER_MILLION_REQUESTS,
            hypotheses=(
                Hypothesis(
                    statement="Rust needs less CPU for an answer of JSON than Go",
                    metric="cpu_us_per_request",
                    of=RUST,
                    over=GO,
                    added_below=0.0,
                    load="json",
                ),
                Hypothesis(
                    statement="Node needs more CPU for an answer of JSON than Go",
                    metric="cpu_us_per_request",
                    of=NODE,
                    over=GO,
                    added_above=0.0,
                    load="json",
                ),
                Hypothesis(
                    statement="Bun needs less CPU for an answer of JSON than Node",
                    metric="cpu_us_per_request",
                    of=BUN,
                    over=NODE,
                    added_below=0.0,
                    load="json",
                ),
                Hypothesis(
                    statement="Python needs at least 500 µs more CPU to count primes than Go",
                    metric="cpu_us_per_request",
                    of=PYTHON,
                    over=GO,
                    added_above=500.0,
                    load="compute",
                ),
                Hypothesis(
                    statement="With a database in the path, Node's median is within 1 ms of Go's",
                    metric="p50_ms",
                    of=NODE,
                    over=GO,
                    added_below=1.0,
                    load="database",
                ),
                Hypothesis(
                    statement="Rust holds less than 16 MiB",
                    metric="memory_mib",
                    of=RUST,
                    below=16.0,
                    load="json",
                ),
                Hypothesis(
                    statement="Node holds at least 30 MiB more than Go",
                    metric="memory_mib",
                    of=NODE,
                    over=GO,
                    added_above=30.0,
                    load="json",
                ),
                Hypothesis(
                    statement="Go is ready within 100 ms",
                    metric="ready_ms",
                    of=GO,
                    below=100.0,
                ),
            ),
        ),
        Experiment(
            name="runtime-capacity",
            question="Up to which rate does each runtime answer JSON with a p99 under 20 ms?",
            shape="ramp",
            baseline=GO,
            contenders=tuple(runtime for runtime in RUNTIMES if runtime is not GO),
            around=(POSTGRES,),
            loads=(TO_THE_KNEE,),
            repetitions=6,
            metrics=CAPACITY,
            unit_cost=PER_MILLION_REQUESTS,
            hypotheses=(
                Hypothesis(
                    statement="Rust sustains at least 1,000 requests/s more than Node",
                    metric="knee_rps",
                    of=RUST,
                    over=NODE,
                    added_above=1000.0,
                ),
                Hypothesis(
                    statement="Go sustains more than 5,000 requests/s",
                    metric="knee_rps",
                    of=GO,
                    above=5000.0,
                ),
            ),
        ),
        *phase_10_databases.EXPERIMENTS,
        *phase_10_messaging.EXPERIMENTS,
        *phase_10_fullstack.EXPERIMENTS,
        *phase_10_mesh.EXPERIMENTS,
        *phase_10_watching.EXPERIMENTS,
        *phase_10_review.EXPERIMENTS,
    ),
)
