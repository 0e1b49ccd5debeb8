"""The verb load, against real servers: what it checks, what it sends, and what it leaves behind."""

import csv
import json
import os
import socket
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from steps import load, measure
from steps.drivers.connection import Answer
from steps.errors import MeasureError, UsageError
from steps.model import Endpoints, LoadRecord
from steps.statistics.histogram import read_log
from tests.burning import burning
from tests.steps.odd_server import BODY, SLOW_S, odd_server
from tests.steps.recorded import AT, EXPERIMENT, RUN, Recorded, doubt_of, value_of
from tests.steps.steady_keepers import steady_keepers, usage_of

CELL = "nginx-200rps-r1"


@pytest.fixture(scope="module")
def server():
    with odd_server() as running:
        yield running


@pytest.fixture(scope="module")
def keepers():
    with steady_keepers("nginx", "echo") as urls:
        yield urls


@contextmanager
def keeper(component, process):
    """A keeper that tells a steady use of CPU time until that process, a child of ours, has ended."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            usage = usage_of(component, exit_status=process.poll())
            body = json.dumps(usage).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def experiment_of(letters, **fields):
    """The small experiment with a load for the odd server."""
    asked = {"path": f"/script/{letters}", "rate_rps": 200, "warmup_s": 0.5, "duration_s": 1, "expect": BODY.decode()}
    return EXPERIMENT.model_copy(update={"loads": (EXPERIMENT.loads[0].model_copy(update={**asked, **fields}),)})


def run_load(folder, target, *, experiment, keepers=None, cpus=None, cell=CELL):
    """Runs the verb; the record that it left."""
    folder.mkdir(exist_ok=True)
    (folder / "experiment.json").write_text(experiment.to_json())
    endpoints = Endpoints(target=target, keepers=keepers or {}, driver_cpus=cpus)
    load.run(run=RUN, cell=cell, experiment=folder / "experiment.json", endpoints=endpoints.to_json(), folder=folder / "load")
    return record_in(folder)


def record_in(folder):
    return LoadRecord.from_json((folder / "load" / "load.json").read_text(), source="load.json")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, server, keepers):
    """The folder of a load in which nothing went wrong."""
    folder = tmp_path_factory.mktemp("loaded")
    run_load(folder, server.url, experiment=experiment_of("k", duration_s=2), keepers=keepers)
    return folder


def test_load_reads_the_memory_before_it_asks_for_anything(loaded):
    """What each keeper told of its component while that was idle is in the record."""
    assert {each.component: each.memory_mib for each in record_in(loaded).idle} == {"nginx": 12.5, "echo": 12.5}


def test_load_leaves_its_four_files(loaded):
    """load.json, and beside it histograms, seconds and readings, that say the same."""
    record = record_in(loaded)

    assert sorted(path.name for path in (loaded / "load").iterdir()) == ["load.hdr", "load.json", "series.csv", "usage.csv"]
    assert record.failure is None
    assert record.counts.ok == record.counts.planned == 400
    assert record.warmup.ok == 100
    assert record.answered == pytest.approx(400, abs=20)
    assert record.window.seconds == 2
    assert [check.right for check in record.checks] == [True] * 6
    assert record.checks[0].what == f"200, {len(BODY)} bytes as expected"
    assert record.first_ms > 0
    assert read_log(loaded / "load" / "load.hdr")["response"].get_total_count() == 400
    with (loaded / "load" / "series.csv").open() as file:
        seconds = [(row["second"], row["part"], row["planned"], row["ok"]) for row in csv.DictReader(file)]
    assert seconds == [("-1", "warmup", "100", "100"), ("0", "window", "200", "200"), ("1", "window", "200", "200")]


@pytest.mark.parametrize("component", ["nginx", "echo"])
def test_keepers_are_read_at_the_edges_and_each_second(loaded, component):
    """The readings at the window's edges lie within milliseconds of it, by the keeper's own clock."""
    record = record_in(loaded)

    start, end = (usage for usage in record.usage if usage.component == component)
    assert abs(start.monotonic_ns - record.window.start_ns) < 200e6
    assert abs(end.monotonic_ns - record.window.end_ns) < 200e6
    with (loaded / "load" / "usage.csv").open() as file:
        assert [row["edge"] for row in csv.DictReader(file) if row["component"] == component] == ["start", "", "end"]


@pytest.fixture(scope="module")
def on_a_core(tmp_path_factory, server):
    """The folder of a load from a core of its own, with a keeper that is not there; and whether that core was left."""
    before = os.sched_getaffinity(0)
    folder = tmp_path_factory.mktemp("on-a-core")
    asked, nobody = experiment_of("k", connections=7), {"nginx": "http://127.0.0.1:9"}
    run_load(folder, server.url, experiment=asked, keepers=nobody, cpus=(min(before),))
    return folder, os.sched_getaffinity(0) == before


def test_driver_reports_itself(on_a_core):
    """Its own CPU time, lateness, cores and connections belong to the record."""
    folder, core_was_left = on_a_core
    record = record_in(folder)

    assert record.driver.spin
    assert record.driver.cpus == (min(os.sched_getaffinity(0)),)
    assert record.driver.connections == 7
    assert 0 < record.driver.cpu_s < 1.1
    assert 0 <= record.driver.lateness_p50_ms <= record.driver.lateness_p99_ms <= record.driver.lateness_max_ms
    assert core_was_left


def test_wrong_body_with_status_200_fails_before_the_load(tmp_path, server):
    """Nothing is sent to who answers wrongly; the record says how the answer differs."""
    with pytest.raises(MeasureError, match="wrong answer before the load") as caught:
        run_load(tmp_path, server.url, experiment=experiment_of("w"))

    assert (
        f"expected {len(BODY)} bytes, got {len(BODY)}, first difference at byte 32: 'jello from u' instead of 'hello from u'"
        in str(caught.value)
    )
    record = record_in(tmp_path)
    assert record.failure == str(caught.value)
    assert record.counts is None
    assert [(check.when, check.right) for check in record.checks] == [("before", False)]


def test_body_that_becomes_wrong_during_the_load_is_an_error(tmp_path, server):
    """Right answers before the load are no licence: each one is compared."""
    with pytest.raises(MeasureError, match="wrong answer after the load"):
        run_load(tmp_path, server.url, experiment=experiment_of("k" * 3 + "w" * 2000))

    assert record_in(tmp_path).errors == {"wrong body": 200}
    assert record_in(tmp_path).counts.ok == 0


def test_nobody_there_fails_with_the_address(tmp_path):
    """A target that refuses connections is named."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    with pytest.raises(
        MeasureError, match=f"from {url}/script/k: expected .* bytes with status 200, got none: connection refused"
    ):
        run_load(tmp_path, url, experiment=experiment_of("k"))


