"""Removes everything that carries a run's labels, and looks whether it is gone."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from steps.errors import LabError
from steps.kube import Kube, Object
from steps.places.base import Removal
from steps.places.patience import patiently
from steps.places.pod_spec import KEEPER
from steps.places.pods import IDENTITY_LABEL, PREFIX, selector
from steps.places.tracer_pod import namespace_of
from steps.refusals import Absent, Denied

KINDS = ("Deployment", "Service", "ConfigMap", "Pod")  # owners before what they own
GONE_WITHIN_S = 60.0
LOOK_EVERY_S = 0.2


def remove(kube: Kube, run: str, cell: str | None, *, logs: Path | None) -> Removal:
    """Removes, waits, looks. Raises ClusterError: the API cannot be asked, so nothing is known."""
    which = selector(run, cell)
    removed = _keep_logs(kube, which, logs) if logs is not None else []
    keys, locked = forget_keys(kube, _list(kube, "Service", which))
    removed += keys
    for kind in KINDS:
        for each in _list(kube, kind, which):
            if not _goes_by_itself(each):
                # In the foreground: a Deployment is there until its pods are gone.
                kube.delete(kind, each["metadata"]["name"], uid=each["metadata"]["uid"], propagation="Foreground")
                removed.append(_called(each))
    tracing, unseen = kube.into(namespace_of(kube.namespace)), {}
    try:
        removed += remove_tracers(tracing, which)
    except (Denied, Absent) as error:  # not installed here; a tracer that was made all the same is in the ledger, and stays there
        unseen[tracing.namespace] = str(error)
    left = [*locked, *_what_stays(kube, which, () if unseen else (tracing,))]
    absence = f"no {', '.join(KINDS[:-1])} or {KINDS[-1]} with labels {which} in namespace {kube.namespace}"
    absence += "" if unseen else f", nor a Pod in {tracing.namespace}"
    absence += f", and {', '.join(keys)} cannot be removed a second time" if keys else ""
    return Removal(removed=tuple(removed), left=tuple(left), absence=absence, unseen=unseen)


def remove_tracers(tracing: Kube, which: str) -> list[str]:
    """Removes the tracers' pods with these labels; returns what they were. Raises Denied: one may not look."""
    found = _list(tracing, "Pod", which)
    for each in found:
        tracing.delete("Pod", each["metadata"]["name"], uid=each["metadata"]["uid"])
    return [f"{_called(each)} in {tracing.namespace}" for each in found]


def forget_keys(kube: Kube, services: Iterable[Object]) -> tuple[list[str], list[str]]:
    """Removes the Secrets of components that have an identity, each named like its component's Service, which is made before it.

    Who places components may not read Secrets, so none is looked for: one is gone when there is none to remove any more.
    Returns those that were there, and those that still are.
    """
    names = [each["metadata"]["name"] for each in services if IDENTITY_LABEL in each["metadata"]["labels"]]
    there, still = ([f"Secret {name}" for name in names if kube.delete("Secret", name)] for _ in range(2))
    return there, still


def _goes_by_itself(found: Object) -> bool:
    """A Deployment's pod: its owner ends it, and would make a new one if somebody else did."""
    return any(each["kind"] == "ReplicaSet" for each in found["metadata"].get("ownerReferences", ()))


def _what_stays(kube: Kube, which: str, tracing: Iterable[Kube]) -> list[str]:
    """What is still there when there was time enough to go. tracing: where tracers may be, too."""
    deadline = time.monotonic() + GONE_WITHIN_S
    places = [*((kube, kind) for kind in KINDS), *((each, "Pod") for each in tracing)]
    while True:
        found = [_called(each) for place, kind in places for each in _list(place, kind, which)]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(LOOK_EVERY_S)


def _list(kube: Kube, kind: str, which: str) -> list[Object]:
    return patiently(lambda: kube.list(kind, selector=which))


def _keep_logs(kube: Kube, which: str, logs: Path) -> list[str]:
    """What components printed and how they were configured. What cannot be had is said, and does not hold up the removal."""
    problems = []
    for config in _list(kube, "ConfigMap", which):
        problems += _write(logs / f"{_component(config)}.conf", "\n".join(config.get("data", {}).values()))
    for pod in _list(kube, "Pod", which):
        name, component = pod["metadata"]["name"], _component(pod)
        for container, file in ((component, f"{component}.log"), (KEEPER, f"{component}.keeper.log")):
            try:
                said = kube.log(name, container)
            except LabError as error:
                problems.append(f"no log of {container} in pod {name}: {error}")
            else:
                problems += _write(logs / file, said) if said else []
    return problems


def _write(path: Path, text: str) -> list[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    except OSError as error:
        return [f"{path.name}, not kept: {error.strerror or error}"]
    return []


def _component(found: Object) -> str:
    return str(found["metadata"]["labels"][f"{PREFIX}/component"])


def _called(found: Object) -> str:
    going = " (being removed)" if "deletionTimestamp" in found["metadata"] else ""
    return f"{found['kind']} {found['metadata']['name']}{going}"
