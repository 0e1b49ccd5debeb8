"""What watching costs: known uses in, known taxes and prices out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

import pytest

from steps.evidence import CellEvidence, Evidence
from steps.measure import outcome_of
from steps.model import (
    Cell,
    CellOutcome,
    ComponentUse,
    Counts,
    Environment,
    Experiment,
    HttpLoad,
    Measurement,
    Plan,
    TeardownRecord,
    Window,
)
from steps.model.absent import Absent
from steps.model.keeping import Keeps, Kept
from steps.model.metric import CPU, GOODPUT, MEMORY, OWN_CPU, P50, PATH_CPU
from steps.model.unit_cost import PER_MILLION_REQUESTS
from steps.page import render
from steps.statistics.findings import report_of
from tests.steps.recorded import AT, EXPERIMENT, Recorded, component, readings_of

RATE, SECONDS, ROUNDS = 100, 10, 6
ANSWERED = RATE * SECONDS


def store(name, **keeps):
    return component(name).model_copy(update={"keeps": Keeps(service="shop", **keeps)})


LOKI = store("loki", what="lines", api="loki")
JAEGER = store("jaeger", what="spans", api="jaeger", each=2)
VICTORIA = store("victoria", what="series", api="prometheus")
SHOP = component("shop")
LOGS = SHOP.under("logs", title="Logs", brings=(LOKI, component("agent")))
METRICS = SHOP.under("metrics", title="Metrics", watched_by=(VICTORIA,))
TRACES = SHOP.under("traces", title="Traces", brings=(JAEGER,))
BOTH = SHOP.under("both", title="Both", brings=(LOKI, JAEGER, component("agent")))

ASKED = Experiment(
    name="watching",
    question="What does it cost?",
    phase="phase-10",
    baseline=SHOP.under("unwatched", title="Unwatched"),
    contenders=(METRICS, LOGS, TRACES, BOTH),
    loads=(HttpLoad(rate_rps=RATE, duration_s=SECONDS, expect="x"),),
    repetitions=ROUNDS,
    metrics=(CPU, OWN_CPU, PATH_CPU, P50, GOODPUT, MEMORY),
    unit_cost=PER_MILLION_REQUESTS,
)


@dataclass(frozen=True)
class Arm:
    """What a cell of an arm comes to: µs a request of the application, and of each that watches; MiB of each."""

    own_us: float
    watchers: dict[str, tuple[float, float]]
    kept: tuple[Kept, ...] = ()
    suspect: frozenset[int] | set[int] = frozenset()  # rounds in which its own CPU is


def kept(name, what, each, **sizes):
    """Of 1,100 requests, of which 1,000 fell into the window."""
    many = each if what == "series" else each * 1100
    return Kept(store=name, what=what, least=many, most=many, kept=many, requests=1100, **sizes)


LINES = kept("loki", "lines", 1, raw_bytes=1100 * 200, stored_bytes=1100 * 50)
SPAN_PAIRS = kept("jaeger", "spans", 2)
ARMS = {
    "unwatched": Arm(80.0, {}),
    "metrics": Arm(90.0, {"victoria": (30.0, 64.0)}, (kept("victoria", "series", 1000, stored_bytes=40_000),)),
    "logs": Arm(100.0, {"loki": (100.0, 512.0), "agent": (50.0, 512.0)}, (LINES,)),
    "traces": Arm(130.0, {"jaeger": (72.0, 1024.0)}, (SPAN_PAIRS,)),
    "both": Arm(150.0, {"loki": (100.0, 512.0), "jaeger": (72.0, 1024.0), "agent": (70.0, 512.0)}, (LINES, SPAN_PAIRS)),
}


def cell(name: str, repetition: int, arm: Arm) -> CellEvidence:
    """A cell whose figures follow from what its arm uses."""
    planned = Cell.of(name, f"{RATE}rps", repetition)
    us = arm.own_us + sum(cpu for cpu, _ in arm.watchers.values())
    mib = 16.0 + sum(memory for _, memory in arm.watchers.values())
    values = (us, arm.own_us, us, 1.0 + repetition / 100, float(RATE), mib)
    outcome = CellOutcome(
        run="r1",
        cell=planned.id,
        contender=name,
        load=planned.load,
        repetition=repetition,
        status="ok",
        measurements=tuple(
            Measurement(metric=m.name, value=v, suspect="suspect: x" if m == OWN_CPU and repetition in arm.suspect else None)
            for m, v in zip(ASKED.metrics, values, strict=True)
        ),
        counts=Counts(planned=ANSWERED, sent=ANSWERED, dropped=0, ok=ANSWERED, error=0, timeout=0, unfinished=0),
        window=Window(started_at=AT, ended_at=AT, start_ns=0, end_ns=SECONDS * 10**9),
        components={
            name: ComponentUse(cpu_us_per_request=arm.own_us, memory_mib=16.0),
            **{each: ComponentUse(cpu_us_per_request=cpu, memory_mib=memory) for each, (cpu, memory) in arm.watchers.items()},
        },
        kept=arm.kept,
        experiment_digest="e",
        environment_digest="n",
        at=AT,
    )
    return CellEvidence(cell=planned, outcome=outcome, usage=b"component,memory_mib\n")


def report(**arms: Arm):
    """The report on a run in which every round came out alike."""
    plan = Plan.of(ASKED, run="r1", seed=1)
    told = ARMS | arms
    cells = tuple(cell(each.contender, each.repetition, told[each.contender]) for each in plan.cells)
    place = Environment(run="r1", at=AT, place="process", driver={}, node={}, cluster={})
    return report_of(
        Evidence(
            run="r1",
            prefix="runs/phase-10/watching/r1",
            status="Succeeded",
            experiment=ASKED,
            plan=plan,
            environment=place,
            teardown=TeardownRecord(run="r1", cell=None, at=AT),
            cells=cells,
        )
    )


@cache
def usual():
    """The report as it is without changes: made once."""
    return report()


def arm_of(found, name):
    (watching,) = found.watching
    return next(each for each in watching.arms if each.arm == name)


def prices(found):
    """USD of a vCPU hour and of a GiB hour, as the report took them."""
    pricing = found.costs[0].pricing
    return pricing.vcpu.usd, pricing.memory.usd


def test_the_tax_is_the_applications_own_and_the_watchers_are_told_beside_it():
    """80 µs unwatched and 100 with logs are a tax of 20, whatever agent and store use; those come to 150 µs and 1,024 MiB."""
    found = arm_of(usual(), "logs")

    assert (found.own_us.value, found.tax_us.value, found.watchers_us.value, found.watchers_mib.value) == (100, 20, 150, 1024)
    assert found.tax_us.n == ROUNDS


def test_a_gigabyte_of_lines_costs_what_agent_and_store_use():
    """1,000 lines of 200 bytes in ten seconds: 150 ms of CPU and a GiB for that long, over 0.0002 GB."""
    told = usual()
    (unit,) = arm_of(told, "logs").kept
    vcpu, gib = prices(told)
    cpu, memory = vcpu * Decimal("0.15") / 3600, gib * 10 / 3600

    assert float(unit.usd.value) == pytest.approx(float((cpu + memory) / Decimal("0.0002")), rel=1e-6)
    assert float(unit.memory_usd.value) == pytest.approx(float(memory / Decimal("0.0002")), rel=1e-6)
    assert (unit.count.value, unit.raw_bytes.value, unit.stored_bytes.value) == (1, 200, 50)
    assert unit.unit == "USD per GB of lines"


def test_a_million_spans_cost_what_collector_and_store_use():
    """2,000 spans fell into the window, though 2,200 were counted: 72 ms of CPU and a GiB for ten seconds."""
    told = usual()
    (unit,) = arm_of(told, "traces").kept
    vcpu, gib = prices(told)

    each = (vcpu * Decimal("0.072") + gib * 10) / 3600 / 2000
    assert float(unit.usd.value) == pytest.approx(float(each * 1_000_000), rel=1e-6)
    assert (unit.count.value, unit.stored_bytes.reason) == (2, "the store does not tell it")


def test_a_million_series_cost_by_the_month():
    """1,000 series, 30 ms of CPU and 1/16 GiB in ten seconds; a month has 730 hours."""
    told = usual()
    (unit,) = arm_of(told, "metrics").kept
    vcpu, gib = prices(told)

    an_hour = vcpu * Decimal("0.03") / 10 + gib / 16
    assert float(unit.usd.value) == pytest.approx(float(an_hour * 730 * 1000), rel=1e-6)
    assert (unit.count.value, unit.stored_bytes.value) == (1000, 40)


def test_programs_that_serve_two_signals_have_no_price_for_either():
    """An agent's CPU is not split by a guess; what both add to a million requests is told."""
    found = arm_of(usual(), "both")

    assert {unit.usd.reason for unit in found.kept} == {
        "its programs serve several signals: what each costs stands where it is alone"
    }
    assert found.usd.value > arm_of(usual(), "logs").usd.value > 0


