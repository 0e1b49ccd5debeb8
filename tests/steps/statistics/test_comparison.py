"""What intervals allow to say of effects, orders and hypotheses."""

from __future__ import annotations

import pytest

from steps.model import Figure, Hypothesis, HypothesisVerdict, Interval, Point
from steps.statistics.answer import untold
from steps.statistics.comparison import can_decide, figure_of, judge, paired_effect, tiers


def figure(*values, suspect=()):
    """A figure of a value for each repetition; `suspect` names repetitions."""
    points = [Point(repetition=number, value=value, suspect=number in suspect) for number, value in enumerate(values, 1)]
    return figure_of(points, reason="nothing was measured")


def between(low, high, n=6):
    """A figure with that interval."""
    return Figure(value=(low + high) / 2, interval=Interval(low=low, high=high, coverage=0.97), n=n)


def test_suspect_repetitions_are_shown_and_not_counted():
    """The median and n come from the valid ones; the points hold all."""
    found = figure(1.0, 2.0, 3.0, 100.0, suspect={4})

    assert (found.value, found.n, len(found.points), found.suspect) == (2.0, 3, 4, False)


def test_a_figure_of_suspects_alone_says_so_and_decides_nothing():
    """It is better seen than hidden, but marked."""
    found = figure(*[1.0] * 6, suspect=set(range(1, 7)))

    assert found.value == 1.0
    assert found.suspect
    assert not can_decide(found)


def test_a_figure_of_nothing_has_a_reason():
    """Never zero."""
    assert figure().value is None
    assert figure().reason == "nothing was measured"


def test_one_repetition_has_no_interval():
    """A single value does not say how sure it is."""
    assert figure(4.2).interval is None


def test_an_effect_is_paired_within_its_round():
    """A drift that both arms share does not widen it."""
    baseline = figure(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    contender = figure(1.5, 2.5, 3.5, 4.5, 5.5, 6.5)

    effect = paired_effect(contender, baseline)

    assert effect.difference.value == pytest.approx(0.5)
    assert effect.difference.interval.high - effect.difference.interval.low == pytest.approx(0)
    assert effect.ratio.n == 6


def test_a_round_with_a_suspect_partner_does_not_count():
    """Either one's doubt is the pair's."""
    effect = paired_effect(figure(*[2.0] * 6, suspect={1}), figure(*[1.0] * 6, suspect={2}))

    assert effect.difference.n == 4
    assert effect.ratio.value == 2.0


def test_an_effect_over_nothing_has_the_baselines_reason():
    """Missing is not zero."""
    effect = paired_effect(figure(1.0), Figure(reason="it has no program"))

    assert effect.difference.value is None
    assert "it has no program" in effect.ratio.reason


def test_arms_whose_intervals_touch_are_not_ranked():
    """They stand in one group, also when only a third joins them."""
    found = tiers({"a": between(1, 2), "b": between(1.9, 3), "c": between(2.9, 4), "d": between(5, 6)})

    assert found == (("a", "b", "c"), ("d",))


def test_ends_of_a_group_that_only_a_third_joins_are_not_called_alike():
    """Each is like the next, and the last is not like the first."""
    figures = {"a": between(1, 2), "b": between(1.9, 3), "c": between(2.9, 4)}

    assert untold("ab", figures) == "cannot be told apart"
    assert untold("abc", figures) == "cannot be told from their neighbours"


def test_arms_whose_intervals_are_apart_are_ranked():
    """From less to more."""
    assert tiers({"b": between(3, 4), "a": between(1, 2)}) == (("a",), ("b",))


@pytest.mark.parametrize(
    ("late", "apart"), [({"b": 0.9}, True), ({"b": 1.1}, False), ({"a": -0.9}, True), ({"a": -1.1}, False), ({"a": 9.0}, True)]
)
def test_an_order_that_the_drivers_lateness_may_have_made_is_none(late, apart):
    """Whoever is later than the baseline may be faster than he seems, by that much and no more; whoever is earlier, slower."""
    found = tiers({"a": between(1, 2), "b": between(3, 4)}, late)

    assert found == ((("a",), ("b",)) if apart else (("a", "b"),))


BELOW = Hypothesis(statement="adds less than 1", metric="p50_ms", of="envoy", over="direct", added_below=1.0)
ABOVE = Hypothesis(statement="needs more than 50", metric="cpu", of="envoy", above=50.0)


@pytest.mark.parametrize(
    ("hypothesis", "found", "verdict"),
    [
        (BELOW, between(0.2, 0.9), HypothesisVerdict.HOLDS),
        (BELOW, between(1.0, 1.2), HypothesisVerdict.DOES_NOT_HOLD),
        (BELOW, between(0.9, 1.0), HypothesisVerdict.CANNOT_TELL),
        (BELOW, between(0.9, 1.1), HypothesisVerdict.CANNOT_TELL),
        (ABOVE, between(50.1, 60), HypothesisVerdict.HOLDS),
        (ABOVE, between(40, 50), HypothesisVerdict.DOES_NOT_HOLD),
        (ABOVE, between(40, 60), HypothesisVerdict.CANNOT_TELL),
    ],
)
def test_a_hypothesis_is_decided_by_the_whole_interval(hypothesis, found, verdict):
    """An interval that reaches the bound from the right side decides nothing."""
    assert judge(hypothesis, found, preview=False)[0] == verdict


def test_five_rounds_decide_nothing():
    """However far the interval is from the bound."""
    verdict, why = judge(BELOW, between(0.1, 0.2, n=5), preview=False)

    assert verdict == HypothesisVerdict.CANNOT_TELL
    assert "5 valid rounds; it takes 6" in why


def test_a_preview_decides_nothing():
    """However many rounds it has."""
    assert judge(BELOW, between(0.1, 0.2), preview=True) == (HypothesisVerdict.CANNOT_TELL, "a preview decides nothing")


def test_a_hypothesis_without_a_figure_cannot_be_told():
    """A failed contender breaks no hypothesis."""
    assert judge(BELOW, Figure(reason="failed"), preview=False)[0] == HypothesisVerdict.CANNOT_TELL
