"""Whole runs on bad days: each ends in one clear sentence and the right exit status, and what was measured stays."""

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from steps import processes
from steps.store import Store
from tests.lab import PRELUDE
from tests.runs.bench import ROOT, environment, wait_for


def script(folder: Path, name: str, body: str) -> str:
    """A gateway of our own making: a program that is given in the place of a real one."""
    path = folder / name
    path.write_text(body, encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def fill(path: Path) -> None:
    """Writes until the disk is full."""
    with suppress(OSError), path.open("wb", buffering=0) as filler:
        while True:
            filler.write(b"\0" * 65536)


def test_a_good_run_has_a_page_and_leaves_nothing(bench):
    """A short run ends with status 0, prints the page's path last, and nothing of it is left but its record."""
    done = bench.run("nginx")

    page = Path(done.stdout.strip().splitlines()[-1])
    assert (done.returncode, done.stderr) == (0, "")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert bench.cells() == {"direct-400rps-r1": "ok", "nginx-400rps-r1": "ok"} or bench.report()["verdict"] == "Preview"
    assert bench.leftovers() == []
    assert "Preview" in bench.command("get").stdout
    assert "nginx-400rps-r1" in bench.command("get", "@latest").stdout
    assert bench.command("retry").returncode == 2
    seal = json.loads(next(bench.reports.glob("*/raw/seal-1.json")).read_text(encoding="utf-8"))
    assert len(seal["objects"]) > 10


@pytest.mark.slow
def test_bad_gateways_fail_their_own_cells_only(bench, tmp_path):
    """A binary that is missing, crashes, never gets ready or answers wrongly fails its cells; the others' cells stand."""
    serve_wrong = PRELUDE + "serve(b'{\"wrong\": true}')\n"
    bench.environment |= {
        "BENCHLAB_HAPROXY": "/nowhere/haproxy",
        "BENCHLAB_TRAEFIK": script(
            tmp_path, "traefik", '#!/bin/sh\n[ "$1" = version ] && exec echo 1\necho no licence >&2; exit 3\n'
        ),
        "BENCHLAB_CADDY": script(tmp_path, "caddy", '#!/bin/sh\n[ "$1" = version ] && exec echo 1\nexec sleep 600\n'),
        "BENCHLAB_ENVOY": script(tmp_path, "envoy", serve_wrong),
    }

    done = bench.run("nginx,haproxy,traefik,caddy,envoy")

    cells = bench.cells()
    reasons = "\n".join(bench.report()["reasons"])
    assert done.returncode == 1
    assert bench.report()["verdict"] == "Failed"
    assert cells["nginx-400rps-r1"] != "failed"
    assert cells["direct-400rps-r1"] != "failed"
    assert [cells[f"{name}-400rps-r1"] for name in ("haproxy", "traefik", "caddy", "envoy")] == ["failed"] * 4
    for said in ("BENCHLAB_HAPROXY names /nowhere/haproxy", "no licence", "caddy was not ready", "wrong answer before the load"):
        assert said in reasons, reasons
    assert bench.leftovers() == []


@pytest.mark.slow
def test_a_killed_run_is_swept_and_finished(bench):
    """After kill -9 of the run, sweep leaves nothing of it, what was stored stays, and retry makes only what is missing."""
    process = bench.start("nginx,haproxy", repetitions=2)
    wait_for(process, r"cells are over")
    time.sleep(1.5)  # in the middle of the next cell
    process.kill()
    process.wait()

    swept = bench.command("sweep")
    left = bench.leftovers()
    listed = bench.command("get").stdout
    retried = bench.command("retry", "@latest", "--reports", str(bench.reports))

    assert swept.returncode == 0
    assert left == []
    assert "Error" in listed
    assert retried.returncode == 0, retried.stdout + retried.stderr
    assert "5 cells" in retried.stdout
    assert len(bench.cells()) == 6
    assert "failed" not in bench.cells().values()
    assert bench.leftovers() == []


@pytest.mark.slow
def test_ctrl_c_stops_with_a_report(bench):
    """Ctrl-C stops as `argo stop` does: the exit handler runs, the page says what is missing, the status is 130."""
    process = bench.start("nginx,haproxy", repetitions=2)
    wait_for(process, r"cells are over")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 130, out + err
    assert "the exit handler still runs" in err
    assert bench.report()["verdict"] == "Failed"
    assert bench.leftovers() == []


@pytest.mark.slow
def test_a_second_run_is_told_of_the_first(bench):
    """Two runs at once would measure each other: the second is refused with the first one's name."""
    process = bench.start("nginx")
    wait_for(process, r"provision|cells, about")

    second = bench.run("nginx")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)

    assert second.returncode == 1
    assert "run gateway-comparison-" in second.stderr
    assert "is under way" in second.stderr


