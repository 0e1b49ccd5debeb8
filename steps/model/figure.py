"""A figure of the report: a median over repetitions with its interval, or the reason why there is none."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from steps.model.values import Finite, Model


class Interval(Model):
    """Two order statistics, and how surely they hold the median between them."""

    low: Finite
    high: Finite
    coverage: float = Field(ge=0, le=1)


class Point(Model):
    """One repetition's value; `suspect` ones are shown and not counted."""

    repetition: int
    value: Finite
    suspect: bool = False


class Figure(Model):
    """A metric of an arm, or an effect over the baseline: the median over repetitions, or why there is none."""

    value: Finite | None = None
    interval: Interval | None = None
    n: int = 0  # repetitions (or rounds) behind the median
    suspect: bool = False  # only suspect repetitions were there: shown, decides nothing
    coarse: bool = False  # a percentile from few answers
    reason: str | None = None
    points: tuple[Point, ...] = ()
    at_least: Finite | None = None  # without a value: the median is this or more

    @model_validator(mode="after")
    def _value_or_reason(self) -> Self:
        if (self.value is None) == (self.reason is None):
            message = "a figure has either a value or a reason"
            raise ValueError(message)
        return self
