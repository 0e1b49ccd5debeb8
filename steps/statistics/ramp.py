"""The figures of one cell of a ramp: the knee that its probes lead to, and what was measured at shares of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from steps.drivers.search import Knee
from steps.model import CanaryReference, Environment, Slo, Steadiness, Surroundings
from steps.model.metric import KNEE, at_share
from steps.statistics.figures import Facts, Figure, figure
from steps.statistics.histogram import quantile
from steps.statistics.settling import steady_of
from steps.statistics.surroundings import surroundings_of
from steps.statistics.validity import doubts, failures, metric_doubts


@dataclass(frozen=True)
class Ramped:
    """What was recorded of one cell, whole and read."""

    slo: Slo
    knee: Knee
    shares: Mapping[int, Facts]  # by percent of the knee; empty where the knee is not known


def figures_of(metrics: Sequence[str], ramped: Ramped) -> dict[str, Figure]:
    """The value of each metric in a cell."""
    return {name: _figure(name, ramped) for name in metrics}


def _figure(metric: str, ramped: Ramped) -> Figure:
    knee = ramped.knee
    if metric == KNEE.name:
        return Figure(knee.rps, knee.reason, expected=not knee.broken, at_least=knee.at_least_rps)
    found = at_share(metric)
    if found is None:
        return Figure(reason=f"{metric} is not measured by a ramp")
    plain, percent = found
    if knee.rps is None:
        return Figure(reason=f"the knee is not known: {knee.reason}", expected=not knee.broken)
    if percent not in ramped.shares:
        return Figure(reason=f"nothing was measured at {percent} % of the knee")
    return figure(plain, ramped.shares[percent])


def failures_of(ramped: Ramped, figures: Mapping[str, Figure]) -> Iterator[str]:
    """Why a cell has no figures to rely on; nothing: it has."""
    if ramped.knee.broken:
        yield ramped.knee.reason or "the search found nothing"
        return
    for percent, facts in ramped.shares.items():
        yield from (f"at {percent} % of the knee: {each}" for each in failures(facts, _at(percent, figures)))
    for name, found in figures.items():
        if found.value is None and not found.expected and at_share(name) is None:
            yield f"{name} could not be measured: {found.reason}"


def surroundings_at(ramped: Ramped, reference: CanaryReference | None) -> dict[int, Surroundings]:
    """What the machines did beside each share of the knee."""
    return {percent: surroundings_of(facts, reference) for percent, facts in ramped.shares.items()}


def lateness_at(ramped: Ramped) -> dict[str, float]:
    """How late the driver was at each share of the knee, in ms: `p99 at 75` and the like."""
    return {f"{q} at {percent}": ms for percent, facts in ramped.shares.items() for q, ms in facts.driver.lateness_ms.items()}


def doubts_of(ramped: Ramped, environment: Environment, surroundings: Mapping[int, Surroundings]) -> Iterator[str]:
    """Why a cell may not decide alone, each beginning with whom it suspects."""
    if ramped.knee.suspect:
        yield f"suspect: {ramped.knee.suspect}: the search was disturbed, {ramped.knee.reason}"
    calibration = environment.calibration
    if not ramped.shares and (calibration is None or calibration.ceiling_rps is None):  # else the shares' own doubts say so
        why = calibration.reason if calibration and calibration.reason else "it was not calibrated"
        yield f"suspect: generator: its ceiling is not known: {why}"
    yield from _told_once(
        (percent, doubt)
        for percent, facts in ramped.shares.items()
        for doubt in (*doubts(facts, environment, surroundings[percent]), *_slow(facts, ramped.slo))
    )


def _slow(facts: Facts, slo: Slo) -> Iterator[str]:
    """The SLO has to hold below the knee."""
    p99_ms = quantile(facts.histograms["response"], 0.99, among=facts.counts.planned).value_ms
    if p99_ms is not None and p99_ms > slo.p99_ms:
        yield f"suspect: figures: the knee was found too high, or the machine is another now: p99 is {p99_ms:.3g} ms"


def _told_once(found: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Doubts by share; those that differ in their figures alone stand together, with the figures of the first."""
    kinds: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for percent, doubt in found:
        kinds[re.sub(r"\d+(?:[.,]\d+)*", "#", doubt)].append((percent, doubt))
    for alike in kinds.values():
        yield f"{alike[0][1]} (at {', '.join(str(percent) for percent, _ in alike)} % of the knee)"


def steady_at(ramped: Ramped) -> dict[int, dict[str, Steadiness]]:
    """Whether each quantity had settled at each share of the knee."""
    return {percent: steady_of(facts) for percent, facts in ramped.shares.items()}


def metric_doubts_of(
    ramped: Ramped, figures: Mapping[str, Figure], steady: Mapping[int, Mapping[str, Steadiness]]
) -> dict[str, str]:
    """Metric → why its value may not decide though the cell may."""
    shares = {percent: metric_doubts(facts, _at(percent, figures), steady[percent]) for percent, facts in ramped.shares.items()}
    found = {name: at for name in figures if (at := at_share(name))}
    return {name: shares[percent][plain] for name, (plain, percent) in found.items() if plain in shares.get(percent, {})}


def _at(percent: int, figures: Mapping[str, Figure]) -> dict[str, Figure]:
    """The figures at one share, under the names that they have at any load."""
    pairs = ((at_share(name), found) for name, found in figures.items())
    return {at[0]: found for at, found in pairs if at and at[1] == percent}
