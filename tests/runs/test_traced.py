"""Whole traced runs in which somebody is killed in the middle of a trace: the cell says what it lacks, and no program stays."""

import os
import signal
import time
from pathlib import Path

import pytest

from steps import processes
from steps.model import TraceProgram
from steps.trace import tracer
from tests.runs.bench import environment
from tests.steps.trace import loaded

pytestmark = [
    pytest.mark.evidence,  # whole runs, killed in the middle of a trace of seconds: on a machine of their own
    pytest.mark.skipif(bool(reason := tracer.unavailable(tuple(TraceProgram))), reason=f"no trace here: {reason}"),
]
CELL = "nginx-400rps-r1"
WITHIN_S = 300.0  # on a busy machine; else 40


def words(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return []


def step(bench, verb: str) -> int | None:
    """The process of a step of the cell, while it lives."""
    for each in processes.everyone():
        said = words(each.pid)
        if verb in said and CELL in said and str(bench.state) in environment(each.pid):
            return each.pid
    return None


def tracer_of(bench) -> list[int]:
    """The tracer of the cell, if it counts: its processes."""
    pid = step(bench, "trace")
    below = processes.descendants(pid) if pid else []
    outputs = [said[said.index("-o") + 1] for each in below if "-o" in (said := words(each.pid))]
    counts = outputs and Path(outputs[0]).exists() and "ready" in Path(outputs[0]).read_text()
    return [each.pid for each in below] if counts else []


def _counts(bench, process) -> None:
    """Waits until the cell is being traced."""
    give_up = time.monotonic() + WITHIN_S
    while not tracer_of(bench):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up, "the trace of the cell did not begin"
        time.sleep(0.1)


def gateway(bench) -> list[int]:
    """What runs below the keeper of the traced component."""
    keepers = [each.pid for each in processes.everyone() if _keeps(words(each.pid), str(bench.state))]
    return [each.pid for keeper in keepers for each in processes.descendants(keeper)]


def _keeps(said: list[str], state: str) -> bool:
    return "steps.keeper" in said and any(each.startswith(state) and each.endswith(f"/cells/{CELL}/nginx") for each in said)


VICTIMS = {
    "tracer": (tracer_of, "the tracer was ended by signal 9"),
    "step": (lambda bench: [step(bench, "trace")], "trace"),
    "target": (gateway, "nginx"),
    "load": (lambda bench: [step(bench, "load")], "load"),
}


@pytest.mark.parametrize("victim", VICTIMS)
def test_kill_in_the_middle_of_a_trace_fails_its_cell_and_leaves_no_program(bench, victim):
    """The other cell stands; nothing of the run is left, and the kernel holds no program that it did not hold before."""
    before = loaded.programs()
    who, said = VICTIMS[victim]
    process = bench.traced()
    _counts(bench, process)
    time.sleep(1.0)
    victims = who(bench)
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    out, err = process.communicate(timeout=WITHIN_S)

    assert victims
    assert "Traceback" not in out + err
    assert process.returncode == 1, out + err
    assert bench.cells()[CELL] == "failed"
    assert bench.cells()["direct-400rps-r1"] != "failed"
    (cell,) = (each for each in bench.report()["cells"] if each["id"] == CELL)
    assert any(said in reason for reason in cell["reasons"]), cell["reasons"]
    assert loaded.more_than(before) == set()
    assert bench.leftovers() == []
