"""The page's section on cost: every figure of it is the report's, bills open with a click, and what is missing says why."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from steps.costs.pareto import front
from steps.costs.words import by_the_month, money
from steps.evidence import read
from steps.model import MessageLoad
from steps.model.unit_cost import PER_MILLION_MESSAGES
from steps.page import render
from steps.page.costs import CostView
from steps.statistics.findings import report_of
from tests.steps.page.test_page import Elements, evil
from tests.steps.simulated import RUN, Story, simulate, small, tiny
from tests.steps.simulated_ramp import gateway_capacity
from tests.steps.simulated_ramp import simulate as simulate_ramp


def report(objects):
    """The report on these objects."""
    return report_of(read(objects, run=RUN, prefix=f"runs/phase-4/x/{RUN}", status="Succeeded", failures=""))


def section(page):
    """The page's section on cost."""
    return re.search(r'<section class="costs">.*?</section>', page, re.DOTALL)[0]


@pytest.fixture(scope="module")
def found():
    """The report on an answered run."""
    return report(simulate(small()))


@pytest.fixture(scope="module")
def costs(found):
    """Its section on cost."""
    return section(render(found))


def of_messages(found):
    """The same report, as if its one load had been one of messages."""
    load = MessageLoad(durability="written", rate_mps=100, duration_s=4)
    sections = tuple(each.model_copy(update={"load": load}) for each in found.loads)
    costs = tuple(each.model_copy(update={"unit": PER_MILLION_MESSAGES}) for each in found.costs)
    return found.model_copy(update={"loads": sections, "costs": costs})


def test_dollars_for_messages_are_told_with_size_and_class(found):
    """Also of a single load, as a preview has it: in the heading, and in the picture by itself."""
    costs = section(render(of_messages(found)))

    assert "<h2>What a million messages cost for 1,024 bytes written, to 1 consumer, at 100 messages/s</h2>" in costs
    assert ">USD per million messages (1kb, written), over p99 in ms<" in costs
    assert ">USD per million messages (1kb, written), beside p99 and against the rate<" in costs
    assert "USD per million messages," not in costs


def kept(found, *, usual=None):
    """The same report, as if everybody had kept a GiB on disk; `usual`: the prices that its figures are at."""
    uses = tuple(
        load.model_copy(
            update={
                "arms": tuple(
                    arm.model_copy(update={"uses": tuple(each.model_copy(update={"disk_gib": 1.0}) for each in arm.uses)})
                    for arm in load.arms
                )
            }
        )
        for load in found.uses
    )
    costs = [each for each in found.costs if each.pricing.provider == usual] or found.costs[:1]
    return found.model_copy(update={"uses": uses, "costs": (costs[0], *found.costs[1:])})


def test_page_says_of_storage_what_the_prices_have(found, costs):
    """Nobody kept anything; a laptop's disk is in its price; at a provider it is billed, where the book has a price of it."""
    billed = [each.pricing.provider for each in found.costs if each.pricing.storage]
    laptop = section(render(kept(found)))
    cloud = CostView(kept(found, usual=billed[0]), 0).storage()
    unpriced = found.costs[0].pricing.model_copy(update={"provider": "ours", "storage": None})
    without = found.model_copy(update={"costs": (found.costs[0].model_copy(update={"pricing": unpriced}),)})

    assert "No storage, load balancer or control plane is in them either." in costs
    assert "What is kept on disk is in the price of the machine, and as if it ran elsewhere billed by the month (" in laptop
    assert all(provider in laptop for provider in billed)
    assert cloud.startswith("What is kept on disk is billed, by the month")
    assert CostView(kept(without), 0).storage().startswith("What is kept on disk is not in them: the price book has no price")


def test_each_contenders_cost_is_the_reports(found, costs):
    """With its interval, at the usual prices and at each provider's."""
    for priced in found.costs:
        for arm in priced.loads[0].arms[1:]:
            assert f"<b>{money(arm.own.value)}</b><small>{money(arm.own.low)} to {money(arm.own.high)}</small>" in costs


def test_a_bill_opens_with_a_click(found, costs):
    """A line for each repetition: quantity times price, and a sum."""
    assert costs.count('<details class="line bill">') == 5
    bill = found.costs[0].loads[0].arms[1].bills[0]
    cpu = bill.lines[0]
    assert f"{cpu.quantity:.6f} × {cpu.usd_per_unit:.6f}" in costs
    assert f">{bill.usd:.9f}</td></tr>" in costs


