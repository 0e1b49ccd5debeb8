"""Loads that experiments of several phases send."""

from __future__ import annotations

from phases.catalogue.upstreams import PRODUCT_JSON
from steps.model import RampLoad, Slo

TO_THE_KNEE = RampLoad(
    path="/json",
    slo=Slo(p99_ms=20),
    start_rps=1000,
    probe_s=1,
    measure_s=8,  # shorter windows cannot prove that a share had settled
    warmup_s=0.75,  # its search has warmed the contender already
    expect=PRODUCT_JSON,
)
