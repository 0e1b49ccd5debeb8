"""A discovery's Workflow: it compiles, lints, and is what the interpreter and a schedule take."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from phases.catalogue.databases import POSTGRES
from pipelines import lint, rights, schedule, select
from pipelines.__main__ import cli
from pipelines.cluster import crons
from pipelines.discovery import NAMES, documents
from pipelines.discovery.verbs import WHEN
from pipelines.local import read
from steps.discover.identity import plain_name
from steps.discover.settings import Writer
from steps.errors import UsageError

LANDSCAPE = Path(__file__).parents[2] / "steps" / "discover" / "landscape"


@pytest.mark.parametrize("name", NAMES)
def test_discovery_compiles_and_lints(name):
    """One Workflow that the interpreter reads; nobody with rights on the cluster runs a step of it."""
    made = documents.documents(name)

    assert lint.of_documents(made) == []
    assert made[0]["kind"] == "Workflow"
    accounts = {each["serviceAccountName"] for each in made[0]["spec"]["templates"] if "container" in each}
    assert accounts == {rights.STEPS}
    assert "onExit" not in made[0]["spec"]


def test_sources_fan_out_and_none_of_them_stops_the_rest():
    """The other sources are a loop; what follows waits for their end, whatever it is."""
    manifest = read.documents(documents.documents("discovery-weekly"))
    tasks = manifest.graphs[("", "main")].tasks if ("", "main") in manifest.graphs else next(iter(manifest.graphs.values())).tasks

    assert list(tasks) == ["plan", "landscape", "sources", "normalise", "diff", "score", "report", "notify"]
    assert tasks["sources"].with_param == "{{tasks.plan.outputs.parameters.sources}}"
    assert all(f"sources.{result}" in tasks["normalise"].depends for result in ("Failed", "Errored", "Skipped"))


def test_only_the_steps_that_speak_to_github_get_its_token():
    """And theirs may be missing."""
    made = documents.documents("discovery-weekly")[0]
    holders = {
        each["name"]
        for each in made["spec"]["templates"]
        for variable in each.get("container", {}).get("env", ())
        if variable["name"] == "GITHUB_TOKEN" and variable["valueFrom"]["secretKeyRef"]["optional"]
    }

    assert holders == {"discover-fetch", "discover-notify"}


def test_schedule_never_has_two_at_once():
    """A CronWorkflow with Forbid, a deadline and a time zone."""
    cron = crons.documents(
        documents.documents("discovery-weekly"), what="discovery-weekly", name=None, when="30 5 * * 1", timezone="Europe/Berlin"
    )[-1]

    spec = cron["spec"]
    assert (cron["kind"], cron["metadata"]["name"]) == ("CronWorkflow", "discovery-weekly")
    assert (spec["concurrencyPolicy"], spec["timezone"], spec["schedules"]) == ("Forbid", "Europe/Berlin", ["30 5 * * 1"])
    assert spec["startingDeadlineSeconds"] > 0


def test_coverage_follows_from_the_catalogue():
    """Every component that names its category, once, with a category that the landscape has."""
    found = documents.coverage()

    assert {"nginx", "envoy", "traefik"} <= {each.component for each in found}
    assert len({each.component for each in found}) == len(found)
    from phases.discovery import SCOPE
    from tests.steps.discover.snapshots_of_2026 import NOW, entries

    categories = {entry.category for entry in entries(NOW)}
    assert {each.landscape for each in found} <= categories
    assert set(SCOPE) <= categories


@pytest.mark.parametrize(
    ("landscape", "expected"),
    [("A & B / C & D", ("PostgreSQL", "A & B / C & D")), ("A & B / C & D / Postgres", ("Postgres", "A & B / C & D"))],
)
def test_component_may_have_another_name_in_the_landscape(landscape, expected):
    """As NATS JetStream, which is NATS there."""
    found = documents.covered(POSTGRES.model_copy(update={"landscape": landscape}))

    assert (found.component, found.title, found.landscape) == ("postgres", *expected)


def test_contender_that_the_landscape_knows_names_its_category():
    """Else the lab would be told to compare what it compares already: its gap is counted from these names."""
    from phases.discovery import SCOPE
    from tests.steps.discover.snapshots_of_2026 import NOW, entries

    known = {plain_name(each.name): each.category for each in entries(NOW) if each.category in SCOPE}
    arms = {arm.name: arm for phase in select.phases() for each in phase.experiments for arm in each.arms if not arm.same_as}
    silent = {
        name: known[plain_name(arm.title)] for name, arm in arms.items() if not arm.landscape and plain_name(arm.title) in known
    }

    assert silent == {}
    assert {"postgres", "mariadb", "nginx"} <= {each.component for each in documents.coverage()}


def test_issue_is_not_promised_that_cannot_be_written(monkeypatch):
    """No repository in the settings, or no token here: refused before anything is read."""
    monkeypatch.setenv(documents.CONTACT, "mailto:me@lab.example")
    refused = CliRunner().invoke(cli, ["run", "discovery-weekly", "--publish"])
    assert (refused.exit_code, "GITHUB_TOKEN is not set" in refused.output) == (2, True)

    monkeypatch.setenv("GITHUB_TOKEN", "t")
    refused = CliRunner().invoke(cli, ["run", "discovery-weekly", "--publish"])
    assert (refused.exit_code, "name no repository" in refused.output) == (2, True)


def test_schedules_do_not_meet():
    """Three on one day begin an hour apart: the later ones find what the first one read."""
    hours = [WHEN[name].split()[1] for name in NAMES]

    assert len(set(hours)) == len(NAMES)
    assert all(schedule.check(WHEN[name]) for name in NAMES)


def test_summary_by_a_language_model_is_a_step_only_where_one_is_named():
    """Its token is in that step and no other, and may be missing."""
    writer = Writer(url="https://models.example/v1/chat/completions", model="small-1")
    (made,) = documents.documents("discovery-weekly", discovery=documents.settings().model_copy(update={"writer": writer}))
    holders = {
        each["name"]
        for each in made["spec"]["templates"]
        for variable in each.get("container", {}).get("env", ())
        if variable["name"] == "BENCHLAB_WRITER_TOKEN" and variable["valueFrom"]["secretKeyRef"]["optional"]
    }

    assert lint.of_documents([made]) == []
    assert holders == {"discover-write"}
    assert read.documents([made])
    assert "discover-write" not in json.dumps(documents.documents("discovery-weekly"))


def test_settings_of_ones_own_are_taken(tmp_path, monkeypatch):
    """BENCHLAB_DISCOVERY names a file; one that is wrong is refused by its name."""
    own = tmp_path / "own.json"
    own.write_text(documents.settings().model_copy(update={"contact": "mine"}).to_json())
    monkeypatch.setenv(documents.OWN, str(own))

    assert documents.settings().contact == "mine"
    own.write_text("{}")
    with pytest.raises(UsageError, match=r"own\.json is not a valid Discovery"):
        documents.settings()


@pytest.mark.parametrize("words", [["compile"], ["lint"], ["run", "--dry-run"], ["cron", "create", "--dry-run"]])
def test_verbs_of_experiments_take_discoveries_too(words):
    """`compile discovery-weekly` is `discover compile discovery-weekly`."""
    *verb, _ = [*words, None]
    done = CliRunner().invoke(
        cli,
        [
            *[each for each in verb if not each.startswith("--")],
            "discovery-weekly",
            *[each for each in verb if each.startswith("--")],
        ],
    )

    assert done.exit_code == 0, done.output
    assert "landscape" in done.output or "discovery-weekly: fine" in done.output


def test_no_server_is_asked_without_a_contact(monkeypatch):
    """One sentence that names the variable; with it the address is in the settings."""
    monkeypatch.delenv(documents.CONTACT, raising=False)
    refused = CliRunner().invoke(cli, ["run", "discovery-weekly"])

    assert (refused.exit_code, "BENCHLAB_CONTACT" in refused.output) == (2, True)
    monkeypatch.setenv(documents.CONTACT, "mailto:me@lab.example")
    assert documents.polite().contact == "mailto:me@lab.example"


def test_two_files_of_the_landscape_are_compared():
    """`discover diff FILE FILE`, as text and as JSON, in a process of its own."""
    before, after = sorted(LANDSCAPE.glob("*.gz"))[1:]
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", "discover", "diff", str(before), str(after), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert {each["name"] for each in json.loads(done.stdout)["changes"] if each["kind"] == "moved"} == {"KubeElasti"}


def test_file_that_is_no_landscape_is_told_in_a_sentence(tmp_path):
    """With its name, and exit status 2."""
    (tmp_path / "a.yml").write_text("{}")
    done = CliRunner().invoke(cli, ["discover", "diff", str(tmp_path / "a.yml"), str(tmp_path / "b.yml")])

    assert done.exit_code == 2
    assert "a.yml has no list `landscape`" in done.output
