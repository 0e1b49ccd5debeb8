"""A stack taken apart: known rounds in, known parts out."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from phases.catalogue.gateways import ENVOY, NGINX
from steps.evidence import read
from steps.model import Absent, CellOutcome, Plan, Tuning, digest
from steps.model.cost import CostFigure
from steps.page import render
from steps.statistics.findings import report_of
from steps.statistics.waterfall import Seen, steps_of
from tests.steps.simulated import NATURES, RUN, Story, simulate, small

PREFIX = f"runs/phase-4/gateway-comparison/{RUN}"
CRASH = "envoy ended with status 127 before it was ready"


def arm(*values, suspect=(), first=1):
    return [Seen(at, value, at in suspect) for at, value in enumerate(values, first)]


def values(part):
    return [each.value for each in part]


def test_parts_of_a_known_chain_are_the_differences_of_its_rounds():
    """The first adds itself, every other what it has beyond the one before; in each round they make the whole."""
    app, gateway, mesh = arm(1.0, 2.0, 1.5), arm(1.25, 2.5, 1.75), arm(2.25, 3.0, 3.75)

    parts = steps_of([app, gateway, mesh])

    assert [values(part) for part in parts] == [[1.0, 2.0, 1.5], [0.25, 0.5, 0.25], [1.0, 0.5, 2.0]]
    assert [sum(each) for each in zip(*map(values, parts), strict=True)] == values(mesh)


def test_only_rounds_with_every_layer_count():
    """Parts that speak of different minutes would not be parts of one whole."""
    parts = steps_of([arm(1.0, 2.0, 3.0), arm(1.5, 2.5, 3.5), arm(3.0, 4.0, first=2)])

    assert [[each.repetition for each in part] for part in parts] == [[2, 3]] * 3


def test_a_suspect_value_takes_its_round_out_of_every_part():
    """Unless there is no other round: then all is shown, marked as suspect."""
    clean = steps_of([arm(1.0, 2.0), arm(1.5, 2.5, suspect={1})])
    doubtful = steps_of([arm(1.0, 2.0), arm(1.5, 2.5, suspect={1, 2})])

    assert [[each.repetition for each in part] for part in clean] == [[2], [2]]
    assert [each.suspect for each in doubtful[1]] == [True, True]


def test_a_layer_without_values_takes_the_next_one_with_it():
    """What the next one adds to it is not known; the others' parts are."""
    parts = steps_of([arm(1.0), [], arm(3.0), arm(4.0)])

    assert [values(part) for part in parts] == [[1.0], [], [], [1.0]]


def test_money_is_taken_apart_as_money():
    """Decimals stay decimals: no reader's rounding gets in."""
    parts = steps_of([[Seen(1, Decimal("0.10"), False)], [Seen(1, Decimal("0.30"), False)]])  # noqa: FBT003

    assert values(parts[1]) == [Decimal("0.20")]


def layered(story=None, **changes):
    """The report on a simulated run whose gateways are taken for layers."""
    asked = small(**{"contenders": (NGINX, ENVOY), "hypotheses": (), "layers": ("direct", "nginx", "envoy"), **changes})
    found = read(simulate(asked, story or Story()), run=RUN, prefix=PREFIX, status="Succeeded", failures="null")
    return report_of(found)


def test_a_report_tells_each_layer_the_remainder_and_the_whole():
    """Whole less parts is the remainder, to the last digit; p99 and dollars too."""
    (found,) = layered().waterfalls
    natures = [NATURES[name].median_ms for name in ("direct", "nginx", "envoy")]

    assert [layer.arm for layer in found.layers] == ["direct", "nginx", "envoy"]
    for metric in ("p50_ms", "p99_ms", "path_cpu_us_per_request"):
        parts = [layer.added[metric].value for layer in found.layers]
        assert sum(parts) + found.remainder[metric] == pytest.approx(found.whole[metric].value)
    assert [layer.added["p50_ms"].value for layer in found.layers] == pytest.approx(
        [natures[0], natures[1] - natures[0], natures[2] - natures[1]], abs=0.05
    )
    assert found.layers[1].added["p50_ms"].n == 6
    assert found.unit == "USD per million requests"


def test_dollars_of_the_parts_and_the_remainder_make_the_whole():
    """Exactly: they are decimals."""
    (found,) = layered().waterfalls

    assert sum(layer.usd.value for layer in found.layers) + found.remainder_usd == found.usd.value
    assert found.usd.value > 0


