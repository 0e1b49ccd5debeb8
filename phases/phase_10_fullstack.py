"""Phase 10, the whole stack: what does a transaction cost, and where does its time go?"""

from __future__ import annotations

from phases.catalogue.databases import POSTGRES
from phases.catalogue.runtimes import ROW_JSON
from phases.catalogue.stack import (
    APP,
    GATEWAY,
    LAYERS,
    MESH,
    MESSAGING,
    OBSERVED,
    OBSERVED_SMALL_POOL,
    OBSERVED_TUNED,
)
from steps.model import Experiment, HttpLoad, Hypothesis, Tuning
from steps.model.metric import CPU, GOODPUT, LATENCY, MEMORY, PATH_CPU, READY
from steps.model.unit_cost import PER_MILLION_REQUESTS

EXPERIMENTS = (
    Experiment(
        name="full-stack-benchmark",
        question="What does a transaction cost, and where does its time go, layer by layer?",
        shape="compare",
        baseline=APP,
        contenders=(GATEWAY, MESH, OBSERVED, MESSAGING, OBSERVED_TUNED, OBSERVED_SMALL_POOL),
        around=(POSTGRES,),
        layers=LAYERS,
        tunings=(
            Tuning(
                arm=OBSERVED_TUNED,
                over=OBSERVED,
                what="one trace in a hundred instead of all, no access log, metrics every five seconds instead of each",
            ),
            Tuning(
                arm=OBSERVED_SMALL_POOL,
                over=OBSERVED_TUNED,
                what="a pool of two connections to the database instead of eight",
            ),
        ),
        loads=(HttpLoad(path="/database", rate_rps=200, warmup_s=3, duration_s=12, expect=ROW_JSON),),
        repetitions=6,
        quick_repetitions=2,
        metrics=(*LATENCY, GOODPUT, CPU, PATH_CPU, MEMORY, READY),
        unit_cost=PER_MILLION_REQUESTS,
        hypotheses=(
            Hypothesis(
                statement="The gateway adds less than 1 ms at the median",
                metric="p50_ms",
                of=GATEWAY,
                over=APP,
                added_below=1.0,
            ),
            Hypothesis(
                statement="Two sidecars with mTLS add less than 2.65 ms at p90, which Istio tells of its own",
                metric="p90_ms",
                of=MESH,
                over=GATEWAY,
                added_below=2.65,
            ),
            Hypothesis(
                statement="Two sidecars need less than 400 µs of CPU per request, which Istio tells of its own",
                metric="path_cpu_us_per_request",
                of=MESH,
                over=GATEWAY,
                added_below=400.0,
            ),
            Hypothesis(
                statement="To observe all needs at least 50 µs of CPU per request",
                metric="path_cpu_us_per_request",
                of=OBSERVED,
                over=MESH,
                added_above=50.0,
            ),
            Hypothesis(
                statement="A message that is written before the answer adds less than 1 ms at the median",
                metric="p50_ms",
                of=MESSAGING,
                over=OBSERVED,
                added_below=1.0,
            ),
            Hypothesis(
                statement="A message for each transaction needs at least 50 µs of CPU",
                metric="path_cpu_us_per_request",
                of=MESSAGING,
                over=OBSERVED,
                added_above=50.0,
            ),
            Hypothesis(
                statement="Tuned, at least 50 µs of CPU per request are saved",
                metric="path_cpu_us_per_request",
                of=OBSERVED_TUNED,
                over=OBSERVED,
                added_below=-50.0,
            ),
            Hypothesis(
                statement="With two connections instead of eight the median is at most 0.5 ms longer",
                metric="p50_ms",
                of=OBSERVED_SMALL_POOL,
                over=OBSERVED_TUNED,
                added_below=0.5,
            ),
        ),
    ),
)
