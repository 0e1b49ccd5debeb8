"""Schedules on a real Argo: runs start at their time, never two at once, and outlive their schedule."""

import json
import os
import urllib.error
import urllib.request

import pytest

from pipelines import schedule
from pipelines.cluster import crons, submit
from pipelines.cluster.direct import Direct
from steps.errors import ConflictError, UsageError
from tests.cluster.conftest import steps_image, wait_for
from tests.cluster.small_run import SmallRun, small

pytestmark = pytest.mark.argo


def documents(when, *, name, seconds="0", timezone="Europe/Berlin"):
    """A schedule of a run that waits a while and does nothing."""
    run = {
        "metadata": {"labels": {"benchlab.dev/phase": "phase-0"}, "annotations": {"workflows.argoproj.io/title": "A title"}},
        "spec": {"entrypoint": "main", "templates": [{"name": "main", "suspend": {"duration": seconds}}]},
    }
    return crons.documents([run], what="phase-0", name=name, when=when, timezone=timezone)


@pytest.fixture
def cron(session_namespace):
    """Applies schedules and removes them, with the runs that they made."""
    made = []

    def create(*given, **more):
        wanted = documents(*given, **more)
        crons.create(session_namespace, wanted)
        made.append(wanted[-1]["metadata"]["name"])
        return session_namespace

    yield create
    for name in made:
        session_namespace.delete("CronWorkflow", name)
    for each in session_namespace.list("Workflow", selector=f"{crons.WHAT}=phase-0"):
        session_namespace.delete("Workflow", each["metadata"]["name"])


def runs(kube):
    return kube.list("Workflow", selector=f"{crons.WHAT}=phase-0")


def test_run_starts_at_its_time_and_outlives_its_schedule(cron):
    """Within the minute a Workflow with the run's labels is there; no second one beside it; deleting the schedule spares it."""
    kube = cron("* * * * *", name="every-minute", seconds="600")

    (first,) = wait_for(lambda: runs(kube), within_s=75, what="the first run")
    assert first["metadata"]["labels"]["benchlab.dev/phase"] == "phase-0"
    assert first["metadata"]["annotations"]["workflows.argoproj.io/title"] == "A title"
    (seen,) = [each for each in crons.all_of(kube) if each.name == "every-minute"]
    assert (seen.what, seen.timezone, seen.problem) == ("phase-0", "Europe/Berlin", None)
    assert seen.under_way == (first["metadata"]["name"],)
    crons.suspend(kube, "every-minute", suspended=True)
    assert [each.suspended for each in crons.all_of(kube) if each.name == "every-minute"] == [True]
    crons.suspend(kube, "every-minute", suspended=False)

    crons.delete(kube, "every-minute")

    wait_for(lambda: kube.get("CronWorkflow", "every-minute") is None)
    assert [each["metadata"]["uid"] for each in runs(kube)] == [first["metadata"]["uid"]]


@pytest.mark.evidence
def test_scheduled_run_comes_to_its_sealed_report(installed):
    """Started by the controller, named by it, and otherwise a run like any other: to the seal, with nothing left."""
    asked, kube = small(), installed.kube
    made = submit.documents([asked], declared=[asked], image=steps_image())
    crons.create(kube, crons.documents(made, what="phase-4/small-run", name="small", when="* * * * *", timezone="Etc/UTC"))
    which = "benchlab.dev/experiment=small-run"
    (begun,) = wait_for(lambda: kube.list("Workflow", selector=which), within_s=75, what="the first run")
    crons.delete(kube, "small")
    run = SmallRun(Direct(kube), kube, begun["metadata"]["name"], asked)

    kept = run.wait()

    assert (kept.status.phase, kept.status.output("verdict")) == ("Succeeded", "Preview")
    assert "seal-1.json" in run.stored()
    assert run.there() == []
    assert all(entry.closed_at for entry in run.ledger())
    run.delete()


