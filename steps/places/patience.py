"""Asks the API again for a while where it is out of reach: a server that restarts is back in seconds, and a cell goes on."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from steps.errors import ConflictError
from steps.kube import Kube, Object
from steps.refusals import Unreachable

T = TypeVar("T")

TRY_FOR_S = 20.0
EVERY_S = 0.5


def patiently(call: Callable[[], T]) -> T:
    """What the call gives; each repetition is said. Raises Unreachable: for too long; what else the call raises."""
    deadline = time.monotonic() + TRY_FOR_S
    while True:
        try:
            return call()
        except Unreachable as error:
            if time.monotonic() > deadline:
                raise
            print(f"asking again: {error}", file=sys.stderr)
            time.sleep(EVERY_S)


def create(kube: Kube, wanted: Object) -> Object:
    """Makes an object; one that was made by an attempt whose answer got lost is that object."""
    attempts = 0

    def once() -> Object:
        nonlocal attempts
        attempts += 1
        try:
            return kube.create(wanted)
        except ConflictError:
            found = _made_before(kube, wanted) if attempts > 1 else None
            if found is None:
                raise
            return found

    return patiently(once)


def _made_before(kube: Kube, wanted: Object) -> Object | None:
    """The object of that name, if it has the labels that it was to have; to list is the right that places have.

    A Secret they may make and remove, but not read: it is taken for ours. Were it not, nobody would believe its certificate.
    """
    if wanted["kind"] == "Secret":
        return wanted
    labels = ",".join(f"{name}={value}" for name, value in wanted["metadata"]["labels"].items())
    same = (each for each in kube.list(wanted["kind"], selector=labels) if each["metadata"]["name"] == wanted["metadata"]["name"])
    return next(same, None)
