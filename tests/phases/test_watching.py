"""The arms of observability-overhead: the same application in each, and with it only what its signals need."""

from __future__ import annotations

from pathlib import Path

import pytest

from phases.catalogue.watching import ALL_THREE, LOGS, METRICS, SERVICE, SPANS, TRACES, UNWATCHED, WATCHED
from phases.phase_10_watching import EXPERIMENTS
from steps.places.templates import placeholders

CONFIGS = Path(__file__).parent.parent.parent / "phases" / "configs"
PLACE = {"program", "config", "folder", "host", "workers", "port", "bin"}
(WATCHING,) = EXPERIMENTS


def beside(arm):
    return {part.name for part in arm.beside}


def stores(arm):
    return {part.keeps.what for part in arm.parts if part.keeps}


def test_a_preview_stays_short():
    """One round of five arms, for the whole phase has a quarter of an hour."""
    assert (WATCHING.as_preview().repetitions, WATCHING.repetitions) == (1, 6)


def test_each_arm_is_the_same_program():
    """What differs is what it is asked to tell, and who listens."""
    assert all(arm.process.program == UNWATCHED.process.program for arm in WATCHING.arms)
    assert [stores(arm) for arm in (METRICS, LOGS, TRACES)] == [{"series"}, {"lines"}, {"spans"}]
    assert beside(UNWATCHED) == set()


def test_all_three_is_each_of_them():
    """Its programs are theirs together, the settings of the application too, and nobody is there twice."""
    assert beside(ALL_THREE) == beside(METRICS) | beside(LOGS) | beside(TRACES)
    assert ALL_THREE.process.env.items() >= METRICS.process.env.items() | LOGS.process.env.items() | TRACES.process.env.items()
    assert stores(ALL_THREE) == {"series", "lines", "spans"}


def test_stores_know_the_application_by_the_name_that_it_gives_itself():
    """As its source, and the scraper's configuration, have it; and the number of spans is that of its source."""
    source = CONFIGS.parent.parent / "images" / "programs" / "shop"
    asked = {part.keeps.service for arm in WATCHED for part in arm.parts if part.keeps}

    assert asked == {SERVICE}
    assert f'serviceName = "{SERVICE}"' in (source / "main.go").read_text()
    assert f"job_name: {SERVICE}" in (CONFIGS / "watching-scrape.yaml").read_text()
    traces = (source / "traces.go").read_text()
    assert traces.count("tracer.Start(") + traces.count("otelhttp.NewHandler(") == SPANS


@pytest.mark.parametrize("arm", WATCHING.arms, ids=lambda arm: arm.name)
def test_a_text_asks_only_for_what_was_deployed_before(arm):
    """In the order in which the cell is deployed; whoever asks the application comes after it."""
    there: set[str] = set()
    for each in arm.parts:
        texts = [*each.process.argv, *each.process.env.values(), (CONFIGS / each.config).read_text() if each.config else ""]
        own = PLACE | set(each.settings) | {f"port.{port.name}" for port in each.ports}
        upstream = {"upstream.host", "upstream.port"} if each.upstream else set()
        assert set().union(*map(placeholders, texts)) <= own | there | upstream
        assert each.upstream is None or f"{each.upstream}.host" in there
        there |= {f"{each.name}.host", f"{each.name}.port", *(f"{each.name}.port.{port.name}" for port in each.ports)}


@pytest.mark.parametrize("arm", WATCHING.arms, ids=lambda arm: arm.name)
def test_an_arm_runs_in_pods_too(arm):
    """Each of its programs has an image, and survives its journey."""
    assert all(part.image for part in arm.parts)
    assert type(arm).model_validate_json(arm.model_dump_json()) == arm
    assert "{{" not in arm.model_dump_json()