def test_a_failed_layer_is_a_dash_with_its_reason():
    """Its part and the remainder are not known; nobody else's figures become its own."""
    (found,) = layered(Story(failing={"envoy": CRASH})).waterfalls
    top = found.layers[-1]

    assert (top.added["p50_ms"].value, top.added["p50_ms"].reason) == (None, CRASH)
    assert found.layers[1].added["p50_ms"].value > 0
    assert (found.remainder["p50_ms"], found.remainder_usd) == (None, None)
    assert isinstance(top.usd, CostFigure)


def test_a_layer_that_is_not_to_be_had_keeps_its_row():
    """With the reason, as in the table of figures."""
    gone = Absent(name="observed", title="Observed", reason="otelcol needs Go")
    told = layered(layers=("direct", "nginx", "envoy", "observed"), absent=(gone,))
    (found,) = told.waterfalls

    assert found.layers[-1].added["p50_ms"].reason == "otelcol needs Go"
    assert found.whole["p50_ms"].value > 0
    assert found.remainder["p50_ms"] is None
    assert told.answer.lead.startswith("Through the stack up to Envoy a transaction takes 0.")
    assert "+ observed: otelcol needs Go" in render(told)


def test_a_tuning_is_told_as_after_minus_before():
    """In the same rounds."""
    told = layered(tunings=(Tuning(arm=NGINX, over=ENVOY, what="another gateway"),))
    (tuned,) = told.tuned

    assert (tuned.before, tuned.after, tuned.what) == ("envoy", "nginx", "another gateway")
    assert tuned.added["p50_ms"].value < 0
    assert "another gateway" in render(told)


def test_the_page_draws_the_stack_where_there_is_one():
    """Once for wide screens and once for narrow ones; p99 is marked as what does not add up."""
    page = render(layered())

    assert page.count("What each layer adds</title>") == 2
    assert "not additive" in page
    assert "remainder" in page
    assert "What each layer adds" not in render(layered(layers=()))


def test_the_answer_tells_what_each_layer_adds():
    """The whole first, then its parts in the order of the layers."""
    said = layered().answer

    assert re.match(r"Through the whole stack a transaction takes 0\.\d+ ms \(.+\) at the median: ", said.lead)
    assert re.search(r": 0\.\d+ ms of Direct, 0\.\d+ of nginx and 0\.\d+ of Envoy\.$", said.lead)
    assert said.more[0].startswith("CPU ")


LATE = {f"{layer}-100rps-r{at}": "suspect: generator: late" for at, layer in enumerate(("nginx", "envoy"), 1)}


def test_parts_from_too_few_rounds_are_not_the_answer_of_a_run_that_decides():
    """Repeats made up for each arm by itself, but only four rounds have every layer: the order stands, the parts do not lead."""
    asked = small(contenders=(NGINX, ENVOY), hypotheses=(), layers=("direct", "nginx", "envoy"))
    objects = simulate(asked, Story(suspect=LATE))
    more = simulate(small(contenders=(NGINX, ENVOY), hypotheses=(), repetitions=8), Story())
    plan = Plan.from_json(objects["plan.json"], source="plan.json")
    extra = plan.extended([[(name, "100rps") for name in ("direct", arm)] for arm in ("nginx", "envoy")], why="suspect", at="now")
    objects["plan.json"] = extra.to_json().encode()
    objects |= {key: text for key, text in more.items() if key.split("/")[1:2] and key.split("/")[1] in extra.todo}
    found = {name: outcome for name, outcome in objects.items() if name.endswith("outcome.json")}
    objects |= {
        name: CellOutcome.from_json(text, source=name).model_copy(update={"experiment_digest": digest(asked)}).to_json().encode()
        for name, text in found.items()
    }

    told = report_of(read(objects, run=RUN, prefix=PREFIX, status="Succeeded", failures="null"))

    assert (told.verdict, told.waterfalls[0].layers[1].added["p50_ms"].n) == ("Answered", 4)
    assert told.answer.lead.startswith("nginx adds least")
    why = "a decision takes 6 rounds with all of its parts, and there are 4"
    assert told.answer.more[-1] == f"What each layer adds is not said: {why}."


def test_a_run_with_a_suspect_layer_has_its_parts_from_six_rounds():
    """The round is made again with every layer."""
    told = layered(Story(suspect=LATE, extended=True))

    assert (told.verdict, [layer.added["p50_ms"].n for layer in told.waterfalls[0].layers]) == ("Answered", [6, 6, 6])
    assert told.answer.lead.startswith("Through the whole stack")