@pytest.mark.evidence
def test_schedule_that_comes_round_while_its_run_is_under_way_is_skipped(cron):
    """Two that measure side by side would disturb each other: after two more minutes there is still one run."""
    kube = cron("* * * * *", name="never-two", seconds="600")
    wait_for(lambda: runs(kube), within_s=75)

    with pytest.raises(AssertionError):
        wait_for(lambda: len(runs(kube)) > 1, within_s=130)


def test_schedule_that_is_changed_is_the_same_schedule(cron):
    """Creating one of that name again changes it, also when it was suspended meanwhile."""
    kube = cron("0 3 * * 6", name="weekly")
    crons.suspend(kube, "weekly", suspended=True)
    cron("0 4 * * 0", name="weekly")

    assert [(each.schedule, each.suspended) for each in crons.all_of(kube) if each.name == "weekly"] == [("0 4 * * 0", False)]


def test_schedule_of_somebody_else_is_not_overwritten(cron):
    """A CronWorkflow of that name that is not the lab's is a conflict."""
    kube = cron("0 3 * * 6", name="ours")
    theirs = documents("0 3 * * 6", name="theirs")[-1]
    theirs["metadata"]["labels"] = {}
    kube.create(theirs)

    with pytest.raises(ConflictError, match="is not the lab's"):
        cron("0 4 * * 0", name="theirs")
    kube.delete("CronWorkflow", "theirs")


def test_schedule_that_is_not_there_is_told(cron):
    """The message says how the others are listed."""
    kube = cron("0 3 * * 6", name="here")

    with pytest.raises(UsageError, match=r"there is no schedule 'elsewhere'.*cron list"):
        crons.suspend(kube, "elsewhere", suspended=True)


SAID = [
    "0 3 * * 6",
    "*/15 * * * *",
    "0 0-6/2 1,15 jan-mar mon",
    "5 4 ? * SUN",
    "@weekly",
    "@every 1h30m",
    "60 * * * *",
    "0 24 * * *",
    "0 3 0 * *",
    "0 3 * 13 *",
    "0 3 * * 7",
    "0 3 * * noday",
    "0 5-3 * * *",
    "*/0 * * * *",
    "@fortnightly",
    "0 3 * *",
]


ZONES = ["Europe/Berlin", "Etc/UTC", "Europe/Berln", "Mars"]


def test_what_we_take_for_a_schedule_argo_does_too(server):
    """The controller tells its log, and nobody else, what it will not do; we tell before. Both say the same of each."""
    ours = {said for said in SAID if taken(schedule.check, said)}
    zones = {zone for zone in ZONES if taken(schedule.check_timezone, zone)}

    assert {said for said in SAID if server(schedules=[said])} == ours
    assert {zone for zone in ZONES if server(schedules=["@weekly"], timezone=zone)} == zones
    assert 0 < len(ours) < len(SAID)


def taken(check, said):
    try:
        check(said)
    except UsageError:
        return False
    return True


@pytest.fixture
def server(session_namespace):
    """Whether Argo Server's lint takes a CronWorkflow with these fields."""
    address = os.environ.get("ARGO_SERVER") or "127.0.0.1:2746"
    try:
        urllib.request.urlopen(f"http://{address}/api/v1/version", timeout=3).close()
    except OSError as error:
        pytest.skip(f"no Argo Server at {address} (ARGO_SERVER): {error}")

    def takes(**fields):
        cron = documents("@weekly", name="said")[-1]
        cron["metadata"]["namespace"] = session_namespace.namespace
        asked = {"namespace": session_namespace.namespace, "cronWorkflow": {**cron, "spec": cron["spec"] | fields}}
        path = f"http://{address}/api/v1/cron-workflows/{session_namespace.namespace}/lint"
        request = urllib.request.Request(path, json.dumps(asked).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10):
                return True
        except urllib.error.HTTPError as error:
            said = error.read().decode()
            assert "schedule" in said or "time zone" in said, said
            return False

    return takes
