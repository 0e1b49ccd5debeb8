"""The verb `report`, with a real object store."""

from __future__ import annotations

import hashlib
import json

import pytest

from steps import report
from steps.errors import LabError
from steps.model import Report
from steps.seal import Seal, broken
from tests.steps.simulated import RUN, Story, simulate, tiny


@pytest.fixture
def stored(store, store_environment, tmp_path):
    """Stores a simulated run and makes its report; gives its prefix."""

    def make(name, story=None, *, failures="null", status="Succeeded"):
        prefix = f"runs/test-report/{name}/{RUN}"
        for key, content in simulate(tiny(), story or Story()).items():
            store.put(f"{prefix}/{key}", content)
        again(prefix, failures=failures, status=status)
        return prefix

    def again(prefix, *, failures="null", status="Succeeded"):
        said = tmp_path / "failures"
        said.write_text(failures)
        places = {name: tmp_path / "out" / name for name in ("page", "json", "verdict")}
        report.run(run=RUN, prefix=prefix, status=status, failures=said, environment=store_environment, **places)

    make.again = again
    return make


def test_a_report_is_stored_and_written(store, stored, tmp_path):
    """The page, the data and the verdict; the same here and in the store."""
    prefix = stored("whole")

    assert (tmp_path / "out/verdict").read_text() == "Answered"
    assert store.get(f"{prefix}/report/index.html") == (tmp_path / "out/page").read_bytes()
    found = Report.from_json(store.get(f"{prefix}/report/report.json"), source="report.json")
    assert found.verdict == "Answered"


def test_a_seal_names_every_object_with_its_digest(store, stored):
    """The report's too, but no seal."""
    prefix = stored("sealed")
    seal = Seal.from_json(store.get(f"{prefix}/seal-1.json"), source="the seal")
    keys = {key.removeprefix(f"{prefix}/") for key in store.list(f"{prefix}/")}

    assert set(seal.objects) == keys - {"seal-1.json"}
    content = store.get(f"{prefix}/plan.json")
    assert seal.objects["plan.json"] == hashlib.sha256(content).hexdigest()


def test_a_second_report_is_the_same_and_gets_a_second_seal(store, stored):
    """The evidence did not change, and the first seal stays."""
    prefix = stored("twice")
    before = store.get(f"{prefix}/report/index.html")
    stored.again(prefix)
    seals = [store.get(f"{prefix}/seal-{number}.json") for number in (1, 2)]

    assert store.get(f"{prefix}/report/index.html") == before
    assert seals[0] == seals[1]


def test_a_changed_or_missing_object_breaks_the_seal():
    """One that was added later does not."""
    seal = Seal(run=RUN, verdict="Answered", objects={"a": hashlib.sha256(b"1").hexdigest(), "b": "0"})

    assert broken(seal, {"a": b"1", "c": b""}) == ("b is missing",)
    assert broken(seal, {"a": b"2", "b": b""}) == ("a was changed", "b was changed")


def test_a_failed_run_fails_the_step_after_everything_is_stored(store, stored, tmp_path):
    """So that its workflow fails, and the report is there."""
    nodes = json.dumps(json.dumps([{"displayName": "deploy", "templateName": "deploy", "message": "exit code 1"}]))

    with pytest.raises(LabError, match=r"the run failed: envoy: 6 of 6 cells failed: it crashed"):
        stored("failed", Story(failing={"envoy": "it crashed"}), failures=nodes, status="Failed")

    prefix = f"runs/test-report/failed/{RUN}"
    assert (tmp_path / "out/verdict").read_text() == "Failed"
    assert store.exists(f"{prefix}/report/index.html")
    assert store.exists(f"{prefix}/seal-1.json")


def test_a_run_of_which_nothing_is_stored_still_gets_a_report(store, stored):
    """Provision may have failed before it stored anything."""
    prefix = f"runs/test-report/nothing/{RUN}"

    with pytest.raises(LabError, match="the run failed"):
        stored.again(prefix, status="Failed")

    assert b"experiment.json is missing" in store.get(f"{prefix}/report/index.html")
