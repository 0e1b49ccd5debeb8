"""Whether two samples that are not paired differ, held against scipy's own tests and against simulated noise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from steps.errors import MeasureError
from steps.model import ChangeVerdict
from steps.statistics.between import judged, of_repetitions, of_runs
from steps.statistics.holm import holm

SIX = (1.0, 1.02, 0.98, 1.01, 0.99, 1.0)


def times(values, factor):
    return [value * factor for value in values]


def verdict(estimate, *, better="lower", reach=1.0, p_holm=None):
    return judged(estimate, p_holm=estimate.p if p_holm is None else p_holm, better=better, band=0.05, reach=reach)[0]


def test_repetitions_are_compared_as_scipy_does():
    """Welch's t on logarithms: the same p-value and the same interval."""
    chance = np.random.default_rng(1)
    before, after = np.exp(chance.normal(0, 0.02, 6)), np.exp(chance.normal(0.05, 0.09, 9))

    found = of_repetitions(list(before), list(after))
    expected = stats.ttest_ind(np.log(after), np.log(before), equal_var=False)
    interval = expected.confidence_interval(0.95)

    assert found.p == pytest.approx(expected.pvalue)
    assert (found.interval.low, found.interval.high) == pytest.approx((np.exp(interval.low), np.exp(interval.high)))
    assert found.ratio == pytest.approx(found.after / found.before)


def test_runs_are_the_unit_of_sets():
    """Student's t over the runs' geometric means: many repetitions do not make many runs."""
    chance = np.random.default_rng(2)
    before, after = np.exp(chance.normal(0, 0.02, (3, 6))), np.exp(chance.normal(0.1, 0.02, (4, 12)))

    found = of_runs(before.tolist(), after.tolist())
    expected = stats.ttest_ind(np.log(after).mean(axis=1), np.log(before).mean(axis=1))

    assert found.p == pytest.approx(expected.pvalue)
    assert (found.n_before, found.n_after) == (3, 4)


def test_one_run_can_be_held_against_several():
    """How much runs vary is taken from the side that shows it."""
    found = of_runs([SIX], [times(SIX, factor) for factor in (1.3, 1.31, 1.29, 1.3)])

    assert (found.n_before, found.n_after) == (1, 4)
    assert verdict(found) is ChangeVerdict.WORSE


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: of_repetitions(SIX[:5], SIX), "5 valid repetitions on one side; it takes 6"),
        (lambda: of_repetitions((0.0, *SIX), SIX), "a value of zero has no ratio"),
        (lambda: of_runs([SIX], [SIX, SIX[:5]]), "1 and 1 run with 6 valid repetitions; it takes 1 and 2"),
    ],
    ids=["few repetitions", "zero", "few runs"],
)
def test_too_little_is_no_estimate(call, message):
    """And says what is missing."""
    with pytest.raises(MeasureError, match=message):
        call()


def test_more_is_worse_or_better_as_the_metric_has_it():
    """Latency is better when lower, goodput when higher."""
    more, less = of_repetitions(SIX, times(SIX, 1.3)), of_repetitions(SIX, times(SIX, 0.7))

    assert verdict(more) is verdict(less, better="higher") is ChangeVerdict.WORSE
    assert verdict(less) is verdict(more, better="higher") is ChangeVerdict.BETTER


def test_a_difference_inside_the_band_does_not_matter():
    """However significant it is."""
    found = of_repetitions(SIX, times(SIX, 1.022))

    assert found.p < 0.05
    assert verdict(found) is ChangeVerdict.SAME


def test_values_that_never_vary_are_alike_or_not():
    """A rate that is met exactly has no spread to divide by."""
    assert verdict(of_repetitions([500.0] * 6, [500.0] * 6), better="higher") is ChangeVerdict.SAME
    assert verdict(of_repetitions([500.0] * 6, [400.0] * 6), better="higher") is ChangeVerdict.WORSE


