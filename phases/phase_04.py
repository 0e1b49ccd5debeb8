"""Phase 4: what does a gateway cost that stands between a client and its service?"""

from __future__ import annotations

from phases.catalogue.gateways import CADDY, DIRECT, ENVOY, GATEWAYS, HAPROXY, NGINX, TRAEFIK
from phases.catalogue.loads import TO_THE_KNEE
from phases.catalogue.upstreams import PRODUCT_JSON, UPSTREAM
from steps.model import Experiment, HttpLoad, Hypothesis, Phase
from steps.model.metric import CAPACITY, CPU, GOODPUT, LATENCY, MEMORY, PATH_CPU, READY
from steps.model.unit_cost import PER_MILLION_REQUESTS

PHASE = Phase(
    number=4,
    title="Traffic management",
    experiments=(
        Experiment(
            name="gateway-comparison",
            question="What does each gateway add to latency and CPU over direct traffic?",
            shape="compare",
            baseline=DIRECT,
            contenders=GATEWAYS,
            around=(UPSTREAM,),
            loads=(HttpLoad(path="/json", model="open", rate_rps=500, warmup_s=3, duration_s=12, expect=PRODUCT_JSON),),
            repetitions=6,
            metrics=(*LATENCY, GOODPUT, CPU, PATH_CPU, MEMORY, READY),
            unit_cost=PER_MILLION_REQUESTS,
            hypotheses=(
                Hypothesis(
                    statement="Envoy adds less than 1 ms at the median",
                    metric="p50_ms",
                    of=ENVOY,
                    over=DIRECT,
                    added_below=1.0,
                ),
                Hypothesis(
                    statement="nginx adds less than 2 ms at the 99th percentile",
                    metric="p99_ms",
                    of=NGINX,
                    over=DIRECT,
                    added_below=2.0,
                ),
                Hypothesis(
                    statement="HAProxy needs less than 100 µs of CPU per request",
                    metric="cpu_us_per_request",
                    of=HAPROXY,
                    below=100.0,
                ),
                Hypothesis(
                    statement="Traefik needs at least 50 µs more CPU per request than nginx",
                    metric="cpu_us_per_request",
                    of=TRAEFIK,
                    over=NGINX,
                    added_above=50.0,
                ),
                Hypothesis(
                    statement="Caddy adds less than 1 ms at the median",
                    metric="p50_ms",
                    of=CADDY,
                    over=DIRECT,
                    added_below=1.0,
                ),
                Hypothesis(
                    statement="Envoy holds less than 64 MiB",
                    metric="memory_mib",
                    of=ENVOY,
                    below=64.0,
                ),
            ),
        ),
        Experiment(
            name="gateway-capacity",
            question="Up to which rate does each gateway keep its p99 under 20 ms?",
            shape="ramp",
            baseline=DIRECT,
            contenders=GATEWAYS,
            around=(UPSTREAM,),
            loads=(TO_THE_KNEE,),
            repetitions=6,
            metrics=CAPACITY,
            unit_cost=PER_MILLION_REQUESTS,
            hypotheses=(
                Hypothesis(
                    statement="Envoy sustains more than 5,000 requests/s",
                    metric="knee_rps",
                    of=ENVOY,
                    above=5000.0,
                ),
                Hypothesis(
                    statement="Envoy sustains at least 1,000 requests/s more than Caddy",
                    metric="knee_rps",
                    of=ENVOY,
                    over=CADDY,
                    added_above=1000.0,
                ),
                Hypothesis(
                    statement="Traefik's p99 is below 10 ms at three quarters of its knee",
                    metric="p99_at_75_ms",
                    of=TRAEFIK,
                    below=10.0,
                ),
            ),
        ),
    ),
)
