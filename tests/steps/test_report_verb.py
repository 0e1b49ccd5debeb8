"""The verb `report`, with a real object store."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from steps import report
from steps.errors import LabError
from steps.evidence import read
from steps.model import Report
from steps.seal import Seal, broken
from steps.statistics.findings import report_of
from tests.steps.simulated import RUN, Story, simulate, tiny


class Reporter:
    """Makes reports on simulated runs in the store, as the step would."""

    def __init__(self, store, environment, folder):
        self.store, self.environment, self.folder = store, environment, folder
        self.out = folder / "out"

    def run(self, name, story=None, **said):
        """Stores a simulated run and makes its report; gives its prefix."""
        prefix = f"runs/test-report/{name}/{RUN}"
        for key, content in simulate(tiny(), story or Story()).items():
            self.store.put(f"{prefix}/{key}", content)
        self.report(prefix, **said)
        return prefix

    def report(self, prefix, *, failures="null", status="Succeeded"):
        """The verb."""
        said = self.folder / "failures"
        said.write_text(failures)
        places = {name: self.out / name for name in ("page", "json", "verdict")}
        report.run(run=RUN, prefix=prefix, status=status, failures=said, environment=self.environment, **places)


@pytest.fixture
def reporter(store, store_environment, tmp_path):
    return Reporter(store, store_environment, tmp_path)


@dataclass(frozen=True)
class Whole:
    """A whole run with its first report: where it is, what the step wrote, and every object."""

    prefix: str
    out: Path
    objects: dict[str, bytes]


@pytest.fixture(scope="module")
def whole(store, store_environment, tmp_path_factory):
    """Reported once; a test that reports again leaves what stands here as it is."""
    reporter = Reporter(store, store_environment, tmp_path_factory.mktemp("whole"))
    prefix = reporter.run("whole")
    return Whole(prefix, reporter.out, {key.removeprefix(f"{prefix}/"): store.get(key) for key in store.list(f"{prefix}/")})


def test_a_report_is_stored_and_written(whole):
    """The page, the data and the verdict; the same here and in the store."""
    assert (whole.out / "verdict").read_text() == "Answered"
    assert whole.objects["report/index.html"] == (whole.out / "page").read_bytes()
    found = Report.from_json(whole.objects["report/report.json"], source="report.json")
    assert found.verdict == "Answered"


def test_a_seal_names_every_object_with_its_digest(whole):
    """The report's too, but no seal."""
    seal = Seal.from_json(whole.objects["seal-1.json"], source="the seal")

    assert set(seal.objects) == set(whole.objects) - {"seal-1.json"}
    assert seal.objects["plan.json"] == hashlib.sha256(whole.objects["plan.json"]).hexdigest()


def test_a_second_report_is_the_same_and_gets_a_second_seal(store, whole, reporter):
    """The evidence did not change, and the first seal stays."""
    reporter.report(whole.prefix)
    seals = [store.get(f"{whole.prefix}/seal-{number}.json") for number in (1, 2)]

    assert store.get(f"{whole.prefix}/report/index.html") == whole.objects["report/index.html"]
    assert seals[0] == seals[1] == whole.objects["seal-1.json"]


def test_a_changed_or_missing_object_breaks_the_seal():
    """One that was added later does not."""
    seal = Seal(run=RUN, verdict="Answered", objects={"a": hashlib.sha256(b"1").hexdigest(), "b": "0"})

    assert broken(seal, {"a": b"1", "c": b""}) == ("b is missing",)
    assert broken(seal, {"a": b"2", "b": b""}) == ("a was changed", "b was changed")


def test_a_repetition_that_is_deleted_breaks_the_seal(whole):
    """No run disappears: the seal names each of its objects, and the plan keeps its place in the report."""
    seal = Seal.from_json(whole.objects["seal-1.json"], source="the seal")
    rest = {key: content for key, content in whole.objects.items() if not key.startswith("cells/envoy-100rps-r3/")}

    assert broken(seal, whole.objects) == ()
    assert "cells/envoy-100rps-r3/outcome.json is missing" in broken(seal, rest)
    assert len(broken(seal, rest)) == len(whole.objects) - len(rest)
    again = report_of(read(rest, run=RUN, prefix=whole.prefix, status="Succeeded", failures="null"))
    assert again.verdict == "Failed"
    assert {cell.id: cell.status for cell in again.cells}["envoy-100rps-r3"] == "missing"


def test_a_failed_run_fails_the_step_after_everything_is_stored(store, reporter):
    """So that its workflow fails, and the report is there."""
    nodes = json.dumps(json.dumps([{"displayName": "deploy", "templateName": "deploy", "message": "exit code 1"}]))

    with pytest.raises(LabError, match=r"the run failed: envoy: 6 of 6 cells failed: it crashed"):
        reporter.run("failed", Story(failing={"envoy": "it crashed"}), failures=nodes, status="Failed")

    prefix = f"runs/test-report/failed/{RUN}"
    assert (reporter.out / "verdict").read_text() == "Failed"
    assert store.exists(f"{prefix}/report/index.html")
    assert store.exists(f"{prefix}/seal-1.json")


def test_a_run_of_which_nothing_is_stored_still_gets_a_report(store, reporter):
    """Provision may have failed before it stored anything."""
    prefix = f"runs/test-report/nothing/{RUN}"

    with pytest.raises(LabError, match="the run failed"):
        reporter.report(prefix, status="Failed")

    assert b"experiment.json is missing" in store.get(f"{prefix}/report/index.html")