def test_what_is_not_significant_after_holm_is_not_told_apart():
    """Both are needed: the interval outside the band, and a p-value that survives the family."""
    found = of_repetitions(SIX, times(SIX, 1.3))

    assert verdict(found, p_holm=0.051) is ChangeVerdict.CANNOT_TELL


def test_a_baseline_that_moved_hides_as_much_as_it_moved():
    """What the machine did to the baseline it may have done to the contender."""
    found = of_repetitions(SIX, times(SIX, 1.12))
    steady = of_repetitions(SIX, SIX)

    assert verdict(found, reach=1.03) is ChangeVerdict.WORSE
    assert verdict(found, reach=1.11) is ChangeVerdict.CANNOT_TELL
    assert verdict(steady, reach=1.11) is ChangeVerdict.CANNOT_TELL


def test_holm_is_as_in_the_textbook():
    """Holm (1979): the smallest times four, the next times three; and never less than one before it."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([]) == ()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_keeps_the_order_and_makes_nothing_surer(p_values):
    """An adjusted p-value is at least the given one and at most Bonferroni's."""
    adjusted = holm(p_values)

    assert all(p <= q <= min(1.0, len(p_values) * p) or q <= 1 for p, q in zip(p_values, adjusted, strict=True))
    assert sorted(range(len(p_values)), key=lambda i: (p_values[i], i)) == sorted(
        range(len(p_values)), key=lambda i: (adjusted[i], p_values[i], i)
    )


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.4])
def test_intervals_hold_the_true_ratio_as_often_as_they_say(noise):
    """1,000 comparisons of six repetitions each: 95 %, give or take what chance allows."""
    chance = np.random.default_rng(3)
    before, after = np.exp(chance.normal(0, noise, (1000, 6))), 1.1 * np.exp(chance.normal(0, noise, (1000, 6)))

    found = [of_repetitions(one, other) for one, other in zip(before.tolist(), after.tolist(), strict=True)]

    held = sum(each.interval.low < 1.1 < each.interval.high for each in found)
    assert 930 <= held <= 970, held


def family(chance, *, drift, arms=6, noise=0.04, change=1.0, control=True):
    """A table of one metric, two runs: each run's machine is off by a factor that all arms share; the last arm changed."""
    moved = np.exp(chance.normal(0, drift, 2))
    before, after = np.exp(chance.normal(0, noise, (2, arms, 6)))
    after[-1] *= change
    found = [
        of_repetitions(one, other) for one, other in zip((before * moved[0]).tolist(), (after * moved[1]).tolist(), strict=True)
    ]
    adjusted = holm([each.p for each in found])
    reach = found[0].reach if control else 1.0
    return [verdict(each, p_holm=p, reach=reach) for each, p in zip(found[1:], adjusted[1:], strict=True)]


def alarms(drift, *, control=True):
    """In how many of 300 A/A tables of five contenders anything is called worse or better."""
    chance = np.random.default_rng(4)
    wrong = {ChangeVerdict.WORSE, ChangeVerdict.BETTER}
    return sum(bool(wrong & {*family(chance, drift=drift, control=control)}) for _ in range(300))


@pytest.mark.parametrize("drift", [0.0, 0.02, 0.05, 0.1])
def test_machines_that_drift_between_two_runs_raise_no_alarm(drift):
    """One run a side: at most 1 table of 100, however far the machine drifted."""
    assert alarms(drift) <= 3


def test_it_is_the_baseline_that_keeps_them_quiet():
    """Without it a machine that drifts by 10 % is taken for a change in most tables."""
    assert alarms(0.1, control=False) >= 150


def test_a_change_of_a_quarter_is_found_in_two_runs():
    """At 4 % noise and 2 % of drift, nearly always, and in that contender alone."""
    chance = np.random.default_rng(5)

    found = [family(chance, drift=0.02, change=1.25) for _ in range(200)]

    assert sum(each[-1] is ChangeVerdict.WORSE for each in found) >= 190
    assert sum(ChangeVerdict.WORSE in each[:-1] for each in found) <= 2
