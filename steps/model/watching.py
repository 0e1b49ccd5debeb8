"""What watching costs, as part of the report: the application's tax, what those that watch use, and the price of a unit."""

from __future__ import annotations

from steps.model.cost import CostFigure
from steps.model.figure import Figure
from steps.model.keeping import Signal
from steps.model.values import Model, Name


class KeptUnit(Model):
    """What a store keeps of one signal, and what the unit of it costs, where nothing else is watched with the same programs."""

    store: Name
    title: str
    what: Signal
    count: Figure  # a request; of series all of them
    raw_bytes: Figure  # of one, as it was sent
    stored_bytes: Figure  # of one, on its disk
    unit: str  # "USD per GB of lines"
    usd: CostFigure
    memory_usd: CostFigure  # of it, for memory: it is paid by the hour, however much comes


class WatchedArm(Model):
    """One way to watch, over the unwatched baseline."""

    arm: Name
    title: str
    own_us: Figure  # CPU of the application alone, a request
    tax_us: Figure  # what it has more than the baseline's in the same round
    watchers_us: Figure  # CPU of all that watches, a request
    watchers_mib: Figure
    usd: CostFigure  # what all of it adds to a million requests, in the same round
    kept: tuple[KeptUnit, ...] = ()


class Watching(Model):
    """All ways to watch under one load."""

    load: str
    at: str  # "200 requests/s": most of a store's memory is there at any rate
    unit: str | None  # of what they add: "USD per million requests"; None: no cost was asked for
    arms: tuple[WatchedArm, ...]
