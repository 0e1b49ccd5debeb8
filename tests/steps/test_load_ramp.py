"""The verb load with a ramp, against real servers of known capacity."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from steps import load, measure
from steps.drivers.search import knee_of
from steps.errors import MeasureError
from steps.model import Calibration, Endpoints, Environment, LoadRecord, RampLoad, Slo
from tests.steps.odd_server import BODY
from tests.steps.one_at_a_time import one_at_a_time
from tests.steps.recorded import AT, RUN, Recorded, value_of
from tests.steps.recorded_ramp import RAMP
from tests.steps.steady_keepers import steady_keepers
from tests.steps.test_load_verb import keeper

CELL = "nginx-ramp-r1"
SHORT = RampLoad(
    slo=Slo(p99_ms=50),
    start_rps=1000,
    probe_s=0.3,
    measure_s=0.3,
    warmup_s=0.1,
    resolution=0.5,
    timeout_s=1,
    expect=BODY.decode(),
)


def experiment_of(asked):
    """The small ramp with that load."""
    return RAMP.model_copy(update={"loads": (asked,)})


def run_load(folder, target, asked, *, keepers, ceiling_rps=None):
    """Runs the verb; the record that it left."""
    (folder / "experiment.json").write_text(experiment_of(asked).to_json())
    calibration = Calibration(ceiling_rps=ceiling_rps, reason=None if ceiling_rps else "not tried")
    circumstances = Environment(run=RUN, at=AT, place="process", driver={}, node={}, cluster={}, calibration=calibration)
    (folder / "environment.json").write_text(circumstances.to_json())
    load.run(
        run=RUN,
        cell=CELL,
        experiment=folder / "experiment.json",
        endpoints=Endpoints(target=target, keepers=keepers).to_json(),
        folder=folder / "load",
        environment=folder / "environment.json",
    )
    return record_in(folder)


def record_in(folder):
    return LoadRecord.from_json((folder / "load" / "load.json").read_text(), source="load.json")


@pytest.fixture(scope="module")
def keepers():
    with steady_keepers("nginx", "echo") as urls:
        yield urls


@pytest.mark.slow
def test_ramp_leaves_a_search_and_the_records_of_each_share(tmp_path, keepers):
    """From a real search to a measured cell: every probe is recorded, and each share has what any load has."""
    with one_at_a_time(1 / 1500) as server:
        record = run_load(tmp_path, server.url, SHORT, keepers=keepers)

    knee = knee_of(SHORT, record.search)
    assert 1000 <= knee.rps <= 2000
    for percent in SHORT.shares_percent:
        folder = tmp_path / "load" / f"share-{percent}"
        assert {path.name for path in folder.iterdir()} == {"load.json", "load.hdr", "series.csv", "usage.csv"}
        part = LoadRecord.from_json((folder / "load.json").read_text(), source="share")
        assert part.load.rate_rps == knee.rps * percent / 100
        assert [usage.component for usage in part.usage].count("nginx") == 2
    found = measure.outcome_of(Recorded(cell=CELL, experiment=experiment_of(SHORT)).store(tmp_path, load=False), at=AT)
    assert value_of(found, "knee_rps") == knee.rps


@pytest.mark.slow
def test_ramp_ends_where_the_driver_does(tmp_path, keepers):
    """At six tenths of its ceiling, which provision found; there is nothing to take shares of."""
    with one_at_a_time(0.0001) as server:
        record = run_load(tmp_path, server.url, SHORT, keepers=keepers, ceiling_rps=2000)

    assert record.search.ends_rps == 1200
    assert max(probe.rate_rps for probe in record.search.probes) == 1200
    assert knee_of(SHORT, record.search).at_least_rps == 1200
    assert not list((tmp_path / "load").glob("share-*"))


def test_contender_that_dies_in_the_search_fails_the_cell_with_its_reason(tmp_path, keepers):
    """An overload that breaks the SLO is what is looked for; one that kills is a failure, and the probes before it are kept."""
    with ExitStack() as stack:
        server = stack.enter_context(one_at_a_time(0.0001, dies_after=600))
        own = stack.enter_context(keeper("nginx", server.process))
        with pytest.raises(MeasureError, match=r"^nginx ended with status 3 \(in the search, at 2,000 req/s\)$"):
            run_load(tmp_path, server.url, SHORT, keepers={**keepers, "nginx": own})

    record = record_in(tmp_path)
    assert record.failure.startswith("nginx ended with status 3")
    assert record.search.probes


@pytest.mark.slow
def test_capacity_of_a_real_server_is_found(tmp_path, keepers):
    """A server that takes 2.5 ms for each request, one at a time, has its knee at 400 requests/s, within 10 %."""
    asked = SHORT.model_copy(
        update={"slo": Slo(p99_ms=30), "start_rps": 200, "probe_s": 1.5, "measure_s": 2, "warmup_s": 0.5, "resolution": 0.02}
    )
    with one_at_a_time(0.0025) as server:
        record = run_load(tmp_path, server.url, asked, keepers=keepers)

    assert knee_of(asked, record.search).rps == pytest.approx(400, rel=0.1)
