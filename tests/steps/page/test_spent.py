"""What an answer costs in time, and what to buy: bars on one scale, a sentence on CPU and waits, and prices."""

from __future__ import annotations

import re

import pytest

from pipelines import select
from steps.attribution.options import with_options
from steps.attribution.rules import bottlenecks_of
from steps.costs import book
from steps.evidence import read
from steps.model import Figure, LoadSection
from steps.model.metric import CPU
from steps.model.trace import ArmTrace
from steps.page import render
from steps.page.spent import SpentView, spoken
from steps.statistics.findings import report_of
from tests.steps.attribution.test_rules import QUIET, SYNCING
from tests.steps.simulated import RUN, simulate, tiny

LOADS = select.experiments("io-bottleneck")[0].loads


def trace(load, signals, active_ms, **percent):
    verdict = with_options(bottlenecks_of(signals)[0], book.load(), cores=1)
    return ArmTrace(
        load=load.label,
        name="postgres",
        title="PostgreSQL",
        target="postgres",
        planned=6,
        seen=6,
        agreeing=6,
        verdict=verdict,
        percent=percent,
        active_threads=1.0,
        active_ms_per_request=active_ms,
        cell=f"postgres-{load.label}-r1",
        pictures=(f"cells/postgres-{load.label}-r1/trace/off-cpu.svg",),
    )


def arm(base, cpu_us):
    figure = Figure(value=cpu_us, n=6)
    return base.model_copy(update={"name": "postgres", "title": "PostgreSQL", "figures": {"cpu_us_per_request": figure}})


@pytest.fixture
def report():
    """A run of PostgreSQL with and without fsync: 600 µs of CPU in both, and the disk in one."""

    def made(*cpu_us):
        found = report_of(read(simulate(tiny()), run=RUN, prefix=f"runs/phase-4/x/{RUN}", status="Succeeded", failures=""))
        section = found.loads[0]
        sections = [
            LoadSection(label=load.label, load=load, quantiles=section.quantiles, arms=(arm(section.arms[0], cpu),))
            for load, cpu in zip(LOADS, cpu_us, strict=True)
        ]
        traces = trace(LOADS[0], SYNCING, 3.0, on_cpu=20.0, disk=80.0), trace(LOADS[1], QUIET, 0.6, on_cpu=100.0)
        return found.model_copy(
            update={"loads": tuple(sections), "traces": traces, "metrics": (CPU,), "costs": (), "hypotheses": ()}
        )

    return made


def section(report):
    """The page's first section on time, as text."""
    page = re.search(r'<section class="spent">.*?</section>', render(report), re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", page[0]).split()) if page else None


def test_page_says_what_is_the_same_what_differs_and_what_to_buy(report):
    """In one sentence, two bars, and prices for what helps and for what does not."""
    said = section(report(600.0, 590.0))

    contrast = (
        "PostgreSQL: the same CPU (600 and 590 µs a transaction); it waits for the disk for 2.4 ms of a transaction under "
        "write-heavy, 0 µs under write-heavy-relaxed."
    )
    for text in (
        contrast,
        "3 ms : computes 600 µs, waits for disk 2.4 ms",
        "✓ 4,000 more IOPS (+20.00 USD a month)",
        "✗ not 1 more core (+25.55 USD a month): 70 % of its active time is no work for a core",
        "✗ not 1 more core (+25.55 USD a month): it does not use what it has",
    ):
        assert text in said


def test_bars_have_one_scale(report):
    """The longest is whole; computing is as wide in both."""
    view = SpentView(report(600.0, 590.0))
    widths = [{part.name: round(part.percent) for part in view.bar(row)} for row in view.rows]

    assert widths == [{"on_cpu": 20, "disk": 80}, {"on_cpu": 20}]


@pytest.mark.parametrize(("other", "said"), [(400.0, "33 % apart in CPU"), (None, "was not measured under both")])
def test_cpu_that_differs_is_not_told_as_the_same(report, other, said):
    """Nor is CPU that nobody measured."""
    figures = report(600.0, 400.0)
    if other is None:
        bare = figures.loads[1].arms[0].model_copy(update={"figures": {}})
        figures = figures.model_copy(update={"loads": (figures.loads[0], figures.loads[1].model_copy(update={"arms": (bare,)}))})

    assert said in next(SpentView(figures).sentences())


def test_flame_graphs_are_on_the_page(report):
    """Folded away, each with its stacks; fetched when somebody opens them."""
    page = render(report(600.0, 590.0))
    key = f"raw/cells/postgres-{LOADS[0].label}-r1/trace/off-cpu"

    assert f'loading="lazy" src="{key}.svg"' in page
    assert f'href="{key}.folded"' in page


def test_run_without_traces_has_no_such_section():
    """Nothing was asked for."""
    plain = report_of(read(simulate(tiny()), run=RUN, prefix=f"runs/phase-4/x/{RUN}", status="Succeeded", failures=""))

    assert section(plain) is None


@pytest.mark.parametrize(("ms", "said"), [(0.0, "0 µs"), (0.42, "420 µs"), (2.44, "2.4 ms"), (12.6, "13 ms")])
def test_times_have_the_digits_that_one_can_read(ms, said):
    """No more than two."""
    assert spoken(ms) == said
