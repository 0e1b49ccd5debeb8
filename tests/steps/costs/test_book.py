"""The price book: what does not fit is refused, what is doubtful is told, each in one sentence that names it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from steps.costs.book import load, read
from steps.costs.checks import errors, not_yet, old
from steps.costs.rates import Choice, pricing_of
from steps.errors import UsageError
from steps.model import digest
from tests.steps.costs.books import HEAD, TODAY, book

VCPU = "provider: x, region: r, item: vcpu, usd_per_vcpu_hour: 0.02"
MEMORY = "provider: x, region: r, item: memory, usd_per_gib_hour: 0.003"
MACHINE = "provider: x, region: r, family: f, usd_per_hour: {usd}, item: {item}, vcpus: {vcpus}, memory_gib: 8"


def test_the_shipped_book_fits():
    """No mistake is in it, and every provider's usual region has CPU and memory."""
    shipped = load()

    assert errors(shipped) == []
    assert not_yet(shipped, today=TODAY) == []
    assert {pricing_of(shipped, Choice(provider), today=TODAY).provider for provider in shipped.providers} == {
        "laptop",
        "gcp",
        "aws",
        "azure",
    }


def test_every_number_stays_the_decimal_that_was_written():
    """No float is between the file and the money: a tenth is a tenth."""
    (price,) = book(VCPU.replace("0.02", "0.10000000000000000001")).prices

    assert price.usd == Decimal("0.10000000000000000001")


@pytest.mark.parametrize("provider", ["aws", "azure"])
def test_modelled_prices_are_what_the_machines_of_the_book_say(provider):
    """A least-squares plane through the machines' prices, within 3 % of the rows that are called modelled."""
    import numpy as np

    rows = [price for price in load().prices if price.provider == provider and price.region in {"us-east-1", "eastus"}]
    machines = [price for price in rows if price.machine and not price.spot]
    sizes = np.array([[float(price.vcpus), float(price.memory_gib)] for price in machines])
    fitted, *_ = np.linalg.lstsq(sizes, np.array([float(price.usd) for price in machines]), rcond=None)
    said = {price.item: price for price in rows if price.item in {"vcpu", "memory"}}

    assert all(price.modelled for price in said.values())
    assert [float(said["vcpu"].usd), float(said["memory"].usd)] == pytest.approx(list(fitted), rel=0.03)


def test_prices_that_are_sold_apart_add_up_to_the_machines():
    """E2 of Google Cloud: CPU and memory at their own prices are each machine's, so they are not called modelled."""
    rows = [price for price in load().prices if price.provider == "gcp"]
    for market in {(price.region, price.spot) for price in rows if price.item == "vcpu"}:
        here = [price for price in rows if (price.region, price.spot) == market]
        rates = {price.item: price.usd for price in here if price.item in {"vcpu", "memory"}}
        machines = [price for price in here if price.machine]

        assert len(machines) > 2
        for machine in machines:
            parts = machine.vcpus * rates["vcpu"] + machine.memory_gib * rates["memory"]
            assert float(parts) == pytest.approx(float(machine.usd), rel=2e-4)


def test_a_laptop_costs_its_amortisation_and_power():
    """1,200 USD over 4 years of 8,766 hours and 30 W at 0.30 USD, shared out over CPU and memory, and called modelled."""
    vcpu, memory, whole = load().prices[:3]

    assert round(whole.usd, 9) == round(Decimal(1200) / 35064 + Decimal("0.009"), 9)
    assert abs(8 * vcpu.usd + 16 * memory.usd - whole.usd) < Decimal("1e-15")
    assert vcpu.modelled
    assert memory.modelled
    assert "30 W" in vcpu.how


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (VCPU.replace("usd_per_vcpu_hour", "usd_per_gib_hour"), "vcpu is priced in usd_per_vcpu_hour, not in usd_per_gib_hour"),
        (VCPU.replace("usd_per_vcpu_hour", "usd_per_vcpu_month"), "unit: Input should be"),
        (VCPU.replace("usd_per_vcpu_hour", "usd"), "needs one price, whose name is its unit"),
        (f"{VCPU}, usd_per_gib_hour: 1", "needs one price, whose name is its unit (usd_per_vcpu_hour …), and has 2"),
        (VCPU.replace("0.02", "0"), "usd: Input should be greater than 0"),
        (VCPU.replace("0.02", "cheap"), "usd: Input should be a valid decimal"),
        (f"{VCPU}, source: hearsay", "has neither a date (as_of) nor a source that has one"),
        (f"{VCPU}, as_of: soon, source: me", "as_of"),
        (f"{VCPU}, modelled: true", "is modelled and does not say how"),
        (f"{VCPU}, colour: blue", "colour: Extra inputs are not permitted"),
        (MACHINE.format(usd=1, item="a", vcpus=2).replace(", memory_gib: 8", ""), "a machine has vcpus and memory_gib"),
    ],
)
def test_a_row_that_does_not_fit_is_named(row, said):
    """In one sentence, with its number and what it is a price of."""
    with pytest.raises(UsageError) as caught:
        book(row)

    assert str(caught.value).startswith("mine: prices, row 1 (x r ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prices: [", "is no YAML"),
        ("- 1", "is no price book"),
        ("prices: {a: 1}", "is no price book"),
        ("price: []", "is no price book"),
        ("prices: []", "has no prices"),
        (HEAD + "  - vcpu", "row 1 is no price"),
        ("sources: {list: {what: a list}}\nprices: []", "sources.list: as_of: Field required"),
        ("laptop: {watts: 30}", "laptop: as_of: Field required"),
        (f"schema_version: 2\n{HEAD}  - {{{VCPU}, source: list}}", "schema_version"),
    ],
)
def test_a_file_that_is_no_price_book_is_refused(text, said):
    """In one sentence, without a traceback."""
    with pytest.raises(UsageError, match=r"^mine") as caught:
        read(text, source="mine")

    assert said in str(caught.value)


