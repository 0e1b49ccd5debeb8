"""What transactions say, and how the tables are held against what was acknowledged."""

from collections import Counter

import pytest

from steps.drivers import transactions
from steps.drivers.transactions import Movement, Requests, untrue
from steps.model import SqlLoad

NUMBER = 200


def load(mix="tpcb", **given):
    return SqlLoad(mix=mix, rate_tps=100, duration_s=2, **given)


def books(mix="tpcb", **changes):
    """The arguments of `untrue` for a load that went well."""
    requests = Requests.of(load(mix), NUMBER)
    expected = {each: requests.movement(each) for each in range(NUMBER) if requests.writes(each)}
    total = sum(each.delta for each in expected.values())
    return {
        "found": list(expected.values()),
        "sums": (total, total, total, total),
        "expected": expected,
        "unknown": frozenset(),
        "whole": True,
    } | changes


def said(found, **rest):
    return untrue(found.pop("found"), found.pop("sums"), **{**found, **rest})


def test_what_a_request_does_follows_from_its_number():
    """Every contender and repetition gets the same transactions, so that they can be compared and added up."""
    one, other = (Requests.of(load(), NUMBER) for _ in range(2))

    assert [one.script(each) for each in range(NUMBER)] == [other.script(each) for each in range(NUMBER)]
    assert len({one.movement(each).aid for each in range(NUMBER)}) > NUMBER / 2


def test_teller_sits_in_the_branch_that_is_moved():
    """As in TPC-B: a teller belongs to one branch."""
    moved = [Requests.of(load(scale=3), NUMBER).movement(each) for each in range(NUMBER)]

    assert {each.bid for each in moved} == {1, 2, 3}
    assert all((each.bid - 1) * 10 < each.tid <= each.bid * 10 for each in moved)


@pytest.mark.parametrize(("mix", "statements", "of_ten"), [("tpcb", 7, 10), ("write-heavy", 5, 10), ("read-heavy", 5, 1)])
def test_mixes_write_as_often_as_they_say(mix, statements, of_ten):
    """A load is named by what it does, and its driver is planned by the exchanges it takes."""
    requests = Requests.of(load(mix), NUMBER)
    lengths = Counter(len(requests.script(each)) for each in range(NUMBER))

    assert lengths[statements] == NUMBER * of_ten // 10
    assert load(mix).exchanges_per_s == 100 * statements


def test_tables_are_filled_whole():
    """One branch, ten tellers and ten thousand accounts of each unit of scale, in statements of a bounded length."""
    rows = Counter()
    for text in transactions.filled(2):
        rows[text.split()[2]] += text.count("(") - 1
        assert len(text) < 100_000

    assert rows == {"branches": 2, "tellers": 20, "accounts": 20_000}


def test_books_that_balance_are_true():
    """Nothing is wrong when everything is there."""
    assert said(books()) is None
    assert said(books("read-heavy"), whole=False) is None


def test_lost_acknowledged_transaction_is_found():
    """What was acknowledged must be there: which is missing is said."""
    found = books()["found"]

    assert said(books(found=found[1:])) == "1 of 200 acknowledged transactions are not there (request 0)"


def test_transaction_of_unknown_end_may_be_there_or_not():
    """A request that was not answered in time may have been carried out."""
    whole = books()
    without = {request: moved for request, moved in whole["expected"].items() if request != 7}
    absent = [each for each in whole["found"] if each.request != 7]
    total = sum(each.delta for each in absent)

    assert said(books(expected=without, unknown=frozenset({7}))) is None
    assert said(books(found=absent, sums=(total,) * 4, expected=without, unknown=frozenset({7}))) is None
    assert said(books(expected=without)) == "1 transactions are there that were never acknowledged nor sent (request 7)"


def test_wrong_values_and_balances_are_found():
    """A line that says something else, and a balance that does not follow from the lines."""
    whole = books()
    first = whole["found"][0]
    total = whole["sums"][0]

    assert "other values" in said(books(found=[Movement(*first[:4], first.delta + 1), *whole["found"][1:]]))
    assert said(books(sums=(total, total + 1, total, total))).startswith("the accounts add up to")
    assert said(books(sums=(total, total, total, 0))).startswith("the branches add up to")
    assert said(books(sums=(total, total, 0, 0)), whole=False) is None
