"""How an installation's objects come into a cluster, each into its namespace, and what became of it is said."""

from __future__ import annotations

import time
from collections.abc import Callable

from pipelines.cluster.parts import LABELS
from steps.errors import ConflictError, LeftBehind
from steps.kube import Denied, Kube, Object
from steps.places.tracer_pod import namespace_of

GONE_WITHIN_S = 90.0
Say = Callable[[str], None]


def made_here(namespace: Object) -> bool:
    """Whether an installation made this namespace."""
    labels = namespace["metadata"].get("labels", {})
    return all(labels.get(name) == value for name, value in LABELS.items())


def inside(kube: Kube, thing: Object) -> Kube:
    """The API in the namespace of a thing."""
    return kube.into(thing["metadata"].get("namespace") or kube.namespace)


def applied(kube: Kube, wanted: Object, *, force: bool) -> str:
    """Applies an object and says whether that changed anything."""
    before = inside(kube, wanted).get(wanted["kind"], wanted["metadata"]["name"])
    after = apply(kube, wanted, force=force)
    if before is None:
        return line(wanted, "created")
    same = before["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]
    return line(wanted, "unchanged" if same else "changed")


def apply(kube: Kube, wanted: Object, *, force: bool, dry_run: bool = False) -> Object:
    """Raises ConflictError: a field is somebody else's, and how it is taken over; ClusterError."""
    try:
        return kube.apply(wanted, force=force, dry_run=dry_run)
    except ConflictError as error:
        message = f"{wanted['kind']} {wanted['metadata']['name']}: {error}; --force takes the fields over"
        raise ConflictError(message) from error


def line(thing: Object, what: str) -> str:
    """`Secret benchlab-s3: created`; of what is in another namespace than the runs, with that."""
    return f"{thing['kind']} {thing['metadata']['name']}: {what}"


def tracing_of(kube: Kube) -> Object | None:
    """The namespace of the tracers; None: there is none, or one may not look."""
    try:
        return kube.get("Namespace", namespace_of(kube.namespace))
    except Denied:
        return None


def check_tracing(kube: Kube) -> bool:
    """Whether the tracers' namespace is there. Raises ConflictError: it is somebody else's."""
    there = tracing_of(kube)
    if there is not None and not made_here(there):
        name = there["metadata"]["name"]
        message = (
            f"namespace {name} is somebody else's, and tracers would be let into it: install with --no-tracing, or remove it"
        )
        raise ConflictError(message)
    return there is not None


def leave_tracing(kube: Kube, *, dry_run: bool, say: Say) -> bool:
    """Removes the tracers' namespace with all that is in it, if an installation made it; whether there was one."""
    there = tracing_of(kube)
    if there is None or not made_here(there):
        return False
    if not dry_run:
        kube.delete("Namespace", there["metadata"]["name"], uid=there["metadata"]["uid"])
        _until_gone(kube, there)
    say(line(there, "would be removed" if dry_run else "removed"))
    return True


def _until_gone(kube: Kube, namespace: Object) -> None:
    until = time.monotonic() + GONE_WITHIN_S
    while (seen := kube.get("Namespace", namespace["metadata"]["name"])) and seen["metadata"]["uid"] == namespace["metadata"][
        "uid"
    ]:
        if time.monotonic() > until:
            message = f"still there {GONE_WITHIN_S:g} s after it was removed: Namespace {namespace['metadata']['name']}"
            raise LeftBehind(message)
        time.sleep(0.5)