def test_a_watcher_that_was_not_read_is_a_dash():
    """Its share is not zero, and the others' sum is not all of it."""
    blind = Arm(100.0, {"loki": (100.0, 512.0)}, (LINES,))  # and the agent was not read
    found = arm_of(report(logs=blind), "logs")

    assert found.watchers_us.reason == "no cell tells of it"
    assert found.kept[0].usd.reason == "no cell tells of it"


def test_the_answer_leads_with_all_that_watches_and_ends_with_the_units():
    """In the sentence: the tax, those that watch; below: dollars, and the price of each unit."""
    told = usual()

    assert told.answer.lead.startswith("At 100 requests/s, logs and traces together take +70")
    assert "of CPU a request from the application, and 242 µs" in told.answer.lead
    assert told.answer.more[0].startswith("USD per million requests, added: ")
    assert [line.split(":")[0] for line in told.answer.more[1:]] == [
        "USD per million series and month",
        "USD per GB of lines",
        "USD per million spans",
    ]


def test_the_page_tells_tax_watchers_and_prices():
    """A picture for wide screens and one for narrow ones, and a dash with its reason where there is no price."""
    page = render(usual())

    assert page.count("What watching takes</title>") == 2
    assert "The price of what is kept" in page
    assert "Both: its programs serve several signals" in page
    assert "n = 6" in page