def test_prices_say_what_they_are(found, costs):
    """Modelled ones are called so; the digest of the book is there, and what is in no figure."""
    assert "prices: laptop, a modelled one" in costs
    assert "least squares over c6i, m6i and r6i" in costs
    assert f"<code>{found.costs[0].pricing.book}</code>" in costs
    assert "control-plane 73.00 USD a month" in costs


def test_the_picture_tells_in_words_what_it_shows(found, costs):
    """p99 and cost of each, and who is on the Pareto front."""
    description = re.search(r'<desc id="c0w-desc">(.*?)</desc>', costs)[1]
    nginx = found.costs[0].loads[0].arms[1]

    assert (
        f"nginx: p99 {found.loads[0].arms[1].figures['p99_ms'].value:.2f} ms, {money(nginx.own.value)} USD per million"
        in description
    )
    assert "on the Pareto front" in description
    assert costs.count("<svg") == 2


def test_break_evens_are_sentences_too(costs):
    """For whoever does not see the rings."""
    assert re.search(r"Up to [\d,]+ requests/s nginx costs less than HAProxy, beyond that more\.", costs)


@pytest.mark.parametrize(
    ("pairs", "on_it"),
    [
        ({"a": (1, 2), "b": (2, 1), "c": (2, 2)}, ("a", "b")),
        ({"a": (1, 1), "b": (1, 1), "c": (1, 2)}, ("a", "b")),
        ({"a": (3, 1), "b": (2, 2), "c": (1, 3), "d": (3, 3)}, ("c", "b", "a")),
        ({}, ()),
    ],
)
def test_the_front_are_those_that_nobody_beats(pairs, on_it):
    """In both; equals stand together."""
    assert front(pairs) == on_it


@pytest.mark.parametrize(
    ("usd", "text", "month"),
    [
        ("0.00030212", "0.000302", "0.00030"),
        ("12.346", "12.3", "12.35"),
        ("1250.7", "1,251", "1,250.70"),
        ("0", "0", "0.00"),
        ("-0.00123", "−0.00123", "−0.0012"),
        ("1E-12", "0.00000000000100", "0.0000000000010"),
    ],
)
def test_money_is_read_without_exponents(usd, text, month):
    """Three digits; by the month in cents."""
    assert (money(Decimal(usd)), by_the_month(Decimal(usd))) == (text, month)


def test_page_of_what_went_wrong_is_whole():
    """A failed contender is a dash with its reason, escaped; a suspect one is marked."""
    story = Story(failing={"envoy": evil("failure")}, suspect={"caddy": "suspect: generator: late"})
    page = render(report(simulate(small(), story)))
    elements, costs = Elements(page), section(page)

    assert (elements.wrong, elements.open) == ([], [])
    assert 'title="&lt;script&gt;alert(failure)&lt;/script&gt;">—</span>' in costs
    assert "</b>†" in costs


def test_page_where_nobody_has_a_cost_is_whole():
    """No picture, and each row its reason."""
    every = dict.fromkeys(("nginx", "haproxy", "envoy", "traefik", "caddy"), "it crashed")
    page = render(report(simulate(small(), Story(failing=every))))

    assert (Elements(page).wrong, Elements(page).open) == ([], [])
    assert "<svg" not in section(page)
    assert section(page).count('title="it crashed"') >= 5


def test_page_of_a_run_that_was_measured_once_has_costs_without_intervals():
    """And no share of doubt in them."""
    costs = section(render(report(simulate(tiny().model_copy(update={"repetitions": 1})))))

    assert "</b><small>once</small>" in costs


def test_page_of_a_ramp_prices_the_knee():
    """At three quarters of it."""
    ramp = gateway_capacity().model_copy(update={"repetitions": 1})
    costs = section(render(report(simulate_ramp(ramp))))

    assert "at 75 % of the highest rate that keeps the SLO" in costs


def test_page_without_a_unit_cost_has_no_section():
    """Nor a word of money."""
    page = render(report(simulate(tiny().model_copy(update={"unit_cost": None}))))

    assert "USD" not in page
