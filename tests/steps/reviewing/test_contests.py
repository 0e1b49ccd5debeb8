"""What stored runs come to together: who goes together, who is on a front, what a rule decides."""

import dataclasses
import re

import pytest

from phases.phase_10_watching import EXPERIMENTS as WATCHING
from steps.costs.book import load
from steps.model import DutyCycle, Experiment, Figure, MessageLoad, Rule, RunVerdict
from steps.model.unit_cost import PER_MILLION_MESSAGES, PER_MILLION_TRANSACTIONS
from steps.page.record import record
from steps.page.review import render
from steps.reviewing.contests import standings
from steps.reviewing.newest import Newest
from steps.reviewing.report import review_of
from tests.steps.sealed_runs import run

AT = "2026-11-25T12:00:00.000Z"


def envoy(**factors):
    """How much more than usual Envoy has of these metrics."""
    return {("envoy", metric): factor for metric, factor in factors.items()}


CHEAP_ENVOY = envoy(p99_ms=0.25, cpu_us_per_request=0.25, memory_mib=0.25)


def review(*runs, rule=None, duty=None, preview=False):
    """The review of these runs; one given as a text has nothing, for that reason."""
    asked = Experiment(
        name="a-review", question="What now?", shape="review", reads=("any",), rule=rule, duty=duty, phase="phase-4"
    )
    found = [Newest(each, None) if isinstance(each, str) else Newest(each.report.experiment, each) for each in runs]
    return review_of(asked.as_preview() if preview else asked, found, load(), run="a-review-1", at=AT)


def stored(name="a-run", *, experiment="gateway-comparison", **how):
    """A sealed run, whose costs follow from its figures."""
    return _named(run(name, uses=(), **how), experiment)


def _named(sealed, experiment):
    return dataclasses.replace(sealed, report=sealed.report.model_copy(update={"experiment": experiment}))


def test_a_contender_with_less_of_all_three_is_alone_on_the_front():
    """p99, USD and memory together; the direct path is no choice."""
    (contest,) = review(stored(factors=CHEAP_ENVOY)).contests

    assert contest.front == ("envoy",)
    assert {each.arm.name for each in standings(contest)} == {"nginx", "envoy"}


def test_who_is_best_in_one_of_the_three_is_on_the_front():
    """Envoy is fast and dear here, nginx slow and cheap."""
    (contest,) = review(stored(factors=envoy(p99_ms=0.25, cpu_us_per_request=1000))).contests

    assert set(contest.front) == {"nginx", "envoy"}


def test_memory_alone_keeps_a_contender_on_the_front():
    """A third figure counts: slower and dearer, but with the least memory."""
    (contest,) = review(stored(factors=envoy(p99_ms=3, cpu_us_per_request=1000, memory_mib=0.5))).contests

    assert set(contest.front) == {"nginx", "envoy"}


def test_contenders_of_two_experiments_are_never_put_beside_each_other():
    """Each has a front of its own, in its own unit of work."""
    other = stored("b-run", experiment="database-comparison")
    costs = tuple(each.model_copy(update={"unit": PER_MILLION_TRANSACTIONS}) for each in other.report.costs)
    other = dataclasses.replace(other, report=other.report.model_copy(update={"costs": costs}))

    requests, transactions = review(stored(), other).contests

    assert (requests.unit.work, transactions.unit.work) == ("requests", "transactions")
    assert all({arm.name for arm in each.cost.arms} == {"direct", "nginx", "envoy"} for each in (requests, transactions))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"kernel": "Linux 7.0"}, "node.kernel was"),
        ({"nginx": "9.9"}, "components.nginx was"),
        ({"place": "kubernetes"}, "place.kind"),
    ],
    ids=["machine", "version", "place"],
)
def test_a_run_of_other_circumstances_is_a_row_with_its_reason(how, said):
    """The newest says what is alike; another machine, version or place is not used, and no figure of it is shown."""
    older = stored("older", experiment="other-comparison", day=0, **how)
    newer = stored("newer", day=1, nginx="1.31.3")

    found = review(older, newer)

    assert [contest.run for contest in found.contests] == ["newer"]
    assert said in found.sources[0].reason
    assert found.sources[1].reason is None
    assert any(said in each for each in found.unknown)


def test_an_experiment_without_a_run_is_a_row_with_its_reason():
    """It is among what is not known, and the others stand."""
    found = review("messaging-comparison", stored())

    assert found.sources[0].reason == "no run of messaging-comparison is in the store"
    assert len(found.contests) == 1


def test_all_are_priced_by_one_book_whatever_their_pages_were_priced_by():
    """A run from before is priced anew, which changes its cost and nothing that was measured."""
    sealed = stored()
    other = tuple(
        each.model_copy(update={"pricing": each.pricing.model_copy(update={"book": "sha256:other"})})
        for each in sealed.report.costs
    )
    before = dataclasses.replace(sealed, report=sealed.report.model_copy(update={"costs": other}))

    now, then = review(sealed), review(before)

    assert now.contests == then.contests
    assert now.pricing.book != "sha256:other"
    assert now.sources[0].note is None
    assert then.sources[0].note == "its own page was priced by another price book"


