"""What the author of a review says beforehand: how a service is used, and what decides. No run measures either."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from steps.model.values import Model, Positive

Share = Annotated[float, Field(gt=0, lt=1)]

Least = Literal["usd", "p99_ms", "memory_mib"]


class DutyCycle(Model):
    """How a service is used that could be scaled to zero."""

    busy_shares: tuple[Share, ...] = Field(min_length=1)  # of the time in which there are requests, at the measured rate
    wakes_per_day: Positive  # how often it is needed anew
    hold_s: float = Field(ge=0)  # how long it stays up after its last request


class Rule(Model):
    """What decides between contenders: of those that keep the bound, the one that has the least."""

    p99_below_ms: Positive
    least: Least = "usd"
