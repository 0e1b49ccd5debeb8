"""review.json: what a review read, and what it makes of it. Every figure in it was measured by a run that it names."""

from __future__ import annotations

from typing import Literal

from steps.model import Figure, LoadSection
from steps.model.cost import CostFigure, LoadCost, LoadUse, Pricing
from steps.model.price import Number
from steps.model.reviewing import DutyCycle, Rule
from steps.model.unit_cost import UnitCost
from steps.model.values import Model, Name, RunId
from steps.model.verdict import RunVerdict

REVIEW_VERSION: Literal[1] = 1


class Source(Model):
    """What was read of an experiment: its newest run that can be relied on, or why there is none."""

    experiment: Name
    question: str
    run: RunId | None = None
    at: str | None = None  # when it was made
    verdict: RunVerdict | None = None
    answer: str = ""
    reason: str | None = None  # why none of its figures is used
    passed_over: tuple[str, ...] = ()  # newer runs that cannot be used, each with its reason
    note: str | None = None


class Market(Model):
    """What a contender costs on the spot market beside on demand."""

    contender: Name
    title: str
    on_demand: CostFigure
    spot: CostFigure
    saved_percent: Number
    bearable_percent: Number  # so much more work may interruptions cause before the spot market is dearer


class Month(Model):
    """A month of a service that is busy for a share of it."""

    busy_share: Number
    always_usd: Number
    to_zero_usd: Number
    saved_percent: Number


class Duty(Model):
    """A contender that is always on beside one that is scaled to zero."""

    contender: Name
    title: str
    cold: Figure  # ms from its start to the first good answer: what the first request of each wake waits
    months: tuple[Month, ...] = ()
    break_even_share: Number | None = None  # busier than this, scaling to zero saves nothing
    reason: str | None = None  # why there are no months


class Outcome(Model):
    """What the rule comes to among the contenders of one load."""

    decided: bool
    said: str
    chosen: tuple[Name, ...] = ()  # several: they cannot be told apart
    kept: tuple[Name, ...] = ()  # the bound, with the whole interval
    broke: tuple[Name, ...] = ()
    unsure: tuple[Name, ...] = ()


class Contest(Model):
    """The contenders of one experiment under one load: alternatives to each other, which those of two experiments are not."""

    experiment: Name
    run: RunId
    unit: UnitCost
    memory: str  # the metric that tells of memory
    section: LoadSection  # as it was reported, without curves and tracks
    use: LoadUse
    cost: LoadCost
    front: tuple[Name, ...]  # nobody has less of p99, USD and memory all at once; by the medians
    unpriced: tuple[str, ...] = ()  # who is in no comparison, and why
    markets: tuple[Market, ...] = ()
    duties: tuple[Duty, ...] = ()
    outcome: Outcome | None = None

    @property
    def where(self) -> str:
        """`gateway-comparison at 500 requests/s`."""
        return f"{self.experiment} at {self.use.at}"

    @property
    def usd(self) -> str:
        """What its dollars are for: `USD per million requests`."""
        return self.unit.under(self.section.load)

    @property
    def titles(self) -> dict[Name, str]:
        """Name → title."""
        return {arm.name: arm.title for arm in self.section.arms}


class Review(Model):
    """Everything that a review's page and its decision record are made from, beside its report."""

    schema_version: Literal[1] = REVIEW_VERSION
    run: RunId
    sources: tuple[Source, ...]
    contests: tuple[Contest, ...]
    pricing: Pricing
    spot: Pricing | None = None
    duty: DutyCycle | None = None
    rule: Rule | None = None
    unknown: tuple[str, ...] = ()  # what nobody measured, so that nothing here tells
