"""Unit costs: from what was used to dollars per million requests, with the interval of what was measured."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.costs.curves import usd_per_unit
from steps.costs.unit_costs import costs_of
from steps.model.cost import Costs, Reserved
from steps.model.unit_cost import PER_MILLION_REQUESTS
from tests.steps.costs.books import arm, at_500rps, dear, direct, pricing, use

E2 = pricing("gcp")
TINY = Decimal("1e-17")


def priced(*arms, at=E2, around=None) -> Costs:
    """The costs of arms under one load."""
    return costs_of([at_500rps(*arms, around=around)], at, PER_MILLION_REQUESTS)


def cost(*arms, name="nginx", **more):
    """What one of them costs."""
    return next(found for found in priced(*arms, **more).loads[0].arms if found.name == name)


RESERVED = Reserved(vcpus=0.5, memory_gib=0.5)


@pytest.mark.parametrize(("ok", "usd"), [(600_000, "0.00525307"), (60_000, "0.0525307")])
def test_a_million_requests_cost_what_the_rate_makes_of_a_pod(ok, usd):
    """0.8 cores and 512 MiB for ten minutes: with 600,000 right answers 0.00525307 a million, with 60,000 ten times that."""
    used = use(rate_rps=ok / 600, vcpus=0.8, memory_gib=300 / 1024)

    found = cost(direct(use()), arm("nginx", used, reserved=RESERVED))

    assert float(found.own.value) == pytest.approx(float(usd), rel=1e-6)


rates = st.floats(min_value=1, max_value=1e5)
shares = st.floats(min_value=0, max_value=4)
uses = st.builds(use, rate_rps=rates, vcpus=shares, memory_gib=shares, around=st.tuples(shares, shares))


@given(st.lists(uses, min_size=1, max_size=8), st.floats(min_value=0, max_value=4), st.integers(min_value=1, max_value=5))
def test_the_lines_of_a_bill_sum_to_the_whole(every, reserved, replicas):
    """Of each repetition, exactly; and the figure is one of these sums, or lies between two."""
    numbered = [each.model_copy(update={"repetition": number}) for number, each in enumerate(every, start=1)]
    at = E2.model_copy(update={"replicas": replicas})
    found = cost(direct(use()), arm("nginx", *numbered, reserved=Reserved(vcpus=reserved, memory_gib=reserved)), at=at)

    totals = [sum(line.usd for line in bill.lines) for bill in found.bills]
    assert totals == [bill.usd for bill in found.bills]
    assert min(totals) <= found.own.value <= max(totals)


@given(st.lists(uses, min_size=1, max_size=6))
def test_twice_the_price_is_twice_the_cost(every):
    """Of what is its own, of the path, of a month; percentages stay."""
    numbered = [each.model_copy(update={"repetition": number}) for number, each in enumerate(every, start=1)]
    arms = (direct(*numbered), arm("nginx", *numbered))
    once, twice = cost(*arms), cost(*arms, at=dear(2, E2))

    for name in ("own", "path", "tax"):
        one, two = getattr(once, name).value, getattr(twice, name).value
        assert abs(two - 2 * one) <= TINY + abs(two) * Decimal("1e-20")
    # A month is the cost of a million, rounded to 10⁻¹⁸ USD, times its millions: so much larger is what rounding leaves.
    millions = Decimal(max(each.rate_rps for each in every)) * 3600 * 730 / 1_000_000
    assert abs(twice.month_usd - 2 * once.month_usd) <= TINY * (millions + 1) + twice.month_usd * Decimal("1e-9")


@given(st.lists(uses, min_size=1, max_size=3), st.sampled_from(["laptop", "aws", "azure"]))
def test_pricing_anew_changes_costs_only(every, provider):
    """The quantities on the bills are the same at every price, and so are the uses."""
    load = at_500rps(direct(use()), arm("nginx", *every))
    before = load.to_json()
    here, there = (costs_of([load], at, PER_MILLION_REQUESTS).loads[0].arms[1] for at in (E2, pricing(provider)))

    assert load.to_json() == before
    for one, other in zip(here.bills, there.bills, strict=True):
        assert [line.quantity for line in one.lines] == [line.quantity for line in other.lines]


def test_the_figure_is_the_median_with_an_order_statistic_interval():
    """Of six repetitions from the smallest to the largest, as every figure of the lab has it."""
    six = [use(number, vcpus=0.01 * number) for number in range(1, 7)]

    found = cost(direct(use()), arm("nginx", *six)).own

    assert found.n == 6
    assert found.coverage == pytest.approx(0.96875)
    assert found.low < found.value < found.high


def test_a_suspect_repetition_is_billed_and_not_counted():
    """Where there are only suspect ones, the figure says that it is."""
    good, bad = use(1, vcpus=0.01), use(2, vcpus=3.0, suspect=True)

    both, alone = cost(direct(), arm("nginx", good, bad)), cost(direct(), arm("nginx", bad))

    assert (both.own.n, both.own.suspect, len(both.bills)) == (1, False, 2)
    assert alone.own.suspect


def test_the_gateways_tax_is_what_its_path_adds_in_the_same_round():
    """In dollars, and in percent of the path without it; a third round that only one of them has counts for nothing."""
    without = [use(1, around=(0.01, 0)), use(2, around=(0.02, 0))]
    with_it = [use(1, vcpus=0.01, memory_gib=0, around=(0.01, 0)), use(2, vcpus=0.01, memory_gib=0, around=(0.02, 0))]

    found = cost(direct(*without), arm("nginx", *with_it, use(3)))

    assert (found.own.n, found.tax.n) == (3, 2)
    assert found.tax_percent.value == 75  # 100 % in the first round, 50 % in the second
    assert cost(direct(*without), arm(), name="direct").tax.reason == "it is the baseline"


def test_a_path_that_was_not_measured_is_a_reason():
    """The contender's own cost stands all the same."""
    found = cost(direct(use(around=(None, None))), arm("nginx", use(around=(0.01, None))))

    assert found.own.value is not None
    assert found.path.reason == "the path around it was not measured"
    assert found.tax_percent.value is None