def test_component_that_dies_under_load_ends_it_and_is_named(tmp_path):
    """The keeper's word ends the load early; the rest of the schedule is dropped, and nothing is lost."""
    with odd_server() as dying, keeper("nginx", dying.process) as nginx:
        threading.Timer(2.0, os.kill, (dying.process.pid, 11)).start()
        with pytest.raises(MeasureError, match=r"^nginx ended with status -11 after [0-9.]+ s of the window$"):
            run_load(tmp_path, dying.url, experiment=experiment_of("k", duration_s=60), keepers={"nginx": nginx})

    record = record_in(tmp_path)
    assert record.window.seconds < 10
    assert record.counts.planned == 12_000
    assert record.counts.dropped > 10_000
    assert not record.checks[-1].right


def test_silent_keeper_does_not_stop_the_load(on_a_core):
    """A keeper that does not answer leaves no reading; the load goes on, and measure will say what is missing."""
    record = record_in(on_a_core[0])

    assert record.usage == ()
    assert record.counts.ok == 200


def test_cell_that_the_experiment_does_not_have_is_a_mistake(tmp_path, server):
    """A name that is not planned ends at once."""
    with pytest.raises(UsageError, match="experiment small has no cell nginx-200rps-r1"):
        run_load(tmp_path, server.url, experiment=EXPERIMENT)


