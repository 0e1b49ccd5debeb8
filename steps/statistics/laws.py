"""What must be true of any figures: Little's law and the utilisation law, checked on every cell. Pure.

They compare what was measured apart: the driver's counter of open requests with the histogram of response times, readings each
second with those at the edges, components with the cores they ran on. Who breaks a law is wrong about something.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import sqrt
from statistics import fmean, stdev
from typing import Any

from steps.model import CrossCheck
from steps.statistics.figures import Facts, Figure
from steps.statistics.settling import cores_by_second
from steps.statistics.surroundings import machines_of

BORNE = 0.05  # rule 18
TICKS_S = 0.02  # the kernel tells idle time in ticks of 10 ms, at both edges
EDGES_BORNE = 4
ROUNDING_S = 1e-6  # histograms keep whole µs, of response times and of lateness
FEWEST_SECONDS = 5
SHORTEST_S = FEWEST_SECONDS + 2  # of a window: its first and its last second have a reading at an edge
SDS = 3.0


def broken_little(facts: Facts) -> str | None:
    """L = λ·W: how the requests that were open do not fit the response times; None: they do, or it cannot be told.

    W runs from the moment at which the driver looked at a request, for that is when its counter does, to its end, however it
    ended. Requests that reach over an edge of the window count for their time in it on one side and as a whole on the other: of
    these there are λ·E[W²]/2 seconds at an edge that does not know about them, and four times that at both is borne as well. It
    is nothing in a quiet cell, and much in one that stalls.
    """
    counts, seconds, seen = facts.counts, facts.window.seconds, facts.driver.open_mean
    ended = [facts.histograms[tag] for tag in ("response", "error", "timeout")]
    number = sum(each.get_total_count() for each in ended)
    if seen is None or not number or counts.unfinished or counts.dropped:
        return None
    wait_s = (sum(map(_sum_s, ended)) - _sum_s(facts.histograms["lateness"])) / number
    rate_rps = number / seconds
    expected = rate_rps * wait_s
    over_edges = EDGES_BORNE * rate_rps * sum(map(_sum_of_squares_s2, ended)) / number / seconds
    if abs(seen - expected) <= BORNE * expected + over_edges + rate_rps * ROUNDING_S:
        return None
    return (
        f"{seen:.3g} requests were open at a time, but their rate and response times make {expected:.3g} "
        f"(Little's law; {BORNE:.0%} are borne)"
    )


def _sum_s(histogram: Any) -> float:
    """Of all its values, in seconds."""
    count: int = histogram.get_total_count()
    return float(histogram.get_mean_value()) * count / 1e6 if count else 0.0


def _sum_of_squares_s2(histogram: Any) -> float:
    count: int = histogram.get_total_count()
    return count * (float(histogram.get_mean_value()) ** 2 + float(histogram.get_stddev()) ** 2) / 1e12 if count else 0.0


def broken_utilisation(facts: Facts, figures: Mapping[str, Figure]) -> dict[str, str]:
    """U = X·S, for each metric of CPU time per request: how it does not fit the readings of each second.

    Readings at the edges made the metric; those between them check it. Borne is also what the scatter of the seconds explains.
    """
    answered = facts.record.answered or facts.counts.ok
    rate_rps = answered / facts.window.seconds
    broken = {}
    for metric, names in _components(facts).items():
        found = figures.get(metric, Figure()).value
        between = range(1, round(facts.window.seconds) - 1)
        cores = [value for second, value in cores_by_second(facts, names).items() if second in between]
        if found is None or len(cores) < FEWEST_SECONDS:
            continue
        seen, said = fmean(cores), found * rate_rps / 1e6
        if abs(seen - said) > BORNE * said + SDS * stdev(cores) / sqrt(len(cores)):
            broken[metric] = (
                f"{said:.3g} cores follow from CPU per request and rate, {seen:.3g} from the readings of each second "
                f"(utilisation law; {BORNE:.0%} are borne)"
            )
    return broken


def more_than_there_was(facts: Facts) -> Iterator[str]:
    """Components that used more than the cores that they ran on were busy."""
    for machine in machines_of(facts):
        busy, used = machine.busy_cores, machine.components_cores
        if busy is not None and used > busy * (1 + BORNE) + TICKS_S * (machine.cores or 1) / facts.window.seconds:
            yield f"its components used {used:.3g} cores, the cores that they run on were busy for {busy:.3g}"


def disagreeing(checks: Iterable[CrossCheck]) -> Iterator[str]:
    """Components of which the keeper and the kubelet tell different CPU times of the same load."""
    for check in checks:
        keeper_s, kubelet_s = check.keeper_s, check.kubelet_s
        if keeper_s is not None and kubelet_s is not None and abs(kubelet_s - keeper_s) > BORNE * keeper_s + TICKS_S:
            yield f"keeper and kubelet disagree about {check.component}: {check.told()}; {BORNE:.0%} are borne"


def _components(facts: Facts) -> dict[str, tuple[str, ...]]:
    return {
        "cpu_us_per_request": facts.own,
        "own_cpu_us_per_request": facts.itself,
        "path_cpu_us_per_request": (*facts.own, *facts.around),
    }
