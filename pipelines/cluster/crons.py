"""Schedules on a cluster: an experiment or a phase that runs at a time of the week."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from pipelines import schedule
from pipelines.cluster import objects
from pipelines.tables import columns
from steps.errors import ConflictError, UsageError
from steps.kube import Kube, Object

WHAT = "benchlab.dev/schedule"  # what a schedule runs, as its author named it
SCHEDULES = f"{objects.PART_OF}=benchlab,{WHAT}"


@dataclass(frozen=True)
class Scheduled:
    """A schedule as it stands in the cluster."""

    name: str
    what: str
    schedule: str
    timezone: str
    suspended: bool
    last: str | None
    under_way: tuple[str, ...]
    problem: str | None


def documents(made: list[Object], *, what: str, name: str | None, when: str, timezone: str) -> list[Object]:
    """What is applied for a schedule: the templates, and a CronWorkflow that makes the Workflow.

    made: the documents of a run, of which the last is the Workflow. Raises UsageError.
    """
    *templates, workflow = made
    labels = {objects.PART_OF: "benchlab", WHAT: what.replace("/", "."), **_of_run(workflow)}
    cron = schedule.cron_workflow(name or what.replace("/", "-"), workflow, schedule=when, timezone=timezone, labels=labels)
    return [*templates, cron]


def _of_run(workflow: Object) -> dict[str, str]:
    """The labels that a run bears and that are known before it has a name."""
    labels: dict[str, str] = workflow["metadata"].get("labels", {})
    return {name: value for name, value in labels.items() if name != "benchlab.dev/run" and "{{" not in value}


def create(kube: Kube, wanted: list[Object]) -> None:
    """Applies a schedule; one of that name is changed, and no longer suspended.

    Raises ConflictError: something of that name is not the lab's; ClusterError.
    """
    for each in wanted:
        _not_anothers(kube, each)
        kube.apply(each, force=True)  # ours: whatever `suspend` or `submit` set in it before


def _not_anothers(kube: Kube, wanted: Object) -> None:
    kind, name = wanted["kind"], wanted["metadata"]["name"]
    found = kube.get(kind, name)
    if found is not None and not {objects.PART_OF, "benchlab.dev/experiment"} & found["metadata"].get("labels", {}).keys():
        message = f"there is a {kind} {name} in {kube.namespace} that is not the lab's; name the schedule otherwise: --name"
        raise ConflictError(message)


def all_of(kube: Kube) -> list[Scheduled]:
    """Every schedule of the lab in the namespace, the sweeper's too, by name."""
    found = kube.list("CronWorkflow", selector=f"{objects.PART_OF}=benchlab")
    return sorted((_scheduled(each) for each in found), key=lambda each: each.name)


def _scheduled(cron: Object) -> Scheduled:
    spec, status = cron["spec"], cron.get("status") or {}
    labels = cron["metadata"].get("labels", {})
    conditions: list[dict[str, Any]] = status.get("conditions") or []
    return Scheduled(
        name=cron["metadata"]["name"],
        what=labels.get(WHAT, "-"),
        schedule=", ".join(spec["schedules"]),
        timezone=spec.get("timezone") or "the controller's",
        suspended=bool(spec.get("suspend")),
        last=status.get("lastScheduledTime"),
        under_way=tuple(each["name"] for each in status.get("active") or ()),
        problem=next((each["message"] for each in conditions if each.get("status") == "True"), None),
    )


def suspend(kube: Kube, name: str, *, suspended: bool) -> None:
    """Stops a schedule from starting runs, or lets it go on; a run that is under way is left alone. Raises UsageError."""
    _find(kube, name)
    kube.patch("CronWorkflow", name, {"spec": {"suspend": suspended}})


def delete(kube: Kube, name: str) -> None:
    """Removes a schedule; the runs that it made stay, also the one that is under way. Raises UsageError."""
    found = _find(kube, name)
    # Its runs belong to it: without "Orphan" they would be deleted too, a measurement in its middle.
    kube.delete("CronWorkflow", name, uid=found["metadata"]["uid"], propagation="Orphan")


def _find(kube: Kube, name: str) -> Object:
    found = kube.get("CronWorkflow", name)
    if found is None or found["metadata"].get("labels", {}).get(objects.PART_OF) != "benchlab":
        message = f"there is no schedule {name!r} in {kube.namespace}; `python -m pipelines cron list` shows what there is"
        raise UsageError(message)
    if name == objects.SWEEPER:
        message = f"{name} belongs to the installation: `uninstall` removes it, `install --sweep-every` changes it"
        raise UsageError(message)
    return found


def as_text(found: list[Scheduled]) -> str:
    """A line for each schedule."""
    head = ("SCHEDULE", "RUNS", "WHEN", "TIME ZONE", "STATE", "LAST")
    body = [(each.name, each.what, each.schedule, each.timezone, _state(each), each.last or "-") for each in found]
    return columns([head, *body]) if body else "no schedules"


def _state(each: Scheduled) -> str:
    if each.problem:
        return f"broken: {each.problem}"
    state = "suspended" if each.suspended else "waiting"
    return f"{state}, {', '.join(each.under_way)} under way" if each.under_way else state


def as_json(found: list[Scheduled]) -> str:
    return json.dumps([asdict(each) for each in found], indent=2)
