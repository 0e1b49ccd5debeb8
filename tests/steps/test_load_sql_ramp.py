"""TPS at the SLO: a search with transactions, on real databases and in its arithmetic."""

import pytest

from phases.catalogue.databases import MARIADB, POSTGRES
from phases.catalogue.embedded import SQLITE
from steps.drivers.recording import Schedule
from steps.drivers.search import Until, knee_of
from steps.drivers.transactions import Requests
from steps.model import Slo, SqlLoad, SqlRampLoad
from steps.model.metric import TRANSACTION_CAPACITY
from steps.model.ramp import misfit
from steps.sent import write
from steps.statistics.histogram import samples_to_bound
from tests.databases import cell, needs, send

RAMP = SqlRampLoad(
    mix="tpcb", slo=Slo(p99_ms=200), start_tps=50, most_tps=100, probe_s=0.5, measure_s=0.5, warmup_s=0.2, resolution=0.5, scale=2
)


@pytest.mark.parametrize("rate_tps", [3.0, 31.25, 149.9, 600.0])
def test_every_probe_and_share_has_the_answers_that_bound_a_p99(rate_tps):
    """Rule 9, with what else was asked for: mix, durability, connections, tables."""
    for at in (RAMP.probe_at(rate_tps), RAMP.share_of(rate_tps, 50)):
        schedule = Schedule.of(at)
        assert len(schedule) - schedule.warmup >= samples_to_bound(0.99)
        assert (at.mix, at.durability, at.clients, at.scale) == (RAMP.mix, RAMP.durability, RAMP.clients, RAMP.scale)


def test_time_that_a_ramp_may_take_covers_its_longest_search():
    """The step's time limit: sixty probes at the lowest rate, the tables filled and added up."""
    lowest = RAMP.probe_at(RAMP.least_rps)

    assert RAMP.longest_s > 60 * (lowest.warmup_s + lowest.duration_s + RAMP.timeout_s)
    assert RAMP.usual_s < RAMP.longest_s / 10


def test_requests_of_one_flight_are_not_those_of_another():
    """All are lines of the same history, so that nothing acknowledged in the search can be lost unseen."""
    load = SqlLoad(mix="tpcb", rate_tps=100, duration_s=1)
    one, other = (Requests.of(load, 50, first=first) for first in (0, 50))

    assert [one.movement(each).request for each in range(50)] == list(range(50))
    assert [other.movement(each).request for each in range(50)] == list(range(50, 100))


def test_driver_ends_where_its_exchanges_do():
    """A TPC-B transaction is seven questions and answers: the ceiling of requests is seven times lower in transactions."""
    assert Until.of(RAMP.model_copy(update={"most_tps": 20_000}), 7000 / RAMP.exchanges).rps == 1000


def test_ramp_of_transactions_goes_with_its_shape():
    """And its metrics are at its shares."""
    names = [metric.name for metric in TRANSACTION_CAPACITY]

    assert misfit("ramp", [RAMP], names) is None
    assert misfit("compare", [RAMP], names) == "shape compare sends at given rates; a SqlRampLoad goes with shape ramp"


@pytest.mark.slow
@pytest.mark.parametrize("component", [POSTGRES, MARIADB, SQLITE], ids=lambda each: each.name)
def test_search_counts_every_transaction_of_every_probe(lab, tmp_path, component):
    """From a real search to its shares: whatever was acknowledged on the way is in the tables at the end."""
    with cell(lab, RAMP, needs(component)) as endpoints:
        sent = send(RAMP, endpoints, component)

        assert sent.failure is None
        assert [check.right for check in sent.checks] == [True, True, True]
        record = write(sent, folder=tmp_path, run="tests", cell=f"{component.name}-tpcb-ramp-r1", load=RAMP, cpus=None)

    knee = knee_of(RAMP, record.search)
    assert knee.rps or knee.at_least_rps == 100
    planned = sum(probe.planned for probe in record.search.probes)
    acknowledged = int(sent.checks[-1].what.split()[0].replace(",", ""))
    assert 0.9 * planned < acknowledged


@pytest.mark.slow
def test_shares_of_a_knee_are_measured(lab, tmp_path):
    """Between two rates of which the higher one is too much."""
    asked = RAMP.model_copy(update={"slo": Slo(p99_ms=60), "start_tps": 100, "most_tps": 20_000})
    with cell(lab, asked, needs(POSTGRES)) as endpoints:
        sent = send(asked, endpoints, POSTGRES)
        record = write(sent, folder=tmp_path, run="tests", cell="postgres-tpcb-ramp-r1", load=asked, cpus=None)

    assert sent.failure is None
    assert knee_of(asked, record.search).rps > 100
    assert sorted(path.name for path in tmp_path.glob("share-*")) == ["share-50", "share-75", "share-90"]
    assert record.counts.ok > 0.9 * record.counts.planned
