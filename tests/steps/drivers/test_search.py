"""The search for the knee, held against queues whose capacity theory knows, and against spoilt probes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.drivers.search import Until, judged, knee_of, search
from steps.errors import MeasureError
from steps.model import RampLoad, Search, Slo
from steps.model.ramp import MOST_PROBES
from tests.oracles.queueing import Queue
from tests.steps import queues

SLO = Slo(p99_ms=20)
LOAD = RampLoad(expect="", slo=SLO, start_rps=100)
FREE = Until.of(LOAD, None)


def probe(rate, *, p99_ms=5.0, errors=0.0, sent=1.0, late_ms=0.0, slo=SLO):
    """What came of a probe."""
    return judged(slo, rate_rps=rate, planned=1000, p50_ms=1.0, p99_ms=p99_ms, errors=errors, sent=sent, late_ms=late_ms)


def searched(probe_at, *, load=LOAD, until=FREE):
    """The knee, and the probes on the way to it."""
    searching = search(load, until)
    probes = []
    rate = next(searching)
    while True:
        probes.append(probe_at(rate))
        try:
            rate = searching.send(probes[-1])
        except StopIteration as done:
            return done.value, probes


def exact(capacity):
    """A contender that keeps the SLO up to a rate, and never above."""
    return lambda rate: probe(rate, p99_ms=5.0 if rate <= capacity else 50.0)


def verdicts(probes):
    return [(each.rate_rps, each.verdict) for each in probes]


QUEUES = {
    "M/M/1": (queues.one_server(1000), Queue(1000).capacity_rps(20), 40_000),
    "D/M/1": (queues.one_server_evenly_asked(1000), Queue(1000, poisson=False).capacity_rps(20), 40_000),
    "M/M/3": (queues.several_servers(1000, 3), Queue(3000, servers=3).capacity_rps(20), 30_000),
}


@pytest.mark.parametrize("queue", QUEUES)
def test_knee_of_a_simulated_queue_is_within_5_percent_of_its_capacity(queue):
    """Rule 17, in 20 of 20 seeds: the rate at which theory has p99 reach the SLO is what the search finds."""
    simulated, capacity, requests = QUEUES[queue]
    load = LOAD.model_copy(update={"start_rps": capacity / 3})

    def knee(seed):
        chance = np.random.default_rng(seed)

        def probe_at(rate):
            p50_ms, p99_ms = np.quantile(1000 * simulated(chance, rate, requests), (0.5, 0.99))
            return judged(SLO, rate_rps=rate, planned=requests, p50_ms=p50_ms, p99_ms=p99_ms, errors=0, sent=1, late_ms=0)

        return searched(probe_at, load=load)[0].rps

    off = [knee(seed) / capacity - 1 for seed in range(20)]
    assert max(map(abs, off)) < 0.05, off


def test_one_spoilt_probe_in_ten_hardly_ever_moves_the_knee():
    """A neighbour breaks every tenth probe of a good rate: the knee is within 5 % in 95 % of seeds (99.6 % of 4,000 were)."""
    within = 0
    for seed in range(1000):
        chance = np.random.default_rng(seed)
        spoilt = lambda rate: probe(rate, p99_ms=50.0 if rate > 900 or chance.random() < 0.1 else 5.0)  # noqa: B023, E731
        within += 0.95 <= (searched(spoilt)[0].rps or 0) / 900 <= 1.0

    assert within >= 950


def test_search_grows_bisects_and_confirms():
    """The path of a small search: doubled until broken twice, halved by ratio, and a broken end from before tried once more."""
    load = LOAD.model_copy(update={"resolution": 0.2})
    knee, probes = searched(exact(330), load=load)

    assert verdicts(probes) == [
        (100, "met"),
        (200, "met"),
        *[(400, "broken")] * 2,
        (282.8, "met"),
        *[(336.3, "broken")] * 2,
    ]
    assert (knee.rps, knee.reason) == (282.8, None)


def test_search_confirms_an_end_that_it_met_early():
    """Everything below held, so the broken end is tried once more."""
    knee, probes = searched(exact(399), load=LOAD.model_copy(update={"resolution": 0.2}))

    assert verdicts(probes)[-3:] == [(282.8, "met"), (336.3, "met"), (400, "broken")]
    assert knee.rps == 336.3


@settings(max_examples=200, deadline=None)
@given(capacity=st.floats(10, 40_000), start=st.floats(10, 5_000), resolution=st.floats(0.01, 0.5))
def test_knee_keeps_the_slo_and_lies_within_the_resolution(capacity, start, resolution):
    """Whatever the capacity and the first rate: the knee was met, the next rate above is broken, and the search ends."""
    load = LOAD.model_copy(update={"start_rps": start, "resolution": resolution})
    knee, probes = searched(exact(capacity), load=load)

    assert len(probes) <= MOST_PROBES
    if knee.rps is None:
        assert capacity < start / 8
    else:
        assert knee.rps <= capacity < knee.rps * (1 + resolution) * 1.002
        assert (knee.rps, "met") in verdicts(probes)


def test_a_rate_that_was_broken_by_others_does_not_end_the_search():
    """Twice spoilt at 400, and met when it is confirmed: the search climbs on from there."""
    spoilt = iter([True, True])
    knee, _ = searched(lambda rate: probe(rate, p99_ms=50.0 if rate > 1000 or (rate == 400 and next(spoilt, False)) else 5.0))

    assert 980 <= knee.rps <= 1000


def test_end_of_the_driver_is_not_the_contenders():
    """Whoever is still good where the driver ends has no knee, but a rate that it reaches at least."""
    knee, probes = searched(exact(9999), until=Until.of(LOAD, 600))

    assert (knee.rps, knee.at_least_rps, knee.suspect) == (None, 600, None)
    assert knee.reason == "at least 600 req/s: the driver ends there, not the contender"
    assert max(each.rate_rps for each in probes) == 600


def test_end_of_the_experiment_is_said_as_such():
    """`most_rps` is the author's limit."""
    load = LOAD.model_copy(update={"most_rps": 250})
    knee, _ = searched(exact(9999), load=load, until=Until.of(load, 600))

    assert knee.reason == "at least 250 req/s: the experiment tries no higher rate"


