"""Which stored run of an experiment is read: the newest that can be relied on, and every newer one is told with its reason."""

import uuid

import pytest

from steps.reviewing.newest import newest
from tests.steps.sealed_runs import objects
from tests.steps.simulated import Story

EXPERIMENT = "gateway-comparison"


@pytest.fixture
def shelf(store):
    """Puts runs into a phase of the test's own, and looks for the newest there."""
    return Shelf(store, f"phase-{uuid.uuid4().hex[:8]}")


class Shelf:
    def __init__(self, store, phase):
        self.store, self.phase = store, phase

    def put(self, name, *, day=0, without=(), changed=None, **how):
        found = {key: content for key, content in objects(name, day=day, cells=False, **how).items() if key not in without}
        for key, content in (found | (changed or {})).items():
            self.store.put(f"runs/{self.phase}/{EXPERIMENT}/{name}/{key}", content)

    def newest(self, *, previews=False):
        return newest(self.store, self.phase, EXPERIMENT, previews=previews)


def test_the_newest_run_is_read(shelf):
    """By when it was made, whatever its name."""
    shelf.put("z-older", day=0)
    shelf.put("a-newer", day=1)

    found = shelf.newest()

    assert (found.sealed.name, found.passed_over, found.reason) == ("a-newer", (), None)


def test_what_cannot_be_relied_on_is_passed_over_with_its_reason(shelf):
    """No seal, a changed report, a failed run: an older one is read instead, and nothing is guessed."""
    shelf.put("whole", day=0)
    shelf.put("unsealed", day=1, without=("seal-1.json",))
    shelf.put("changed", day=2, changed={"report/report.json": b"{}"})
    shelf.put("failed", day=3, story=Story(failing={"nginx": "it did not start"}))

    found = shelf.newest()

    assert found.sealed.name == "whole"
    assert [reason.split(" ")[1].rstrip(":") for reason in found.passed_over] == ["failed", "changed", "unsealed"]
    assert "it did not start" in found.passed_over[0]
    assert "is not what was sealed" in found.passed_over[1]
    assert "has no seal" in found.passed_over[2]


def test_a_preview_is_read_only_by_a_review_that_is_one(shelf):
    """It decides nothing, so neither may what rests on it."""
    shelf.put("shown", preview=True)

    assert shelf.newest().sealed is None
    assert shelf.newest().reason == "run shown is a preview, which decides nothing"
    assert shelf.newest(previews=True).sealed.name == "shown"


def test_where_there_is_no_run_that_is_said(shelf):
    """Nothing is a reason too."""
    assert shelf.newest().reason == "no run of gateway-comparison is in the store"
