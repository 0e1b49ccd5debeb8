"""Histograms: they add up, they come back whole from the store, and they say no more than their samples allow."""

import pytest
from hdrh.log import HistogramLogReader
from hypothesis import given
from hypothesis import strategies as st

from steps.errors import MeasureError
from steps.statistics.histogram import (
    HIGHEST_US,
    empty,
    histogram_of,
    merged,
    parse_log,
    quantile,
    read_log,
    samples_to_bound,
    samples_to_resolve,
    write_log,
)

DURATIONS_US = st.lists(st.integers(0, HIGHEST_US), max_size=40)


def counts_of(histogram):
    return [histogram.get_count_at_index(index) for index in range(histogram.counts_len)]


@given(parts=st.lists(DURATIONS_US, min_size=1, max_size=5))
def test_merged_parts_are_the_histogram_of_the_whole(parts):
    """Adding histograms loses nothing: that is why percentiles of runs are never averaged."""
    whole = histogram_of(value for part in parts for value in part)

    sum_of_parts = merged(histogram_of(part) for part in parts)

    assert counts_of(sum_of_parts) == counts_of(whole)
    assert sum_of_parts.get_total_count() == whole.get_total_count()
    assert sum_of_parts.get_max_value() == whole.get_max_value()
    assert sum_of_parts.get_min_value() == whole.get_min_value()


@pytest.mark.parametrize(
    ("q", "to_bound", "to_resolve"),
    [(0.5, 5, 20), (0.9, 29, 100), (0.95, 59, 200), (0.99, 299, 1000), (0.999, 2995, 10_000)],
    ids=["p50", "p90", "p95", "p99", "p99.9"],
)
def test_a_percentile_needs_samples(q, to_bound, to_resolve):
    """Below ln 0.05 / ln q answers there is no figure, below 10/(1-q) it is coarse."""
    assert (samples_to_bound(q), samples_to_resolve(q)) == (to_bound, to_resolve)

    below, least, coarse, enough = (
        quantile(histogram_of(range(1, n + 1)), q) for n in (to_bound - 1, to_bound, to_resolve - 1, to_resolve)
    )

    assert below.value_ms is None
    assert f"needs {to_bound:,}" in below.reason
    assert least.value_ms is not None
    assert least.coarse
    assert coarse.coarse
    assert not enough.coarse


def test_requests_without_an_answer_rank_above_every_answer():
    """A server that fails its slowest requests fast gets no better percentile for it."""
    honest = histogram_of([1000] * 985 + [50_000] * 15)
    failing_fast = histogram_of([1000] * 985)

    assert quantile(honest, 0.99).value_ms == pytest.approx(50, rel=0.001)
    refused = quantile(failing_fast, 0.99, among=1000)
    assert refused.value_ms is None
    assert refused.reason == "15 of 1,000 requests have no right answer, so p99 has no value"
    assert quantile(failing_fast, 0.9, among=1000).value_ms == pytest.approx(1, rel=0.001)


def test_nothing_recorded_has_no_percentile():
    """Missing is not zero."""
    assert quantile(empty(), 0.5).value_ms is None
    assert quantile(empty(), 0.5, among=1000).value_ms is None


def test_what_is_longer_than_the_histogram_has_no_value():
    """A percentile at the histogram's end is not the figure that it looks like."""
    assert quantile(histogram_of([HIGHEST_US * 3] * 1000), 0.5).reason == "p50 is above 120 s, where the histogram ends"


def test_log_is_read_by_other_tools(tmp_path):
    """load.hdr is HdrHistogram's own log format: its reader finds each histogram under its tag."""
    path = tmp_path / "load.hdr"
    write_log(
        path, {"response": histogram_of([100, 2000]), "error": empty()}, start_ms=1_700_000_000_000, end_ms=1_700_000_012_000
    )

    reader = HistogramLogReader(str(path), empty())
    first, second = reader.get_next_interval_histogram(), reader.get_next_interval_histogram()
    reader.input_file.close()

    assert (first.get_tag(), first.get_total_count(), first.get_max_value()) == ("response", 2, 2000)
    assert (first.get_start_time_stamp(), first.get_end_time_stamp()) == (1_700_000_000_000, 1_700_000_012_000)
    assert (second.get_tag(), second.get_total_count()) == ("error", 0)


@given(values=DURATIONS_US)
def test_log_gives_back_what_was_stored(tmp_path_factory, values):
    """Storing and reading changes no count."""
    path = tmp_path_factory.mktemp("log") / "load.hdr"
    write_log(path, {"response": histogram_of(values)}, start_ms=0, end_ms=1000)

    assert counts_of(read_log(path)["response"]) == counts_of(histogram_of(values))


@given(cut=st.integers(1, 2000), flip=st.one_of(st.none(), st.integers(0, 2000)), by=st.integers(33, 126))
def test_damaged_log_is_named_or_lacks_a_tag(tmp_path_factory, cut, flip, by):
    """Whatever happens to the file, reading it raises one sentence, or gives back whole histograms only."""
    path = tmp_path_factory.getbasetemp() / "whole.hdr"
    if not path.exists():
        write_log(path, {"response": histogram_of(range(1, 3000)), "wait": histogram_of(range(500))}, start_ms=0, end_ms=1000)
    text = path.read_text()
    damaged = list(text[: max(len(text) - cut, 0)])
    if flip is not None and flip < len(damaged):
        damaged[flip] = chr(by)

    try:
        found = parse_log("".join(damaged), name="load.hdr")
    except MeasureError as error:
        assert str(error).startswith("load.hdr")  # noqa: PT017  # both ways out are right
    else:
        assert len(found) < 2