def test_an_arm_without_uses_says_why():
    """Nothing is zero because it is missing."""
    found = cost(direct(use()), arm("nginx", reason="it crashed"))

    assert {found.own.reason, found.path.reason, found.tax.reason} == {"it crashed"}
    assert (found.month_usd, found.alone, found.curve) == (None, None, None)


def test_replicas_share_the_work_and_each_holds_its_memory():
    """Three of them: the CPU of one, the memory of three; and each reserves its own."""
    shared = pricing("gcp", replicas=3)
    one, three = (cost(direct(use()), arm("nginx", use()), at=at).bills[0].lines for at in (E2, shared))
    reserved = cost(direct(use()), arm("nginx", use(), reserved=RESERVED), at=shared).bills[0].lines

    assert three[0].quantity == one[0].quantity
    assert abs(three[1].quantity - 3 * one[1].quantity) < TINY
    assert abs(reserved[0].quantity - Decimal("1.5") * 1_000_000 / (500 * 3600)) < TINY


def test_a_month_at_a_rate_is_so_many_units():
    """730 hours; without a request, memory and what is reserved are paid all the same."""
    found = cost(direct(use()), arm("nginx", use(), reserved=RESERVED))

    assert abs(found.month_usd - found.own.value * Decimal(1314)) < Decimal("1e-12")  # 500/s for 730 h
    assert found.idle_month_usd == (Decimal("0.5") * E2.vcpu.usd + Decimal("0.5") * E2.memory.usd) * 730


def test_a_machine_of_its_own_shows_what_stands_idle():
    """The cheapest that holds it; none, when none is so big."""
    small, big = cost(direct(), arm("nginx", use(vcpus=1.5, memory_gib=3))), cost(direct(), arm("nginx", use(vcpus=9)))

    assert (small.alone.machine, small.alone.machines) == ("e2-standard-2", 1)
    assert abs(small.alone.usd - Decimal("0.06701142") / Decimal("1.8")) < TINY
    assert 0 < small.alone.idle_percent < 100
    assert big.alone is None


def test_costs_read_back_from_their_json_to_the_last_digit():
    """Money is text there."""
    found = priced(direct(use()), arm("nginx", use(), use(2)))

    assert Costs.from_json(found.to_json(), source="costs") == found
    assert '"usd": "' in found.to_json()


