"""Phase 10, meshes: what does a sidecar cost at each hop, and how much of it is encryption?"""

from __future__ import annotations

from phases.catalogue.meshes import LAYERS, MTLS_MESH, NONE, PLAIN, ROTATED, SERVICES
from phases.catalogue.meshes_elsewhere import ELSEWHERE
from phases.catalogue.upstreams import PRODUCT_JSON
from steps.model import Experiment, HttpLoad, Hypothesis, Tuning
from steps.model.metric import CPU, FAILED, GOODPUT, LATENCY, MEMORY, PATH_CPU, READY
from steps.model.unit_cost import PER_MILLION_REQUESTS

EXPERIMENTS = (
    Experiment(
        name="mesh-benchmark",
        question="What do sidecars add to each hop of a chain of services, and what does encryption alone add?",
        shape="compare",
        baseline=NONE,
        contenders=(PLAIN, MTLS_MESH, ROTATED),
        around=SERVICES,
        layers=LAYERS,
        tunings=(
            Tuning(
                arm=ROTATED,
                over=MTLS_MESH,
                what="every certificate exchanged each two seconds, and connections renewed as often",
            ),
        ),
        absent=ELSEWHERE,
        # A light rate: with ten services it is more than a thousand exchanges a second, all on the cores that the driver leaves.
        loads=(
            HttpLoad(name="one", hops=1, path="/json", rate_rps=100, warmup_s=3, duration_s=12, expect=PRODUCT_JSON),
            HttpLoad(name="three", hops=3, path="/json", rate_rps=100, warmup_s=3, duration_s=12, expect=PRODUCT_JSON),
            HttpLoad(name="ten", hops=10, path="/json", rate_rps=100, warmup_s=3, duration_s=12, expect=PRODUCT_JSON),
        ),
        quick_loads=("three",),
        repetitions=6,
        quick_repetitions=2,
        metrics=(*LATENCY, GOODPUT, FAILED, CPU, PATH_CPU, MEMORY, READY),
        unit_cost=PER_MILLION_REQUESTS,
        hypotheses=(
            Hypothesis(
                statement="Sidecars add less than 1 ms at the median to each of three hops",
                metric="p50_ms",
                of=PLAIN,
                over=NONE,
                added_below=3.0,
                load="three",
            ),
            Hypothesis(
                statement="Two passes through a sidecar need less than 400 µs of CPU a hop, which Istio tells of its own",
                metric="path_cpu_us_per_request",
                of=MTLS_MESH,
                over=NONE,
                added_below=1200.0,
                load="three",
            ),
            Hypothesis(
                statement="Encryption alone needs less than 100 µs of CPU at each of three hops",
                metric="path_cpu_us_per_request",
                of=MTLS_MESH,
                over=PLAIN,
                added_below=300.0,
                load="three",
            ),
            Hypothesis(
                statement="No request is lost while certificates are exchanged every two seconds",
                metric="failed_requests",
                of=ROTATED,
                below=0.5,
                load="three",
            ),
            Hypothesis(
                statement="Nor is one in a chain of ten",
                metric="failed_requests",
                of=ROTATED,
                below=0.5,
                load="ten",
            ),
            Hypothesis(
                statement="A sidecar holds less than 60 MiB, which Istio tells of its own",
                metric="memory_mib",
                of=MTLS_MESH,
                below=660.0,
                load="ten",
            ),
        ),
    ),
)
