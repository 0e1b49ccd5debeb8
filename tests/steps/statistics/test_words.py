"""Numbers as people read them."""

from __future__ import annotations

import pytest

from steps.model import Figure, Interval
from steps.statistics.words import listed, number, percent, with_interval


def figure(value, low, high):
    """A figure with that interval."""
    return Figure(value=value, interval=Interval(low=low, high=high, coverage=0.97), n=6)


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (0.1124, 0.0911, 0.1433, "0.11 ms (0.09 to 0.14)"),
        (0.42, 0.15, 2.55, "0.42 ms (0.15 to 2.55)"),
        (30.47, 27.66, 31.77, "30 ms (28 to 32)"),
        (0.2, -22.0, 113.0, "0 ms (−22 to 113)"),
        (1234.6, 1200.0, 1300.0, "1,235 ms (1,200 to 1,300)"),
        (0.0124, 0.0121, 0.0129, "0.012 ms (0.012 to 0.013)"),
    ],
)
def test_a_figure_has_the_digits_that_its_interval_supports(value, low, high, text):
    """And two at least, of a value that is surely not zero."""
    assert with_interval(figure(value, low, high), "ms") == text


def test_a_missing_figure_is_a_dash_with_its_reason():
    """Never zero."""
    assert with_interval(Figure(reason="it failed"), "ms") == "— (it failed)"


def test_zero_has_no_sign():
    """Neither when it was rounded from below."""
    assert [number(-0.001, 2), number(0.0, 1, signed=True), number(-1.5, 1)] == ["0.00", "0.0", "−1.5"]


def test_lists_and_shares_read_like_sentences():
    """As one would say them."""
    assert [listed(["a"]), listed(["a", "b", "c"]), percent(0.96875), percent(0.75)] == ["a", "a, b and c", "96.9 %", "75 %"]
