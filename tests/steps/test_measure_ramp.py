"""The verb measure on a ramp: the knee follows from the probes, and figures from the loads at its shares."""

import json
import re

import pytest

from steps import measure
from steps.drivers.recording import Fate
from steps.model import LoadRecord
from tests.steps.recorded import AT, reason_of, value_of
from tests.steps.recorded_ramp import LOAD, RAMP, RecordedRamp

GOOD = RecordedRamp()


def test_cell_of_a_ramp_has_its_knee_and_the_figures_at_its_shares(tmp_path):
    """Each metric has a value, from the load at the share that its name says."""
    found = GOOD.outcome(tmp_path)

    assert (found.status, found.reasons) == ("ok", ())
    assert (found.contender, found.load, found.repetition) == ("nginx", "ramp", 1)
    assert [one.metric for one in found.measurements] == [metric.name for metric in RAMP.metrics]
    assert 1200 / 1.1 <= value_of(found, "knee_rps") <= 1200
    assert value_of(found, "p99_at_75_ms") == pytest.approx(2.98, abs=0.03)
    assert value_of(found, "cpu_at_75_us_per_request") == pytest.approx(0.05e6 / (0.75 * value_of(found, "knee_rps")), rel=0.01)


def test_outcome_counts_the_loads_at_all_shares(tmp_path):
    """Requests of the search are not among them; the driver is that of the last share."""
    found = GOOD.outcome(tmp_path)
    parts = [
        LoadRecord.from_json((tmp_path / "load" / f"share-{percent}" / "load.json").read_text(), source="share")
        for percent in LOAD.shares_percent
    ]

    assert found.counts.planned == sum(part.counts.planned for part in parts)
    assert (found.window.started_at, found.window.ended_at) == (parts[0].window.started_at, parts[-1].window.ended_at)
    assert found.driver == parts[-1].driver


def test_outcome_tells_how_late_the_driver_was_at_each_share(tmp_path):
    """A percentile at 75 % is held against the lateness there."""
    late = RecordedRamp(at_shares={"late_ms": lambda n: 0.3 if n % 50 == 0 else 0.1}).outcome(tmp_path)

    assert {name.partition(" at ")[2] for name in late.lateness_ms} == {str(percent) for percent in LOAD.shares_percent}
    assert late.lateness_ms["p50 at 75"] == pytest.approx(0.1, rel=0.01)
    assert late.lateness_ms["p99 at 75"] == pytest.approx(0.3, rel=0.01)


def test_outcome_tells_whether_each_share_had_settled(tmp_path):
    """Two seconds prove nothing, and eight do."""
    longer = RAMP.model_copy(update={"loads": (LOAD.model_copy(update={"measure_s": 8.0}),)})

    assert {one.verdict for one in GOOD.outcome(tmp_path / "short").steady.values()} == {"too short to prove"}
    steady = RecordedRamp(experiment=longer).outcome(tmp_path / "long").steady
    assert {name.partition(" at ")[2] for name in steady} == {str(percent) for percent in LOAD.shares_percent}
    assert (steady["p50_ms at 75"].verdict, steady["cpu_cores at 75"].verdict) == ("steady", "steady")


def test_contender_that_is_still_good_where_the_driver_ends_has_a_bound_and_no_figure(tmp_path):
    """It is no failure, but a value is never made of it."""
    found = RecordedRamp(driver_rps=900).outcome(tmp_path)
    (knee,) = [one for one in found.measurements if one.metric == "knee_rps"]

    assert found.status == "ok"
    assert (knee.value, knee.at_least) == (None, 900)
    assert knee.reason == "at least 900 req/s: the driver ends there, not the contender"
    assert reason_of(found, "p99_at_75_ms") == f"the knee is not known: {knee.reason}"


