"""How much later the driver was with one arm than with the other: of what may be its own doing, nothing is claimed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from steps.model import CellSummary, Figure
from steps.model.metric import at_share
from steps.statistics.figures import delivery_quantile_of, quantile_of
from steps.statistics.words import percent

# Of what is claimed: when the driver was later with one arm than with the other by more than this, its lateness may be that.
LATENESS_SHARE = 0.1


def lateness_gap_ms(metric: str, rounds: Figure, cells: Iterable[CellSummary], *, of: str, over: str) -> float | None:
    """How much later the driver was with one arm than with the other at a percentile, in ms: the median over the valid rounds.

    At the metric's own quantile and share of the knee, or the nearest quantile that cells tell.
    rounds: a figure of both arms, whose points say which rounds are valid.
    None: the metric is no percentile, or no cell tells it.
    """
    plain, share = at_share(metric) or (metric, None)
    q = quantile_of(plain) or delivery_quantile_of(plain)
    if q is None:
        return None
    late = {(cell.contender, cell.repetition): _lateness_ms(cell, q, share) for cell in cells}
    pairs = [
        (late.get((of, point.repetition)), late.get((over, point.repetition))) for point in rounds.points if not point.suspect
    ]
    gaps = [one - other for one, other in pairs if one is not None and other is not None]
    return median(gaps) if gaps else None


def suspect_of(gap_ms: float | None, claimed_ms: float, what: str) -> str | None:
    """Why a claim of that size may be the driver's lateness; None: it is not, or nobody can tell. what: `the effect`."""
    if gap_ms is None or abs(gap_ms) <= LATENESS_SHARE * claimed_ms:
        return None
    return (
        f"suspect: generator: its lateness differs by {abs(gap_ms):.3g} ms between the arms, "
        f"more than {percent(LATENESS_SHARE)} of {what} of {claimed_ms:.3g} ms"
    )


def _lateness_ms(cell: CellSummary, q: float, share: int | None) -> float | None:
    split = [(name.partition(" at "), ms) for name, ms in cell.lateness_ms.items()]
    told = {float(name[1:]) / 100: ms for (name, _, at), ms in split if at == ("" if share is None else str(share))}
    usual = {0.5: cell.lateness_p50_ms, 0.99: cell.lateness_p99_ms}
    known = told or {each: ms for each, ms in usual.items() if ms is not None}
    return known[min(known, key=lambda each: abs(each - q))] if known else None
