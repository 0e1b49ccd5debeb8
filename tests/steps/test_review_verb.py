"""The verb `review`, with a real object store: what it reads, what it leaves, and what it never does."""

import json
import re
import uuid

import pytest

from phases.phase_10_review import EXPERIMENTS
from steps import provision, review
from steps.errors import LabError
from steps.model import Report, RunVerdict
from steps.model.review import Review
from steps.page import record
from steps.page.templates import HERE
from steps.sealed import InStore, unseal
from tests.steps.sealed_runs import objects
from tests.steps.simulated import Story

COST, TRADE_OFF = EXPERIMENTS


@pytest.fixture
def lab(store, tmp_path, store_environment, monkeypatch):
    for name, value in {**store_environment, "BENCHLAB_PLACE": "process", "BENCHLAB_STATE": str(tmp_path / "state")}.items():
        monkeypatch.setenv(name, value)
    return Reviewing(store, tmp_path, f"phase-{uuid.uuid4().hex[:8]}")


class Reviewing:
    """A phase of the test's own, with stored runs and reviews of them."""

    def __init__(self, store, folder, phase):
        self.store, self.folder, self.phase = store, folder, phase

    def stored(self, name="a-run", experiment="gateway-comparison", **how):
        """A run as it was sealed. Other experiments are the same under another name."""
        for key, content in objects(name, cells=False, **how).items():
            self.store.put(f"runs/{self.phase}/{experiment}/{name}/{key}", content)

    def review(self, asked, *, reads=("gateway-comparison",), preview=False, failures="null", task=""):
        """Provision and review, as a workflow calls them."""
        whole = asked.model_copy(update={"phase": self.phase, "reads": reads})
        whole = whole.as_preview() if preview else whole
        (self.folder / "asked.json").write_text(whole.to_json())
        paths = {name: self.folder / name for name in ("stored", "plan", "environment")}
        provision.run(run="a-review", experiment=self.folder / "asked.json", **paths)
        assert json.loads(paths["plan"].read_text()) == []
        self.prefix = f"{whole.key}/a-review"
        for name in ("experiment", "environment"):
            source = paths["stored" if name == "experiment" else name]
            self.store.put(f"{self.prefix}/{name}.json", source.read_bytes())
        said = self.folder / "failures"
        said.write_text(failures)
        places = {name: self.folder / "out" / name for name in ("page", "json", "verdict")}
        status = "Succeeded" if failures == "null" else "Failed"
        review.run(run="a-review", prefix=self.prefix, task=task, status=status, failures=said, **places)

    def get(self, name):
        return self.store.get(f"{self.prefix}/report/{name}").decode()

    def report(self):
        return Report.from_json(self.get("report.json"), source="report.json")


def test_a_review_is_sealed_and_read_like_any_other_run(lab):
    """Its report has the form of every report, so that what reads reports reads it too."""
    lab.stored()

    lab.review(COST)

    found = unseal(InStore(lab.store, lab.prefix))
    assert found.report.verdict is RunVerdict.ANSWERED
    assert found.report == lab.report()
    assert "on the front" in found.report.answer.more[0]
    assert "a-run" in lab.get("index.html")


def test_what_it_read_is_left_as_it_was(lab):
    """A review reads the store and changes nothing of others in it."""
    lab.stored()
    before = {key: lab.store.get(key) for key in lab.store.list(f"runs/{lab.phase}/gateway-comparison/")}

    lab.review(TRADE_OFF)

    assert {key: lab.store.get(key) for key in lab.store.list(f"runs/{lab.phase}/gateway-comparison/")} == before


def test_with_nothing_to_read_it_fails_and_says_why(lab):
    """No review succeeds on nothing; its page is there all the same."""
    with pytest.raises(LabError, match="no stored run has figures to weigh"):
        lab.review(COST, reads=("gateway-comparison", "other"))

    assert lab.report().verdict is RunVerdict.FAILED
    assert "no run of other is in the store" in lab.get("index.html")


def test_what_cannot_be_read_leaves_it_inconclusive(lab):
    """One of two experiments has no run: its row has the reason, the other's figures stand."""
    lab.stored()

    lab.review(COST, reads=("gateway-comparison", "other"))

    assert lab.report().verdict is RunVerdict.INCONCLUSIVE
    assert lab.report().reasons == ("other: no run of other is in the store",)


def test_a_preview_of_a_review_reads_previews_and_decides_nothing(lab):
    """A decisive review does not read them."""
    lab.stored(preview=True)

    lab.review(TRADE_OFF, preview=True)

    assert lab.report().verdict is RunVerdict.PREVIEW
    assert "not decided" in lab.get("index.html")
    with pytest.raises(LabError, match="no stored run"):
        lab.review(TRADE_OFF.model_copy(update={"name": "another"}))


def test_the_failure_of_another_experiment_of_its_phase_is_not_its_own(lab):
    """Argo tells the failures of all; this one's task is not among them."""
    lab.stored()
    others = json.dumps([{"displayName": "gateway-comparison", "templateName": "main", "message": "child failed"}])

    lab.review(COST, failures=others, task="cost-efficiency")

    assert lab.report().verdict is RunVerdict.ANSWERED


def test_the_template_of_the_decision_record_has_no_figure():
    """None is typed by hand: not one digit stands in it."""
    assert re.findall(r"\d", (HERE / record.TEMPLATE).read_text()) == []


def test_every_figure_of_the_decision_record_comes_from_what_was_read(lab):
    """Each number in it stands in the review's data, in the rule, or in the names of runs, contenders and prices."""
    lab.stored()

    lab.review(TRADE_OFF)

    text = lab.get("decision-record.md")
    found = Review.from_json(lab.get("review.json"), source="review.json")
    contest = found.contests[0]
    assert contest.outcome.decided
    for row in ("| nginx |", "| Envoy |"):
        assert row in text
    p99 = next(arm for arm in contest.section.arms if arm.name == "nginx").figures["p99_ms"]
    assert f"| nginx | {p99.value:.1f} ({p99.interval.low:.1f} to {p99.interval.high:.1f}) |" in text
    assert contest.outcome.said.split(" at ")[0] in text
    assert all(each in text.replace("\\", "") for each in found.unknown)
    assert "a-run" in text
    assert found.pricing.book in text


def test_a_review_that_was_begun_with_another_definition_is_refused(lab):
    """As every run is: the same name is the same question."""
    lab.stored()
    lab.review(COST)

    with pytest.raises(LabError, match="begun with another definition"):
        lab.review(COST.model_copy(update={"question": "And now?"}))


def test_a_story_of_a_failed_run_is_told_in_its_row(lab):
    """Why a run is not used is read on the page, in the words of that run."""
    lab.stored("older")
    lab.stored("newer", day=1, story=Story(failing={"nginx": "it did not start"}))

    lab.review(COST)

    assert "run newer failed" in lab.get("index.html")
    assert "it did not start" in lab.get("index.html")
    assert lab.report().verdict is RunVerdict.ANSWERED
