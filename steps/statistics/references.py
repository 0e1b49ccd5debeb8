"""Is a figure like what others found? `inside`, `outside` or `no reference`, with the source. It decides nothing.

A figure is inside when its interval touches the range, after the range was widened by the book's slack: machines differ, and an
outside is worth an explanation, or is a mistake of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import Field

from steps.model import Arm, Figure, Interval, LoadSection, Model
from steps.model.report import ReferenceResult
from steps.model.values import Finite, Name, Positive
from steps.statistics.words import number_of


class Reference(Model):
    """A range that somebody else found: of a figure itself, or of what two come to together."""

    metric: str
    of: Name
    over: Name | None = None
    how: Literal["ratio", "difference"] = "ratio"  # of the two
    load: Name | None = None  # the name of the load under which it is so; None: under any
    low: Positive
    high: Positive
    source: str
    trust: Literal["A", "B", "C"]


class References(Model):
    """references.yaml"""

    schema_version: Literal[1]
    slack: Finite = Field(ge=1)
    references: tuple[Reference, ...]


@cache
def known() -> References:
    """The ranges that come with the lab."""
    text = (files("steps.statistics") / "references.yaml").read_text(encoding="utf-8")
    return References.model_validate(yaml.safe_load(text))


def held_against(loads: Sequence[LoadSection], book: References | None = None) -> tuple[ReferenceResult, ...]:
    """Each reference that speaks of contenders of this run, under each load; nothing, when none does."""
    ranges = book or known()
    return tuple(result for section in loads for each in ranges.references for result in _of(section, each, ranges.slack))


def _of(section: LoadSection, reference: Reference, slack: float) -> Iterator[ReferenceResult]:
    arms = {arm.name: arm for arm in section.arms}
    of, over = arms.get(reference.of), arms.get(reference.over or "")
    if of is None or (reference.over and over is None) or reference.load not in {None, getattr(section.load, "name", None)}:
        return
    interval = _interval(of, reference.metric)
    if interval is not None and over is not None:
        interval = TOGETHER[reference.how](interval, _interval(over, reference.metric))
    if interval is None:
        return
    low, high = reference.low / slack, reference.high * slack
    between = " over " if reference.how == "ratio" else " beyond "
    what = f"{reference.metric} of {of.title}{f'{between}{over.title}' if over else ''}, {section.label}"
    ours = f"{number_of(interval.low)} to {number_of(interval.high)}"
    yield ReferenceResult(
        metric=reference.metric,
        verdict="inside" if interval.low <= high and interval.high >= low else "outside",
        said=f"{what}: {ours}, where others found {reference.low:g} to {reference.high:g}",
        source=reference.source,
        trust=reference.trust,
    )


def _interval(arm: Arm, metric: str) -> Interval | None:
    """The interval of a figure, else the value as one; None: there is none."""
    figure: Figure | None = arm.figures.get(metric)
    if figure is None or figure.value is None:
        return None
    return figure.interval or Interval(low=figure.value, high=figure.value, coverage=0.0)


def _ratio(of: Interval, over: Interval | None) -> Interval | None:
    """As wide as the two together allow; None: one of them is not above zero."""
    if over is None or min(of.low, over.low) <= 0:
        return None
    return Interval(low=of.low / over.high, high=of.high / over.low, coverage=0.0)


def _difference(of: Interval, over: Interval | None) -> Interval | None:
    """As wide as the two together allow."""
    return None if over is None else Interval(low=of.low - over.high, high=of.high - over.low, coverage=0.0)


TOGETHER = {"ratio": _ratio, "difference": _difference}
