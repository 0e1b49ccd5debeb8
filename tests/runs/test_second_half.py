"""The newer experiments of phase 10 and both its reviews, which know nothing of them: run for real, and read."""

from __future__ import annotations

import re

import pytest

from phases.catalogue.brokers import NATS, VALKEY
from phases.phase_10_mesh import EXPERIMENTS as MESH
from phases.phase_10_watching import EXPERIMENTS as WATCHING
from steps.model import Report, RunVerdict
from steps.model.review import Review
from tests.brokers import needs
from tests.lab import whole
from tests.runs.bench import Bench
from tests.runs.second_half import FEW, REVIEWS

pytestmark = pytest.mark.slow


class SecondHalf(Bench):
    """A bench for the short run of them."""

    def finish(self) -> str:
        """What it printed."""
        process = self._popen(["-m", "tests.runs.second_half", str(self.reports)])
        out, err = process.communicate(timeout=400)
        assert "Traceback" not in err, err
        return out

    def read(self, kind, experiment, name):
        (found,) = self.reports.glob(f"phase-10-*/{experiment}/{name}.json")
        return kind.from_json(found.read_bytes(), source=experiment)


@pytest.fixture
def half(bench, lab, tmp_path):
    """With everything built; skips where a tool is missing."""
    for each in (NATS, VALKEY):
        needs(each)
    for (asked,) in (MESH, WATCHING):
        arms = tuple(each for each in asked.arms if each.name in FEW[asked.name][0])
        whole(lab, asked.model_copy(update={"baseline": arms[0], "contenders": arms[1:]}))
    assert bench.state == SecondHalf(tmp_path).state
    return SecondHalf(tmp_path)


def test_reviews_read_messages_meshes_and_watching_as_they_read_all_else(half):
    """Each class of durability is a comparison of its own, per message; layers are no choice; the rest is per request."""
    half.finish()

    for name in FEW:
        assert half.read(Report, name, "report").verdict is RunVerdict.PREVIEW
    for name in REVIEWS:
        review = half.read(Review, name, "review")
        contests = {(each.experiment, each.use.load): each for each in review.contests}
        assert [each.reason for each in review.sources] == [None, None, None]
        assert set(contests) == {
            ("messaging-benchmark", "written-1kb-to-1-500mps"),
            ("messaging-benchmark", "memory-1kb-to-1-500mps"),
        }
        for contest in contests.values():
            assert contest.unit.work == "messages"
            assert all(arm.own.value for arm in contest.cost.arms)
            assert contest.front
        for layered in ("mesh-benchmark", "observability-overhead"):
            assert any(re.match(rf"{layered}: .*no alternative", each) for each in review.unknown)
    record = next(half.reports.glob("phase-10-*/trade-off/decision-record.md")).read_text()
    assert "USD per million messages" in record
    assert half.leftovers() == []
