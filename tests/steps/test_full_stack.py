"""The whole stack for real: a row of PostgreSQL through gateway, sidecars and application, watched by collector and scraper."""

from __future__ import annotations

import json
import time

import pytest

from phases.catalogue.runtimes import ROW_JSON
from phases.phase_10_fullstack import EXPERIMENTS
from tests.lab import get, whole

(STACK,) = EXPERIMENTS
CELL = "observed-200rps-r1"
REQUESTS = 20


@pytest.fixture
def stack(lab):
    """The experiment as it travels, with everything built; skips where a tool is missing."""
    lab.asked = whole(lab, STACK)
    return lab


def port_in(folder, component, word):
    """The number behind a word in a component's rendered configuration."""
    (config,) = (path for path in (folder / component).iterdir() if path.suffix == ".yaml")
    return config.read_text().split(word)[1].split()[0]


@pytest.mark.slow
def test_a_transaction_goes_through_every_layer_and_is_seen(stack):
    """Its row comes back whole; each request is two spans at the collector, and the counters of both sidecars are scraped."""
    endpoints = stack.deploy(CELL)
    folder = stack.state.cell(stack.run, CELL)

    answers = {get(f"{endpoints.target}/database").decode() for _ in range(REQUESTS)}
    metrics = f"http://127.0.0.1:{port_in(folder, 'otelcol', 'port: ')}/metrics"
    spans = eventually(lambda: accepted(metrics), at_least=2 * REQUESTS)
    scraped = eventually(lambda: scraped_requests(stack, folder), at_least=2)
    logged = [(folder / name / "access.log").read_text().count("/database") for name in ("sidecar-client", "sidecar-server")]
    record = stack.teardown(CELL)

    assert answers == {ROW_JSON}
    assert spans >= 2 * REQUESTS
    assert scraped == 2
    assert all(count >= REQUESTS for count in logged)
    assert (record.left, record.unclosed, stack.processes(), stack.ledger()) == ((), (), [], [])


def eventually(asked, *, at_least, within_s=15):
    """The value, as soon as it is large enough: spans come in batches, and a sample shows a second later."""
    deadline = time.monotonic() + within_s
    while (found := asked()) < at_least and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def accepted(metrics):
    """How many spans the collector took, as it tells."""
    lines = [line for line in get(metrics).decode().splitlines() if line.startswith("otelcol_receiver_accepted_spans")]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def scraped_requests(lab, folder):
    """Of how many sidecars VictoriaMetrics knows that they passed requests on."""
    argv = next(each.argv for each in lab.deployed().components if each.name == "victoria-metrics")
    address = next(word for word in argv if word.startswith("-httpListenAddr=")).partition("=")[2]
    asked = "count(sum(envoy_http_downstream_rq_completed%7Bjob%3D%22sidecars%22%7D)by(instance)%3E0)"
    at_once = "latency_offset=1ms"  # else it answers as of half a minute ago
    found = json.loads(get(f"http://{address}/api/v1/query?query={asked}&{at_once}"))["data"]["result"]
    return int(found[0]["value"][1]) if found else 0
