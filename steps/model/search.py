"""The record of a search for a knee: every probe, and where the search would have ended without one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from steps.model.values import Finite, Model, Positive


class Probe(Model):
    """One short load of a search, and whether the SLO held.

    `driver`: it did not, and the driver itself was late: that says nothing of the contender.
    """

    rate_rps: Positive
    planned: int = Field(ge=0)
    p50_ms: Finite | None  # None: too few right answers
    p99_ms: Finite | None
    errors: float = Field(ge=0, le=1)  # share of the planned requests that have no right answer
    sent: float = Field(ge=0, le=1)  # share of the planned requests that were sent before the probe was over
    late_ms: Finite  # the driver's lateness at p99
    verdict: Literal["met", "broken", "driver"]
    why: str | None = None  # what of the SLO did not hold


class Search(Model):
    """Probes in their order. The knee follows from them (`steps.drivers.search.knee_of`)."""

    ends_rps: Positive  # no rate above was tried …
    ends_why: str  # … because "the driver ends there (60 % of its ceiling)"
    probes: tuple[Probe, ...] = ()
