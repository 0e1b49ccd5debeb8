"""Whole runs that add rounds: a cell that is really disturbed is repeated, and only once, though the run is killed meanwhile."""

import json
import signal
import time
from pathlib import Path

import pytest

from steps import processes
from tests.runs.bench import environment, wait_for

pytestmark = pytest.mark.slow

DISTURBED = "nginx-400rps-r1"
REPEAT = "nginx-400rps-r2"


def driver_of(bench, cell):
    """The load step of a cell, while it lives."""
    for each in processes.everyone():
        words = _words(each.pid)
        if "load" in words and cell in words and str(bench.state) in environment(each.pid):
            return each
    return None


def _words(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")
    except OSError:
        return []


def disturb(bench, cell):
    """Holds a cell's driver up again and again, so that it is late with most of what it sends: at the median too."""
    while (driver := driver_of(bench, cell)) is None:
        time.sleep(0.05)
    while driver_of(bench, cell):
        for number, seconds in ((signal.SIGSTOP, 0.06), (signal.SIGCONT, 0.04)):
            processes.send(driver, number)
            time.sleep(seconds)


def plan(bench):
    (path,) = bench.reports.glob("*/raw/plan.json")
    return json.loads(path.read_text(encoding="utf-8"))


def doubts(bench, cell):
    """The metrics of a cell that may not decide."""
    (found,) = (each["doubts"] for each in bench.report()["cells"] if each["id"] == cell)
    return found


def added(bench):
    return {cell["id"]: cell["added"] for cell in bench.report()["cells"] if cell["added"]}


def test_a_disturbed_cell_is_repeated_beside_its_baseline(bench):
    """What was late in it stays doubted, on the page; its repeat is a new cell, with its reason. (One round decides nothing.)"""
    process = bench.start("nginx", 1, "none")
    disturb(bench, DISTURBED)
    out, err = process.communicate(timeout=120)

    assert process.returncode == 4, out + err
    assert "suspect: generator: its lateness (p50)" in doubts(bench, DISTURBED)["p50_ms"]
    assert added(bench)[REPEAT] == f"added to repeat {DISTURBED}"
    assert added(bench).keys() >= {REPEAT, "direct-400rps-r2"}  # more, where the machine is busy and the repeat is suspect too
    assert DISTURBED in plan(bench)["extensions"][0]["repeats"]
    assert bench.leftovers() == []


def test_a_run_killed_among_its_added_cells_is_finished_and_repeats_nothing_twice(bench):
    """After kill -9 `retry` makes the added cell that is missing, and no other."""
    process = bench.start("nginx", 1, "none")
    disturb(bench, DISTURBED)
    wait_for(process, r"extend-1")
    first = wait_for(process, r"-r2 ")
    time.sleep(1)  # in the middle of the second added cell
    process.kill()
    process.wait()

    retried = bench.command("retry", "@latest", "--reports", str(bench.reports))

    assert ": 1 cells" in retried.stdout, first + retried.stdout + retried.stderr
    assert DISTURBED in plan(bench)["extensions"][0]["repeats"]
    assert all(DISTURBED not in each["repeats"] for each in plan(bench)["extensions"][1:])
    assert not {"failed", "missing"} & set(bench.cells().values())
    assert added(bench).keys() >= {REPEAT, "direct-400rps-r2"}
    assert bench.leftovers() == []
