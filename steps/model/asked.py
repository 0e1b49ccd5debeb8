"""Parts of an experiment: what its author claims, tunes, and how precise he wants it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from steps.model.component import Component
from steps.model.ramp import Load
from steps.model.values import Finite, Model, Name

# Written as `of=ENVOY`, kept as "envoy".
ByName = Annotated[Name, BeforeValidator(lambda given: given.name if isinstance(given, Component) else given)]

MOST_ROUNDS = 30


class Hypothesis(Model):
    """A statement that a machine can check: a metric of one contender, alone or over another's, against bounds.

    It names its contender beforehand: "the best" would choose and test on the same data.
    """

    statement: str
    metric: str
    of: ByName
    over: ByName | None = None  # None: the value itself; else what `of` adds to this one's value in the same round
    below: Finite | None = None
    above: Finite | None = None
    added_below: Finite | None = None
    added_above: Finite | None = None
    load: Name | None = None  # the name or label of the load under which it is said; None: the experiment's first

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        given = [name for name in ("below", "above", "added_below", "added_above") if getattr(self, name) is not None]
        if len(given) != 1:
            message = f"hypothesis {self.statement!r}: give one bound of below, above, added_below, added_above"
            raise ValueError(message)
        if given[0].startswith("added") != (self.over is not None):
            message = f"hypothesis {self.statement!r}: `over` goes with added_below or added_above"
            raise ValueError(message)
        return self


class Tuning(Model):
    """The same stack once more with something set otherwise."""

    arm: ByName  # after
    over: ByName  # before
    what: str  # "16 connections to the database instead of 4"


def names_of(load: Load) -> tuple[str, ...]:
    """What a load may be called: by its label, and by its name, if its kind has names and it has one."""
    name: str | None = getattr(load, "name", None)
    return (load.label, name) if name else (load.label,)


class Precision(Model):
    """When a run is precise enough: rounds are added until it is, or until the budget ends."""

    # Of the interval of contender over baseline, in the main metric, as a share of that ratio: 0.05 is ±5 %.
    half_width: float = Field(default=0.05, gt=0, lt=1)
    most_rounds: int = Field(default=MOST_ROUNDS, ge=6, le=99)  # the budget, planned repetitions with it; six can decide
