"""What watches a component keeps of it: series, log lines, spans; and what a load finds of them afterwards."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from steps.model.values import Model, Name

Signal = Literal["series", "lines", "spans"]
StoreApi = Literal["prometheus", "loki", "jaeger"]


class Keeps(Model):
    """What a store keeps of the contender, and how it is asked for it after the load."""

    what: Signal
    api: StoreApi  # whose questions it understands; others' stores do too
    service: str  # the name by which the contender's are told from others': of a job, of a service
    each: int = Field(default=1, ge=1)  # how many a request leaves; series are there or not


class StoreAt(Model):
    """A store that was deployed, and where it answers."""

    name: Name
    url: str
    keeps: Keeps


class Kept(Model):
    """What a store was found to keep. `least` and `most`: what answered requests left, and what all that were sent may have.

    Of series both are the number that the contender shows. A size is None where the store does not tell it.
    """

    store: Name
    what: Signal
    least: int = Field(ge=0)
    most: int = Field(ge=0)
    kept: int = Field(ge=0)
    requests: int = Field(ge=0)  # right answers behind `least`
    raw_bytes: int | None = Field(default=None, ge=0)  # as they were sent
    stored_bytes: int | None = Field(default=None, ge=0)  # as they are on its disk, with its index where it tells that

    @property
    def right(self) -> bool:
        """Whether nothing is missing, and nothing there twice."""
        return self.least <= self.kept <= self.most

    @property
    def said(self) -> str:
        """`lines: 3,006 in loki, all that there were`."""
        due = f"{self.least:,}" if self.least == self.most else f"{self.least:,} to {self.most:,}"
        if self.right:
            return f"{self.kept:,} {self.what} in {self.store}, as there should be"
        return f"{self.kept:,} {self.what} in {self.store}, where there should be {due}"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least > self.most:
            message = f"{self.store}: at least {self.least} and at most {self.most} {self.what}"
            raise ValueError(message)
        return self
