"""Where a component lives: a process here, a pod there."""

from __future__ import annotations

import os
from collections.abc import Mapping

from steps.errors import UsageError
from steps.places.base import Place


def here(environment: Mapping[str, str] | None = None) -> Place:
    """The place that BENCHLAB_PLACE names; without it pods where this is one, else plain processes on this machine.

    Raises UsageError: there is no such place, or it cannot be used from here.
    """
    given = os.environ if environment is None else environment
    name = given.get("BENCHLAB_PLACE") or ("kubernetes" if given.get("KUBERNETES_SERVICE_HOST") else "process")
    if name == "process":
        from steps.places.process import ProcessPlace

        return ProcessPlace(given)
    if name == "kubernetes":
        from steps.places.kubernetes import KubernetesPlace

        return KubernetesPlace.from_environment(given)
    message = f"BENCHLAB_PLACE is {name!r}; there are process and kubernetes"
    raise UsageError(message)
