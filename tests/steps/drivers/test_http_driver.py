"""The driver: what it promises about time, and about every request."""

import asyncio
import os
import signal
import threading
import time
from itertools import pairwise

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.drivers.calibration import on_cores
from steps.drivers.connection import Target
from steps.drivers.http import HOPELESS_NS, LEAD_NS, Flight
from steps.drivers.recording import Recording, Schedule
from steps.drivers.summary import summarize
from steps.errors import UsageError
from steps.model import HttpLoad
from tests.burning import burning
from tests.steps.odd_server import BODY, LETTERS, SLOW_S, odd_server


@pytest.fixture(scope="module")
def server():
    with odd_server() as running:
        yield running


def load_of(letters="k", **fields):
    return HttpLoad(
        **{"path": f"/script/{letters}", "rate_rps": 400, "warmup_s": 0, "duration_s": 0.25, "expect": BODY.decode(), **fields}
    )


def fly(url, load, *, spin=False, meanwhile=None):
    """A whole load against a server."""

    async def flight():
        flight = Flight(load, Target.of(url), spin=spin)
        await flight.open()
        if meanwhile is not None:
            meanwhile(flight)
        return await flight.fly(time.monotonic_ns() + LEAD_NS)

    return uvloop.run(flight())


def test_schedule_is_evenly_spaced_and_continuous_over_the_warm_up():
    """Requests are due at equal distances from the first of the warm-up to the last of the window."""
    schedule = Schedule.of(load_of(rate_rps=400, warmup_s=1, duration_s=2))

    assert len(schedule) == 1200
    assert schedule.warmup == 400
    assert {later - earlier for earlier, later in pairwise(schedule.offsets_ns)} == {2_500_000}
    assert schedule.offsets_ns[schedule.warmup] == 1_000_000_000


@pytest.mark.parametrize(
    ("rate_rps", "duration_s", "planned"), [(3, 1, 3), (1 / 3, 9, 3), (7.5, 2, 15), (1000, 12, 12_000), (0.5, 1, 1)]
)
def test_schedule_holds_rate_times_duration_requests(rate_rps, duration_s, planned):
    """No rounding adds or loses a request at the window's edge."""
    assert len(Schedule.of(load_of(rate_rps=rate_rps, duration_s=duration_s))) == planned


def test_window_without_a_request_is_refused():
    """A window that is shorter than the distance of requests, and between two of them, is a mistake of the experiment."""
    with pytest.raises(UsageError, match="no request is due in a window of 1 s"):
        Schedule.of(load_of(rate_rps=0.5, warmup_s=3, duration_s=1))


def test_every_right_answer_is_counted_once(server):
    """A server that does nothing wrong answers everything that was planned."""
    summary = summarize(fly(server.url, load_of("k", warmup_s=0.1)))

    assert summary.counts.ok == summary.counts.planned == 100
    assert summary.warmup.ok == summary.warmup.planned == 40
    assert summary.errors == {}
    assert summary.histograms["response"].get_total_count() == 100


@pytest.mark.parametrize("spin", [False, True], ids=["timers", "spinning"])
def test_no_request_is_sent_early(server, spin):
    """Not one request leaves before its moment, whatever way the driver waits."""
    recording = fly(server.url, load_of("k", rate_rps=1000), spin=spin).recording

    assert all(
        sent >= looked >= due for due, looked, sent in zip(recording.due_ns, recording.looked_ns, recording.sent_ns, strict=True)
    )


@pytest.mark.parametrize(
    ("letter", "kind"),
    [
        ("w", "wrong body"),
        ("s", "status 503"),
        ("r", "connection reset"),
        ("c", "connection closed"),
        ("p", "connection closed"),
        ("g", "not HTTP"),
    ],
)
def test_each_way_to_fail_has_its_name(server, letter, kind):
    """A request that fails is an error of its kind; the others are not touched."""
    summary = summarize(fly(server.url, load_of(f"k{letter}", connections=4)))

    assert summary.errors == {kind: 50}
    assert summary.counts.ok == 50
    assert summary.histograms["error"].get_total_count() == 50


def test_nobody_listening_is_an_error_of_every_request():
    """A refused connection is a failed request, not a request that waits for ever."""
    with odd_server() as gone:
        url = gone.url

    summary = summarize(fly(url, load_of("k")))

    assert summary.errors == {"connection refused": 100}
    assert summary.counts.sent == 100


def test_connections_that_the_server_closes_are_opened_anew(server):
    """`Connection: close` after a right answer is no error; the next request pays for a new connection, by waiting."""
    summary = summarize(fly(server.url, load_of("l", connections=2)))

    assert summary.counts.ok == 100