def test_a_store_that_cannot_be_reached_is_named_at_the_start(bench):
    """A store that nobody answers for is one sentence with its address, before anything is measured."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    bench.environment |= {"BENCHLAB_S3_BUCKET": "runs", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    bench.environment |= {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}

    done = bench.run("nginx")

    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert f"http://127.0.0.1:{port} cannot be reached" in done.stderr
    assert bench.leftovers() == []


@pytest.mark.slow
def test_a_store_that_goes_away_in_the_middle_is_named(bench):
    """When the store dies the run fails and says so; nothing is left running, and what was stored can be read later."""
    process = bench.start("nginx,haproxy")
    wait_for(process, r"cells are over")
    for each in processes.everyone():
        if processes.name(each.pid) == "weed" and str(bench.state) in environment(each.pid):
            processes.send(each, signal.SIGKILL)
    out, err = process.communicate(timeout=120)

    assert process.returncode == 1, out
    assert "Traceback" not in err
    assert "cannot be reached" in out + err
    assert bench.leftovers() == []
    retried = bench.command("retry", "@latest", "--reports", str(bench.reports))
    assert retried.returncode == 0, retried.stdout + retried.stderr
    assert len(bench.cells()) == 3


@pytest.mark.slow
def test_a_full_disk_is_named(bench, tmp_path):
    """A disk that is full is one sentence, not a traceback, and nothing is left running."""
    small = tmp_path / "small"
    small.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=48m", "none", str(small)]
    if os.geteuid() != 0 or subprocess.run(mounting, check=False).returncode != 0:
        pytest.skip("a small disk can be mounted by root only")
    try:
        bench.state = small / "state"
        bench.environment["BENCHLAB_STATE"] = str(bench.state)
        process = bench.start("nginx,haproxy", repetitions=2)
        wait_for(process, r"cells are over")
        fill(small / "filler")
        out, err = process.communicate(timeout=120)

        assert process.returncode == 1, out + err
        assert "Traceback" not in err
        assert "No space left on device" in out + err
        assert [each for each in bench.leftovers() if not each.startswith("/")] == []
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_make_without_venv_says_what_to_install(tmp_path):
    """A Python without venv is told with the package that brings it."""
    python = script(tmp_path, "python3", '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; esac\nexit 0\n')

    words = ["make", "-C", str(ROOT), f"PYTHON={python}", "BIN=/nowhere/bin", "-B", "--no-print-directory", ".venv/ready"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "has no venv; install it (Debian, Ubuntu: sudo apt install python3-venv)" in done.stderr


@pytest.mark.slow
def test_ones_own_s3_takes_the_place_of_ours(bench, store_environment):
    """With the usual AWS variables a run is kept in that S3, and no store of ours is started."""
    bench.environment |= {**store_environment, "BENCHLAB_S3_BUCKET": "my-own-runs"}

    done = bench.run("nginx")

    kept = Store.from_environment({**store_environment, "BENCHLAB_S3_BUCKET": "my-own-runs"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert any(key.endswith("/report/index.html") for key in kept.list("runs/phase-4/gateway-comparison/"))
    assert not (bench.state / "objects" / "data").exists()


@pytest.mark.slow
def test_a_second_ctrl_c_terminates(bench):
    """The second Ctrl-C does not wait for the exit handler; sweep then removes what is left."""
    process = bench.start("nginx,haproxy", repetitions=2)
    wait_for(process, r"cells are over")
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "terminating" in err
    assert not list(bench.reports.glob("*/report.json"))
    assert bench.command("sweep").returncode == 0
    assert bench.leftovers() == []
