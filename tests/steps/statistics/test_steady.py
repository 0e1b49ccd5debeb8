"""Had it settled: what is found, what is missed, and how often noise is taken for it."""

import random
from math import exp

import pytest

from steps.statistics.steady import steadiness

WARMUP_S, WINDOW_S = 3, 12
SERIES = 400  # of each kind; the rates beside the limits are of 3,000


def series(shape, *, noise, seed=0, window_s=WINDOW_S, autocorrelation=0.0):
    """Seconds of that shape with log-normal noise of that size."""
    chance = random.Random(f"{seed}")
    state, found = 0.0, {}
    for second in range(-WARMUP_S, window_s):
        state = autocorrelation * state + (1 - autocorrelation**2) ** 0.5 * chance.gauss(0, 1)
        found[second] = shape(second) * exp(noise * state)
    return found


def flat(_):
    return 1.0


def share(shape, verdict, **given):
    """How many of many series get that verdict."""
    return sum(steadiness(series(shape, seed=seed, **given)).verdict == verdict for seed in range(SERIES)) / SERIES


@pytest.mark.parametrize(
    ("noise", "autocorrelation", "most"),
    [(0.02, 0, 0.005), (0.05, 0, 0.01), (0.2, 0, 0.015), (0.02, 0.6, 0.01), (0.05, 0.3, 0.02)],
    ids=["2 %", "5 %", "20 %", "2 %, slow", "5 %, rather slow"],
)
def test_steady_noise_is_steady(noise, autocorrelation, most):
    """False alarms, of 3,000 each: 0, 0.1, 0.3, 0.1 and 0.5 %. What wanders slowly by 5 % or more is called so in 5 to 7 %."""
    assert share(flat, "not steady", noise=noise, autocorrelation=autocorrelation) <= most


@pytest.mark.parametrize(
    ("shape", "least"),
    [
        (lambda second: 1.3 if second < 3 else 1.0, 0.99),
        (lambda second: 1 + 0.5 * max(0.0, min(1.0, (4 - second) / 4)), 0.99),
        (lambda second: 2.0 if second < 1 else 1.0, 0.99),
        (lambda second: 1 + (second + 3) / 15, 0.99),
        (lambda second: 1 + 0.3 * max(0, second) / 12, 0.7),
    ],
    ids=["3 s slower by 30 %", "a ramp of 4 s", "1 s twice as slow", "doubles", "drifts by 30 %"],
)
def test_what_had_not_settled_is_found(shape, least):
    """In one window, with noise of 5 %."""
    assert share(shape, "not steady", noise=0.05) >= least


@pytest.mark.parametrize("settled_s", [1, 3, 5])
def test_edge_is_found_to_a_second(settled_s):
    """In nine of ten series: the second from which nothing differs any more."""
    edges = [
        steadiness(series(lambda second: 1.5 if second < settled_s else 1.0, noise=0.03, seed=seed)).edge_s
        for seed in range(SERIES)
    ]

    assert sum(edge is not None and abs(edge - settled_s) <= 1 for edge in edges) >= 0.9 * SERIES


def test_warm_up_that_is_long_enough_is_proved():
    """Slow seconds before the window are the warm-up's business, and the edge lies there."""
    found = steadiness(series(lambda second: 1 + 1.5 * exp(-(second + 3) / 0.7), noise=0.03))

    assert found.verdict == "steady"
    assert -3 < found.edge_s <= 0


def test_one_slow_second_is_no_edge():
    """A stall in the middle is shown in the figures, and does not mean that the cell had not settled."""
    assert steadiness(series(lambda second: 6.0 if second == 7 else 1.0, noise=0.03)).verdict == "steady"


def test_drift_is_told_as_a_share():
    """From the window's beginning to its end, by the straight line through its logarithms."""
    found = steadiness(series(lambda second: 1.2 ** (second / (WINDOW_S - 1)), noise=0.001))

    assert (found.verdict, found.edge_s) == ("not steady", None)
    assert found.trend == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("window_s", [1, 3, 7])
def test_short_window_proves_nothing(window_s):
    """Neither that it was steady nor that it was not: no doubt comes of it."""
    found = steadiness(series(lambda second: 9.0 if second < 1 else 1.0, noise=0.01, window_s=window_s))

    assert (found.verdict, found.edge_s, found.trend) == ("too short to prove", None, None)


def test_seconds_of_nothing_are_no_crash():
    """Zero has no logarithm: a program that used no CPU in some seconds, or in all."""
    zeros = dict.fromkeys(range(-3, 12), 0.0)

    assert steadiness(zeros).verdict == "steady"
    assert steadiness({**zeros, 5: 0.1}).verdict == "steady"


def test_an_early_stretch_that_hardly_moves_the_window_is_no_doubt():
    """A first second that is slower by 30 % is found, and moves the mean of twelve by 2.5 %."""
    found = steadiness({second: 1.3 if second < 1 else 1.0 + second % 2 / 1000 for second in range(-3, 12)})

    assert (found.verdict, found.edge_s) == ("steady", 1)
