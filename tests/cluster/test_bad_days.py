"""Bad days of a real run on real Argo: what breaks in the middle fails by name, and nothing else does; nothing stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3
from click.testing import CliRunner

from phases.catalogue.gateways import ENVOY, NGINX
from phases.catalogue.upstreams import PRODUCT_JSON
from pipelines.__main__ import cli
from pipelines.cluster import sweeping
from pipelines.cluster.settings import STORE
from steps.model import RunVerdict
from tests.cluster.conftest import steps_image, wait_for
from tests.cluster.place_lab import with_image
from tests.cluster.small_run import MIDDLE_S, SmallRun, evict, kill_in, small

pytestmark = pytest.mark.argo


@pytest.fixture
def begin(installed, need_images):
    """Starts small runs, and removes them afterwards."""
    made = []
    need_images(NGINX.image.reference)

    def begun(asked, **changes):
        made.append(SmallRun.begin(installed.kube, asked, **changes))
        return made[-1]

    yield begun
    for each in made:
        each.delete()


def reasons(found):
    """What a report says of each cell that is not fine."""
    return {cell.id: " ".join(cell.reasons) for cell in found.cells if cell.status == "failed"}


def all_is_gone(run):
    """Nothing of the run is in the namespace, and the store knows."""
    assert run.there() == []
    assert [each.id for each in run.ledger() if not each.closed_at] == []
    return True


TROUBLES = {
    "nginx-200rps-r1": "load pod deleted",
    "nginx-200rps-r2": "load process killed",
    "nginx-200rps-r3": "contender deleted",
    "direct-200rps-r2": "upstream evicted",
    "direct-200rps-r3": "measure evicted",
}


def trouble(run, cell):
    """Waits until the cell is in the middle of it, and breaks what is to break."""
    what = TROUBLES[cell]
    if what == "measure evicted":
        evict(run.kube, run.pod_of(f"{cell}.measure"))
        return
    load = run.pod_of(f"{cell}.load", after_s=MIDDLE_S)
    if what == "load pod deleted":
        run.kube.delete("Pod", load)
    elif what == "load process killed":
        kill_in(run.kube, load, "main", "-m steps load ")
    else:
        name = "nginx" if what == "contender deleted" else "upstream"
        which = f"benchlab.dev/run={run.name},benchlab.dev/cell={cell},benchlab.dev/component={name}"
        [pod] = [each["metadata"]["name"] for each in run.kube.list("Pod", selector=which)]
        (evict if what == "upstream evicted" else lambda kube, pod: kube.delete("Pod", pod))(run.kube, pod)


def test_each_trouble_fails_its_cell_alone_and_a_retry_makes_it_good(begin, installed, tmp_path):
    """Pods of the load, of components and of steps die in one run: the other cells stand, and `retry` makes only the bad ones."""
    run = begin(small(repetitions=3))
    for cell in wait_for(run.plan, within_s=90, what="the plan"):
        if cell in TROUBLES:
            trouble(run, cell)
    kept, first = run.wait(), run.report()

    said = reasons(first)
    assert (kept.status.phase, first.verdict) == ("Failed", RunVerdict.FAILED)
    assert sorted(said) == ["direct-200rps-r2", "nginx-200rps-r1", "nginx-200rps-r2", "nginx-200rps-r3"]
    assert "upstream has been loaded before: this pod takes the place of one that was lost" in said["nginx-200rps-r1"]
    assert "Error (exit code 137)" in said["nginx-200rps-r2"]
    assert "connection refused" in said["nginx-200rps-r3"]
    assert "connection refused" in said["direct-200rps-r2"]
    assert all_is_gone(run)

    words = ["retry", run.name, "--argo", "--namespace", installed.namespace, "--watch", "--reports", str(tmp_path)]
    done = CliRunner().invoke(cli, words)
    second = run.report()

    assert done.exit_code == 0, done.output
    assert (second.verdict, reasons(second)) == (RunVerdict.PREVIEW, {})
    again = {cell.id for cell in second.cells if cell.earlier}
    suspect = {cell.id for cell in first.cells if cell.status == "suspect"}  # on a busy machine: repeated once, too
    assert set(said) <= again <= set(said) | suspect
    assert all_is_gone(run)
    assert {"seal-1.json", "seal-2.json"} <= set(run.stored())


@contextmanager
def store_away(kube):
    """The store's Service leads nowhere: connections are refused, and what the store holds is kept."""
    selector = kube.get("Service", STORE)["spec"]["selector"]
    change = dict.fromkeys(selector) | {"nobody": "here"}
    kube.patch("Service", STORE, {"spec": {"selector": change}})
    try:
        yield
    finally:
        kube.patch("Service", STORE, {"spec": {"selector": {"nobody": None, **selector}}})


