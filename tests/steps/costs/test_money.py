"""Money and quantities: like is added to like, a price takes what it is for, and no float is money."""

from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.costs.money import GibHours, GibMonths, Gigabytes, Hours, Rate, Usd, VcpuHours, exact, share_out, total
from steps.errors import MeasureError

QUANTITIES = (VcpuHours, GibHours, GibMonths, Gigabytes, Hours)
EVERY = (Usd, *QUANTITIES)
ONE = Decimal(1)

decimals = st.decimals(min_value=0, max_value=10**6, places=9)
small = st.decimals(min_value=0, max_value=10**4, places=9)
dollars = decimals.map(Usd)


@pytest.mark.parametrize(("one", "other"), list(itertools.permutations(EVERY, 2)), ids=lambda kind: kind.__name__)
def test_units_never_mix(one, other):
    """Neither added, nor taken away, nor divided, not even zero of it; one apple is not one pear."""
    for operation in ("__add__", "__sub__", "__truediv__"):
        with pytest.raises(TypeError, match="do not mix"):
            getattr(one(ONE), operation)(other(Decimal(0)))
    assert one(ONE) != other(ONE)


@pytest.mark.parametrize(("price", "quantity"), list(itertools.permutations(QUANTITIES, 2)), ids=lambda kind: kind.__name__)
def test_a_price_takes_only_what_it_is_for(price, quantity):
    """A price per vCPU-hour is none per GiB-hour, though both are dollars per something per hour."""
    with pytest.raises(TypeError, match="price per"):
        Rate(ONE, price).of(quantity(ONE))


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_no_float_touches_money(kind):
    """Neither as an amount nor as a factor."""
    with pytest.raises(TypeError):
        kind(0.1)
    with pytest.raises(TypeError):
        kind(ONE) * 0.1


@pytest.mark.slow
def test_the_type_checker_refuses_what_would_fail(tmp_path):
    """Before anything runs: a mixed sum, a price of the wrong quantity, and a float are errors of type."""
    from mypy import api

    lines = ("VcpuHours(one) + GibHours(one)", "Rate(one, VcpuHours).of(GibHours(one))", "Usd(0.1)", "Usd(one) * 0.5")
    imports = "from decimal import Decimal\nfrom steps.costs.money import GibHours, Rate, Usd, VcpuHours\none = Decimal(1)\n"
    script = tmp_path / "mixed.py"
    script.write_text(imports + "\n".join(lines) + "\nVcpuHours(one) + VcpuHours(one)\n")

    said, _, _ = api.run([str(script), "--strict", "--no-incremental", "--follow-imports=silent", "--config-file="])

    wrong = {int(line.split(":")[1]) for line in said.splitlines() if "mixed.py:" in line and "error" in line}
    assert wrong == {4, 5, 6, 7}, said


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_measured_value_enters_exactly(measured):
    """As the very binary fraction that it is."""
    assert float(exact(measured)) == measured
    assert exact(measured).as_integer_ratio() == measured.as_integer_ratio()


@pytest.mark.parametrize("measured", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_has_no_cost(measured):
    """It is refused in a sentence."""
    with pytest.raises(MeasureError, match="no measured value"):
        exact(measured)


def test_a_sum_beyond_all_money_is_refused():
    """A figure that somebody damaged does not become a bill."""
    with pytest.raises(MeasureError, match="no cost of a run"):
        Usd(Decimal("1e300"))


@given(st.lists(dollars, max_size=20), st.randoms())
def test_a_sum_is_the_same_in_any_order(amounts, chance):
    """To the last digit."""
    mixed = list(amounts)
    chance.shuffle(mixed)

    assert total(mixed) == total(amounts)


@given(dollars, st.lists(decimals, min_size=1, max_size=8).filter(any))
def test_the_parts_of_a_cost_sum_to_the_whole(whole, weights):
    """Whatever rounding does to each of them."""
    assert total(share_out(whole, weights)) == whole


def test_a_price_keeps_the_ratio_of_its_parts():
    """OpenCost's example: a machine of 35 with parts of 30, 30 and 10 is 15, 15 and 5."""
    parts = share_out(Usd(Decimal(35)), [Decimal(30), Decimal(30), Decimal(10)])

    assert parts == (Usd(Decimal(15)), Usd(Decimal(15)), Usd(Decimal(5)))


@pytest.mark.parametrize("weights", [[], [Decimal(0)], [Decimal(2), Decimal(-1)]])
def test_nothing_is_shared_out_by_no_weight(weights):
    """That is an error, not a zero."""
    with pytest.raises(ValueError, match="cannot be shared out"):
        share_out(Usd(ONE), weights)


@given(small, small)
def test_twice_the_price_is_twice_the_cost(price, quantity):
    """But for the last of 28 digits, and of the 18 behind the point."""
    once, twice = (Rate(times * price, VcpuHours).of(VcpuHours(quantity)) for times in (1, 2))

    assert abs(twice.value - 2 * once.value) <= Decimal("1e-18") + twice.value * Decimal("1e-27")


def test_no_float_arithmetic_is_written_in_the_modules_of_money():
    """Where money is made there is no call of float(), and no float literal but the times of readings."""
    import ast

    folder = Path(__file__).parents[3] / "steps" / "costs"
    found = {
        f"{path.name}:{node.lineno}"
        for path in folder.glob("*.py")
        if path.name != "uses.py"  # physical quantities only: it holds no price
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "float")
    }

    assert found == set()
