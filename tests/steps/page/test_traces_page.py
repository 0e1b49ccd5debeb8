"""The page's section on where the time goes: the verdict with its evidence, and a reason where there is none."""

from __future__ import annotations

import re

import pytest

from steps.attribution.options import with_options
from steps.attribution.rules import bottlenecks_of
from steps.costs import book
from steps.evidence import read
from steps.model.trace import ArmTrace, Bucket, UseCell, UseRow
from steps.page import render
from steps.statistics.findings import report_of
from tests.steps.attribution.test_rules import SYNCING
from tests.steps.simulated import RUN, simulate, tiny


@pytest.fixture(scope="module")
def found():
    """The report on a run without traces."""
    return report_of(read(simulate(tiny()), run=RUN, prefix=f"runs/phase-4/x/{RUN}", status="Succeeded", failures=""))


def page_of(report):
    found = re.search(r'<section class="traces">.*?</section>', render(report), re.DOTALL)
    return found[0] if found else None


def section(report):
    page = page_of(report)
    return re.sub(r"<[^>]+>", " ", page) if page else None


def traced(report, **fields):
    load = report.loads[0].label
    return report.model_copy(update={"traces": (ArmTrace(load=load, name="nginx", title="nginx", planned=6, **fields),)})


def test_page_of_a_run_without_traces_has_no_section_on_them(found):
    """Nothing was asked for, nothing is shown."""
    assert section(found) is None


def test_verdict_is_shown_with_evidence_and_prices(found):
    """What stands in the way, by which signs, and what money would and would not help."""
    verdict = with_options(bottlenecks_of(SYNCING)[0], book.load(), cores=2)
    said = section(
        traced(
            found,
            seen=6,
            verdict=verdict,
            agreeing=5,
            percent={"on_cpu": 30.0, "disk": 70.0},
            active_threads=1.0,
            bpf_cores=0.02,
            bpf_cores_of={"frame": 0.001, "off-cpu": 0.019},
            untraced_p50_ms=1.25,
            traced_p50_ms=1.5,
        )
    )

    for text in (
        "it waits until what it wrote is safe on disk (90 fsyncs a second)",
        "so in 5 of 6 traces",
        "waits for disk 70 % (threshold 20 %)",
        "4,000 more IOPS, +20.00 USD a month: helps",
        "2 more cores, +51.10 USD a month: will not help",
        "tracing took 2.00 % of a core (off-cpu 1.90, frame 0.100); p50 1.25 ms without it, 1.5 ms with it",
    ):
        assert text in said


def test_what_a_trace_lacks_stands_beside_its_verdict(found):
    """Not where one has to open something first."""
    lacking = {"seen": 6, "active_threads": 1.0, "incomplete": ("only 2.0 s were counted",)}
    arm = traced(found, verdict=bottlenecks_of(SYNCING, whole=False)[0], **lacking)
    shown = re.sub(r"<details>.*?</details>", "", page_of(arm), flags=re.DOTALL)

    assert "confidence low" in shown
    assert "incomplete: only 2.0 s were counted" in shown


def test_events_that_were_printed_one_by_one_are_a_click_away(found):
    """As the file they are in."""
    shown = {"seen": 6, "active_threads": 1.0, "cell": "nginx-500rps-r3", "verdict": bottlenecks_of(SYNCING)[0]}
    page = page_of(traced(found, events="cells/nginx-500rps-r3/trace/events.csv", **shown))

    assert 'cells/nginx-500rps-r3/trace/events.csv">each event by itself</a>' in page
    assert "each event" not in page_of(traced(found, **shown))


def known(said):
    return UseCell(said=said)


DISK = UseRow(
    resource="disk",
    utilisation=known("device vda busy 43 % of the window"),
    saturation=known("pressure 12 %"),
    errors=UseCell(said="not traced: what a device fails at", known=False),
)
TIMES = {"@io_us": {"1": (Bucket(low=64, high=127, count=3), Bucket(low=128, high=255, count=1))}, "@rtt_us": {"": ()}}


def test_utilisation_saturation_and_errors_are_on_the_page_folded_away(found):
    """A value as it is, what is not known in grey with its reason."""
    page = page_of(traced(found, seen=6, active_threads=1.0, verdict=bottlenecks_of(SYNCING)[0], use=(DISK,)))
    shown = re.search(r'<details class="deep"><summary>Utilisation, saturation, errors: nginx.*?</details>', page, re.DOTALL)[0]

    assert '<td data-label="utilisation"><span>device vda busy 43 % of the window</span></td>' in shown
    assert '<td data-label="errors" class="none"><span>not traced: what a device fails at</span></td>' in shown


def test_how_long_each_took_is_on_the_page_folded_away(found):
    """A row for each histogram that holds anything, its bars said for who cannot see them."""
    page = page_of(traced(found, seen=6, active_threads=1.0, verdict=bottlenecks_of(SYNCING)[0], histograms=TIMES))
    shown = re.search(r'<details class="deep"><summary>How long each took: nginx.*?</details>', page, re.DOTALL)[0]

    assert shown.count("<tr>") == 2
    assert re.findall(r'data-label="(\w+)">([^<]+)<', shown) == [
        ("n", "4"),
        ("p50", "64-127 µs"),
        ("p99", "128-255 µs"),
        ("longest", "128-255 µs"),
    ]
    assert 'aria-label="64-127 µs: 3, 128-255 µs: 1"' in shown
    assert re.findall(r'<i style="height: (\d+)%"', shown) == ["100", "33"]


def test_page_has_no_tables_of_what_is_not_there(found):
    """A record of an older run has neither."""
    page = page_of(traced(found, seen=6, active_threads=1.0, verdict=bottlenecks_of(SYNCING)[0]))

    assert "Utilisation" not in page
    assert "How long each took" not in page


def test_contender_without_a_trace_has_its_reason(found):
    """Not available here is a row, and no empty bar."""
    assert "bpftrace is not installed" in section(traced(found, seen=0, reasons=("bpftrace is not installed (6 of 6)",)))