def test_store_that_is_away_for_half_a_minute_costs_a_cell_at_most(begin, installed):
    """Whatever could not be stored is missed by name; the run ends, and nothing stays."""
    run = begin(small())
    run.load_of_first(after_s=MIDDLE_S)
    with store_away(installed.kube):
        time.sleep(30)
    kept = run.wait()
    found = run.report()

    assert found.verdict is (RunVerdict.PREVIEW if kept.status.phase == "Succeeded" else RunVerdict.FAILED)
    assert len(reasons(found)) < 2
    assert all_is_gone(run)


@pytest.mark.evidence  # Argo's executor insists for a minute on each artifact: this takes ten minutes
def test_store_that_stays_away_fails_the_run_and_the_sweeper_closes_its_ledger(begin, installed):
    """Nothing of the run stays in the cluster though nothing can be stored; once the store is back, the sweeper tells it."""
    run = begin(small())
    run.load_of_first(after_s=MIDDLE_S)
    with store_away(installed.kube):
        kept = run.wait()

    assert kept.status.phase == "Failed"
    assert kept.status.output("verdict") is None
    assert run.there() == []
    assert [each.closed_at for each in run.ledger()] in ([None, None], [None, None, None])  # direct first, or nginx
    said = sweeping.sweep(installed.kube, time_to_live_s=7200)
    assert {line.partition(": ")[0] for line in said} == {"closed in the ledger"}
    assert all_is_gone(run)
    assert not any(key.startswith("seal") for key in run.stored())


GREEDY = """
import http.server, sys
kept = []
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        kept.append(bytearray(100_000))
        self.send_response(200)
        self.send_header('Content-Length', str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)
    def log_message(self, *args): pass
BODY = sys.argv[2].encode()
http.server.ThreadingHTTPServer(('', int(sys.argv[1])), Handler).serve_forever()
""".strip()


def greedy():
    """A contender that answers well and keeps 100 kB of each request, of the 64 MiB that it may have."""
    process = ENVOY.process.model_copy(update={"argv": ("@{program}", "-c", GREEDY, "@{port}", PRODUCT_JSON)})
    made = ENVOY.model_copy(update={"process": process, "resources": ENVOY.resources.model_copy(update={"memory_mib": 64})})
    return with_image(made, f"docker.io/{steps_image()}", "/usr/bin/python3")


def test_contender_that_runs_out_of_memory_in_the_middle_fails_its_cell(begin):
    """However fast Kubernetes starts it anew: its cell fails, the baseline stands."""
    run = begin(small(greedy()))
    run.wait()
    found = run.report()

    assert found.verdict is RunVerdict.FAILED
    assert list(reasons(found)) == ["envoy-200rps-r1"]
    assert "envoy ended" in reasons(found)["envoy-200rps-r1"]
    assert all_is_gone(run)