def test_contender_that_never_keeps_the_slo_fails_with_what_broke_it(tmp_path):
    """No knee is no zero."""
    found = RecordedRamp(capacity_rps=1).outcome(tmp_path)

    assert found.status == "failed"
    assert found.reasons[0].startswith("the SLO does not hold even at 31.25 req/s: p99 is ")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (
            RecordedRamp(at_shares={"fate": lambda n: Fate.OK if n % 50 else "status 503"}),
            "at 50 % of the knee: 2.02 % (24 of 1,189) of the requests had no right answer: 24 status 503; 1% may",
        ),
        (RecordedRamp(failure="nginx ended with status -9 (in the search, at 2,000 req/s)"), "nginx ended with status -9"),
        (RecordedRamp(lost=(90,)), "at 90 % of the knee: load left no load.json"),
    ],
    ids=["errors", "died", "a share is missing"],
)
def test_what_makes_a_cell_of_a_ramp_fail(tmp_path, cell, reason):
    """The rules of any cell hold at each share, and the reason says at which."""
    found = cell.outcome(tmp_path)

    assert found.status == "failed"
    assert found.reasons[0].startswith(reason)
    assert all(one.value is None and one.reason for one in found.measurements)


def test_bound_of_a_driver_whose_ceiling_is_not_known_is_suspect(tmp_path):
    """Where the experiment ended the search, the driver may have been at its end before."""
    found = RecordedRamp(driver_rps=900, calibration=None).outcome(tmp_path)

    assert (found.status, found.reasons) == ("suspect", ("suspect: generator: its ceiling is not known: it was not calibrated",))


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"late_ms": 90.0}, "suspect: generator: the search was disturbed, at least 1,18"),
        (
            {"late_ms": 90.0, "capacity_rps": 1},
            "suspect: generator: the search was disturbed, nothing is known of the contender: even at 31.25 req/s the driver",
        ),
        (
            {"at_shares": {"response_ms": lambda n: 25 + n % 100 / 50}},
            "suspect: figures: the knee was found too high, or the machine is another now: p99 is 27 ms (at 50, 75, 90 % of",
        ),
    ],
    ids=["late in the search", "always late", "the SLO does not hold below the knee"],
)
def test_what_makes_a_cell_of_a_ramp_suspect(tmp_path, parts, reason):
    """It keeps its figures and names whom it suspects."""
    found = RecordedRamp(**parts).outcome(tmp_path)

    assert found.status == "suspect"
    assert found.reasons[0].startswith(reason)
    assert (value_of(found, "knee_rps") is None) == ("late_ms" in parts)


def test_lateness_at_a_share_makes_that_percentile_suspect(tmp_path):
    """And neither the knee nor the median there."""
    found = RecordedRamp(at_shares={"late_ms": lambda n: 0.01 if n % 50 else 2.0}).outcome(tmp_path)

    doubted = {one.metric: one.suspect for one in found.measurements if one.suspect}
    assert found.status == "ok"
    assert doubted
    assert all(re.fullmatch(r"p99_at_\d\d_ms", metric) for metric in doubted)
    assert all(doubt.startswith("suspect: generator: its lateness (p99) is 2.00 ms; 1.00 ms are") for doubt in doubted.values())


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda record: record["search"]["probes"].pop(), "load.json is damaged: its"),
        (lambda record: record.update(search=None), "load recorded no search"),
        (lambda record: record["load"].update(probe_s=9), "the load that was sent is not the one that the experiment declares"),
        (lambda record: record["load"]["slo"].update(p99_ms=99), "the load that was sent is not the one"),
    ],
    ids=["probes lost", "no search", "another load", "another SLO"],
)
def test_search_that_does_not_fit_is_refused(tmp_path, harm, reason):
    """A knee is made from a whole search for the declared SLO, or not at all."""
    inputs = GOOD.store(tmp_path)
    path = inputs.load / "load.json"
    record = json.loads(path.read_text())
    harm(record)
    path.write_text(json.dumps(record))

    found = measure.outcome_of(inputs, at=AT)
    assert found.status == "failed"
    assert found.reasons[0].startswith(reason)


def test_load_at_another_rate_than_the_share_is_refused(tmp_path):
    """What was measured at 80 % is not shown as 75."""
    inputs = GOOD.store(tmp_path)
    path = inputs.load / "share-75" / "load.json"
    record = json.loads(path.read_text())
    record["load"]["rate_rps"] *= 0.8 / 0.75
    path.write_text(json.dumps(record))

    found = measure.outcome_of(inputs, at=AT)
    assert found.reasons == ("at 75 % of the knee: the load that was sent is not the one that the experiment declares",)