def test_answer_that_nobody_asked_for_spoils_its_connection(server):
    """Two answers to one request are not counted as two right ones."""
    summary = summarize(fly(server.url, load_of("kx", connections=4)))

    assert summary.errors == {"an answer nobody asked for": 50}
    assert summary.counts.ok == 50


def test_request_without_an_answer_times_out_and_frees_its_place(server):
    """A time-out runs from the moment of sending; then the connection is closed, and the next request gets a new one."""
    flown = fly(server.url, load_of("h", connections=5, timeout_s=0.1, rate_rps=20, duration_s=1))
    summary = summarize(flown)

    assert summary.counts.timeout == summary.counts.planned == 20
    took = [(flown.recording.ended_ns[each] - flown.recording.sent_ns[each]) / 1e9 for each in range(20)]
    assert all(0.1 <= seconds < 0.2 for seconds in took)
    assert summary.histograms["timeout"].get_total_count() == 20


def test_what_is_never_sent_is_dropped_and_what_is_open_is_unfinished(server):
    """With all connections taken until the end, the rest of the load is counted as dropped."""
    summary = summarize(fly(server.url, load_of("h", connections=3, timeout_s=0.35)))

    assert summary.counts.timeout + summary.counts.unfinished == summary.counts.sent
    assert summary.counts.dropped == summary.counts.planned - summary.counts.sent > 0


def test_waiting_for_a_connection_is_neither_lateness_nor_service(server):
    """One connection to a slow server: the wait grows, the service time and the lateness do not."""
    summary = summarize(fly(server.url, load_of("d", connections=1, rate_rps=100, duration_s=0.5)))
    wait, service, lateness = (
        summary.histograms[name].get_value_at_percentile(50) / 1e6 for name in ("wait", "service", "lateness")
    )

    assert wait > 5 * SLOW_S
    assert SLOW_S <= service < 2 * SLOW_S
    assert lateness < SLOW_S / 2


def test_response_is_wait_plus_service(server):
    """The three times of a request fit together."""
    recording = fly(server.url, load_of("dk", connections=2)).recording

    for due, sent, ended in zip(recording.due_ns, recording.sent_ns, recording.ended_ns, strict=True):
        assert ended - due == (sent - due) + (ended - sent)
        assert due <= sent <= ended


def test_what_was_due_in_the_warm_up_stays_there_when_it_ends_in_the_window(server):
    """The moment at which a request was due decides to which part it belongs."""
    flown = fly(server.url, load_of("d", connections=1, rate_rps=100, warmup_s=0.3, duration_s=0.1))
    last_of_warmup = flown.schedule.warmup - 1

    summary = summarize(flown)

    assert flown.recording.ended_ns[last_of_warmup] > flown.window_ns[0]
    assert summary.warmup.ok == 30
    assert summary.counts.planned == 10


@settings(max_examples=8, deadline=None)
@given(
    letters=st.text(alphabet=LETTERS, min_size=1, max_size=6),
    connections=st.integers(1, 6),
    rate_rps=st.sampled_from([50, 300, 1000]),
    warmup_s=st.sampled_from([0, 0.1]),
)
def test_no_request_is_lost_whatever_the_server_does(server, letters, connections, rate_rps, warmup_s):
    """planned = sent + dropped, sent = ok + error + timeout + unfinished, and the histograms hold exactly those."""
    load = load_of(letters, connections=connections, rate_rps=rate_rps, warmup_s=warmup_s, duration_s=0.2, timeout_s=0.1)

    flown = fly(server.url, load)
    summary = summarize(flown)  # Counts checks both sums when it is built

    assert summary.counts.planned + summary.warmup.planned == len(flown.schedule)
    assert summary.counts.planned == round(rate_rps * 0.2)
    assert sum(summary.errors.values()) == summary.counts.error
    held = {tag: histogram.get_total_count() for tag, histogram in summary.histograms.items()}
    assert held["response"] == held["wait"] == held["service"] == summary.counts.ok
    assert held["error"] == summary.counts.error
    assert held["timeout"] == summary.counts.timeout
    assert all(sent == 0 or sent >= due for due, sent in zip(flown.recording.due_ns, flown.recording.sent_ns, strict=True))


def test_kinds_of_errors_are_bounded():
    """However many kinds of failure a server invents, each request keeps a fate that fits into its byte."""
    recording = Recording.of(Schedule.of(load_of()), start_ns=0)

    fates = [recording.error(f"status {number}") for number in range(1000)]

    assert max(fates) < 256
    assert recording.kind(fates[0]) == "status 0"
    assert recording.kind(fates[-1]) == "other"


