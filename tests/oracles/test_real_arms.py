"""Real processes with a known answer, through a whole run: what was built in is found, what was not is not.

Each takes about a minute, six rounds of two arms. On a machine with other work the driver is late, and the run says so instead of
deciding: these need a quiet one.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from steps.model import EffectVerdict, Report

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path):
    """Runs a comparison under a name and returns its report."""

    def made(name: str) -> Report:
        folder = tmp_path / f"{name}-{len(list(tmp_path.iterdir()))}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BENCHLAB_"))}
        environment = {**kept, "BENCHLAB_STATE": str(tmp_path / "state"), "PYTHONPATH": str(ROOT)}
        argv = (sys.executable, "-m", "tests.oracles.arms", name, str(folder))
        done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        (stored,) = folder.glob("*/report.json")
        return Report.from_json(stored.read_bytes(), source="report.json")

    return made


def decisions(report: Report) -> dict[str, EffectVerdict]:
    """What was decided of the contender, by metric."""
    effects = report.loads[0].arms[1].effects
    return {metric: effect.decision.verdict for metric, effect in effects.items() if effect.decision}


def differing(report: Report) -> set[str]:
    return {metric for metric, verdict in decisions(report).items() if verdict is EffectVerdict.DIFFERS}


@pytest.mark.slow
def test_the_same_under_another_name_does_not_differ(run):
    """nginx against itself: every metric has a decision, and none says that it differs."""
    report = run("alike")

    assert {"p50_ms", "p99_ms", "cpu_us_per_request"} <= set(decisions(report))
    assert differing(report) == set()


@pytest.mark.evidence
def test_the_same_under_another_name_never_differs(run):
    """Ten runs of nginx against itself, ten times without a difference."""
    assert [differing(run("alike")) for _ in range(10)] == [set()] * 10


@pytest.mark.slow
def test_a_millisecond_is_found(run):
    """One arm waits for 1 ms before it answers: it differs at the median, by one millisecond."""
    report = run("slower")

    assert decisions(report)["p50_ms"] is EffectVerdict.DIFFERS, report.reasons
    added = report.loads[0].arms[1].effects["p50_ms"].difference
    assert 1.0 <= added.value <= 1.3
    assert added.interval.low > 0.9


@pytest.mark.slow
def test_a_tail_is_found_where_it_is(run):
    """One arm takes 20 ms for 3 % of the requests: it differs at p99, and not at the median."""
    report = run("tail")

    assert decisions(report)["p99_ms"] is EffectVerdict.DIFFERS, report.reasons
    assert decisions(report)["p50_ms"] is not EffectVerdict.DIFFERS
    assert 19 <= report.loads[0].arms[1].effects["p99_ms"].difference.value <= 22


@pytest.mark.slow
def test_a_server_that_refuses_fast_does_not_look_faster(run):
    """One arm refuses at once what it has no time for: it has no figures that could be better than the honest one's."""
    report = run("hasty")
    honest, hasty = report.loads[0].arms

    assert (honest.failed, hasty.failed) == (0, hasty.planned)
    assert "had no right answer" in hasty.failure
    assert "status 503" in hasty.failure
    assert {figure.value for figure in hasty.figures.values()} == {None}
    assert decisions(report) == {}
    assert report.answer.tiers == ()