def test_step_that_runs_out_of_memory_fails_its_cell_by_name(begin):
    """A load with less memory than it needs: Failed, with the kubelet's own word for it, and nothing stays."""
    run = begin(small(), load_memory="48Mi")
    run.wait()
    found = run.report()

    assert found.verdict is RunVerdict.FAILED
    assert reasons(found).keys() == {"direct-200rps-r1", "nginx-200rps-r1"}
    assert all("OOMKilled" in said for said in reasons(found).values())
    assert all_is_gone(run)


@pytest.fixture
def controller():
    """Ends the workflow controller that runs as a process on this machine, and starts it as it was."""
    folder = Path(os.environ.get("CLUSTER_HOME", Path.home() / ".cache" / "bench-cluster"))
    file = folder / "run" / "argo-controller.pid"
    if not file.is_file():
        pytest.skip(f"the controller is no process of this machine: there is no {file}")
    process = Path("/proc") / file.read_text().strip()
    argv = (process / "cmdline").read_bytes().decode().split("\0")[:-1]
    environment = dict(each.split("=", 1) for each in (process / "environ").read_text().split("\0") if each)

    def start():
        with (folder / "log" / "argo-controller.log").open("ab") as log:
            started = subprocess.Popen(
                argv, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        file.write_text(f"{started.pid}\n")

    def restart(after_s):
        os.kill(int(process.name), signal.SIGKILL)
        try:
            time.sleep(after_s)
        finally:
            start()

    return restart


def test_controller_that_is_killed_in_the_middle_is_outlived(begin, controller, installed):
    """The run is watched through it and ends as any other: nothing was lost, nothing measured twice."""
    run = begin(small())
    run.load_of_first(after_s=0.5)
    controller(after_s=8)

    done = CliRunner().invoke(cli, ["watch", run.name, "--namespace", installed.namespace])

    assert done.exit_code == 0, done.output
    assert run.report().verdict is RunVerdict.PREVIEW
    assert reasons(run.report()) == {}
    assert all_is_gone(run)


@pytest.fixture
def server(installed):
    """Argo Server's own API, as its UI calls it."""
    address = os.environ.get("ARGO_SERVER") or "127.0.0.1:2746"
    http = urllib3.PoolManager(retries=False)
    try:
        http.request("GET", f"http://{address}/api/v1/version", timeout=3)
    except urllib3.exceptions.HTTPError as error:
        pytest.skip(f"no Argo Server at {address} (ARGO_SERVER): {error}")

    def ask(method, path, body=None):
        return http.request(method, f"http://{address}{path}", body=json.dumps(body) if body else None, timeout=20)

    return ask


def test_run_that_is_stopped_in_the_ui_closes_itself(begin, server, installed):
    """The exit handler removes what is there and makes the report, which is a failed run's."""
    run = begin(small())
    run.load_of_first(after_s=MIDDLE_S)
    body = {"namespace": installed.namespace, "name": run.name}
    assert server("PUT", f"/api/v1/workflows/{installed.namespace}/{run.name}/stop", body).status == 200
    kept = run.wait()
    found = run.report()

    assert (kept.status.phase, kept.status.message) == ("Failed", "Stopped with strategy 'Stop'")
    assert (found.verdict, found.reasons[0]) == (RunVerdict.FAILED, "the run was stopped before its end")
    assert all_is_gone(run)
    assert "seal-1.json" in run.stored()


def test_run_that_is_terminated_in_the_ui_is_swept(begin, server, installed):
    """No exit handler runs: what it left is removed and told by the sweep, and its ledger closed."""
    run = begin(small())
    run.load_of_first(after_s=MIDDLE_S)
    body = {"namespace": installed.namespace, "name": run.name}
    assert server("PUT", f"/api/v1/workflows/{installed.namespace}/{run.name}/terminate", body).status == 200
    kept = run.wait()
    left = run.there()
    said = sweeping.sweep(installed.kube, time_to_live_s=7200)

    assert kept.status.phase == "Failed"
    assert left
    assert all_is_gone(run)
    assert [line for line in said if line.startswith("closed in the ledger: upstream")]