def test_money_in_json_that_is_a_float_is_refused():
    """Whoever wrote it may have lost a digit."""
    found = priced(direct(use()), arm("nginx", use())).to_json()
    amount = str(E2.vcpu.usd)

    with pytest.raises(ValueError, match="is a float"):
        Costs.from_json(found.replace(f'"{amount}"', amount), source="costs")


def test_cpu_that_no_component_accounts_for_is_shown_beside_the_costs():
    """In none of them; below zero readings disagree, and no money comes back for it; where nobody looked, that is said."""
    seen = [use(1).model_copy(update={"unattributed_vcpus": vcpus}) for vcpus in (0.02, -0.01)]
    plain = cost(direct(), arm("nginx", use(1)))
    some, none = (cost(direct(), arm("nginx", each)) for each in seen)

    assert some.unattributed.value == some.bills[0].lines[0].usd  # as much as the contender itself used
    assert some.own == plain.own
    assert none.unattributed.value == 0
    assert plain.unattributed.reason == "the machine's own counters do not tell"


def test_answers_that_leave_are_billed_by_the_gigabyte():
    """400 bytes a million times over are 0.4 GB: at 0.12 USD to the internet 0.048, the same for what is reserved or idle."""
    answers = use().model_copy(update={"answer_bytes": 400.0})
    here = cost(direct(answers), arm("nginx", answers))
    there = cost(direct(answers), arm("nginx", answers), at=pricing("gcp", traffic="internet"))

    assert [line.what for line in there.bills[0].lines] == ["CPU", "memory", "network"]
    assert there.bills[0].lines[-1].quantity == Decimal("0.4")
    assert there.own.value - here.own.value == Decimal("0.048")
    assert there.alone.usd - here.alone.usd == Decimal("0.048")  # a machine of its own sends as much
    assert there.tax.value == here.tax.value  # whoever answers directly sends as much
    assert usd_per_unit(there.curve, Decimal(500), PER_MILLION_REQUESTS) == pytest.approx(there.own.value)


def test_what_is_kept_on_disk_is_billed_by_the_month():
    """73 GiB at 0.10 USD a month are 0.01 an hour; a million requests at 500/s take 0.5556 hours."""
    keeps = use().model_copy(update={"disk_gib": 73.0})
    plain, found = (cost(direct(), arm("postgres", each), name="postgres") for each in (use(), keeps))
    thrice = cost(direct(), arm("postgres", keeps), name="postgres", at=E2.model_copy(update={"replicas": 3}))

    assert [line.what for line in found.bills[0].lines] == ["CPU", "memory", "disk"]
    assert found.bills[0].lines[-1].unit == "GiB-months"
    assert float(found.own.value - plain.own.value) == pytest.approx(0.01 * 1e6 / 500 / 3600, rel=1e-9)
    assert float(found.alone.usd - plain.alone.usd) == pytest.approx(0.01 * 1e6 / 500 / 3600, rel=1e-9)
    assert float(found.idle_month_usd - plain.idle_month_usd) == pytest.approx(7.3)
    assert float(usd_per_unit(found.curve, Decimal(500), PER_MILLION_REQUESTS)) == pytest.approx(float(found.own.value))
    assert thrice.bills[0].lines[-1].quantity == pytest.approx(3 * found.bills[0].lines[-1].quantity)


@pytest.mark.parametrize(("provider", "said"), [("azure", 1), ("aws", 0), ("laptop", 0)])
def test_disk_without_a_price_is_told_and_not_billed(provider, said):
    """Of a laptop it is in the machine's price."""
    keeps = use().model_copy(update={"disk_gib": 1.0})
    found, nothing = (priced(direct(), arm("postgres", each), at=pricing(provider)).pricing.warnings for each in (keeps, use()))

    assert sum("kept on disk is not billed" in each for each in found) == said
    assert not any("disk" in each for each in nothing)


def test_answers_that_nobody_counted_have_no_price():
    """Rather than a bill without them."""
    found = cost(direct(use()), arm("nginx", use()), at=pricing("gcp", traffic="zone"))

    assert found.own.value is None
    assert found.own.reason.startswith("nobody counted the bytes")