@pytest.mark.parametrize("endpoints", ["", "{}", '{"target": "x", "keepers": {}, "more": 1}', "null"])
def test_damaged_endpoints_are_a_mistake_with_a_name(tmp_path, endpoints):
    """What deploy handed over is read strictly."""
    (tmp_path / "experiment.json").write_text(experiment_of("k").to_json())

    with pytest.raises(UsageError, match="the endpoints that deploy handed over is not a valid Endpoints"):
        load.run(run=RUN, cell=CELL, experiment=tmp_path / "experiment.json", endpoints=endpoints, folder=tmp_path / "load")

    assert record_in(tmp_path).failure.startswith("the endpoints that deploy handed over")


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (Answer(status=200, body=b"hello"), "200, 5 bytes as expected"),
        (Answer(status=200, body=b"help!"), "expected 5 bytes, got 5, first difference at byte 3: 'p!' instead of 'lo'"),
        (Answer(status=200, body=b"hell"), "expected 5 bytes, got 4, first difference at byte 4: the end instead of 'o'"),
        (Answer(status=200, body=b"hello\n"), "expected 5 bytes, got 6, first difference at byte 5: '\\n' instead of the end"),
        (Answer(status=502, body=b"bad gateway"), "expected 5 bytes with status 200, got 11 with status 502"),
        (Answer(status=None, how="connection reset"), "expected 5 bytes with status 200, got none: connection reset"),
    ],
    ids=["right", "other", "shorter", "longer", "status", "none"],
)
def test_difference_is_named(answer, what):
    """A wrong answer is described well enough to find the mistake."""
    assert load.judge(answer, b"hello")[1] == what


@pytest.fixture
def burners():
    """Four processes that burn the core on which the driver believes to be alone."""
    core = min(os.sched_getaffinity(0))
    with burning({core}, 4):
        yield core


def test_driver_that_lost_its_core_makes_the_percentile_suspect(tmp_path, server, keepers, burners):
    """Rule 5, end to end: somebody burns the driver's core, and the outcome suspects the generator."""
    experiment = experiment_of("k", duration_s=2)
    run_load(tmp_path, server.url, experiment=experiment, keepers=keepers, cpus=(burners,))
    outcome = measure.outcome_of(Recorded(cell=CELL, experiment=experiment).store(tmp_path, load=False), at=AT)

    assert doubt_of(outcome, "p99_ms").startswith("suspect: generator: its lateness (p99) is ")


def under(folder, server, keepers, letters):
    """The outcome of a second at 500 requests/s against a server that answers so."""
    experiment = experiment_of(letters, rate_rps=500, warmup_s=0.5, duration_s=2)
    with suppress(MeasureError):  # a wrong answer after the load, when its turn is a failing one's
        run_load(folder, server.url, experiment=experiment, keepers=keepers, cell="nginx-500rps-r1")
    inputs = Recorded(cell="nginx-500rps-r1", experiment=experiment).store(folder, load=False)
    return measure.outcome_of(inputs, at=AT)


@pytest.mark.slow
def test_server_that_fails_fast_does_not_look_faster(tmp_path, server, keepers):
    """Three of 250 answers take 30 ms; who refuses two of them at once instead still has its p99 there, and less goodput."""
    honest = under(tmp_path / "honest", server, keepers, "k" * 100 + "ddd" + "k" * 147)
    shedding = under(tmp_path / "shedding", server, keepers, "k" * 100 + "sds" + "k" * 147)

    assert (honest.counts.error, shedding.counts.error) == (0, 8)
    assert [value_of(each, "p99_ms") >= 1000 * SLOW_S for each in (honest, shedding)] == [True, True]
    assert value_of(shedding, "goodput_rps") < value_of(honest, "goodput_rps")