def test_dollars_for_messages_are_told_with_size_and_class():
    """In the table of the page, in that of the record and in the words of a decision."""
    sealed = stored()
    load = MessageLoad(durability="fsynced", size_bytes=128, rate_mps=100, duration_s=4)
    sections = tuple(each.model_copy(update={"load": load}) for each in sealed.report.loads)
    costs = tuple(each.model_copy(update={"unit": PER_MILLION_MESSAGES}) for each in sealed.report.costs)
    brokers = dataclasses.replace(sealed, report=sealed.report.model_copy(update={"loads": sections, "costs": costs}))

    found = review(brokers, rule=RULE)

    for text in (render(brokers.report, found), record(brokers.report, found), found.contests[0].outcome.said):
        assert "USD per million messages (128b, fsynced)" in text
        assert not re.search(r"USD per million messages(?! \()", text)


RULE = Rule(p99_below_ms=5)


def outcome(*, rule=RULE, preview=False, **how):
    (contest,) = review(stored(**how), rule=rule, preview=preview).contests
    return contest.outcome


def test_the_rule_chooses_the_cheapest_of_those_that_keep_the_bound():
    """With the whole interval: nginx's p99 is four times as high, beyond the bound."""
    found = outcome(factors={"envoy": 2.0, ("nginx", "p99_ms"): 4.0})

    assert (found.decided, found.chosen, found.broke) == (True, ("envoy",), ("nginx",))


def test_the_least_wins_where_all_keep_the_bound():
    """Envoy has a quarter of everything."""
    found = outcome(factors=CHEAP_ENVOY)

    assert (found.decided, found.chosen, found.kept) == (True, ("envoy",), ("nginx", "envoy"))


def test_who_cannot_be_told_apart_is_chosen_together():
    """Their intervals touch, so a coin would do as well."""
    found = outcome(noise=0.2)

    assert set(found.chosen) == {"nginx", "envoy"}
    assert "cannot be told apart" in found.said


def test_nobody_within_the_bound_is_no_choice():
    """Then the rule says so, and names nobody."""
    found = outcome(rule=Rule(p99_below_ms=0.1))

    assert (found.decided, found.chosen) == (False, ())
    assert "nobody keeps its p99 below 0.1 ms" in found.said


def test_a_rival_of_whom_the_bound_cannot_be_told_leaves_it_open():
    """Its interval holds the bound, and it costs less: who chose the other might be wrong."""
    found = outcome(rule=Rule(p99_below_ms=1.7), factors=envoy(memory_mib=0.5) | {("nginx", "p99_ms"): 0.5})

    assert (found.decided, found.kept, found.unsure) == (False, ("nginx",), ("envoy",))
    assert "might have less" in found.said


@pytest.mark.parametrize("how", [{"preview": True}, {"verdict": RunVerdict.INCONCLUSIVE}], ids=["preview", "inconclusive"])
def test_what_decides_nothing_is_no_ground_for_a_decision(how):
    """The figures are shown, and the rule stays open."""
    found = outcome(factors=CHEAP_ENVOY, **how)

    assert not found.decided
    assert "decides nothing" in found.said


def test_a_doubt_of_one_experiment_is_none_of_another():
    """In a phase's run all experiments have the same run's name: what is inconclusive is the one, not all of that name."""
    sound = stored("phase-run", factors=CHEAP_ENVOY)
    doubtful = stored("phase-run", experiment="other-comparison", factors=CHEAP_ENVOY, verdict=RunVerdict.INCONCLUSIVE)

    first, second = review(sound, doubtful, rule=RULE).contests

    assert (first.outcome.decided, second.outcome.decided) == (True, False)


LAYERED = stored().experiment.model_copy(update={"layers": ("direct", "nginx", "envoy")})


@pytest.mark.parametrize("asked", [LAYERED, *WATCHING], ids=["layers", "watched"])
def test_contenders_that_are_another_and_more_are_no_choice(asked):
    """What has all of the one before it, and one thing more, costs more: nobody would choose between the two."""
    found = review(dataclasses.replace(stored(), experiment=asked), stored("b-run", experiment="other-comparison"))

    assert [contest.experiment for contest in found.contests] == ["other-comparison"]
    assert any("no alternative" in each for each in found.unknown)


def test_a_contender_without_a_start_has_no_duty_cycle():
    """What was not measured is a reason, never a zero."""
    sealed = stored()
    sections = tuple(
        section.model_copy(
            update={
                "arms": tuple(
                    arm.model_copy(update={"figures": {**arm.figures, "ready_ms": Figure(reason="nobody looked")}})
                    for arm in section.arms
                )
            }
        )
        for section in sealed.report.loads
    )
    sealed = dataclasses.replace(sealed, report=sealed.report.model_copy(update={"loads": sections}))

    (contest,) = review(sealed, duty=DutyCycle(busy_shares=(0.1,), wakes_per_day=24, hold_s=300)).contests

    assert {(each.reason, each.months) for each in contest.duties} == {("nobody looked", ())}
