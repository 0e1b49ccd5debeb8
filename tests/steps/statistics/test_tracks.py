"""From the tables of a load to quantities over time."""

from __future__ import annotations

import dataclasses

import pytest

from steps.errors import MeasureError
from steps.evidence import read
from steps.statistics.tracks import cell_tracks, tracks_of
from tests.steps.simulated import RUN, simulate, small


@pytest.fixture(scope="module")
def cell():
    """The evidence of one simulated nginx cell."""
    experiment = small()
    evidence = read(simulate(experiment), run=RUN, prefix="runs/x", status="Succeeded", failures="")
    return next(found for found in evidence.cells if found.cell.id.startswith("nginx-") and found.cell.repetition == 1)


def test_seconds_are_those_of_the_load_with_its_warm_up(cell):
    """Below zero: warm-up; the reading at the window's end opens no further second."""
    seconds = cell_tracks(cell, own=["nginx"], around=["upstream"]).values

    assert min(seconds["p50_ms"]) == -1
    assert {max(values) for values in seconds.values()} == {3}


def test_cpu_is_a_rate_between_readings(cell):
    """40 µs a request at 100 requests/s are 0.4 % of a core."""
    cores = cell_tracks(cell, own=["nginx"], around=["upstream"]).values["cpu_cores"]

    assert all(0.002 < value < 0.006 for value in cores.values())


def test_what_stands_around_is_added_up(cell):
    """Twice the upstream is twice its CPU."""
    once = cell_tracks(cell, own=["nginx"], around=["upstream"]).values["around_cpu_cores"]
    twice = cell_tracks(cell, own=["nginx"], around=["upstream", "upstream"]).values["around_cpu_cores"]

    assert twice[0] == pytest.approx(2 * once[0])


def test_a_table_that_is_not_text_is_named(cell):
    """With the cell and the file."""
    broken = dataclasses.replace(cell, series=b"second,p50_ms\n\xff\xfe\n")

    with pytest.raises(MeasureError, match=r"nginx-100rps-r1: series\.csv is damaged"):
        cell_tracks(broken, own=["nginx"], around=[])


def test_a_line_that_was_cut_off_leaves_a_gap(cell):
    """A value that is not there is not zero."""
    lines = cell.series.splitlines()
    broken = dataclasses.replace(cell, series=b"\n".join([*lines[:-1], lines[-1][:3]]))

    assert max(cell_tracks(broken, own=["nginx"], around=[]).values["p50_ms"]) == 2


def test_a_track_has_median_and_range_over_cells(cell):
    """One cell alone is its own range."""
    (track, *_) = tracks_of([cell_tracks(cell, own=["nginx"], around=[])])

    assert track.low == track.median == track.high
