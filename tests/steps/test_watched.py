"""An application that is watched for real: every line, span and series of its load is found in the store that should have it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from phases.catalogue.watching import ALL_THREE, LOGS, METRICS, TRACES
from phases.phase_10_watching import EXPERIMENTS
from steps import load as verb
from steps import processes
from steps.errors import MeasureError, Unavailable
from steps.model import LoadRecord
from steps.places import building
from steps.places.programs import builds_of, check, override
from tests.lab import CONFIGS

(WATCHING,) = EXPERIMENTS
OWN = [override(each) for each in WATCHING.programs]  # a user's own binaries
pytestmark = pytest.mark.slow


@pytest.fixture
def watched(lab):
    """The experiment as it travels, with short loads."""
    lab.environment["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    lab.environment |= {name: value for name, value in os.environ.items() if name in OWN}
    configs = {each.config: (CONFIGS / each.config).read_text() for each in WATCHING.everyone if each.config}
    lab.asked = WATCHING.model_copy(update={"phase": "phase-10", "configs": configs}).as_preview()
    return lab


def build(lab, arm):
    """All that an arm needs."""
    try:
        for each in arm.parts:
            check(each, lab.environment)
            for source in builds_of(each, lab.environment):
                if source.by_hand and building.due(source, lab.environment):
                    pytest.skip(f"{each.name} is not built yet: python -m pipelines build {each.name}")
                building.make(source, lab.environment)
    except Unavailable as error:
        pytest.skip(str(error))


def send(lab, arm):
    """The load step's record of a cell, which is torn down afterwards, and of which nothing is left."""
    build(lab, arm)
    cell = f"{arm.name}-300rps-r1"
    lab.deploy(cell)
    try:
        endpoints = (lab.folder / "endpoints.json").read_text()
        verb.run(
            run=lab.run, cell=cell, experiment=lab.folder / "experiment.json", endpoints=endpoints, folder=lab.folder / "load"
        )
    finally:
        record = lab.teardown(cell)
        assert (record.left, record.unclosed, lab.processes(), lab.ledger()) == ((), (), [], [])
    return LoadRecord.from_json((lab.folder / "load" / "load.json").read_bytes(), source="load.json")


def test_every_series_that_an_application_shows_is_kept(watched):
    """The thousand products with what every program in Go shows, and their size on the disk; no request was wrong."""
    record = send(watched, METRICS)
    (kept,) = record.kept

    assert (kept.what, kept.right, kept.kept == kept.least) == ("series", True, True)
    assert 1000 < kept.kept < 1200
    assert kept.stored_bytes > 0
    assert record.counts.ok == record.counts.planned


def test_every_span_of_an_application_is_kept(watched):
    """Two of each request and check; a store in memory tells no size."""
    record = send(watched, TRACES)
    (kept,) = record.kept

    assert (kept.what, kept.right, kept.kept) == ("spans", True, 2 * (record.warmup.ok + record.counts.ok + 6))
    assert (kept.raw_bytes, kept.stored_bytes) == (None, None)


def test_every_line_of_an_application_is_kept(watched):
    """One of each request and check, with its size as it was sent and as it is kept."""
    record = send(watched, LOGS)
    (kept,) = record.kept

    assert (kept.what, kept.right, kept.kept) == ("lines", True, record.warmup.ok + record.counts.ok + 6)
    assert 0 < kept.stored_bytes < kept.raw_bytes


def test_all_that_an_application_tells_is_kept(watched):
    """A line and two spans of each request and check, and the thousand products with what every program in Go shows."""
    record = send(watched, ALL_THREE)
    kept = {each.what: each for each in record.kept}
    requests = record.warmup.ok + record.counts.ok + 6

    assert {what: each.right for what, each in kept.items()} == {"series": True, "lines": True, "spans": True}
    assert (kept["lines"].kept, kept["spans"].kept) == (requests, 2 * requests)
    assert 1000 < kept["series"].kept < 1200
    assert 100 < kept["lines"].raw_bytes / requests < 400  # of JSON a line
    assert 0 < kept["lines"].stored_bytes < kept["lines"].raw_bytes
    assert kept["series"].stored_bytes > 0


def test_a_store_that_died_before_it_was_asked_is_no_zero(watched, monkeypatch):
    """Killed after the load: nobody knows what it had, so the cell fails and says who is gone."""
    count = verb.stores.count

    async def count_the_dead(where, *rest):
        (store,) = where.stores
        (main,) = (each for each in processes.everyone() if each.pid == pid_of(watched, store.name))
        processes.send(main, signal.SIGKILL)
        return await count(where, *rest)

    monkeypatch.setattr(verb.stores, "count", count_the_dead)

    with pytest.raises(MeasureError, match="after the load, loki does not answer"):
        send(watched, LOGS)


def pid_of(lab, component):
    """The component's main process, as the ledger has it."""
    return next(int(each.facts["main"]) for each in lab.ledger() if each.id.endswith(f"-{component}"))