def test_a_book_that_is_not_there_is_named(tmp_path):
    """With what the system says of it."""
    with pytest.raises(UsageError, match=r"gone\.yaml cannot be read"):
        load(tmp_path / "gone.yaml")


def test_two_prices_of_one_thing_are_refused():
    """Nobody could say which was taken."""
    with pytest.raises(UsageError, match="two prices of x r vcpu"):
        book(VCPU, VCPU)


def test_a_bigger_machine_is_not_cheaper():
    """The trap in one real table: a D2as_v5 at 0.178 above a D4as_v5 at 0.172."""
    found = book(MACHINE.format(usd="0.178", item="D2as_v5", vcpus=2), MACHINE.format(usd="0.172", item="D4as_v5", vcpus=4))

    assert errors(found) == ["x r D4as_v5 is bigger than D2as_v5 and cheaper: 0.172 against 0.178 USD an hour"]
    with pytest.raises(UsageError, match="the price book does not fit: x r D4as_v5"):
        pricing_of(found, Choice("x"), today=TODAY)


@pytest.mark.parametrize("usd", ["0.02", "0.03"])
def test_spot_is_below_on_demand(usd):
    """Equal is not below."""
    found = book(VCPU, f"{VCPU}, spot: true".replace("0.02", usd))

    assert errors(found) == [f"x r vcpu (spot) costs {usd} USD, and 0.02 on demand: spot is below it"]


def test_a_price_older_than_a_year_is_told_and_taken():
    """On its first birthday it is not yet."""
    found = book(VCPU, MEMORY)
    birthday = date(2027, 8, 1)

    assert pricing_of(found, Choice("x"), today=birthday).warnings == ()
    assert pricing_of(found, Choice("x"), today=date(2027, 8, 2)).warnings == (
        "prices of 2026-08-01 are older than a year: a list",
    )
    assert old(found.prices, today=birthday) == []


def test_a_price_of_a_day_to_come_is_told():
    """Its date is wrong, or the clock is."""
    assert not_yet(book(VCPU), today=date(2026, 7, 31)) == ["x r vcpu is dated 2026-08-01, which is still to come"]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice("x", spot=True), "no price of vcpu at x r on the spot market"),
        (Choice("x", region="moon"), "nothing of x moon; it has x r"),
        (Choice("y"), "nothing of y; it has x r"),
    ],
)
def test_a_missing_price_is_named(choice, said):
    """It is never taken from another place or market."""
    with pytest.raises(UsageError) as caught:
        pricing_of(book(VCPU, MEMORY), choice, today=TODAY)

    assert said in str(caught.value)


def test_memory_without_a_price_is_named():
    """Half a price is none."""
    with pytest.raises(UsageError, match="no price of memory at x r on demand"):
        pricing_of(book(VCPU), Choice("x"), today=TODAY)


def test_the_digest_is_of_the_prices():
    """Another price is another book; a comment is not."""
    one = digest(book(VCPU, MEMORY))

    assert digest(read(f"# a comment\n{HEAD}  - {{{VCPU}, source: list}}\n  - {{{MEMORY}, source: list}}\n", source="x")) == one
    assert digest(book(VCPU.replace("0.02", "0.021"), MEMORY)) != one
