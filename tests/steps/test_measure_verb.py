"""The verb measure: from records to an outcome, and what an outcome may say."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steps import measure
from steps.drivers.recording import Fate
from steps.errors import MeasureError
from steps.model import Calibration, CellOutcome, Metric, digest
from tests.steps.recorded import EXPERIMENT, LOAD, RUN, Recorded, doubt_of, readings_of, reason_of, value_of

GOOD = Recorded()


def test_good_cell_is_ok_and_has_every_declared_metric(tmp_path):
    """Each metric of the experiment has a value, from the source that it names."""
    found = GOOD.outcome(tmp_path)

    assert (found.status, found.reasons) == ("ok", ())
    assert [one.metric for one in found.measurements] == [metric.name for metric in EXPERIMENT.metrics]
    assert value_of(found, "p50_ms") == pytest.approx(1.98, abs=0.01)
    assert value_of(found, "p99_ms") == pytest.approx(2.96, abs=0.01)
    assert value_of(found, "goodput_rps") == 1000
    assert value_of(found, "cpu_us_per_request") == pytest.approx(50, rel=0.001)
    assert value_of(found, "path_cpu_us_per_request") == pytest.approx(70, rel=0.001)
    assert value_of(found, "memory_mib") == 64 + 5
    assert value_of(found, "ready_ms") == 50
    assert found.versions == {"nginx": "nginx 1", "echo": "echo 1"}
    assert found.experiment_digest == digest(EXPERIMENT)


def test_same_records_give_the_same_outcome(tmp_path):
    """Measure adds nothing of its own: an old run can be measured again."""
    inputs = GOOD.store(tmp_path)

    assert measure.outcome_of(inputs, at="2030-01-01T00:00:00.000Z").to_json().replace("2030-01-01T00:00:00.000Z", "") == (
        measure.outcome_of(inputs, at="2031-01-01T00:00:00.000Z").to_json().replace("2031-01-01T00:00:00.000Z", "")
    )


def test_direct_path_has_no_program_and_is_ok_without(tmp_path):
    """What the direct path cannot have is None with its reason, and no failure."""
    found = GOOD.but(cell="direct-1000rps-r1", readings=readings_of("echo", 0.02)).outcome(tmp_path)

    assert found.status == "ok"
    for metric in ("cpu_us_per_request", "memory_mib", "ready_ms"):
        assert (value_of(found, metric), reason_of(found, metric)) == (None, "the direct path has no program of its own")
    assert value_of(found, "path_cpu_us_per_request") == pytest.approx(20, rel=0.001)


def test_warm_up_is_in_no_figure(tmp_path):
    """A warm-up of terrible answers changes nothing; what it ended with is counted apart."""
    found = GOOD.but(response_ms=lambda number: 900 if number < 1000 else 1).outcome(tmp_path)

    assert value_of(found, "p99_ms") == pytest.approx(1, rel=0.01)
    assert found.counts.planned == 4000


def every_so_often(period, fate):
    return lambda number: fate if number % period == 0 else Fate.OK


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (GOOD.but(fate=lambda _: "status 502"), "no right answer to 4,000 requests: 4,000 status 502"),
        (
            GOOD.but(fate=every_so_often(50, "wrong body")),
            "2 % (80 of 4,000) of the requests had no right answer: 80 wrong body; 1% may",
        ),
        (
            GOOD.but(fate=every_so_often(50, Fate.TIMEOUT)),
            "2 % (80 of 4,000) of the requests had no right answer: 80 timeout; 1% may",
        ),
        (
            GOOD.but(fate=every_so_often(50, "unfinished")),
            "2 % (80 of 4,000) of the requests had no right answer: 80 unfinished; 1% may",
        ),
        (
            GOOD.but(fate=every_so_often(500, "dropped")),
            "invalid: 0.2 % (8 of 4,000) of the load was never sent (at most 0.1% may be)",
        ),
        (
            GOOD.but(failure="nginx ended with status -11 after 3.0 s of the window"),
            "nginx ended with status -11 after 3.0 s of the window",
        ),
        (GOOD.but(deploy_failure="nginx is not there"), "nginx is not there"),
        (GOOD.but(readings=readings_of("nginx", 0.05, running=False, exit_status=-9)), "nginx ended with status -9"),
        (
            GOOD.but(readings=readings_of("nginx", -0.05) + readings_of("echo", 0)),
            "nginx was restarted: its CPU time ran backwards",
        ),
        (
            GOOD.but(readings=readings_of("echo", 0.02)),
            "cpu_us_per_request could not be measured: usage.csv has no reading of nginx at the window's start",
        ),
        (
            GOOD.but(readings=readings_of("nginx", 0.05, duration_s=3)),
            "cpu_us_per_request could not be measured: the readings of nginx are 3.00 s apart, in a window of 4.00 s",
        ),
    ],
    ids=[
        "all wrong",
        "errors",
        "timeouts",
        "unfinished",
        "dropped",
        "load failed",
        "deploy failed",
        "ended",
        "restarted",
        "no keeper",
        "edge",
    ],
)
def test_what_makes_a_cell_fail(tmp_path, cell, reason):
    """A failed cell says why, first of all reasons, and has no figures."""
    found = cell.outcome(tmp_path)

    assert found.status == "failed"
    assert found.reasons[0].startswith(reason)
    assert all(one.value is None and one.reason for one in found.measurements)


@pytest.mark.parametrize(
    "fate", [every_so_often(400, "status 503"), every_so_often(2000, "dropped")], ids=["0.25 % errors", "0.05 % dropped"]
)
def test_few_failures_are_borne(tmp_path, fate):
    """Below the limits a cell is used, with its failures counted."""
    found = GOOD.but(fate=fate).outcome(tmp_path)

    assert found.status == "ok"
    assert found.counts.ok < found.counts.planned


def test_answers_that_fail_fast_do_not_look_faster(tmp_path):
    """A contender that refuses its slow requests gets no better p99 than one that answers them."""
    slow = lambda number: 40 if number % 125 == 0 else 1  # noqa: E731
    honest = GOOD.but(response_ms=lambda n: slow(n) if n % 250 else 80).outcome(tmp_path / "honest")
    shedding = GOOD.but(response_ms=slow, fate=every_so_often(250, "status 503")).outcome(tmp_path / "shedding")

    assert shedding.status == "ok"
    assert value_of(shedding, "p99_ms") >= value_of(honest, "p99_ms") * 0.999
    assert value_of(shedding, "goodput_rps") < value_of(honest, "goodput_rps")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (
            GOOD.but(calibration=Calibration(ceiling_rps=1500)),
            "suspect: generator: 1000 req/s are 67% of its ceiling of 1500 req/s",
        ),
        (GOOD.but(calibration=None), "suspect: generator: its ceiling is not known: it was not calibrated"),
        (
            GOOD.but(calibration=Calibration(ceiling_rps=None, reason="no null server")),
            "suspect: generator: its ceiling is not known: no null server",
        ),
        (GOOD.but(spin=False, cpu_s=3.6), "suspect: generator: it used 90% of a core"),
    ],
    ids=["near the ceiling", "not calibrated", "no ceiling", "busy"],
)
def test_what_makes_a_cell_suspect(tmp_path, cell, reason):
    """A suspect cell keeps its figures and names whom it suspects."""
    found = cell.outcome(tmp_path)

    assert found.status == "suspect"
    assert found.reasons[0].startswith(reason)
    assert value_of(found, "p50_ms") is not None


@pytest.mark.parametrize(
    ("one_in", "late"),
    [(50, {"p99_ms"}), (8, {"p90_ms", "p99_ms"}), (1, {"p50_ms", "p90_ms", "p99_ms"})],
    ids=["p99", "p90 and p99", "all"],
)
def test_lateness_makes_suspect_what_it_reaches(tmp_path, one_in, late):
    """A driver that is late with one request in fifty spoils p99, and neither p50 nor what the CPU did."""
    found = GOOD.but(late_ms=lambda n: 2 if n % one_in == 0 else 0.01).outcome(tmp_path)

    doubted = {one.metric: one.suspect for one in found.measurements if one.suspect}
    assert (found.status, found.reasons, set(doubted)) == ("ok", (), late)
    assert doubted["p99_ms"].startswith("suspect: generator: its lateness (p99) is 2.00 ms; 1.00 ms are allowed")
    assert found.driver.lateness_ms["p99"] == pytest.approx(2, rel=0.01)


def test_lateness_is_measured_against_the_response(tmp_path):
    """Two milliseconds matter beside three, and not beside thirty."""
    late = GOOD.but(late_ms=lambda n: 2 if n % 50 == 0 else 0.01)

    assert doubt_of(late.but(response_ms=lambda n: 20 + n % 100 / 5).outcome(tmp_path), "p99_ms") is None


def test_p99_that_is_the_mean_is_suspect(tmp_path):
    """As in public tables, where a parser put the one into the other's place."""
    found = GOOD.but(response_ms=lambda _: 1.5).outcome(tmp_path)

    assert found.status == "ok"
    assert doubt_of(found, "p99_ms").startswith("suspect: figures: p99 equals the mean (1.500 ms)")
    assert doubt_of(found, "p50_ms") is None


