"""CronWorkflows: a run at a time of the week, the sweeper, later the discovery. Pure.

Kubernetes accepts any text as a schedule or a time zone; Argo's controller then tells its own log, and nobody else, that it will
not do (seen on 4.1.2). So both are read here first. One run at a time: two that measure side by side disturb each other, so a
schedule that comes round while its run is still under way is skipped (`Forbid`).
"""

from __future__ import annotations

import difflib
import re
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from steps.errors import UsageError

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# field, first and last value, names of values; as Argo's parser (robfig/cron) has them
FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("day of week", 0, 6, DAYS),
)
SHORTHANDS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
EVERY = re.compile(r"@every (\d+h)?(\d+m)?(\d+s)?")
LONGEST_NAME = 52  # Argo adds a dash and ten digits, and a name has 63
LATE_S = 3600  # a controller that was away starts what it missed, but not a day later


def cron_workflow(
    name: str,
    workflow: dict[str, Any],
    *,
    schedule: str,
    timezone: str,
    labels: dict[str, str],
    annotations: dict[str, str] | None = None,
    late_s: int = LATE_S,
) -> dict[str, Any]:
    """A CronWorkflow that makes this Workflow at these times.

    late_s: how late a run may still start when the controller was away. Raises UsageError: name, schedule or time zone.
    """
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", name) or len(name) > LONGEST_NAME:
        message = f"{name!r} cannot name a schedule: lower-case letters, digits and dashes, at most {LONGEST_NAME}"
        raise UsageError(message)
    meta = workflow.get("metadata", {})
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "CronWorkflow",
        "metadata": {"name": name, "labels": dict(labels), "annotations": annotations or dict(meta.get("annotations", {}))},
        "spec": {
            "schedules": [check(schedule)],
            "timezone": check_timezone(timezone),
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": late_s,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "workflowMetadata": {
                "labels": {**labels, **meta.get("labels", {})},
                "annotations": dict(meta.get("annotations", {})),
            },
            "workflowSpec": workflow["spec"],
        },
    }


def check(schedule: str) -> str:
    """The schedule as Argo takes it. Raises UsageError naming the field that is wrong."""
    said = " ".join(schedule.split())
    if said.startswith("@"):
        if said in SHORTHANDS or (EVERY.fullmatch(said) and re.search(r"[1-9]", said)):
            return said
        message = f"schedule {schedule!r}: there are {', '.join(SHORTHANDS)} and such as '@every 1h30m'"
        raise UsageError(message)
    if said.startswith(("TZ=", "CRON_TZ=")):
        message = f"schedule {schedule!r}: name the time zone in --timezone"
        raise UsageError(message)
    values = said.split()
    if len(values) != len(FIELDS):
        wanted = ", ".join(field for field, *_ in FIELDS)
        message = f"schedule {schedule!r} has {len(values)} fields; there are five: {wanted}"
        raise UsageError(message)
    for value, (field, first, last, names) in zip(values, FIELDS, strict=True):
        for part in value.split(","):
            if why := _wrong(part.lower(), first, last, names):
                message = f"schedule {schedule!r}: {field} {value!r}: {why}"
                raise UsageError(message)
    return said


def _wrong(part: str, first: int, last: int, names: tuple[str, ...]) -> str | None:
    """What is wrong with one item of a field, such as `*/5`, `1-5` or `mon`."""
    span, slash, step = part.partition("/")
    if slash and not (step.isdecimal() and int(step) > 0):
        return f"the step {step!r} is not a number above 0"
    if span in {"*", "?"}:
        return None
    ends = [names.index(end) + first if end in names else end for end in span.split("-", 1)]
    for end in ends:
        if not str(end).isdecimal():
            return f"{end!r} is neither a number nor a name it knows"
        if not first <= int(end) <= last:
            return f"{end} is not within {first}-{last}"
    if int(ends[0]) > int(ends[-1]):
        return f"{span} ends before it begins"
    return None


def check_timezone(name: str) -> str:
    """The name of a time zone. Raises UsageError: there is none of that name, and which is near."""
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError) as error:  # a folder of zones is an OSError
        near = difflib.get_close_matches(name, available_timezones(), n=1, cutoff=0.5)
        message = f"there is no time zone {name!r}" + (f"; did you mean {near[0]}?" if near else "; one is Europe/Berlin")
        raise UsageError(message) from error
