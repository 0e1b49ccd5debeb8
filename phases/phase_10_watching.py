"""Phase 10, watching: what do metrics, logs and traces of an application cost, each alone and all together?"""

from __future__ import annotations

from phases.catalogue.upstreams import PRODUCT_JSON
from phases.catalogue.watching import ALL_THREE, LOGS, METRICS, TRACES, UNWATCHED, WATCHED
from steps.model import Experiment, HttpLoad, Hypothesis
from steps.model.metric import CPU, GOODPUT, LATENCY, MEMORY, OWN_CPU, PATH_CPU, READY
from steps.model.unit_cost import PER_MILLION_REQUESTS

EXPERIMENTS = (
    Experiment(
        name="observability-overhead",
        question="What does it cost to watch an application: its metrics, its logs, its traces?",
        shape="compare",
        baseline=UNWATCHED,
        contenders=WATCHED,
        # After 3 s the application's own CPU had not settled in a cell of eight.
        loads=(HttpLoad(path="/json", rate_rps=300, warmup_s=6, duration_s=12, expect=PRODUCT_JSON),),
        repetitions=6,
        quick_repetitions=1,  # five arms, of which three bring much: a preview of the phase stays under 15 minutes
        metrics=(CPU, OWN_CPU, PATH_CPU, *LATENCY, GOODPUT, MEMORY, READY),
        unit_cost=PER_MILLION_REQUESTS,
        hypotheses=(
            Hypothesis(
                statement="All three add less than 1 ms at the median",
                metric="p50_ms",
                of=ALL_THREE,
                over=UNWATCHED,
                added_below=1.0,
            ),
            Hypothesis(
                statement="A scrape of a thousand series each second takes less than 100 µs a request from the application",
                metric="own_cpu_us_per_request",
                of=METRICS,
                over=UNWATCHED,
                added_below=100.0,
            ),
            Hypothesis(
                statement="A line of each request takes less than 100 µs from the application",
                metric="own_cpu_us_per_request",
                of=LOGS,
                over=UNWATCHED,
                added_below=100.0,
            ),
            Hypothesis(
                statement="Two spans take more from the application than a line",
                metric="own_cpu_us_per_request",
                of=TRACES,
                over=LOGS,
                added_above=0.0,
            ),
            Hypothesis(
                statement="All three need at least 200 µs of CPU a request, the application's tax included",
                metric="path_cpu_us_per_request",
                of=ALL_THREE,
                over=UNWATCHED,
                added_above=200.0,
            ),
        ),
    ),
)
