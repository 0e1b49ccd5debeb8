"""The first section of a report on brokers: a table for each durability class, with every broker or its reason."""

from __future__ import annotations

import re

import pytest

from steps.model import Absent, HttpLoad, MessageLoad, Point
from steps.model.metric import MESSAGES
from steps.page import markdown, render
from steps.page.messages import MessageView
from steps.statistics.comparison import figure_of, paired_effect
from tests.steps.page.test_page import report

KAFKA = Absent(name="kafka", title="Kafka", reason="it keeps none in memory only")


def section(first, durability, *, lacking=(), lost=0.0, **changes):
    """A load of messages, under which every arm has the same figures. lost: in the first repetition; changes: of every arm."""
    load = MessageLoad(durability=durability, rate_mps=500, duration_s=10)
    values = {metric.name: 4.0 for metric in MESSAGES} | {"duplicate_messages": 0.0, "p50_ms": 1.0}
    figures = {
        name: figure_of([Point(repetition=n, value=value, suspect=False) for n in range(1, 7)], reason="")
        for name, value in values.items()
    }
    points = [Point(repetition=n, value=lost if n == 1 else 0.0, suspect=False) for n in range(1, 7)]
    figures["lost_messages"] = figure_of(points, reason="")
    figures["catch_up_ms"] = figure_of([], reason="no consumer was restarted under this load")
    effects = {name: paired_effect(figure, figure) for name, figure in figures.items()}
    update = {"figures": figures, "effects": effects, "curves": (), "tracks": (), **changes}
    arms = tuple(arm.model_copy(update=update) for arm in first.arms[1:3])
    return first.model_copy(update={"label": load.label, "load": load, "arms": arms, "lacking": lacking})


@pytest.fixture(scope="module")
def brokers():
    """A report with two classes, in one of which a broker is lacking and another loses messages."""
    whole = report()
    loads = (section(whole.loads[0], "written", lost=3.0), section(whole.loads[0], "memory", lacking=(KAFKA,)))
    metrics = tuple(metric for metric in MESSAGES)
    return whole.model_copy(
        update={"loads": loads, "metrics": metrics, "costs": (), "uses": (), "hypotheses": (), "headline": ("p50_ms",)}
    )


def test_each_class_has_a_table_of_its_own(brokers):
    """In the order of safety, each told what it outlives."""
    found = MessageView(brokers).classes()

    assert [(name, len(groups)) for name, _, groups in found] == [("memory", 1), ("written", 1)]
    assert "loses messages" in found[0][1]


def test_lacking_broker_is_a_row_with_its_reason(brokers):
    """And only in the class that it lacks."""
    (_, _, (memory,)), (_, _, (written,)) = MessageView(brokers).classes()

    assert [row.title for row in memory.rows][-1] == "Kafka"
    assert memory.rows[-1].reason == "not in this class: it keeps none in memory only"
    assert all(not row.reason for row in written.rows)


def test_losses_stand_out_and_what_is_missing_is_a_dash(brokers):
    """Zero is a figure, a dash has its reason, and bars are shares of the longest time."""
    _, (_, _, (written,)) = MessageView(brokers).classes()
    acknowledged, _, end_to_end, _, _, lost, twice, _, catch_up = written.rows[0].cells

    assert (lost.bad, twice.bad, twice.text) == (True, False, "0")
    assert (catch_up.text, catch_up.reason) == ("—", "no consumer was restarted under this load")
    assert (acknowledged.share, end_to_end.share) == (25.0, 100.0)


def test_cell_that_failed_is_told_beside_the_figures_of_the_others(brokers):
    """Five cells lost nothing and the sixth lost 40 messages: the row says so, and its zero is marked."""
    why = "wrong after the load: 40 of 2,600 deliveries of acknowledged messages never came"
    lossy = section(report().loads[0], "written", planned=6, ok=5, failed=1, failure=why)
    whole = brokers.model_copy(update={"loads": (lossy,)})
    ((_, _, (written,)),) = MessageView(whole).classes()

    assert written.rows[0].failed == f"1 of 6 cells failed: {why}"
    assert (written.rows[0].cells[5].text, written.rows[0].cells[5].bad) == ("0", True)
    assert f'<small class="bad">1 of 6 cells failed: {why}</small>' in render(whole)


def test_comment_has_a_table_for_each_class(brokers):
    """What is not equally safe stands in no common table in Markdown either; each class is told before its table."""
    lines = markdown.of_reports([brokers]).splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("|  | load |")]
    tables = [[line for line in lines[head + 2 : head + 2 + len(brokers.loads[0].arms) + 1] if line] for head in heads]

    assert [lines[head - 2].partition(":")[0] for head in heads] == [
        "Messages acknowledged when written to a file",
        "Messages acknowledged from memory",
    ]
    assert [{row.split(" | ")[1] for row in table} for table in tables] == [
        {"written-1kb-to-1-500mps"},
        {"memory-1kb-to-1-500mps"},
    ]


def test_comment_has_a_table_for_each_length_of_a_chain(brokers):
    """Nor are chains of different lengths in one table."""
    chain = HttpLoad(path="/json", model="open", rate_rps=100, hops=1, name="n1", duration_s=4, expect="{}")
    loads = [chain, chain.model_copy(update={"hops": 3, "name": "n3"})]
    sections = tuple(brokers.loads[0].model_copy(update={"load": load, "label": load.label}) for load in loads)
    lines = markdown.of_reports([brokers.model_copy(update={"loads": sections})]).splitlines()

    assert [line for line in lines if line.startswith("Chains")] == ["Chains of 1 service:", "Chains of 3 services:"]
    assert sum(line.startswith("|  | load |") for line in lines) == 2


def test_page_shows_it_first(brokers):
    """Before the loads one by one, and not at all in a report on something else."""
    page = render(brokers)

    assert page.index('id="at-a-glance"') < page.index("<h2>The figures")
    assert re.search(r"Kafka</th><td class=\"absent\" colspan=\"9\">.*not in this class: it keeps none", page)
    assert 'id="at-a-glance"' not in render(report())
