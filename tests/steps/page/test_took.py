"""How long each of what was timed took: buckets as they were counted, nothing between their bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.model.trace import Bucket
from steps.page.took import bucket_text, took


def hist(*counted):
    """Buckets of powers of two from 64 µs on, each so full."""
    return tuple(Bucket(low=64 << each, high=(128 << each) - 1, count=count) for each, count in enumerate(counted))


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (64, 127, "64-127 µs"),
        (0, 0, "0 µs"),
        (512, 1023, "512-1,023 µs"),
        (1024, 2047, "1.02-2.05 ms"),
        (524_288, 1_048_575, "524-1,049 ms"),
        (4_194_304, 8_388_607, "4.19-8.39 s"),
        (1_048_576, None, "from 1.05 s on"),
        (0, -1, "below 0 µs"),
    ],
)
def test_bucket_is_told_by_its_bounds(low, high, said):
    """In a unit that one can read; an open end and a clock that went back are said."""
    assert bucket_text(Bucket(low=low, high=high, count=1)) == said


def test_percentiles_are_the_buckets_in_which_they_lie():
    """Of a hundred, the fiftieth and the ninety-ninth; the longest is the last that is not empty."""
    (row,) = took({"@io_us": {"1": hist(49, 40, 10, 0, 1, 0)}})

    assert (row.what, row.n) == ("writes and flushes", 100)
    assert (row.p50, row.p99, row.longest) == ("128-255 µs", "256-511 µs", "1.02-2.05 ms")


def test_bars_are_as_high_as_the_fullest_and_none_that_counts_is_lost():
    """One in a thousand can be seen; an empty bucket has no height, and is not read out."""
    (row,) = took({"@sync_us": {"": hist(1000, 500, 0, 1)}})

    assert [bar.percent for bar in row.bars] == [100, 50, 0, 4]
    assert row.spoken == "64-127 µs: 1,000, 128-255 µs: 500, 512-1,023 µs: 1"


def test_empty_histograms_are_left_out():
    """Neither one without buckets nor one without counts is a row; nor is one that nobody here knows."""
    found = took({"@io_us": {"0": (), "1": hist(0, 0)}, "@rtt_us": {}, "@queue_us": {"": hist(3)}, "@else": {"": hist(3)}})

    assert [row.what for row in found] == ["waits in the run queue"]


def test_values_below_zero_come_first():
    """Their bucket begins at 0, as that of zero does."""
    (row,) = took({"@queue_us": {"": (Bucket(low=0, high=0, count=2), Bucket(low=0, high=-1, count=1))}})

    assert [bar.text for bar in row.bars] == ["below 0 µs: 1", "0 µs: 2"]


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20).filter(any))
def test_percentiles_are_those_of_the_values(counts):
    """Whatever the buckets hold: as if all values were laid out in a row."""
    buckets = hist(*counts)
    values = [each for each in buckets for _ in range(each.count)]

    (row,) = took({"@rtt_us": {"": buckets}})

    assert row.p50 == bucket_text(values[-(-len(values) // 2) - 1])
    assert row.longest == bucket_text(values[-1])
