"""Schedules are read before Argo sees them: it would say what is wrong in a place where nobody looks."""

import pytest

from pipelines import schedule
from steps.errors import UsageError

WORKFLOW = {"metadata": {"labels": {"benchlab.dev/phase": "phase-4"}}, "spec": {"entrypoint": "main"}}


@pytest.mark.parametrize(
    "said", ["0 3 * * 6", "*/15 * * * *", "0 0-6/2 1,15 jan-mar mon", "5 4 ? * SUN", "@weekly", "@every 1h30m", "  0  3 * * 6 "]
)
def test_schedule_that_argo_takes_is_taken(said):
    """Five fields with lists, ranges, steps and names, or a shorthand."""
    assert schedule.check(said) == " ".join(said.split())


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("0 3 * *", "has 4 fields"),
        ("60 * * * *", "minute '60': 60 is not within 0-59"),
        ("0 24 * * *", "hour '24'"),
        ("0 3 0 * *", "day of month '0'"),
        ("0 3 * 13 *", "month '13'"),
        ("0 3 * * 7", "day of week '7'"),
        ("0 3 * * noday", "neither a number nor a name"),
        ("0 5-3 * * *", "ends before it begins"),
        ("*/0 * * * *", "the step '0'"),
        ("@fortnightly", "there are @yearly"),
        ("@every", "there are @yearly"),
        ("@every 0s", "there are @yearly"),
        ("TZ=UTC 0 3 * * *", "--timezone"),
        ("", "has 0 fields"),
    ],
)
def test_schedule_that_argo_refuses_is_refused_by_its_field(said, why):
    """The message names the field and what is wrong with it."""
    with pytest.raises(UsageError, match=why.replace("*", r"\*")):
        schedule.check(said)


def test_time_zone_that_does_not_exist_names_one_that_does():
    """A typo is answered with what was probably meant."""
    assert schedule.check_timezone("Europe/Berlin") == "Europe/Berlin"
    with pytest.raises(UsageError, match="did you mean Europe/Berlin"):
        schedule.check_timezone("Europe/Berln")


@pytest.mark.parametrize("name", ["", "Europe", "../etc/passwd", "/etc/localtime"])
def test_what_is_no_name_of_a_zone_is_refused(name):
    """Folders and paths are no time zones."""
    with pytest.raises(UsageError, match="no time zone"):
        schedule.check_timezone(name)


def test_two_runs_never_measure_side_by_side():
    """A schedule that comes round while its run is under way is skipped; a late start and the history are bounded."""
    made = schedule.cron_workflow("weekly", WORKFLOW, schedule="@weekly", timezone="Europe/Berlin", labels={"a": "b"})

    spec = made["spec"]
    assert (spec["concurrencyPolicy"], spec["startingDeadlineSeconds"]) == ("Forbid", 3600)
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (3, 3)
    assert (spec["schedules"], spec["timezone"]) == (["@weekly"], "Europe/Berlin")
    assert spec["workflowMetadata"]["labels"] == {"a": "b", "benchlab.dev/phase": "phase-4"}
    assert spec["workflowSpec"] == WORKFLOW["spec"]


@pytest.mark.parametrize("name", ["Weekly", "a_b", "x" * 53, ""])
def test_name_that_leaves_no_room_for_argos_ten_digits_is_refused(name):
    """A CronWorkflow's Workflows are called after it."""
    with pytest.raises(UsageError, match="cannot name a schedule"):
        schedule.cron_workflow(name, WORKFLOW, schedule="@weekly", timezone="Etc/UTC", labels={})
