"""Percentile curves: one repetition's response times at fixed quantiles, as far as its answers reach."""

from __future__ import annotations

from steps.errors import MeasureError
from steps.statistics.histogram import parse_log, quantile

# As the chart spaces them, by 1/(1-q): twelve up to p90, twelve from there to p99, twelve to p99.9.
QUANTILES: tuple[float, ...] = tuple(round(1 - 10 ** (-step / 12), 6) for step in range(1, 37))


def response_curve(log: bytes, *, name: str, planned: int | None = None) -> tuple[float, ...]:
    """Response times in ms at QUANTILES, up to the highest that the answers bound.

    log: load.hdr, called `name` in errors. planned: requests of the window; those without a right answer rank above all others.
    Raises MeasureError: it is damaged, or holds no response times.
    """
    tagged = parse_log(log.decode("ascii", errors="replace"), name=name)
    if "response" not in tagged:
        message = f"{name} holds no response times"
        raise MeasureError(message)
    curve = []
    for q in QUANTILES:
        found = quantile(tagged["response"], q, among=planned)
        if found.value_ms is None:
            break
        curve.append(round(found.value_ms, 3))
    return tuple(curve)
