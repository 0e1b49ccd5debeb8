"""A review as its author writes it: what it takes, what it does not, and what it reads where it names nothing."""

import pytest
from pydantic import ValidationError

from phases.phase_04 import PHASE
from phases.phase_10_review import EXPERIMENTS
from pipelines import duration, select, tables
from steps.model import Experiment, Phase, Rule

MEASURING = PHASE.experiments
NAMES = tuple(each.name for each in MEASURING)


def phase(*experiments):
    return Phase(number=4, title="any", experiments=experiments)


def review(**fields):
    return Experiment(name="a-review", question="What now?", shape="review", **fields)


@pytest.mark.parametrize("asked", EXPERIMENTS, ids=lambda each: each.name)
def test_a_review_that_names_nothing_reads_all_that_its_phase_measures(asked):
    """A new experiment is read without a change of the review, and other reviews are not."""
    whole = phase(*MEASURING, *EXPERIMENTS)

    assert whole.read_by(asked) == NAMES


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: review(loads=MEASURING[0].loads), "shape review takes no loads"),
        (lambda: Experiment(name="x", question="What?", baseline=MEASURING[0].baseline), "shape compare needs contenders"),
        (lambda: MEASURING[0].model_validate(dict(MEASURING[0]) | {"rule": Rule(p99_below_ms=1)}), "rule goes with shape review"),
        (lambda: phase(review(), *MEASURING), "a-review reads what is measured before it in this phase, and nothing is"),
        (
            lambda: phase(*MEASURING, review(reads=("gateways",))),
            "a-review reads gateways, which is not measured before it in this phase",
        ),
    ],
    ids=[
        "a review with loads",
        "a comparison without contenders",
        "a comparison with a rule",
        "a review that comes first",
        "no such",
    ],
)
def test_what_does_not_go_together_is_named(made, said):
    """In one sentence, when the module is imported."""
    with pytest.raises(ValidationError, match=said):
        made()


def test_a_review_has_no_cells_and_takes_seconds():
    """`plan` says what it reads, and how long a phase takes with it."""
    asked = review(reads=NAMES).model_copy(update={"phase": "phase-4"})
    said = tables.plan(asked)

    assert "no cells: reads the newest runs of gateway-comparison, gateway-capacity" in said
    assert duration.of_cells(asked) == 0
    assert tables.plan_json(asked)["example_order"] == []
    in_all = tables.in_all([*select.experiments("phase-4"), asked])
    assert in_all.startswith("in all: 3 experiments with 72 cells, about ")


def test_what_is_set_for_a_phase_is_for_its_measurements():
    """A review has no load and no rounds: it goes along unchanged, and is a preview where the others are."""
    asked = review(reads=NAMES)

    assert select.prepared(asked, quick=False, settings=("rate_rps=200",), precision="5%") == asked
    assert select.prepared(asked, quick=True, settings=()).preview
