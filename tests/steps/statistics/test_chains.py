"""What a hop pays: known rounds in, known shares out."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from phases.catalogue.gateways import ENVOY, NGINX
from phases.catalogue.upstreams import UPSTREAM
from steps.evidence import read
from steps.model import Absent, Arm, Figure, Point
from steps.page import render
from steps.statistics.chains import added, per_hop
from steps.statistics.comparison import figure_of
from steps.statistics.findings import report_of
from tests.steps.simulated import NATURES, RUN, Story, simulate, small

PREFIX = f"runs/phase-4/gateway-comparison/{RUN}"
HOPS = 4


def figure(*values, suspect=()):
    points = [Point(repetition=at, value=value, suspect=at in suspect) for at, value in enumerate(values, 1)]
    return figure_of(points, reason="none") if points else Figure(reason="it ended")


def arm(name, *, direct=False, **figures):
    return Arm(name=name, title=name, direct=direct, planned=3, ok=3, suspect=0, failed=0, figures=figures)


@pytest.mark.parametrize(
    ("hops", "value", "interval"),
    [(1, 3.0, (1.5, 6.0)), (3, 1.0, (0.5, 2.0)), (10, 0.3, (0.15, 0.6))],
)
def test_a_hop_pays_the_whole_divided_by_the_hops(hops, value, interval):
    """The middle of three rounds, and its interval with it."""
    found = per_hop(figure(1.5, 3.0, 6.0), hops)

    assert found.value == pytest.approx(value)
    assert (found.interval.low, found.interval.high) == pytest.approx(interval)
    assert found.n == 3


def test_what_was_not_measured_stays_so():
    """No hop of an unknown whole is zero."""
    found = per_hop(figure(), 10)

    assert (found.value, found.reason) == (None, "it ended")


def test_a_suspect_round_is_shown_and_not_counted():
    """In the hop's figure as in the whole's."""
    found = per_hop(figure(2.0, 4.0, 100.0, suspect={3}), 2)

    assert (found.value, found.n, found.suspect) == (1.5, 2, False)
    assert [(point.value, point.suspect) for point in found.points] == [(1.0, False), (2.0, False), (50.0, True)]


def test_an_arm_is_held_against_the_other_in_the_same_round():
    """So a slow minute of the machine is in neither's price."""
    below, above = arm("plain", p50_ms=figure(1.0, 9.0)), arm("mtls", p50_ms=figure(1.5, 9.5))

    assert added("p50_ms", below, above).value == 0.5


def test_an_arm_adds_all_its_memory_to_a_path_that_has_none():
    """No proxy, no memory of a proxy; its latency is another matter."""
    direct = arm("none", direct=True, memory_mib=figure(), p50_ms=figure(1.0))
    above = arm("plain", memory_mib=figure(80.0), p50_ms=figure(3.0))

    assert added("memory_mib", direct, above).value == 80.0
    assert added("p50_ms", direct, above).value == 2.0
    assert added("memory_mib", above, arm("mtls", memory_mib=figure(82.0))).value == 2.0


def chained(story=None, **changes):
    """The report on a simulated run whose upstreams are taken for a chain of four services, and whose gateways for sidecars."""
    services = tuple(UPSTREAM.under(f"upstream-{n}", hop=n) for n in range(1, HOPS + 1))
    given = small()
    load = given.loads[0].model_copy(update={"name": "four", "hops": HOPS})
    asked = given.model_copy(
        update={
            "loads": (load,),
            "around": services,
            "contenders": (NGINX, ENVOY),
            "hypotheses": (),
            "layers": ("direct", "nginx", "envoy"),
            **changes,
        }
    )
    found = read(simulate(asked, story or Story()), run=RUN, prefix=PREFIX, status="Succeeded", failures="null")
    return report_of(found)


def test_a_report_tells_what_each_layer_adds_to_a_hop():
    """The first over none, the second over the first, both over none; money too."""
    (found,) = chained().chains
    natures = [NATURES[name].median_ms for name in ("direct", "nginx", "envoy")]

    assert [(step.over, step.arm) for step in found.steps] == [("direct", "nginx"), ("nginx", "envoy"), ("direct", "envoy")]
    assert [HOPS * step.added["p50_ms"].value for step in found.steps] == pytest.approx(
        [natures[1] - natures[0], natures[2] - natures[1], natures[2] - natures[0]], abs=0.05
    )
    assert found.steps[0].added["memory_mib"].value > 0
    assert found.steps[2].usd.value > found.steps[0].usd.value > 0
    assert (found.hops, found.unit, found.sidecars) == (HOPS, "USD per million requests", 1)


def test_what_a_sidecar_reserves_is_told_by_the_month():
    """A quarter of a core and a quarter of a GiB for 730 hours, at the book's prices."""
    told = chained()
    (found,), pricing = told.chains, told.costs[0].pricing

    expected = Decimal("0.25") * 730 * (pricing.vcpu.usd + pricing.memory.usd)
    assert abs(found.reserved_month_usd - expected) < Decimal("1e-12")  # a cost is rounded to 18 digits


def test_a_layer_that_failed_has_no_hop():
    """Its reason stands in its place, and what is known is said."""
    (found,) = chained(Story(failing={"envoy": "envoy ended with status 127"})).chains

    assert found.steps[0].added["p50_ms"].value is not None
    assert found.steps[1].added["p50_ms"].reason == "envoy ended with status 127"
    assert found.steps[2].usd.value is None


def test_memory_is_in_the_waterfall_of_a_direct_path_too():
    """The direct path has none of its own, and says so; the parts of the others make the whole."""
    (found,) = chained().waterfalls
    direct, *others = [layer.added["memory_mib"] for layer in found.layers]

    assert "no program" in direct.reason
    assert sum(each.value for each in others) + found.remainder["memory_mib"] == pytest.approx(found.whole["memory_mib"].value)


def test_the_page_and_the_answer_speak_of_hops():
    """The lead first; a mesh that was not run is a row with its reason."""
    gone = Absent(name="istio", title="Istio", reason="it needs a cluster")
    told = chained(absent=(gone,))
    page = render(told)

    assert re.match(r"Sidecars add \d.* ms .* at the median and .* of CPU to each of 4 hops\.$", told.answer.lead)
    assert any("a hop." in line for line in told.answer.more)
    assert "What each hop pays" in page
    assert "Envoy over nginx" in page
    assert "it needs a cluster" in page
    assert "no hop’s p99" in page or "no hop&#39;s p99" in page


def test_without_hops_there_is_nothing_of_them():
    """The layers alone, as before."""
    load = small().loads[0]
    told = chained(loads=(load,), around=(UPSTREAM,))

    assert told.chains == ()
    assert "What each hop pays" not in render(told)
    assert told.answer.lead.startswith("Through the whole stack")


def test_what_too_few_rounds_say_of_hops_does_not_lead_a_run_that_decides():
    """CPU of the path is suspect in one round of six: nothing is said of it from five, and times are still told."""
    doubts = {("envoy-four-100rps-r1", "path_cpu_us_per_request"): "suspect: figures: x"}
    clean, doubted = chained().answer.lead, chained(Story(doubts=doubts)).answer.lead

    assert "of CPU to each of 4 hops" in clean
    assert "at the median to each of 4 hops" in doubted
