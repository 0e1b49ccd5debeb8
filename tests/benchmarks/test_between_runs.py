"""The tables of docs/comparing.md are what tests/benchmarks/between_runs.py prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import between_runs

DOCS = (Path(__file__).parents[2] / "docs" / "comparing.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "row",
    [
        lambda: between_runs.alarm_row(0.02),
        lambda: between_runs.power_row(0.10),
        lambda: between_runs.noise_row(10),
        lambda: between_runs.noise_row(30),
        lambda: between_runs.found_row((1.0, 15), (1.05, 15)),
        lambda: between_runs.gate_row(4),
        pytest.param(between_runs.quiet_row, marks=pytest.mark.slow),
    ],
    ids=["alarms", "power", "noise, 10 runs", "noise, 30 runs", "a step", "the gate", "a quiet gate"],
)
def test_a_row_of_each_table_is_what_the_script_gives(row):
    """Seeded, so to the last digit."""
    assert row() in DOCS.splitlines()
