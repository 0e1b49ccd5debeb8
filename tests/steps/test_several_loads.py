"""Experiments with several loads: each has its cells, its table, and hypotheses of its own."""

import re

import pytest
from pydantic import ValidationError

from steps.model import Experiment, HttpLoad, Hypothesis, Plan
from steps.model.metric import P50
from steps.page.render import render
from steps.statistics.findings import report_of
from steps.evidence import read
from tests.steps.simulated import RUN, simulate, tiny

READS = HttpLoad(name="reads", path="/json", rate_rps=100, duration_s=4, warmup_s=1, expect="{}")
WRITES = HttpLoad(name="writes", path="/echo", method="POST", body="{}", rate_rps=100, duration_s=4, warmup_s=1, expect="{}")


def experiment(**changes):
    """Two gateways under two loads of one rate."""
    return Experiment.model_validate(dict(tiny()) | {"loads": (READS, WRITES), "hypotheses": (), **changes})


def about(load):
    return Hypothesis(statement=f"nginx is fast for {load}", metric="p50_ms", of="nginx", below=100.0, load=load)


def report(asked):
    found = read(simulate(asked), run=RUN, prefix=f"{asked.key}/{RUN}", status="Succeeded", failures="null")
    return report_of(found)


def test_a_named_load_is_told_apart_in_its_cells():
    """Loads of one rate differ by name; cells and sentences say which."""
    plan = Plan.of(experiment(repetitions=1), run=RUN, seed=1)

    assert {cell.id for cell in plan.cells if cell.contender == "nginx"} == {"nginx-reads-100rps-r1", "nginx-writes-100rps-r1"}
    assert WRITES.said.startswith("POST /echo with 2 bytes, 100 requests per second")


def test_two_loads_of_one_name_and_rate_are_refused():
    """Their cells could not be told apart."""
    with pytest.raises(ValidationError, match="two loads are called reads-100rps"):
        experiment(loads=(READS, READS))


def test_a_body_is_posted():
    """A GET with a body is no request that a user sends."""
    with pytest.raises(ValidationError, match="a body is sent with method POST, not GET"):
        HttpLoad(path="/echo", body="{}", rate_rps=1, duration_s=1, expect="{}")


@pytest.mark.parametrize("changes", [{"hypotheses": (about("lists"),)}, {"quick_loads": ("lists",)}], ids=["hypothesis", "preview"])
def test_a_load_that_is_not_there_is_named(changes):
    """A typo names what there is."""
    with pytest.raises(ValidationError, match="no load is called lists; there are reads-100rps, writes-100rps"):
        experiment(**changes)


def test_a_preview_takes_the_loads_it_is_told_to():
    """Others stay out, with the hypotheses about them; named none, it takes all."""
    asked = experiment(quick_loads=("writes",), hypotheses=(about("reads"), about("writes")))
    quick = asked.as_preview()

    assert [load.label for load in quick.loads] == ["writes-100rps"]
    assert [each.load for each in quick.hypotheses] == ["writes"]
    assert len(experiment().as_preview().loads) == 2
    assert Experiment.from_json(quick.to_json(), source="itself") == quick


def test_each_load_has_its_table_and_its_sentence():
    """The page shows both, each under its name, and a hypothesis is judged under the load that it names."""
    asked = experiment(metrics=(P50, *(metric for metric in tiny().metrics if metric != P50)), hypotheses=(about("writes"), about("reads")))
    found = report(asked)
    page = render(found)

    assert [section.label for section in found.loads] == ["reads-100rps", "writes-100rps"]
    assert re.findall(r"<h2>The figures([^<]*)</h2>", page) == [" for reads at 100 requests/s", " for writes at 100 requests/s"]
    assert re.findall(r"add\w* least at the median (for \w+) at 100", " ".join((found.answer.lead, *found.answer.more))) == [
        "for reads",
        "for writes",
    ]
    assert "for reads" in found.answer.lead
    figures = {each.bound: each.figure.value for each in found.hypotheses}
    assert figures == {
        f"p50 of nginx for {name} at 100 requests/s, below 100 ms": section.arms[1].figures["p50_ms"].value
        for name, section in zip(("reads", "writes"), found.loads, strict=True)
    }
