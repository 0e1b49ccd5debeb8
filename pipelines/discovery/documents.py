"""A discovery as documents: the settings with what the lab covers, the Workflow, and its checks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pipelines.discovery import NAMES, shape
from pipelines.select import UNSAFE
from steps.discover.settings import Covered, Discovery
from steps.errors import UsageError
from steps.model import Component

OWN = "BENCHLAB_DISCOVERY"
CONTACT = "BENCHLAB_CONTACT"


def settings() -> Discovery:
    """Those of phases/discovery.py, or of the file that BENCHLAB_DISCOVERY names, with the coverage of the catalogue.

    Raises UsageError: that file cannot be read, or holds something else.
    """
    from phases.discovery import DISCOVERY

    own = os.environ.get(OWN)
    found = _from_file(Path(own)) if own else DISCOVERY
    contact = os.environ.get(CONTACT) or found.contact
    return found.model_copy(update={"coverage": found.coverage or coverage(), "contact": contact})


def polite() -> Discovery:
    """The same, with a contact. Raises UsageError: other people's servers are not asked without one."""
    found = settings()
    if not found.contact:
        message = f"say whom a server's owner can reach: {CONTACT}=mailto:you@example.org, or `contact` in phases/discovery.py"
        raise UsageError(message)
    return found


def _from_file(path: Path) -> Discovery:
    try:
        return Discovery.from_json(path.read_bytes(), source=f"{OWN}={path}")
    except OSError as error:
        message = f"{OWN}={path}: cannot be read: {error.strerror}"
        raise UsageError(message) from error


def coverage() -> tuple[Covered, ...]:
    """What the lab can compare, by the landscape's categories: every component of every experiment that names one, once."""
    from pipelines import select

    found: dict[str, Component] = {}
    for phase in select.phases():
        for experiment in phase.experiments:
            for component in (*experiment.arms, *experiment.around):
                if component.landscape and not component.same_as:
                    found[component.name] = component
    return tuple(map(covered, found.values()))


def covered(component: Component) -> Covered:
    """Where the landscape has a component: `Level / Category`, or `Level / Category / Name` where it has another name there."""
    *path, last = (component.landscape or "").split(" / ")
    named = len(path) > 1
    return Covered(
        component=component.name,
        title=last if named else component.title,
        landscape=" / ".join(path if named else [*path, last]),
    )


def documents(
    name: str, *, date: str = "today", publish: bool = False, image: str | None = None, discovery: Discovery | None = None
) -> list[dict[str, Any]]:
    """The Workflow of a discovery. Raises UsageError: there is none of that name."""
    from pipelines.image import reference
    from pipelines.manifest import of_shape

    if name not in NAMES:
        message = f"there is no discovery {name!r}; there are {', '.join(NAMES)}"
        raise UsageError(message)
    cadence = name.removeprefix("discovery-")
    found = discovery or settings()
    if publish and not found.issues:
        message = "the week's issue cannot be published: the settings name no repository for it (`issues`)"
        raise UsageError(message)
    values = {
        "run": "{{workflow.name}}",
        "image": image or reference(),
        "date": date,
        "publish": "true" if publish else "false",
        "settings": _text(found),
    }
    titles = {
        "workflows.argoproj.io/title": f"**{name}**",
        "workflows.argoproj.io/description": f"What to compare next: what changed in the field since a {WORDS[cadence]} before.",
    }
    labels = {"benchlab.dev/discovery": cadence}
    return [
        of_shape(
            shape.of(cadence, written=found.writer is not None),
            name=name,
            labels=labels,
            annotations=titles,
            values=values,
            template=False,
        )
    ]


def _text(discovery: Discovery) -> str:
    """The settings as they travel. Raises UsageError: they hold what would be changed on the way."""
    text = discovery.model_dump_json()
    if any(sign in text for sign in UNSAFE):
        message = f"the settings of the discovery hold one of {', '.join(UNSAFE)}, which Argo or the kubelet would change"
        raise UsageError(message)
    return text


WORDS = {"daily": "day", "weekly": "week", "monthly": "month"}
