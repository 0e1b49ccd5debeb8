"""Sealed runs for tests: one simulated run, and others like it whose figures, circumstances or definition the test chooses."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from math import exp
from pathlib import Path

from steps.evidence import read
from steps.model import Environment, Figure, Point, Report, RunVerdict
from steps.page.samples import samples
from steps.seal import seal
from steps.sealed import Sealed, unseal
from steps.statistics.comparison import figure_of
from steps.statistics.findings import report_of
from steps.statistics.knees import bounded_figure
from tests.steps.simulated import RUN, Story, simulate, tiny

PREFIX = f"runs/phase-4/gateway-comparison/{RUN}"
DAY = date(2026, 11, 23)


REPORTED: dict[str, tuple[dict[str, bytes], Report]] = {}  # each story is reported once


def objects(name="a-run", *, day=0, story=None, environment=None, cells=True, preview=False) -> dict[str, bytes]:
    """Every object of a run with its report and seal, by its key below the prefix.

    day: after the first. cells: with what its cells left, which is most of it. preview: its report calls itself one.
    """
    found, report = _reported(story or Story(), environment)
    if preview:
        shown = report.model_copy(update={"preview": True, "verdict": RunVerdict.PREVIEW})
        found = {**found, "report/report.json": shown.to_json().encode()}
    renamed = {key: _renamed(content, name, day) for key, content in found.items() if cells or not key.startswith("cells/")}
    return {**renamed, "seal-1.json": seal(renamed, run=name, verdict=report.verdict).to_json().encode()}


def _reported(story: Story, environment: Environment | None) -> tuple[dict[str, bytes], Report]:
    key = f"{story} {environment}"
    if key not in REPORTED:
        found = simulate(tiny(), story)
        if environment is not None:
            found["environment.json"] = environment.to_json().encode()
        evidence = read(found, run=RUN, prefix=PREFIX, status="Succeeded", failures="null")
        report = report_of(evidence)
        made = {"report/report.json": report.to_json().encode(), "report/samples.csv": samples(report, evidence).encode()}
        REPORTED[key] = {**found, **made}, report
    return REPORTED[key]


def _renamed(content: bytes, name: str, day: int) -> bytes:
    then = f"{DAY + timedelta(days=day)}T".encode()
    return content.replace(RUN.encode(), name.encode()).replace(f"{DAY}T".encode(), then)


def folder(path: Path, found: dict[str, bytes]) -> Path:
    """The objects as a report's folder."""
    for key, content in found.items():
        target = path / (key.removeprefix("report/") if key.startswith("report/") else f"raw/{key}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return path


@cache
def _first() -> Sealed:
    class InMemory:
        where = "the simulated run"
        content = objects(RUN)

        def keys(self):
            return self.content.keys()

        def read(self, key):
            return self.content[key]

    return unseal(InMemory())


def run(name, *, day=0, factors=None, noise=0.02, suspect=frozenset(), **changes) -> Sealed:
    """A run whose figures are known medians times what varies between repetitions.

    factors: (contender, metric) or contender → how much more than usual. suspect: contenders with a suspect repetition.
    changes: fields of the report; `kernel`, `place`, `nginx` (its version), and `experiment` go where they belong.
    """
    first, chance = _first(), random.Random(name)
    experiment = changes.pop("experiment", first.experiment)
    environment = _environment(changes, first.environment)
    loads = tuple(
        section.model_copy(
            update={"arms": tuple(_arm(arm, factors or {}, noise, chance, doubt=arm.name in suspect) for arm in section.arms)}
        )
        for section in first.report.loads
    )
    at = f"{DAY + timedelta(days=day)}T12:00:00.000Z"
    circumstances = first.report.circumstances.model_copy(update={"started_at": at})
    report: Report = first.report.model_copy(
        update={"run": name, "loads": loads, "circumstances": circumstances, "preview": experiment.preview, **changes}
    )
    return Sealed(report, experiment, environment.model_copy(update={"run": name}))


def _environment(changes: dict, given: Environment) -> Environment:
    node, components, place = changes.pop("kernel", None), changes.pop("nginx", None), changes.pop("place", given.place)
    return given.model_copy(
        update={
            "place": place,
            "node": {**given.node, **({"kernel": node} if node else {})},
            "components": {**given.components, **({"nginx": components} if components else {})},
        }
    )


def _arm(arm, factors, noise, chance, *, doubt):
    figures = {}
    for metric, figure in arm.figures.items():
        factor = factors.get((arm.name, metric), factors.get(arm.name, 1.0))
        values = [1.7 * factor * exp(chance.gauss(0, noise)) for _ in range(6)]
        points = [Point(repetition=n, value=value, suspect=doubt and n == 6) for n, value in enumerate(values, start=1)]
        figures[metric] = figure if figure.value is None else figure_of(points, reason="")
    return arm.model_copy(update={"figures": figures})


def with_figure(given: Sealed, contender: str, metric: str, figure: Figure) -> Sealed:
    """The same run, in which one arm has this figure."""
    (section,) = given.report.loads
    arms = tuple(
        arm.model_copy(update={"figures": {**arm.figures, metric: figure}}) if arm.name == contender else arm
        for arm in section.arms
    )
    return replace(given, report=given.report.model_copy(update={"loads": (section.model_copy(update={"arms": arms}),)}))


def half_bounded() -> Figure:
    """Six values, and of six more repetitions only that they are above them."""
    points = [Point(repetition=n, value=1.7 + n / 1000) for n in range(1, 7)]
    bounds = [Point(repetition=n, value=4.0) for n in range(7, 13)]
    return bounded_figure(points, bounds, reason="at least 4 req/s: the driver ends there")
