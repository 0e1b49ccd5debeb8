"""Simulated comparisons through the code that decides runs: false alarms, power, drift. Seeded, so counts stay the same."""

from __future__ import annotations

import numpy as np
import pytest

from phases.phase_04 import PHASE
from steps.model import Plan
from steps.statistics.power import power_of, smallest_ratio
from tests.steps.statistics.rounds import compared

COMPARISONS = 1000
METRICS = 4


def decisions(*, noise, n=6, ratio=1.0, metrics=1, comparisons=COMPARISONS):
    """What is decided in so many comparisons of two arms with this run-to-run noise."""
    draw = np.random.default_rng([n, metrics, round(1000 * noise), round(1000 * ratio)])
    values = np.exp(noise * draw.standard_normal((comparisons, 2, metrics, n)))
    values[:, 1] *= ratio
    names = [f"m{each}" for each in range(metrics)]
    return [
        list(compared(dict(zip(names, own.tolist(), strict=True)), dict(zip(names, base.tolist(), strict=True))).values())
        for base, own in values
    ]


@pytest.fixture(scope="module")
def alike():
    """1,000 comparisons of equals, with four metrics each."""
    return decisions(noise=0.1, metrics=METRICS)


def test_a_test_of_equals_raises_a_false_alarm_in_5_percent(alike):
    """50 of 1,000 are expected; 67 are two and a half standard deviations more, and fewer than 33 would not be a test of 5 %."""
    alarms = sum(first.p < 0.05 for first, *_ in alike)

    assert 33 <= alarms <= 67


def test_holm_keeps_the_alarms_of_a_whole_family_at_5_percent(alike):
    """Without it, four metrics raise one in 18 %."""
    without = sum(any(each.p < 0.05 for each in family) for family in alike)
    alarms = sum(any(each.p_holm < 0.05 for each in family) for family in alike)

    assert without > 150
    assert 20 <= alarms <= 67


def test_equals_are_called_different_far_more_rarely(alike):
    """The interval must lie outside the band too; and hardly ever are they all called equal at this noise."""
    assert sum(any(each.verdict == "differs" for each in family) for family in alike) <= 40


@pytest.mark.parametrize(("noise", "n", "ratio"), [(0.02, 6, 1.10), (0.03, 10, 1.10), (0.05, 20, 1.10), (0.10, 6, 1.35)])
def test_a_true_difference_is_found_as_often_as_predicted(noise, n, ratio):
    """1,000 comparisons: the share of "differs" is the power that `plan` speaks of, within 3 points."""
    found = np.mean([first.verdict == "differs" for first, *_ in decisions(noise=noise, n=n, ratio=ratio)])

    predicted = power_of(ratio, noise * np.sqrt(2), n, band=0.05)

    assert 0.1 < predicted < 0.99
    assert found == pytest.approx(predicted, abs=0.03)


@pytest.mark.parametrize(("noise", "n"), [(0.02, 6), (0.1, 6), (0.4, 20)])
def test_the_smallest_ratio_has_the_power_that_it_is_asked_for(noise, n):
    """They are each other's inverse."""
    assert power_of(smallest_ratio(noise, n, band=0.05), noise, n, band=0.05) == pytest.approx(0.8, abs=0.001)


def test_the_smallest_ratio_grows_with_noise_and_shrinks_with_rounds():
    """And it is never within the band."""
    by_noise = [smallest_ratio(noise, 6, band=0.05) for noise in (0.001, 0.01, 0.1, 0.4)]
    by_rounds = [smallest_ratio(0.1, n, band=0.05) for n in (20, 12, 9, 6)]

    assert by_noise == sorted(by_noise)
    assert by_rounds == sorted(by_rounds)
    assert by_noise[0] > 1.05


def test_seven_and_eight_rounds_find_less_than_six():
    """Their interval still runs from the smallest to the largest; with nine it leaves the outermost out."""
    six, *between, nine = (smallest_ratio(0.1, n, band=0.05) for n in (6, 7, 8, 9))

    assert min(between) > six > nine


def test_five_rounds_find_nothing():
    """However large a difference is."""
    assert (smallest_ratio(0.01, 5, band=0.05), power_of(9.0, 0.01, 5, band=0.05)) == (None, 0.0)


def under_drift(seed, *, in_rounds, drift=0.2, noise=0.02, n=6):
    """The decision on two equal arms while the machine gets slower by `drift` over the run."""
    asked = PHASE.experiments[0]
    alone = asked.model_copy(update={"contenders": asked.contenders[:1], "repetitions": n})
    cells = list(Plan.of(alone, run="r", seed=seed).cells)
    if not in_rounds:
        cells.sort(key=lambda cell: (cell.contender != "direct", cell.repetition))
    draw = np.random.default_rng(seed)
    values = {
        (cell.contender, cell.repetition): float(np.exp(noise * draw.standard_normal()) * (1 + drift) ** (place / len(cells)))
        for place, cell in enumerate(cells)
    }
    direct, contender = ([values[arm.name, each] for each in range(1, n + 1)] for arm in alone.arms)
    return compared({"p50_ms": contender}, {"p50_ms": direct})["p50_ms"]


def test_a_drift_is_no_difference_in_rounds_and_looks_like_one_in_sequence():
    """The machine gets a fifth slower over the run: the plan's order finds nothing, arm after arm "differs"."""
    runs = range(100)

    assert not any(under_drift(seed, in_rounds=True).verdict == "differs" for seed in runs)
    assert sum(under_drift(seed, in_rounds=True).p < 0.05 for seed in runs) <= 10
    assert sum(under_drift(seed, in_rounds=False).verdict == "differs" for seed in runs) > 60
