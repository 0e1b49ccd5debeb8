"""Laws that no honest figures break, held against rows that break them."""

from dataclasses import replace

import pytest

from steps import measure
from steps.model import CrossCheck, Steadiness
from steps.model.metric import OWN_CPU
from steps.statistics.figures import Figure
from steps.statistics.settling import unsettled
from steps.statistics.validity import metric_doubts
from tests.steps.recorded import EXPERIMENT, LOAD, Recorded, component, doubt_of, readings_of

# 1,000 requests/s of 1.99 ms on average, late by 0.01: 1.98 are open at a time, as the driver's counter sees it.
OPEN = 1.98
LATENCIES = {"p50_ms", "p90_ms", "p99_ms", "goodput_rps"}
CPU = {"cpu_us_per_request", "path_cpu_us_per_request"}

CPU_METRICS = (*EXPERIMENT.metrics, OWN_CPU)
LONG = EXPERIMENT.model_copy(
    update={"metrics": CPU_METRICS, "loads": (LOAD.model_copy(update={"duration_s": 12.0, "rate_rps": 300}),)}
)


def doubted(outcome, kind="suspect: figures"):
    return {one.metric for one in outcome.measurements if one.suspect and one.suspect.startswith(kind)}


@pytest.mark.parametrize("open_mean", [OPEN, OPEN * 1.03, OPEN * 0.97, None], ids=["exact", "above", "below", "not counted"])
def test_requests_that_fit_their_response_times_are_no_doubt(tmp_path, open_mean):
    """Within 5 %; a driver that does not count says nothing."""
    assert doubted(Recorded(open_mean=open_mean).outcome(tmp_path)) == set()


@pytest.mark.parametrize("open_mean", [OPEN * 1.08, OPEN * 0.92, OPEN * 1000, 0.0], ids=["8 %", "-8 %", "s for ms", "none"])
def test_requests_that_do_not_fit_make_response_times_suspect(tmp_path, open_mean):
    """Little's law: what took so long, so often, must have been open."""
    found = Recorded(open_mean=open_mean).outcome(tmp_path)

    assert (found.status, doubted(found)) == ("ok", LATENCIES)
    assert "(Little's law; 5% are borne)" in doubt_of(found, "p50_ms")


def test_requests_that_do_not_fit_make_deliveries_suspect_too(tmp_path, monkeypatch):
    """They run from the same moments, by the same driver's account."""
    seen = {}
    monkeypatch.setattr(measure, "metric_doubts", lambda *given: seen.setdefault("given", given) and {})
    Recorded(open_mean=OPEN * 1000).outcome(tmp_path)
    facts, _, steady = seen["given"]

    doubts = metric_doubts(facts, {"delivery_p99_ms": Figure(3.0), "backlog_messages": Figure(9)}, steady)

    assert list(doubts) == ["delivery_p99_ms"]
    assert "(Little's law" in doubts["delivery_p99_ms"]


def test_deliveries_and_the_contenders_own_cpu_hang_on_what_had_not_settled():
    """Deliveries on response times, as a percentile of them does; its own CPU on that alone."""
    drifts = Steadiness(verdict="not steady", trend=0.3)

    assert unsettled("delivery_p50_ms", {"p50_ms": drifts}) == "not steady: the seconds' p50 drifted by +30 % over the window"
    assert unsettled("delivery_p99_ms", {"p99_ms": drifts}) == "not steady: the seconds' p99 drifted by +30 % over the window"
    assert unsettled("delivery_p50_ms", {"p99_ms": drifts}) is None
    assert unsettled("own_cpu_us_per_request", {"own_cpu_cores": drifts}).startswith("not steady: its own CPU drifted")
    assert unsettled("own_cpu_us_per_request", {"cpu_cores": drifts}) is None


def test_its_own_cpu_is_looked_at_without_what_it_brings(tmp_path):
    """A watcher that grows by itself spoils the sum of both, and nothing of the contender's own."""
    watched = component("nginx").under("nginx", watched_by=(component("loki"),))
    asked = LONG.model_copy(update={"contenders": (watched,)})
    loki = enumerate(readings_of("loki", 0.05, duration_s=12))
    growing = [replace(each, usage=each.usage.model_copy(update={"cpu_s": each.usage.cpu_s * at})) for at, each in loki]

    found = long_cell().but(experiment=asked, readings=[*long_cell().readings, *growing]).outcome(tmp_path)

    assert (found.steady["cpu_cores"].verdict, found.steady["own_cpu_cores"].verdict) == ("not steady", "steady")
    assert "cpu_us_per_request" in doubted(found)
    assert "own_cpu_us_per_request" not in doubted(found)


