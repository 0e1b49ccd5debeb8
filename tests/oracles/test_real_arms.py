"""Real processes with a known answer, through a whole run: what was built in is found, what was not is not.

Each takes about a minute, six rounds of two arms. On a machine with other work the driver is late, and the run says so instead of
deciding: these need a quiet one.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from steps.model import Effect, EffectVerdict, Report
from steps.statistics.intervals import FEWEST

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path):
    """Runs a comparison under a name and returns its report."""

    def made(name: str) -> Report:
        folder = tmp_path / f"{name}-{len(list(tmp_path.iterdir()))}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BENCHLAB_"))}
        environment = {**kept, "BENCHLAB_STATE": str(tmp_path / "state"), "PYTHONPATH": str(ROOT)}
        argv = (sys.executable, "-m", "tests.oracles.arms", name, str(folder))
        done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=420, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        (stored,) = folder.glob("*/report.json")
        return Report.from_json(stored.read_bytes(), source="report.json")

    return made


@pytest.fixture
def decide(run, request):
    """The contender's effects in a run that had six valid rounds for a metric.

    A machine that is too busy for it proves nothing about the lab: there the test is skipped, unless it counts as evidence; that
    gets a second try.
    """
    tries, undecided = (2, pytest.fail) if request.node.get_closest_marker("evidence") else (1, pytest.skip)

    def made(name: str, metric: str) -> dict[str, Effect]:
        reports = []
        for _ in range(tries):
            reports.append(run(name))
            effects = reports[-1].loads[0].arms[1].effects
            if (decision := effects[metric].decision) and decision.n >= FEWEST:
                return effects
        return undecided(f"too few valid rounds, this machine is busy: {[report.reasons for report in reports]}")

    return made


def differing(effects: dict[str, Effect]) -> set[str]:
    """The metrics in which the contender was found to differ."""
    return {metric for metric, effect in effects.items() if effect.decision and effect.decision.verdict is EffectVerdict.DIFFERS}


@pytest.mark.evidence
@pytest.mark.parametrize("time", range(10))
def test_the_same_under_another_name_never_differs(decide, time):
    """Ten runs of nginx against itself, ten times without a difference. Where the machine was busy, `--lf` runs what is left."""
    assert differing(decide("alike", "p50_ms")) == set()


@pytest.mark.slow
def test_a_millisecond_is_found(decide):
    """One arm waits for 1 ms before it answers: it differs at the median, by one millisecond."""
    effects = decide("slower", "p50_ms")

    assert "p50_ms" in differing(effects)
    assert 1.0 <= effects["p50_ms"].difference.value <= 1.3


@pytest.mark.evidence
def test_a_tail_is_found_where_it_is(decide):
    """One arm takes 20 ms more for 3 % of the requests: it differs at p99, and no difference matters at the median."""
    effects = decide("tail", "p99_ms")

    assert "p99_ms" in differing(effects)
    assert effects["p50_ms"].decision.verdict is EffectVerdict.NO_DIFFERENCE
    assert 18 <= effects["p99_ms"].difference.value <= 22


@pytest.mark.slow
def test_a_server_that_refuses_fast_does_not_look_faster(run):
    """One arm refuses at once what it has no time for: it has no figures that could be better than the honest one's."""
    report = run("hasty")
    honest, hasty = report.loads[0].arms

    assert (honest.failed, hasty.failed) == (0, hasty.planned)
    assert "had no right answer" in hasty.failure
    assert "status 503" in hasty.failure
    assert {figure.value for figure in hasty.figures.values()} == {None}
    assert not any(effect.decision for effect in report.loads[0].arms[1].effects.values())
    assert report.answer.tiers == ()
