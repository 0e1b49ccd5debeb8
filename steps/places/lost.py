"""What lost runs left in a namespace, and in that of its tracers: found by their labels, removed, and seen to be gone.

A run is lost when its Workflow is over or away and something of it is still there: somebody terminated it (no exit handler runs
then), or its exit handler itself was killed. What belongs to a Workflow is judged by that Workflow alone. What names a run but
belongs to none (its owner was taken off, or somebody made it by hand) is given its time to live first. A tracer cannot have an
owner, for its namespace is another: that of a cell is lost as soon as no Workflow of its run is under way.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from steps.errors import LeftBehind
from steps.kube import Kube, Object
from steps.places.pod_removal import forget_keys
from steps.places.tracer_pod import TRACER

RUN, CELL, COMPONENT = "benchlab.dev/run", "benchlab.dev/cell", "benchlab.dev/component"
# A step's own pod bears its run's label too; Argo looks after that one.
SELECTOR = f"{RUN},!workflows.argoproj.io/workflow"
UNDER_WAY = "workflows.argoproj.io/completed!=true"
KINDS = ("Deployment", "Service", "ConfigMap", "Pod")  # owners before what they own
GONE_WITHIN_S = 60.0


@dataclass(frozen=True)
class Lost:
    """One thing that nobody will come back for."""

    kind: str
    name: str
    uid: str
    run: str
    why: str
    namespace: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} of run {self.run} ({self.why})"


def sweep(kube: Kube, *, time_to_live_s: float, tracing: Kube | None = None, dry_run: bool = False) -> list[str]:
    """Removes what lost runs left in the namespace and says what it was; with `dry_run` only says it.

    tracing: the namespace of its tracers; None: it has none.
    Raises LeftBehind: something is still there a minute later; ClusterError: the API refused.
    """
    found = look(kube, time_to_live_s=time_to_live_s, tracing=tracing)
    said = [str(each) for each in found]
    if not dry_run:
        said += _forget_keys(kube, found)
        for each in found:
            where = tracing if tracing and each.namespace == tracing.namespace else kube
            where.delete(each.kind, each.name, uid=each.uid)
        _wait_until_gone(kube, found, tracing)
    return said


def _forget_keys(kube: Kube, found: Iterable[Lost]) -> list[str]:
    """Certificates and keys go before the Service whose name they have, or nobody would find them any more."""
    uids = {each.uid for each in found}
    services = [each for each in kube.list("Service", selector=SELECTOR) if each["metadata"]["uid"] in uids]
    there, still = forget_keys(kube, services)
    if still:
        message = f"still there after they were removed: {', '.join(still)}"
        raise LeftBehind(message)
    return there


def look(kube: Kube, *, time_to_live_s: float, tracing: Kube | None = None) -> list[Lost]:
    """What lost runs left."""
    # The things first: then whatever Workflow made one of them is already there to be seen.
    things = [thing for place, kind in _places(kube, tracing) for thing in place.list(kind, selector=SELECTOR)]
    under_way = kube.list("Workflow", selector=UNDER_WAY)
    return list(lost(things, under_way, at=datetime.now(UTC), time_to_live_s=time_to_live_s))


def _places(kube: Kube, tracing: Kube | None) -> list[tuple[Kube, str]]:
    """Where things of runs are, kind by kind."""
    return [*((kube, kind) for kind in KINDS), *([(tracing, "Pod")] if tracing else [])]


def lost(things: Iterable[Object], under_way: Iterable[Object], *, at: datetime, time_to_live_s: float) -> Iterator[Lost]:
    """Which of the things are lost, given the Workflows that are under way. Pure."""
    alive = list(under_way)
    uids = {each["metadata"]["uid"] for each in alive}
    runs = {name for each in alive for name in (each["metadata"]["name"], each["metadata"].get("labels", {}).get(RUN))}
    for thing in things:
        meta = thing["metadata"]
        if why := _why(meta, uids=uids, runs=runs, at=at, time_to_live_s=time_to_live_s):
            yield Lost(thing["kind"], meta["name"], meta["uid"], meta["labels"][RUN], why, meta.get("namespace", ""))


def _why(meta: Object, *, uids: set[str], runs: set[str | None], at: datetime, time_to_live_s: float) -> str | None:
    """Why a thing is lost; None when it is not, or goes with what owns it."""
    owners = {each["kind"]: each["uid"] for each in meta.get("ownerReferences", ())}
    if "Workflow" in owners:
        return None if owners["Workflow"] in uids else "its Workflow is over"
    if owners or meta["labels"][RUN] in runs:
        return None
    if meta["labels"].get(COMPONENT) == TRACER and CELL in meta["labels"]:
        return "no Workflow of its run is under way"
    age_s = (at - datetime.fromisoformat(meta["creationTimestamp"])).total_seconds()
    return f"no Workflow knows it, and it is {age_s / 60:.0f} minutes old" if age_s > time_to_live_s else None


def _wait_until_gone(kube: Kube, found: list[Lost], tracing: Kube | None) -> None:
    """Owners go first and take what they own along; a pod may use its time to end."""
    runs = sorted({each.run for each in found})
    until = time.monotonic() + GONE_WITHIN_S
    while runs:
        selector = f"{SELECTOR},{RUN} in ({','.join(runs)})"
        uids = {each.uid for each in found}
        owners = {each.run for each in found if each.kind != "Pod"}
        left = [
            f"{kind} {each['metadata']['name']}"
            for place, kind in _places(kube, tracing)
            for each in place.list(kind, selector=selector)
            if each["metadata"]["uid"] in uids or (kind == "Pod" and each["metadata"]["labels"][RUN] in owners)
        ]
        if not left:
            return
        if time.monotonic() > until:
            message = f"still there {GONE_WITHIN_S:g} s after they were removed: {', '.join(left)}"
            raise LeftBehind(message)
        time.sleep(0.5)
