"""From a run's evidence to its costs: what was used, at the usual prices and elsewhere, or why it has none."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steps.costs.book import load
from steps.costs.reported import repriced
from steps.costs.uses import uses_of
from steps.evidence import read
from steps.model import Environment, digest
from steps.model.unit_cost import PER_MILLION_REQUESTS
from steps.statistics.findings import report_of
from tests.steps.costs.books import pricing
from tests.steps.simulated import RUN, Story, simulate, small, tiny
from tests.steps.simulated_ramp import CAPACITIES, Climb, gateway_capacity
from tests.steps.simulated_ramp import simulate as simulate_ramp

PREFIX = f"runs/phase-4/gateway-comparison/{RUN}"


def report(objects):
    """The report on these objects."""
    return report_of(read(objects, run=RUN, prefix=PREFIX, status="Succeeded", failures=""))


@pytest.fixture(scope="module")
def found():
    """The report on an answered run."""
    return report(simulate(tiny()))


def of(costs, name):
    """What one arm costs under the first load."""
    return next(arm for arm in costs.loads[0].arms if arm.name == name)


def test_a_report_prices_every_gateway_here_and_at_each_provider(found):
    """First the laptop, then each provider's usual region; the book's digest stands in each."""
    assert [each.pricing.named for each in found.costs] == ["laptop", "gcp us-central1", "aws us-east-1", "azure eastus"]
    assert {each.pricing.book for each in found.costs} == {digest(load())}
    for costs in found.costs:
        assert all(of(costs, name).own.value > 0 for name in ("nginx", "envoy"))
        assert of(costs, "direct").own.reason == "the direct path has no program of its own"


def test_a_unit_cost_follows_from_the_reports_own_figures(found):
    """By hand: CPU seconds per request, and memory for as long as a million of them take."""
    figures = {arm.name: arm.figures for arm in found.loads[0].arms}["nginx"]
    points = zip(*(figures[name].points for name in ("cpu_us_per_request", "memory_mib", "goodput_rps")), strict=True)
    by_hand = sorted(
        cpu.value / 3600 * 0.02181159 + memory.value / 1024 * 1e6 / rate.value / 3600 * 0.00292353 for cpu, memory, rate in points
    )

    own = of(found.costs[1], "nginx").own
    assert [float(own.low), float(own.value), float(own.high)] == pytest.approx(
        [by_hand[0], (by_hand[2] + by_hand[3]) / 2, by_hand[5]], rel=1e-9
    )


def test_the_path_counts_what_stands_around(found):
    """The simulated upstream uses 26 µs a request and holds 6.2 MiB; a gateway's tax is what it adds to that."""
    uses = {arm.contender: arm.uses for arm in found.uses[0].arms}
    nginx, direct = (of(found.costs[1], name) for name in ("nginx", "direct"))

    assert uses["direct"][0].around_memory_gib == pytest.approx(6.2 / 1024)
    assert direct.path.value > 0
    assert nginx.tax.value == pytest.approx(nginx.own.value, rel=Decimal("0.1"))
    assert nginx.tax_percent.value > 100


def test_pricing_a_stored_run_changes_its_costs_only(found):
    """The report is as it was, and the same prices give the same costs."""
    before = found.to_json()

    there, again = (repriced(found, pricing(provider)) for provider in ("gcp", "laptop"))

    assert found.to_json() == before
    assert of(there, "envoy").own == of(found.costs[1], "envoy").own
    assert again.loads == found.costs[0].loads


def test_a_run_from_before_there_were_costs_is_priced_by_its_figures(found):
    """What stood around it held is not known, so there is no tax; the contender's own cost is the same."""
    old = found.model_copy(update={"uses": (), "costs": ()})

    priced = repriced(old, pricing("laptop"))

    assert of(priced, "nginx").own == of(found.costs[0], "nginx").own
    assert of(priced, "nginx").tax.reason == "the path around it was not measured"


def test_an_experiment_that_asks_for_no_unit_cost_has_none():
    """Nor does it keep uses."""
    plain = report(simulate(tiny().model_copy(update={"unit_cost": None})))

    assert (plain.uses, plain.costs) == ((), ())


def test_a_failed_contender_has_a_reason_and_no_cost():
    """As in every other table."""
    failed = report(simulate(small(), Story(failing={"envoy": "it crashed at start"})))

    assert of(failed.costs[0], "envoy").own.reason == "it crashed at start"


def test_a_suspect_repetition_is_not_counted():
    """What makes its figures suspect makes its cost so."""
    doubtful = report(simulate(tiny(), Story(suspect={"nginx-100rps-r1": "suspect: generator: late"})))
    nginx = of(doubtful.costs[0], "nginx")

    assert nginx.own.n == 5
    assert [bill.repetition for bill in nginx.bills if bill.suspect] == [1]


def in_pods(objects):
    """The same run, made on a cluster."""
    environment = Environment.from_json(objects["environment.json"], source="environment.json")
    return {**objects, "environment.json": environment.model_copy(update={"place": "kubernetes"}).to_json().encode()}