def test_the_page_tells_which_way_to_watch_is_not_there():
    """In the table of watching too, with the way to get it."""
    absent = Absent(name="traces", title="Traces", reason="Jaeger is not built yet")
    told = usual().model_copy(update={"absent": (absent,)})

    assert render(told).count("not available here: Jaeger is not built yet") == 2 + render(usual()).count("not available here")


def measured(folder, *, kept=()):
    """The outcome of a cell whose contender is watched by a store."""
    watched = component("nginx").under("nginx", watched_by=(LOKI,))
    asked = EXPERIMENT.model_copy(update={"contenders": (watched,), "metrics": (*EXPERIMENT.metrics, OWN_CPU)})
    readings = readings_of("nginx", 0.05) + readings_of("echo", 0.02) + readings_of("loki", 0.1)
    return outcome_of(Recorded(experiment=asked, readings=readings, kept=kept).store(folder), at=AT)


def test_a_store_that_was_not_counted_fails_its_cell(tmp_path):
    """Dropping is cheap: a watcher that lost half would look good."""
    assert measured(tmp_path).reasons[0] == "what loki keeps of the load was not counted"


def test_a_store_that_lost_a_line_fails_its_cell(tmp_path):
    """The number is in the reason."""
    lost = Kept(store="loki", what="lines", least=5006, most=5006, kept=5005, requests=5006)

    assert measured(tmp_path, kept=(lost,)).reasons[0] == "5,005 lines in loki, where there should be 5,006"


def test_a_cell_in_which_all_was_found_tells_so(tmp_path):
    """And its own CPU without those that watch: 50 of 150 µs."""
    found = measured(tmp_path, kept=(Kept(store="loki", what="lines", least=5006, most=5006, kept=5006, requests=5006),))
    values = {each.metric: each.value for each in found.measurements}

    assert found.kept[0].right
    assert values["own_cpu_us_per_request"] == pytest.approx(50, rel=0.01)
    assert values["cpu_us_per_request"] == pytest.approx(150, rel=0.01)


def test_a_tax_from_too_few_rounds_does_not_lead_a_run_that_decides():
    """The metric that ranks has six; the application's own CPU is suspect in one, and is no answer from five."""
    told = report(both=replace(ARMS["both"], suspect={1}))

    assert (told.verdict, arm_of(told, "both").tax_us.n) == ("Answered", 5)
    assert "take +70" not in told.answer.lead
