"""The load of a ramp, and which loads and metrics go with which shape."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from steps.drivers.recording import Schedule
from steps.model import Experiment, HttpLoad, RampLoad, Slo
from steps.model.metric import CAPACITY, CPU_AT_75, KNEE, P50, at_share
from steps.statistics.histogram import samples_to_bound
from tests.steps.recorded import EXPERIMENT
from tests.steps.recorded import LOAD as STEADY
from tests.steps.recorded_ramp import LOAD, RAMP


def built(given, **changes):
    """The experiment, validated anew with other parts."""
    return Experiment.model_validate({**given.model_dump(), **changes})


@pytest.mark.parametrize("rate_rps", [3.0, 31.25, 149.9, 150.0, 600.0, 20_000.0])
def test_every_probe_and_share_has_the_answers_that_bound_a_p99(rate_rps):
    """Rule 9: at low rates a window lasts longer than was asked for."""
    for at in (LOAD.probe_at(rate_rps), LOAD.share_of(rate_rps, 50)):
        schedule = Schedule.of(at)
        assert len(schedule) - schedule.warmup >= samples_to_bound(0.99)


def test_rate_at_a_share_is_that_share_of_the_knee():
    """And everything else is the ramp's."""
    at = LOAD.share_of(1200, 75)

    assert (at.rate_rps, at.duration_s, at.warmup_s) == (900, LOAD.measure_s, LOAD.warmup_s)
    assert (at.path, at.expect, at.connections, at.timeout_s) == (LOAD.path, LOAD.expect, LOAD.connections, LOAD.timeout_s)


def test_time_that_a_ramp_may_take_covers_its_longest_search():
    """The step's time limit: sixty probes at the lowest rate, each leaving requests that are waited for."""
    lowest = LOAD.probe_at(LOAD.least_rps)

    assert LOAD.longest_s > 60 * (lowest.warmup_s + lowest.duration_s + LOAD.timeout_s)
    assert LOAD.usual_s < LOAD.longest_s / 10


@pytest.mark.parametrize(
    ("metric", "found"),
    [
        ("p99_at_75_ms", ("p99_ms", 75)),
        ("p99.9_ms", None),
        ("cpu_at_75_us_per_request", ("cpu_us_per_request", 75)),
        ("p99_ms", None),
        ("knee_rps", None),
        ("p99_at_7_ms", None),
    ],
)
def test_name_of_a_metric_at_a_share_is_the_plain_name_with_its_share(metric, found):
    """Whatever can be measured can be measured at a share."""
    assert at_share(metric) == found


@pytest.mark.parametrize(
    ("given", "changes", "said"),
    [
        (EXPERIMENT, {"loads": (LOAD,)}, "shape compare sends at given rates; a RampLoad goes with shape ramp"),
        (EXPERIMENT, {"metrics": (P50, KNEE)}, "knee_rps is measured by shape ramp only"),
        (EXPERIMENT, {"metrics": (P50, CPU_AT_75)}, "cpu_at_75_us_per_request is measured by shape ramp only"),
        (RAMP, {"loads": (STEADY,)}, "shape ramp searches the rate itself: give it a RampLoad"),
        (RAMP, {"loads": (LOAD, STEADY)}, "shape ramp searches the rate itself"),
        (RAMP, {"loads": (LOAD, LOAD)}, "two loads are called ramp"),
        (RAMP, {"metrics": (KNEE, P50)}, "the rest at shares of it, as in p99_at_75_ms; p50_ms has no share"),
        (
            RAMP,
            {"loads": (LOAD.model_copy(update={"shares_percent": (50,)}),)},
            "p99_at_75_ms is measured at 75 % of the knee, which is not among the load's shares_percent",
        ),
    ],
    ids=["ramp to compare", "knee", "share", "http to ramp", "both", "twice", "no share", "another share"],
)
def test_what_does_not_go_with_a_shape_is_one_sentence(given, changes, said):
    """It names the thing and the way out, when the phase is imported."""
    with pytest.raises(ValidationError, match=f"experiment {given.name}: .*") as caught:
        built(given, **changes)

    assert said in caught.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    "fields",
    [{"resolution": 0.001}, {"shares_percent": ()}, {"shares_percent": (100,)}, {"start_rps": 0}, {"slo": {"p99_ms": -1}}],
    ids=["too fine", "no share", "the knee itself", "no rate", "no time"],
)
def test_ramp_that_cannot_be_is_refused(fields):
    """A wrong value is named by its field."""
    with pytest.raises(ValidationError):
        RampLoad.model_validate({**LOAD.model_dump(), **fields})


def test_experiment_with_a_ramp_survives_its_journey():
    """As JSON, where `kind` tells the loads apart."""
    assert Experiment.from_json(RAMP.to_json(), source="experiment.json") == RAMP
    assert isinstance(Experiment.from_json(EXPERIMENT.to_json(), source="experiment.json").loads[0], HttpLoad)
    assert RAMP.metrics == CAPACITY


def test_slo_is_said_with_its_figures():
    """As `show` and the page tell it."""
    said = "p99 at most 20 ms, at most 0.1 % of the requests without a right answer and at least 99 % sent in time"

    assert Slo(p99_ms=20).said == said
