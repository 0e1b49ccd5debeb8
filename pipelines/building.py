"""What a run needs built before it begins, and who has to stay out of it because that cannot be had."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from pipelines import completion
from steps.errors import PlaceError, Unavailable, UsageError

if TYPE_CHECKING:  # pydantic takes its time, and `--help` needs none of it
    from steps.model import Absent, Build, Component, Experiment


def prepared(experiment: Experiment) -> Experiment:
    """The experiment as it can run here: everything built, and without the optional contenders that are not to be had.

    Raises PlaceError: a build failed, or nothing is left to compare; ConflictError: a run is under way that it would disturb.
    """
    left = _without(experiment, [found for arm in experiment.arms if arm.optional and (found := _absent(arm))])
    make(left.everyone)
    return left


def in_pods(experiment: Experiment) -> Experiment:
    """The experiment as it can run on a cluster: without the optional contenders that have no image. Raises PlaceError."""
    return _without(experiment, [found for arm in experiment.arms if arm.optional and (found := _imageless(arm))])


def _imageless(arm: Component) -> Absent | None:
    """An arm of which a part has no image; None: all have one."""
    from steps.model import Absent

    missing = next((part for part in arm.parts if part.image is None), None)
    if missing is None:
        return None
    return Absent(name=arm.name, title=arm.title, reason=f"{'it' if missing is arm else missing.name} has no image")


def _without(experiment: Experiment, absent: Sequence[Absent]) -> Experiment:
    if not absent:
        return experiment
    for each in absent:
        click.echo(f"{each.title} is not available here: {each.reason}")
    if len(experiment.arms) - len(absent) < 2:
        message = f"{experiment.name}: too few of its contenders are available here to compare anything; {absent[0].reason}"
        raise PlaceError(message)
    return experiment.without(tuple(absent))


def _absent(component: Component) -> Absent | None:
    from steps.model import Absent
    from steps.places.programs import check, fetch

    try:
        for part in component.parts:
            check(part, os.environ)
            fetch(part, os.environ)
            _built_by_hand(part)
    except Unavailable as error:
        return Absent(name=component.name, title=component.title, reason=str(error))
    return None


def _built_by_hand(part: Component) -> None:
    """Raises Unavailable: it would take so long to build that somebody has to ask for it."""
    if message := waits_for_a_hand(part):
        raise Unavailable(message)


def waits_for_a_hand(part: Component) -> str | None:
    """How to get what nobody builds unasked; None: it is there, or a run builds it."""
    from steps.places import building
    from steps.places.programs import builds_of

    for build in builds_of(part, os.environ):
        if build.by_hand and building.due(build, os.environ):
            called = part.same_as or part.name
            return f"{part.title} is not built yet, which takes {build.by_hand}: python -m pipelines build {called}"
    return None


def make(components: Iterable[Component]) -> int:
    """Builds what is not built yet of what the components need, and says so; returns how much that was.

    Raises Unavailable, PlaceError: something cannot be built; ConflictError: a run is under way.
    """
    from pipelines.local.state import State
    from steps.places import building
    from steps.places.programs import builds_of

    wanted = {build.source: build for each in components for build in builds_of(each, os.environ)}
    due = [build for build in wanted.values() if building.due(build, os.environ)]
    if due:
        # A compiler beside a measurement would be in its figures.
        with State.from_environment(os.environ).hold("build") as folder:
            try:
                for build in due:
                    _make(build)
            finally:
                folder.clear()
    return len(due)


def _make(build: Build) -> None:
    from steps.places import building

    click.echo(f"building images/{build.source} …")
    made = building.make(build, os.environ)
    said = ", ".join(made.tools.values()) or "copied"
    size = f"{made.size_bytes / 2**20:.1f} MiB" if made.size_bytes >= 2**20 else f"{made.size_bytes / 2**10:.0f} KiB"
    click.echo(f"  {size} in {made.took_s:g} s ({said})")


def buildable() -> dict[str, Component]:
    """Every component of every phase that has something to build, by name."""
    from pipelines import select
    from steps.places.programs import builds_of

    every = [each for phase in select.phases() for one in phase.experiments for each in one.programs]
    found: dict[str, Component] = {}
    for each in every:
        if builds_of(each, {}):
            found.setdefault(each.same_as or each.name, each)
    return found


@click.command("build")
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=completion.built)
def build(names: tuple[str, ...]) -> None:
    """Build programs from sources of ours, as a run does when it needs them: those named, or all but the largest."""
    known = buildable()
    for name in names:
        if name not in known:
            message = f"nothing called {name} is built here; there are {', '.join(known)}"
            raise UsageError(message)
    chosen = [known[name] for name in names or known]
    absent = [found for each in chosen if not names and (each.optional or waits_for_a_hand(each)) and (found := _absent(each))]
    for each in absent:
        click.echo(f"{each.title} is not available here: {each.reason}")
    gone = {each.name for each in absent}
    if not make(each for each in chosen if each.name not in gone):
        click.echo("everything is built")