def test_lateness_of_the_driver_does_not_break_littles_law(tmp_path):
    """Its counter and its lateness are known apart: the generator is to blame then, and the figures are not."""
    found = Recorded(open_mean=OPEN + 0.01 - 1.5, late_ms=lambda _: 1.5).outcome(tmp_path)

    assert doubted(found) == set()
    assert doubt_of(found, "p50_ms").startswith("suspect: generator: ")


def long_cell(change=lambda reading: reading, **fields):
    """A cell of 12 s whose readings are changed."""
    readings = [*readings_of("nginx", 0.05, duration_s=12, **fields), *readings_of("echo", 0.02, duration_s=12)]
    return Recorded(cell="nginx-300rps-r1", experiment=LONG, readings=[change(each) for each in readings])


def inflated_end(reading):
    """The keeper of nginx counts a tenth more at the window's end than its seconds make."""
    if reading.edge != "end" or reading.usage.component != "nginx":
        return reading
    return replace(reading, usage=reading.usage.model_copy(update={"cpu_s": reading.usage.cpu_s * 1.1}))


def test_cpu_time_that_its_seconds_do_not_make_is_suspect(tmp_path):
    """Utilisation law: CPU per request times the rate is what each second shows, or one of them is wrong."""
    assert doubted(long_cell().outcome(tmp_path / "fits")) == set()

    found = long_cell(inflated_end).outcome(tmp_path / "broken")

    assert doubted(found) == CPU | {"own_cpu_us_per_request"}
    assert "(utilisation law; 5% are borne)" in doubt_of(found, "cpu_us_per_request")


@pytest.mark.parametrize(("idle", "broken"), [(0.9, set()), (0.93, set()), (0.99, CPU)], ids=["busier", "as busy", "less busy"])
def test_components_use_no_more_than_there_was(tmp_path, idle, broken):
    """0.07 cores on a core that was busy for a hundredth of the time cannot be."""
    gains, told = {"node_idle_s": idle, "node_steal_s": 0.0}, {"node": "m", "node_cpus": 1}
    readings = [*readings_of("nginx", 0.05, gains=gains, **told), *readings_of("echo", 0.02, gains=gains, **told)]

    found = Recorded(readings=readings).outcome(tmp_path)

    assert doubted(found) == broken


@pytest.mark.parametrize(
    ("check", "broken"),
    [
        (CrossCheck(component="nginx", keeper_s=1.871, kubelet_s=1.870, over_s=10.2), set()),
        (CrossCheck(component="nginx", keeper_s=0.010, kubelet_s=0.025, over_s=10.2), set()),
        (CrossCheck(component="nginx", keeper_s=1.5, kubelet_s=1.8, over_s=10.2), CPU),
        (CrossCheck(component="nginx", reason="there is no right to get nodes/metrics"), set()),
    ],
    ids=["alike", "within a tick", "apart", "one witness"],
)
def test_keeper_that_the_kubelet_contradicts_is_suspect(tmp_path, check, broken):
    """Two counters of the same CPU time: one of them is wrong when they are more than 5 % apart. One alone is no doubt."""
    found = Recorded(cross_checks=(check,)).outcome(tmp_path)

    assert (doubted(found), found.cross_checks) == (broken, (check,))
    if broken:
        assert doubt_of(found, "cpu_us_per_request") == (
            "suspect: figures: keeper and kubelet disagree about nginx: kubelet 1.800 s, keeper 1.500 s over the same 10.2 s; "
            "5% are borne"
        )


def test_cell_that_had_not_settled_says_which_metrics(tmp_path):
    """Response times that are slow for three seconds of the window spoil the percentiles, and nothing of the CPU."""
    slow = lambda number: (1.6 if number < 300 * 4 else 1.0) * (1 + number % 100 / 50)  # noqa: E731
    found = long_cell().but(response_ms=slow).outcome(tmp_path)

    assert found.steady["p50_ms"].edge_s == 3
    assert (found.steady["cpu_cores"].verdict, found.steady["cpu_cores"].edge_s) == ("steady", -1)
    assert doubted(found) == {"p50_ms", "p90_ms", "p99_ms"}
    assert doubt_of(found, "p50_ms") == (
        "suspect: figures: not steady: the seconds' p50 had settled 3 s after the window's begin only: the warm-up is too short"
    )
