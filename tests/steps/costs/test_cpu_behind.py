"""The CPU behind a cost, held against what the kernel says of each gateway's whole process tree once it has ended."""

from __future__ import annotations

import json
import sys

import pytest

from phases.catalogue.gateways import GATEWAYS
from steps import load
from steps.costs.unit_costs import costs_of
from steps.drivers.keepers import read_readings
from steps.model import LoadRecord
from steps.model.unit_cost import PER_MILLION_REQUESTS
from steps.places.programs import find_program, override
from tests.lab import RUN, experiment
from tests.steps.costs.books import arm, at_500rps, direct, pricing, use

RATE_RPS, SECONDS = 1000.0, 5.0

# Stands in the gateway's place, runs it, and keeps what wait4 says of it: its own time and that of all whom it waited for. A
# gateway that takes its time to close its connections (Go's net/http waits up to 5 s for one that never asked) is killed before
# the keeper's patience ends: the keeper would kill this one too, which would then tell nothing.
WAITS = """#!{python} -S
import json, os, resource, signal, sys

if sys.argv[1:] == {version}:
    os.execve({program!r}, [{program!r}, *sys.argv[1:]], {{**os.environ, **{env}}})
pid = os.fork()
if pid == 0:
    os.execve({program!r}, [{program!r}, *sys.argv[1:]], {{**os.environ, **{env}}})
signal.signal(signal.SIGTERM, lambda *_: signal.alarm(1))  # the keeper asks every process of the tree, the gateway too
signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
_, _, used = os.wait4(pid, 0)
own = resource.getrusage(resource.RUSAGE_SELF)
with open({told!r}, "w") as file:
    json.dump(used.ru_utime + used.ru_stime + own.ru_utime + own.ru_stime, file)
"""


@pytest.mark.slow
@pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda gateway: gateway.name)
def test_the_cpu_behind_a_bill_is_what_wait4_reports_of_the_finished_tree(lab, tmp_path, gateway):
    """Within 5 %: what the bill counts in the window, and what the keeper counted before it."""
    told, script = tmp_path / "told.json", tmp_path / gateway.name
    found = find_program(gateway, {})
    words = {"python": sys.executable, "program": str(found.path), "env": dict(found.env), "told": str(told)}
    script.write_text(WAITS.format(version=list(gateway.process.program.version_argv[1:]), **words))
    script.chmod(0o755)
    lab.environment[override(gateway)] = str(script)
    asked = experiment((gateway,))
    sent = asked.loads[0].model_copy(update={"rate_rps": RATE_RPS, "warmup_s": 0.5, "duration_s": SECONDS})
    lab.asked = asked.model_copy(update={"loads": (sent,)})
    cell = f"{gateway.name}-1000rps-r1"

    endpoints = lab.deploy(cell)
    folder = lab.folder / "load"
    load.run(run=RUN, cell=cell, experiment=lab.folder / "experiment.json", endpoints=endpoints.to_json(), folder=folder)
    lab.teardown(cell)

    record = LoadRecord.from_json((folder / "load.json").read_bytes(), source="load.json")
    assert record.failure is None
    readings = {each.edge: each.usage for each in read_readings(folder / "usage.csv") if each.usage.component == gateway.name}
    start, end = readings["start"], readings["end"]
    between_s = (end.monotonic_ns - start.monotonic_ns) / 1e9
    used = use(rate_rps=record.answered / record.window.seconds, vcpus=(end.cpu_s - start.cpu_s) / between_s)
    costs = costs_of([at_500rps(direct(), arm(gateway.name, used))], pricing("gcp"), PER_MILLION_REQUESTS)
    cpu, _memory = costs.loads[0].arms[1].bills[0].lines
    billed_s = float(cpu.quantity) * 3600 * record.answered / 1e6

    assert billed_s + start.cpu_s == pytest.approx(json.loads(told.read_text()), rel=0.05)
