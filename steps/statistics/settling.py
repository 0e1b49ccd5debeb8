"""Which of a cell's quantities are looked at second by second, and which metrics hang on each.

Memory is not among them: its metric is a largest value, which a program that still grows does not falsify; it is drawn over time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import floor

from steps.model import CellOutcome, Steadiness
from steps.statistics.figures import Facts, delivery_quantile_of, quantile_of
from steps.statistics.readings import of_component
from steps.statistics.steady import EARLY_MATTERS, steadiness

CLOSEST_S = 0.2  # between two readings: closer ones say little about a rate
TAIL = 0.95  # quantiles from here on hang on the tail of each second too
CPU = {
    "cpu_us_per_request": "cpu_cores",
    "own_cpu_us_per_request": "own_cpu_cores",
    "path_cpu_us_per_request": "path_cpu_cores",
}
SPOKEN = {
    "p50_ms": "the seconds' p50",
    "p99_ms": "the seconds' p99",
    "cpu_cores": "its CPU",
    "own_cpu_cores": "its own CPU",
    "path_cpu_cores": "the path's CPU",
}


def steady_of(facts: Facts) -> dict[str, Steadiness]:
    """Whether each quantity had settled; one that has no value in any second is left out."""
    series = {
        "p50_ms": facts.series.p50_ms,
        "p99_ms": facts.series.p99_ms,
        "cpu_cores": cores_by_second(facts, facts.own),
        "own_cpu_cores": cores_by_second(facts, facts.itself),
        "path_cpu_cores": cores_by_second(facts, (*facts.own, *facts.around)),
    }
    return {name: steadiness(seconds) for name, seconds in series.items() if seconds}


def settled_s(outcomes: Iterable[CellOutcome]) -> int | None:
    """The second from which the response times of all these cells had settled; None: of one it is not known, or never."""
    edges = [each.steady["p50_ms"].edge_s if "p50_ms" in each.steady else None for each in outcomes]
    known = [edge for edge in edges if edge is not None]
    return max(known) if known and len(known) == len(edges) else None


def unsettled(metric: str, steady: Mapping[str, Steadiness]) -> str | None:
    """How a quantity that the metric hangs on had not settled; None: they had, or nobody can tell."""
    for name in _below(metric):
        found = steady.get(name)
        if found is not None and found.verdict == "not steady":
            return f"not steady: {SPOKEN[name]} {_how(found)}"
    return None


def cores_by_second(facts: Facts, components: tuple[str, ...]) -> dict[int, float]:
    """CPU seconds per second of these components together, between neighbouring readings, by the second of the gap's middle.

    Only the seconds of which all of them have readings.
    """
    each = [_cores(facts, name) for name in components]
    common = set.intersection(*(set(one) for one in each)) if each else set()
    return {second: sum(one[second] for one in each) for second in sorted(common)}


def _cores(facts: Facts, component: str) -> dict[int, float]:
    begin_ns = facts.window.start_ns
    return {
        floor(((one.asked_ns + other.asked_ns) / 2 - begin_ns) / 1e9): (other.usage.cpu_s - one.usage.cpu_s) / between_s
        for one, other in pairwise(of_component(facts.readings, component))
        if (between_s := (other.usage.monotonic_ns - one.usage.monotonic_ns) / 1e9) >= CLOSEST_S
    }


def _below(metric: str) -> tuple[str, ...]:
    q = quantile_of(metric) or delivery_quantile_of(metric)
    if q is None:
        return (CPU[metric],) if metric in CPU else ()
    return ("p50_ms", "p99_ms") if q >= TAIL else ("p50_ms",)


def _how(found: Steadiness) -> str:
    if found.early is not None and abs(found.early) > EARLY_MATTERS:
        return f"had settled {found.edge_s} s after the window's begin only: the warm-up is too short"
    return f"drifted by {100 * (found.trend or 0):+.0f} % over the window".replace("-", "\N{MINUS SIGN}")
