"""A stack taken apart, as part of the report: what each layer adds to those before it, and what a tuning changes.

Each layer is an arm with all that the arm before it has, and one thing more. A part is the median of the differences within the
rounds in which every layer was measured; medians need not add up, so what is left between their sum and the whole is told too.
"""

from __future__ import annotations

from steps.model.cost import CostFigure
from steps.model.figure import Figure
from steps.model.price import Number
from steps.model.values import Finite, Model, Name


class Layer(Model):
    """What one layer adds; the first one is what all others stand on, and its figures are its own."""

    arm: Name
    title: str
    added: dict[str, Figure]  # by metric
    usd: CostFigure  # per so many units of work


class Part(Model):
    """What one component of the whole stack used by itself."""

    component: Name
    title: str
    cpu_us_per_request: Figure
    memory_mib: Figure


class Waterfall(Model):
    """The stack under one load."""

    load: str
    unit: str | None  # "USD per million requests"; None: no cost was asked for
    layers: tuple[Layer, ...]
    whole: dict[str, Figure]  # of the topmost layer that has figures, by metric
    usd: CostFigure
    remainder: dict[str, Finite | None]  # the whole less its parts; None: a part is missing
    remainder_usd: Number | None = None
    parts: tuple[Part, ...] = ()  # of the topmost layer that was measured
    published: tuple[str, ...] = ()  # what was counted of messages, a sentence for each arm whose transactions leave one


class Tuned(Model):
    """The same stack before and after a tuning, under one load."""

    load: str
    what: str
    before: Name
    after: Name
    added: dict[str, Figure]  # by metric: after minus before, in the same round
    usd: CostFigure
