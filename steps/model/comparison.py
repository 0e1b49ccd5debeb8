"""Runs held against each other, and a metric over many runs: what `compare --json` and `history --json` print.

A comparison's ratio is what came after over what was before: above 1 is more, whatever is better.
"""

from __future__ import annotations

from typing import Literal

from steps.model.figure import Interval
from steps.model.metric import Metric
from steps.model.values import Finite, Model, Name, RunId
from steps.model.verdict import ChangeVerdict


class Difference(Model):
    """A circumstance, or a field of the definition, that is not the same in two runs; `unknown` is a value of its own."""

    key: str  # node.kernel, components.nginx, experiment.repetitions
    before: str
    after: str


class Change(Model):
    """One metric of one arm under one load, before and after; the ratio is missing where there is none, and `why` says so."""

    contender: Name
    title: str
    baseline: bool
    direct: bool  # a path without a contender: what changed there is the machine, the driver or the upstream
    load: str
    metric: Metric
    before: Finite | None = None  # geometric mean
    after: Finite | None = None
    ratio: Finite | None = None
    interval: Interval | None = None
    n_before: int = 0  # repetitions, or runs
    n_after: int = 0
    p: Finite | None = None
    p_holm: Finite | None = None  # after Holm, over the whole table
    verdict: ChangeVerdict
    why: str


class Comparison(Model):
    """One run or several, and one run or several that came after."""

    schema_version: Literal[1] = 1
    phase: str
    experiment: Name
    before: tuple[RunId, ...]
    after: tuple[RunId, ...]
    main: str  # the metric that ranks
    unit: Literal["repetition", "run"]  # what varies within a side
    band: float
    despite: tuple[Difference, ...] = ()  # let pass, as the call asked
    unknown: tuple[str, ...] = ()  # circumstances that nobody knows, of either run: a doubt
    notes: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    def of(self, verdict: ChangeVerdict) -> tuple[Change, ...]:
        """The contenders' changes with that verdict; a direct path is the control and no contender."""
        return tuple(each for each in self.changes if each.verdict is verdict and not each.direct)

    @property
    def blind(self) -> bool:
        """Whether the metric that ranks was decided for no contender: then that nothing is worse says nothing."""
        main = [each for each in self.changes if not each.direct and each.metric.name == self.main]
        return all(each.verdict is ChangeVerdict.CANNOT_TELL for each in main)


class ChangePoint(Model):
    """A change point: the first run of a new level, and the medians on either side, as far as the next change point."""

    run: RunId
    index: int  # of that run among the points of its series
    before: Finite
    after: Finite
    ratio: Finite
    p: Finite
    verdict: ChangeVerdict
    reach: Finite | None = None  # how far the baseline moved between the same runs, as a factor; 1: it cannot have the metric
    despite: tuple[Difference, ...] = ()  # what else differs between this run and the one before it


class SeriesPoint(Model):
    """A run's median."""

    run: RunId
    at: str
    value: Finite


class Series(Model):
    """One metric of one arm under one load, over runs of like circumstances, in the order of time."""

    contender: Name
    title: str
    direct: bool = False  # a path without a contender
    load: str
    metric: Metric
    group: int  # its circumstances
    points: tuple[SeriesPoint, ...]
    change_points: tuple[ChangePoint, ...] = ()


class Group(Model):
    """Runs of like circumstances, in the order of time, and how they differ from those of group 1."""

    number: int
    runs: tuple[RunId, ...]
    differences: tuple[Difference, ...] = ()


class History(Model):
    """The sealed runs of an experiment. `left_out`: run → why it is in no series."""

    schema_version: Literal[1] = 1
    phase: str
    experiment: Name
    band: float
    level: float  # of significance, of one change point
    groups: tuple[Group, ...] = ()
    series: tuple[Series, ...] = ()
    left_out: dict[str, str] = {}
    despite: tuple[Difference, ...] = ()

    @property
    def newest(self) -> tuple[Series, ...]:
        """The series of the runs that are like the newest."""
        return tuple(each for each in self.series if each.group == len(self.groups))

    @property
    def worse(self) -> tuple[Series, ...]:
        """The contenders' series whose last level, the newest run's, is a worse one, and surely so among all (Bonferroni)."""
        own = self.newest
        last = [(each, each.change_points[-1]) for each in own if each.change_points and not each.direct]
        return tuple(each for each, point in last if point.verdict is ChangeVerdict.WORSE and point.p * len(own) <= self.level)
