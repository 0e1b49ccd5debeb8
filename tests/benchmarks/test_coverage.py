"""The tables of docs/numbers.md are what tests/benchmarks/coverage.py prints, and its rule is the one that runs use."""

from __future__ import annotations

from math import exp
from pathlib import Path

import numpy as np

from tests.benchmarks import coverage
from tests.steps.statistics.rounds import compared

DOCS = (Path(__file__).parents[2] / "docs" / "numbers.md").read_text(encoding="utf-8")


def test_every_row_of_the_tables_is_what_the_script_gives():
    """Seeded, so to the last digit."""
    printed = [line for table in coverage.tables() for line in table.splitlines() if line.startswith("|")]

    assert len(printed) > 20
    assert [line for line in printed if line not in DOCS.splitlines()] == []


def test_the_scripts_rule_is_that_of_the_runs():
    """Many comparisons as arrays, and the same ones through the code that decides a run."""
    logs = 0.1 * np.random.default_rng(5).standard_normal((60, 3, 6)) + 0.15

    by_script = coverage.differs(logs)

    for family, said in zip(logs, by_script, strict=True):
        ratios = {f"m{place}": [exp(each) for each in rounds] for place, rounds in enumerate(family.tolist())}
        decided = compared(ratios, dict.fromkeys(ratios, [1.0] * 6))
        assert [each.verdict == "differs" for each in decided.values()] == said.tolist()
    assert 0.1 < by_script.mean() < 0.9
