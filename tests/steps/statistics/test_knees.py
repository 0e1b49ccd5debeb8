"""What the report on a ramp says: knees, bounds, and who sustains most."""

from __future__ import annotations

import re

import pytest

from steps.evidence import read
from steps.model import HypothesisVerdict, Point, RunVerdict
from steps.statistics.findings import report_of
from steps.statistics.knees import bounded_figure
from tests.steps.simulated_cell import RUN
from tests.steps.simulated_ramp import CAPACITIES, Climb, gateway_capacity, simulate


def report(story=None, *, preview=False, status="Succeeded"):
    """The report on a simulated run."""
    objects = simulate(gateway_capacity(preview=preview), story)
    return report_of(read(objects, run=RUN, prefix=f"runs/phase-4/gateway-capacity/{RUN}", status=status, failures="null"))


def arms(found):
    return {arm.name: arm for arm in found.loads[0].arms}


def test_a_whole_ramp_is_answered_by_its_knees():
    """Who sustains most stands first, and the least last; each knee is near what was simulated."""
    found = report()

    assert (found.verdict, found.reasons) == (RunVerdict.ANSWERED, ())
    interval = r"\(\d+,\d+ to \d+,\d+\)"
    most, least = rf"HAProxy sustains most: 9,[78]\d\d req/s {interval}", rf"Caddy least: 3,[23]\d\d req/s {interval}"
    assert re.fullmatch(rf"{most}; {least}, with p99 at most 20 ms\.", found.answer.lead)
    assert found.answer.more[0] == "Between them, from more to less: nginx > Envoy > Traefik."
    for name in ("nginx", "haproxy", "envoy", "traefik", "caddy"):
        assert arms(found)[name].figures["knee_rps"].value == pytest.approx(CAPACITIES[name], rel=0.05)


def test_a_knee_beyond_the_driver_is_a_bound_and_no_figure():
    """The baseline, here, is better than the driver."""
    found = report()
    knee = arms(found)["direct"].figures["knee_rps"]

    assert (knee.value, knee.at_least) == (None, 19_200)
    assert knee.reason == "at least 19,200 req/s: the driver ends there, not the contender"
    assert found.answer.more[-1] == f"Direct, the baseline: {knee.reason}."


def test_a_contender_beyond_the_driver_is_not_ranked_and_not_forgotten():
    """The first of the others is first of those only."""
    found = report(Climb(capacities={**CAPACITIES, "nginx": 40_000.0}))

    assert found.verdict == RunVerdict.ANSWERED
    assert found.answer.lead.startswith("Of those whose knee was found, HAProxy sustains most:")
    assert "nginx: at least 19,200 req/s: the driver ends there, not the contender." in found.answer.more
    assert all("nginx" not in tier for tier in found.answer.tiers)


def test_a_run_that_found_no_contenders_knee_is_inconclusive():
    """No run succeeds on nothing."""
    found = report(Climb(driver_rps=2_000))

    assert found.verdict == RunVerdict.INCONCLUSIVE
    assert found.reasons == ("no contender's knee was found: at least 2,000 req/s: the driver ends there, not the contender",)


def test_one_bound_among_the_repetitions_makes_the_arms_figure_a_bound():
    """The median of the others would be too low."""
    found = report(Climb(driver_rps_of={"envoy-ramp-r3": 5_000}))
    knee = arms(found)["envoy"].figures["knee_rps"]

    assert knee.value is None
    assert 5_000 < knee.at_least < 6_300
    assert knee.reason.endswith("the driver ends there, not the contender (in 1 of 6 repetitions)")
    assert len(knee.points) == 5


@pytest.mark.parametrize(
    ("points", "bounds", "at_least"),
    [
        ([], [9.0], 9),
        ([(5.0, False)], [(9.0, False)], 7),
        ([(5.0, False), (6.0, False)], [(9.0, False)], 6),
        ([(5.0, True)], [(9.0, False)], 9),
        ([(5.0, True)], [(9.0, True)], 7),
    ],
    ids=["only a bound", "half", "one of three", "a suspect value", "all suspect"],
)
def test_bound_of_several_repetitions_is_a_median_that_the_true_one_cannot_be_below(points, bounds, at_least):
    """Each bound stands in the place of the value above it; suspect repetitions count only when there are no others."""
    given = [
        [Point(repetition=n, value=value, suspect=suspect) for n, (value, suspect) in enumerate(each)]
        for each in (points, [each if isinstance(each, tuple) else (each, False) for each in bounds])
    ]

    assert bounded_figure(*given, reason="at least 9 req/s: so far").at_least == at_least


def test_suspect_bound_does_not_hide_the_valid_knees():
    """It is shown and not counted, as every suspect figure."""
    points = [Point(repetition=n, value=100.0 + n) for n in range(6)]

    figure = bounded_figure(points, [Point(repetition=7, value=50.0, suspect=True)], reason="at least 50 req/s: so far")
    assert (figure.value, figure.n, figure.at_least) == (102.5, 6, None)


def test_a_preview_of_a_ramp_names_nobody():
    """It shows between which rates the knees are."""
    found = report(preview=True)

    assert found.verdict == RunVerdict.PREVIEW
    assert re.match(
        r"Seen, not ranked: all contenders sustain between 3,\d+ and \d+,\d+ req/s with p99 at most 20 ms\.", found.answer.lead
    )
    assert not any(arm.title in found.answer.lead for arm in found.loads[0].arms[1:])
    assert {result.verdict for result in found.hypotheses} == {HypothesisVerdict.CANNOT_TELL}


def test_a_contender_that_died_fails_the_run_with_its_reason():
    """Its knee is no zero."""
    death = "caddy ended with status -11 (in the search, at 4,000 req/s)"
    found = report(Climb(failing={"caddy": death}), status="Failed")

    assert found.verdict == RunVerdict.FAILED
    assert found.reasons == (f"caddy: 6 of 6 cells failed: {death}",)
    assert arms(found)["caddy"].figures["knee_rps"].reason == death


def test_contenders_that_cannot_be_told_apart_are_not_ranked():
    """The same capacity, the same place."""
    found = report(Climb(capacities=dict.fromkeys(CAPACITIES, 5000.0)))

    assert (
        "cannot be told apart: they sustain 4," in found.answer.lead
        or "cannot be told apart: they sustain 5," in found.answer.lead
    )
    assert "most" not in found.answer.lead.split("with p99")[0]


def test_every_probe_is_on_the_report():
    """The path of each search, by repetition."""
    found = report()
    objects = simulate(gateway_capacity())

    for arm in found.loads[0].arms:
        assert [path.repetition for path in sorted(arm.paths, key=lambda path: path.repetition)] == [1, 2, 3, 4, 5, 6]
        assert all(
            objects[f"cells/{arm.name}-ramp-r{path.repetition}/load/load.json"].count(b'"verdict"') == len(path.probes)
            for path in arm.paths
        )


def test_limits_of_a_ramp_do_not_speak_of_an_equal_load():
    """What a knee is the knee of is said."""
    limits = report().circumstances.limits

    assert "the knees are those of contender and upstream together" in limits[0]
    assert not any("equal load" in limit for limit in limits)