def test_late_driver_is_never_taken_for_a_slow_contender():
    """Where the SLO breaks because the driver was late, the knee is only known not to be below what was met."""
    knee, probes = searched(lambda rate: probe(rate, p99_ms=5 if rate <= 450 else 25, late_ms=0.1 if rate <= 450 else 8))

    assert (knee.rps, knee.suspect) == (None, "generator")
    assert 440 <= knee.at_least_rps <= 450
    assert "the driver itself was 8.0 ms late (p99)" in knee.reason
    assert {each.verdict for each in probes} == {"met", "driver"}


def test_late_probe_is_tried_four_times_and_a_broken_one_twice():
    """Lateness says nothing of the contender; two breaks say that it is slow, however late the driver was between them."""
    came = iter(["late", "late", "late", "met", "late", "broken", "broken"])
    parts = {"late": {"p99_ms": 25, "late_ms": 8}, "met": {}, "broken": {"p99_ms": 500}}
    _, probes = searched(lambda rate: probe(rate, **parts[next(came, "broken" if rate > 100 else "met")]))

    assert [each.rate_rps for each in probes][:7] == [100] * 4 + [200] * 3
    assert probes[7].rate_rps < 200


@pytest.mark.parametrize(
    ("came", "verdict", "why"),
    [
        ({}, "met", None),
        ({"late_ms": 9}, "met", None),
        ({"p99_ms": 21}, "broken", "p99 is 21 ms; 20 ms are allowed"),
        ({"p99_ms": 500, "late_ms": 9}, "broken", "p99 is 500 ms; 20 ms are allowed"),
        ({"p99_ms": 25, "late_ms": 9}, "driver", "the driver itself was 9.0 ms late (p99)"),
        ({"errors": 0.01}, "broken", "1 % of the requests had no right answer; 0.1 % may"),
        ({"errors": 0.01, "late_ms": 9}, "broken", "1 % of the requests had no right answer; 0.1 % may"),
        ({"sent": 0.9}, "broken", "90 % of the requests were sent in time; 99 % have to be"),
        ({"p99_ms": None}, "broken", "p99 has no value"),
    ],
    ids=["good", "good though late", "slow", "slow and late", "late", "errors", "errors and late", "not sent", "no p99"],
)
def test_what_breaks_an_slo(came, verdict, why):
    """The first thing that does not hold is told with its figures; lateness excuses only what it can cause."""
    found = probe(700, **came)

    assert (found.verdict, found.why) == (verdict, why)


def test_contender_that_breaks_at_every_rate_has_no_knee():
    """Lower rates are tried, and then it is said what does not hold, and what to change."""
    knee, probes = searched(exact(1))

    assert (knee.rps, knee.at_least_rps, knee.broken) == (None, None, True)
    assert knee.reason.startswith("the SLO does not hold even at 6.25 req/s: p99 is 50 ms; 20 ms are allowed; lower")
    assert probes[-1].rate_rps == LOAD.least_rps


def test_driver_that_is_late_at_every_rate_says_nothing_of_the_contender():
    """It is not told that its SLO does not hold."""
    knee, _ = searched(lambda rate: probe(rate, p99_ms=25, late_ms=8))

    assert (knee.rps, knee.at_least_rps, knee.suspect, knee.broken) == (None, None, "generator", False)
    assert knee.reason == "nothing is known of the contender: even at 6.25 req/s the driver itself was 8.0 ms late (p99)"


def test_contender_below_the_first_rate_is_found():
    """The first rate is a guess."""
    assert 39 <= searched(exact(40))[0].rps <= 40


def test_search_that_finds_no_end_gives_up_and_says_so():
    """A contender whose answers mean nothing: here each end breaks twice, and holds when it is confirmed."""
    tops = Counter()

    def restless(rate):
        if rate > max(tops, default=0):
            tops[rate] = 0
        tops[rate] += rate in tops
        return probe(rate, p99_ms=50 if rate > 100 and rate == max(tops) and tops[rate] <= 2 else 5)

    knee, probes = searched(restless, load=LOAD.model_copy(update={"most_rps": 1e9}))

    assert len(probes) == MOST_PROBES
    assert (knee.rps, knee.suspect) == (None, "figures")
    assert knee.at_least_rps > 100
    assert knee.reason.endswith("the search did not settle in 60 probes")


def test_recorded_probes_lead_to_the_same_knee():
    """The record holds no knee: it follows from the probes."""
    knee, probes = searched(exact(777))

    assert knee_of(LOAD, Search(ends_rps=FREE.rps, ends_why=FREE.why, probes=tuple(probes))) == knee


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda probes: probes[:-1], "probes are not a whole search"),
        (lambda probes: [*probes, probes[-1]], "probes are not a whole search"),
        (lambda probes: probes[1:], "probe 1 of its search is at 200 req/s, not at 100"),
        (lambda probes: [], "its 0 probes are not a whole search"),
    ],
    ids=["end lost", "one too many", "start lost", "none"],
)
def test_probes_that_are_no_whole_search_are_refused(harm, said):
    """A knee is never made from a part."""
    probes = tuple(harm(searched(exact(777))[1]))

    with pytest.raises(MeasureError, match=said):
        knee_of(LOAD, Search(ends_rps=FREE.rps, ends_why=FREE.why, probes=probes))
