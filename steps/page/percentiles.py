"""The second picture: percentile curves, a thin line for each repetition and a strong one for their median."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from statistics import median

from markupsafe import Markup

from steps.model import Arm, LoadSection
from steps.page.svg import MUTED, Canvas, Scale, line_color, spread, text_color

TICKS = ((0.5, "p50"), (0.75, "p75"), (0.9, "p90"), (0.95, "p95"), (0.99, "p99"), (0.999, "p99.9"))
LEFT, RIGHT, TOP, FOOT = 44.0, 78.0, 12.0, 28.0

Curve = list[tuple[float, float]]  # quantile, ms


def percentiles(section: LoadSection, *, width: float, height: float, name: str) -> Markup:
    """The drawing of a load's percentile curves."""
    canvas = Canvas(width, height)
    across, down = _scales(section, width, height)
    _frame(canvas, across, down)
    ends: list[tuple[int, Arm, float]] = []
    for hue, arm in enumerate(section.arms):
        for curve in arm.curves:
            style = {"linestyle": (0, (2, 2))} if curve.suspect else {}
            thin = zip(section.quantiles, curve.response_ms, strict=False)
            places = [(across(place_of(q)), down(ms)) for q, ms in thin]
            canvas.line(places, line_color(hue), 0.8, alpha=0.45, zorder=2, **style)
        if middle := middle_curve(section, arm):
            canvas.line([(across(place_of(q)), down(ms)) for q, ms in middle], line_color(hue), 2.3, zorder=4)
            ends.append((hue, arm, down(middle[-1][1])))
    heights = spread([end for _, _, end in ends], 17)
    for (hue, arm, _), place in zip(ends, heights, strict=True):
        canvas.text(width - RIGHT + 8, place, arm.title, 12.5, color=text_color(hue), weight="bold")
    return canvas.svg(name=name, title="Response time by percentile", description=_description(section))


def place_of(quantile: float) -> float:
    """Where a quantile stands on the axis: each decade of 1/(1-q) has the same width."""
    return -log10(1 - quantile)


def _scales(section: LoadSection, width: float, height: float) -> tuple[Scale, Scale]:
    curves = [curve.response_ms for arm in section.arms for curve in arm.curves if curve.response_ms]
    furthest = max((len(curve) for curve in curves), default=1)
    low = min((min(curve) for curve in curves), default=0.1)
    high = max((max(curve) for curve in curves), default=1.0)
    first, last = (place_of(section.quantiles[index]) for index in (0, furthest - 1))
    across = Scale(first, last, LEFT, width - RIGHT)
    return across, Scale(max(low, 1e-3) * 0.9, high * 1.1, height - FOOT, TOP, log=True)


def _frame(canvas: Canvas, across: Scale, down: Scale) -> None:
    ticks = [(across(place_of(q)), text) for q, text in TICKS if across.low <= place_of(q) <= across.high + 1e-9]
    steps = down.ticks(6)
    canvas.rules(((place, down.start), (place, down.end)) for place, _ in ticks)
    canvas.rules(((across.start, down(step)), (across.end, down(step))) for step in steps)
    for place, text in ticks:
        canvas.text(place, down.start + 14, text, 11.5, color=MUTED, ha="center")
    for step in steps:
        unit = " ms" if step == steps[-1] else ""
        canvas.text(across.start - 7, down(step), f"{step:g}{unit}", 11.5, color=MUTED, ha="right")


def middle_curve(section: LoadSection, arm: Arm) -> Curve:
    """The median of the valid repetitions at each quantile that all reach; of the suspect ones when there are no others."""
    curves = [curve.response_ms for curve in arm.curves if not curve.suspect] or [curve.response_ms for curve in arm.curves]
    middles: Sequence[float] = [median(values) for values in zip(*curves, strict=False)]
    return list(zip(section.quantiles, middles, strict=False))


def _description(section: LoadSection) -> str:
    parts = []
    for arm in section.arms:
        if curve := middle_curve(section, arm):
            values = [f"{text} {_at(curve, q):.2f} ms" for q, text in TICKS if q <= curve[-1][0] + 1e-9]
            parts.append(f"{arm.title}: {', '.join(values)}")
    return "; ".join(parts)


def _at(curve: Curve, quantile: float) -> float:
    """The value at the curve's quantile that is nearest."""
    return min(curve, key=lambda pair: abs(place_of(pair[0]) - place_of(quantile)))[1]
