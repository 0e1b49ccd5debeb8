"""What a run needs built before it begins, and who has to stay out of it because that cannot be had."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import click

from pipelines import completion
from steps.errors import PlaceError, Unavailable, UsageError
from steps.model import Absent, Build, Component, Experiment


def prepared(experiment: Experiment) -> Experiment:
    """The experiment as it can run here: everything built, and without the optional contenders that are not to be had.

    Raises PlaceError: a build failed, or nothing is left to compare; ConflictError: a run is under way that it would disturb.
    """
    left = _without(experiment, [found for arm in experiment.arms if arm.optional and (found := _absent(arm))])
    make([*left.arms, *left.around])
    return left


def in_pods(experiment: Experiment) -> Experiment:
    """The experiment as it can run on a cluster: without the optional contenders that have no image. Raises PlaceError."""
    imageless = [arm for arm in experiment.arms if arm.optional and arm.image is None]
    return _without(experiment, [Absent(name=each.name, title=each.title, reason="it has no image") for each in imageless])


def _without(experiment: Experiment, absent: Sequence[Absent]) -> Experiment:
    for each in absent:
        click.echo(f"{each.title} is not available here: {each.reason}")
    if len(experiment.arms) - len(absent) < 2:
        message = f"{experiment.name}: too few of its contenders are available here to compare anything; {absent[0].reason}"
        raise PlaceError(message)
    return experiment.without(tuple(absent)) if absent else experiment


def _absent(component: Component) -> Absent | None:
    from steps.places.programs import check, fetch

    try:
        check(component, os.environ)
        fetch(component, os.environ)
    except Unavailable as error:
        return Absent(name=component.name, title=component.title, reason=str(error))
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
        with State.from_environment(os.environ).hold(
            "build"
        ) as folder:  # a compiler beside a measurement would be in its figures
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
    click.echo(f"  {made.size_bytes / 2**20:.1f} MiB in {made.took_s:g} s ({said})")


def buildable() -> dict[str, Component]:
    """Every component of every phase that has something to build, by name."""
    from pipelines import select
    from steps.places.programs import builds_of

    every = [each for phase in select.phases() for one in phase.experiments for each in (*one.arms, *one.around)]
    return {each.name: each for each in every if builds_of(each, {})}


@click.command("build")
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=completion.built)
def build(names: tuple[str, ...]) -> None:
    """Build programs from sources of ours, as a run does when it needs them: those named, or all."""
    known = buildable()
    for name in names:
        if name not in known:
            message = f"nothing called {name} is built here; there are {', '.join(known)}"
            raise UsageError(message)
    chosen = [known[name] for name in names or known]
    absent = [found for each in chosen if not names and each.optional and (found := _absent(each))]
    for each in absent:
        click.echo(f"{each.title} is not available here: {each.reason}")
    gone = {each.name for each in absent}
    if not make(each for each in chosen if each.name not in gone):
        click.echo("everything is built")
