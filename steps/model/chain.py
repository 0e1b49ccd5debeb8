"""What a mesh adds to each hop of a chain of services, as part of the report."""

from __future__ import annotations

from pydantic import Field

from steps.model.cost import CostFigure, Reserved
from steps.model.figure import Figure
from steps.model.price import Number
from steps.model.values import Model, Name


class PerHop(Model):
    """What one arm adds to another in the same round, divided by the hops of the chain."""

    arm: Name
    over: Name
    title: str  # "mTLS over Plain"
    added: dict[str, Figure]  # by metric
    usd: CostFigure  # per so many units of work


class Chain(Model):
    """The chain under one load."""

    load: str
    hops: int = Field(ge=1)
    unit: str | None  # "USD per million requests"; None: no cost was asked for
    steps: tuple[PerHop, ...]  # each layer over the one before it; last, if there are more than two, the topmost over the lowest
    tax_percent: CostFigure  # what the topmost adds to the cost of the lowest's whole path
    sidecars: int  # of the topmost layer
    reserved: Reserved  # what one of them asks for
    reserved_month_usd: Number | None = None  # and what that costs in a month, whatever it does