def test_a_pod_is_billed_what_it_reserves():
    """A quarter of a core and 256 MiB, as the catalogue asks; as a process nothing is reserved."""
    process, pod = (of(report(objects).costs[0], "nginx") for objects in (simulate(tiny()), in_pods(simulate(tiny()))))
    cpu, memory = pod.bills[0].lines

    assert all(line.idle_usd == 0 for line in process.bills[0].lines)
    assert float(cpu.quantity) == pytest.approx(0.25 * 1e6 / 100 / 3600)
    assert float(memory.quantity) == pytest.approx(0.25 * 1e6 / 100 / 3600)
    assert cpu.idle_usd > 0.9 * float(cpu.usd)


def test_contenders_that_reserve_the_same_are_told_apart_by_what_they_use():
    """Both pay a quarter of a core; the part that each uses is what it costs as a process."""
    process, pods = (report(objects).costs[0] for objects in (simulate(tiny()), in_pods(simulate(tiny()))))

    assert of(pods, "nginx").own.value == of(pods, "envoy").own.value
    for name in ("nginx", "envoy"):
        assert of(process, name).used == of(process, name).own
        assert of(pods, name).used.value == pytest.approx(of(process, name).own.value, rel=Decimal("1e-12"))


@pytest.mark.parametrize(
    "damage", [b"", b"edge,component\nstart,upstream\n", b"\xff\xfe", b"component,memory_mib\nupstream,much\n"]
)
def test_damaged_readings_cost_the_path_only(damage):
    """The contender's own cost does not hang on them."""
    objects = simulate(tiny())
    broken = {key: damage if key.endswith("usage.csv") else content for key, content in objects.items()}
    nginx = of(report(broken).costs[0], "nginx")

    assert nginx.own.value is not None
    assert nginx.tax.reason == "the path around it was not measured"


@pytest.mark.parametrize("value", ["1e300", "-5.0"])
def test_an_impossible_figure_is_a_note_or_no_cost_and_never_a_crash(value):
    """Somebody changed an outcome: the report is made all the same."""
    objects = simulate(tiny())
    key = "cells/nginx-100rps-r1/outcome.json"
    text = objects[key].decode()
    before = text.split('"metric": "cpu_us_per_request",')[1].split('"value": ')[1].split(",")[0]
    objects[key] = text.replace(f'"value": {before}', f'"value": {value}').encode()

    found = report(objects)

    assert any("what it costs cannot be told" in note for note in found.notes) or of(found.costs[0], "nginx").own.n == 5


def section(found, **changes):
    """The first load with other figures of nginx, or another duration."""
    given = found.loads[0]
    load_ = given.load.model_copy(update=changes)
    return given.model_copy(update={"load": load_})


def test_a_window_shorter_than_two_readings_has_no_cost(found):
    """Readings are a second apart; two seconds are enough."""
    short, enough = (uses_of([section(found, duration_s=seconds)])[0].arms[1] for seconds in (1.9, 2.0))

    assert short.reason == "a window of 1.9 s is shorter than two readings, 1 s apart: it has no cost"
    assert (short.uses, enough.reason) == ((), None)


def capacity(**changes):
    """The report on a simulated ramp, of one repetition."""
    experiment = gateway_capacity().model_copy(update={"repetitions": 1, **changes})
    return report(simulate_ramp(experiment, Climb(capacities={**CAPACITIES, "nginx": 40_000.0})))


def test_of_a_ramp_three_quarters_of_the_knee_are_priced():
    """By hand: CPU per request, and memory for as long as a million requests take at that rate."""
    found = capacity()
    figures = {arm.name: arm.figures for arm in found.loads[0].arms}["envoy"]
    cpu, memory, knee = (figures[name].value for name in ("cpu_at_75_us_per_request", "memory_at_75_mib", "knee_rps"))
    by_hand = cpu / 3600 * 0.02181159 + memory / 1024 * 1e6 / (0.75 * knee) / 3600 * 0.00292353

    assert found.costs[1].loads[0].at == "75 % of the highest rate that keeps the SLO"
    assert float(of(found.costs[1], "envoy").own.value) == pytest.approx(by_hand, rel=1e-9)


def test_who_reached_no_knee_has_no_cost_there():
    """Nor has one whose memory nobody measured: it is not priced by half."""
    found = capacity()
    metrics = tuple(metric for metric in gateway_capacity().metrics if metric.name != "memory_at_75_mib")

    assert of(found.costs[0], "nginx").own.reason.startswith("at least")
    unmeasured = uses_of(capacity(metrics=metrics, unit_cost=None).loads)[0].arms
    assert [arm.reason for arm in unmeasured if arm.contender == "envoy"] == ["memory_at_75_mib is not among the metrics"]


def test_gateway_comparison_asks_for_its_unit_cost():
    """USD per million requests, and what that needs is among its metrics."""
    assert small().unit_cost == PER_MILLION_REQUESTS