def test_hopeless_load_ends_early_and_loses_nothing():
    """When the server is gone for two seconds, the rest of the schedule would only repeat it: it is dropped, and says why."""
    with odd_server() as dying:
        threading.Timer(0.3, dying.process.kill).start()
        began = time.monotonic()
        flown = fly(dying.url, load_of("k", duration_s=30))
    counts = summarize(flown).counts

    assert flown.stopped.startswith("no right answer for 2 s, while ")
    assert time.monotonic() - began < HOPELESS_NS / 1e9 + 5
    assert counts.planned == 12_000
    assert counts.dropped > 11_000
    assert flown.window_ns[1] - flown.window_ns[0] < 10e9


def test_stop_ends_the_load_and_keeps_the_sums(server):
    """Whoever watches the contender may end the load; what was not sent is dropped."""

    def stop_soon(flight):
        asyncio.get_running_loop().call_later(0.3, flight.stop, "nginx ended with status -11")

    flown = fly(server.url, load_of("k", duration_s=15), meanwhile=stop_soon)
    counts = summarize(flown).counts

    assert flown.stopped == "nginx ended with status -11"
    assert counts.planned == 6000
    assert counts.ok + counts.unfinished + counts.dropped == 6000
    assert counts.dropped > 5000


# The stall test: rule 1


STALL_S, DURATION_S, RATE_RPS = 1.0, 6.0, 1000  # a sixth of the load; twice as long is in docs/other-tools.md


@pytest.fixture(scope="module")
def stalled():
    """A load of 6 s at 1,000 req/s against a server that is stopped for 1 s, and how long it really was."""
    moments = []

    def stall(pid):
        time.sleep(2)
        os.kill(pid, signal.SIGSTOP)
        moments.append(time.monotonic())
        time.sleep(STALL_S)
        os.kill(pid, signal.SIGCONT)
        moments.append(time.monotonic())

    with odd_server() as running:
        thread = threading.Thread(target=stall, args=(running.process.pid,))
        flown = fly(running.url, load_of("k", rate_rps=RATE_RPS, duration_s=DURATION_S), meanwhile=lambda _: thread.start())
        thread.join()
    return flown, *moments


def drain_rate(recording, stopped_s, resumed_s):
    """The slope of the drain itself: answers per second, after the stall, to what was due in it."""
    moments = zip(recording.ended_ns, recording.due_ns, strict=True)
    drain = sorted(ended / 1e9 for ended, due in moments if stopped_s < due / 1e9 < resumed_s < ended / 1e9)
    return (len(drain) - 1) / (drain[-1] - drain[0])


def expected_s(stalled, q):
    """S - (1-q)·D·(1 - rate/drain rate)"""
    flown, stopped_s, resumed_s = stalled
    slope = drain_rate(flown.recording, stopped_s, resumed_s)
    return resumed_s - stopped_s - (1 - q) * DURATION_S * (1 - RATE_RPS / slope)


@pytest.mark.parametrize("q", [0.90, 0.95, 0.99], ids=["p90", "p95", "p99"])
def test_stall_shows_in_response_times(stalled, q):
    """A server that stops for 2 s makes everyone wait who was due meanwhile, sent or not."""
    summary = summarize(stalled[0])

    response_s = summary.histograms["response"].get_value_at_percentile(100 * q) / 1e6

    assert summary.counts.ok == summary.counts.planned == RATE_RPS * DURATION_S
    assert response_s == pytest.approx(expected_s(stalled, q), rel=0.1)


@pytest.mark.parametrize("q", [0.90, 0.95, 0.99], ids=["p90", "p95", "p99"])
def test_stall_is_missing_from_send_time_latencies(stalled, q):
    """Measured from the moment of sending the same load looks fast: that is why nobody's latency is measured so."""
    service_s = summarize(stalled[0]).histograms["service"].get_value_at_percentile(100 * q) / 1e6

    assert service_s != pytest.approx(expected_s(stalled, q), rel=0.1)
    assert service_s < expected_s(stalled, q) / 2


@pytest.fixture
def busy_core():
    """Four processes that burn the first core."""
    core = min(os.sched_getaffinity(0))
    with burning({core}, 4):
        yield core


@pytest.mark.slow  # the same, end to end: test_load_verb
def test_driver_without_its_core_says_that_it_was_late(server, busy_core):
    """Somebody else on the driver's core shows as the driver's own lateness, not only as the server's latency."""
    with on_cores([busy_core]) as alone:
        flown = fly(server.url, load_of("k", rate_rps=1000, duration_s=1.5), spin=alone)
    summary = summarize(flown)

    assert summary.histograms["lateness"].get_value_at_percentile(99) > 1000
    assert summary.counts.planned == summary.counts.ok