def test_too_few_answers_for_a_percentile_is_no_failure(tmp_path):
    """What the experiment's own load is too short for has no value, and says how many answers it needs."""
    short = EXPERIMENT.model_copy(update={"loads": (LOAD.model_copy(update={"rate_rps": 50}),)})
    found = GOOD.but(experiment=short, cell="nginx-50rps-r1").outcome(tmp_path)

    assert found.status == "ok"
    assert (value_of(found, "p99_ms"), reason_of(found, "p99_ms")) == (None, "200 answers; p99 needs 299")
    assert {one.metric: one.coarse for one in found.measurements}["p90_ms"] is False


def test_metric_that_nobody_can_measure_fails_the_cell(tmp_path):
    """A declared metric without a way to measure it is a mistake that must not vanish."""
    unknown = Metric(name="joules", title="energy", unit="J", better="lower", source="nowhere")
    found = GOOD.but(experiment=EXPERIMENT.model_copy(update={"metrics": (unknown,)})).outcome(tmp_path)

    assert found.status == "failed"
    assert found.reasons[0].startswith("joules could not be measured: there is no way to measure joules")


FILES = [
    "experiment.json",
    "environment.json",
    "deploy.json",
    "load/load.json",
    "load/load.hdr",
    "load/series.csv",
    "load/usage.csv",
]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("harm", ["missing", "empty", "half", "noise", "folder"])
def test_missing_or_damaged_record_is_the_reason(tmp_path, name, harm):
    """Whatever happened to a file, the outcome is written, failed, and names the file or the step that left none."""
    inputs = GOOD.store(tmp_path)
    path = tmp_path / name
    content = path.read_bytes()
    path.unlink()
    if harm == "folder":
        path.mkdir()
    elif harm != "missing":
        path.write_bytes({"empty": b"", "half": content[: len(content) // 2], "noise": bytes(range(256))}[harm])

    found = measure.outcome_of(inputs, at="2026-11-23T15:04:05.678Z")

    assert found.status == "failed"
    assert path.name in found.reasons[0]
    assert (found.contender, found.load, found.repetition) == ("nginx", "1000rps", 1)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(FILES[3:]), cut=st.integers(2, 400))
def test_file_that_lost_its_end_is_never_a_good_cell(tmp_path_factory, name, cut):
    """A file cut off anywhere gives a failed outcome: no figure is made from a part. (Less than its last line break, that is.)"""
    folder = tmp_path_factory.getbasetemp() / "cut"
    inputs = GOOD.store(folder)
    path = folder / name
    path.write_bytes(path.read_bytes()[:-cut])

    assert measure.outcome_of(inputs, at="2026-11-23T15:04:05.678Z").status == "failed"


@pytest.mark.parametrize(
    ("part", "replacement", "reason"),
    [
        ('"cell": "nginx-1000rps-r1"', '"cell": "nginx-1000rps-r2"', "the record of load is of cell nginx-1000rps-r2 in run r1"),
        ('"duration_s": 4.0', '"duration_s": 5.0', "the load that was sent is not the one that the experiment declares"),
        ('"ok": 4000', '"ok": 4001', "load.json is not a valid LoadRecord: counts: Value error, sent 4000 is not"),
        ('"schema_version"', '"skema_version"', "load.json is not a valid LoadRecord: skema_version: Extra inputs"),
    ],
    ids=["another cell", "another load", "lost requests", "unknown field"],
)
def test_records_that_do_not_fit_are_refused(tmp_path, part, replacement, reason):
    """The files of a cell must speak of the same cell, the same load and the same requests."""
    inputs = GOOD.store(tmp_path)
    path = inputs.load / "load.json"
    path.write_text(path.read_text().replace(part, replacement, 1))

    assert measure.outcome_of(inputs, at="2026-11-23T15:04:05.678Z").reasons[0].startswith(reason)


@pytest.mark.parametrize("end", ["start", "before"])
def test_window_without_length_is_refused(tmp_path, end):
    """Nothing is divided by it."""
    inputs = GOOD.store(tmp_path)
    path = inputs.load / "load.json"
    record = json.loads(path.read_text())
    record["window"]["end_ns"] = record["window"]["start_ns"] - (end == "before")
    path.write_text(json.dumps(record))

    (reason,) = measure.outcome_of(inputs, at="2026-11-23T15:04:05.678Z").reasons

    assert reason.startswith("load.json is not a valid LoadRecord: window: Value error, a window from ")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("column", ["p50_ms", "p99_ms"])
def test_second_that_is_no_number_is_refused(tmp_path, column, value):
    """series.csv is damaged, and says so."""
    inputs = GOOD.store(tmp_path)
    path = inputs.load / "series.csv"
    header, *rows = [line.split(",") for line in path.read_text().splitlines()]
    rows[2][header.index(column)] = value
    path.write_text("".join(f"{','.join(row)}\n" for row in (header, *rows)))

    (reason,) = measure.outcome_of(inputs, at="2026-11-23T15:04:05.678Z").reasons

    assert reason == f"series.csv is missing or damaged ({column} is {value})"


def run_verb(inputs, path):
    measure.run(
        run=RUN,
        cell=inputs.cell,
        experiment=inputs.experiment,
        environment=inputs.environment,
        deploy=inputs.deploy,
        load=inputs.load,
        outcome=path,
    )


def test_verb_writes_the_outcome_and_ends_well(tmp_path):
    """An ok cell is exit status 0."""
    run_verb(GOOD.store(tmp_path), tmp_path / "out" / "outcome.json")

    assert CellOutcome.from_json((tmp_path / "out" / "outcome.json").read_text(), source="outcome.json").status == "ok"


def test_verb_writes_the_outcome_of_a_failed_cell_before_it_fails(tmp_path):
    """The step fails with the cell's reason, and the outcome is there."""
    inputs = GOOD.store(tmp_path)
    (inputs.load / "load.json").unlink()

    with pytest.raises(MeasureError, match=r"^load left no load\.json$"):
        run_verb(inputs, tmp_path / "outcome.json")

    assert CellOutcome.from_json((tmp_path / "outcome.json").read_text(), source="outcome.json").status == "failed"
