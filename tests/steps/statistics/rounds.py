"""Rounds of two arms from values that a test chooses, compared as a run's report compares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from steps.model import Arm, Decision, Point
from steps.statistics.comparison import figure_of, paired_effect
from steps.statistics.decision import decided

BAND = 0.05


def arm(name: str, values: Mapping[str, Sequence[float]], suspect: Sequence[int] = ()) -> Arm:
    """An arm with a value for each round in each metric; `suspect` names rounds."""
    figures = {
        metric: figure_of(
            [Point(repetition=n, value=value, suspect=n in suspect) for n, value in enumerate(each, 1)], reason="not measured"
        )
        for metric, each in values.items()
    }
    return Arm(name=name, title=name, planned=0, ok=0, suspect=0, failed=0, figures=figures)


def compared(contender, baseline, *, cells=(), suspect=(), band=BAND, preview=False) -> dict[str, Decision | None]:
    """The decision on each metric."""
    base, own = arm("direct", baseline), arm("nginx", contender, suspect)
    effects = {metric: paired_effect(figure, base.figures[metric]) for metric, figure in own.figures.items()}
    found = decided(own.model_copy(update={"effects": effects}), base, cells, band=band, preview=preview)
    return {metric: effect.decision for metric, effect in found.effects.items()}


def of_ratios(*ratios: float, **more) -> Decision | None:
    """The decision on one metric whose rounds have these ratios."""
    return compared({"cpu": ratios}, {"cpu": [1.0] * len(ratios)}, **more)["cpu"]
