"""The sweep removes what killed runs left, and nothing of a run that lives."""

import json
import signal
import subprocess
import sys
import time

from steps.places import ports
from steps.sweep import abandoned, sweep
from tests.lab import port_of

CELL = "direct-500rps-r1"


def test_killed_run_is_swept(lab, lock):
    """After a kill -9 no process, port or folder of the run is left, and the ledger is closed in the store."""
    endpoints = lab.deploy(CELL)
    lock.close()

    swept = sweep(lab.state, lab.environment)

    assert [(each.run, each.left, each.unclosed) for each in swept] == [(lab.run, (), ())]
    assert (lab.processes(), lab.ledger(), lab.state.runs()) == ([], [], [])
    assert ports.listeners([port_of(url) for url in (endpoints.target, *endpoints.keepers.values())]) == {}
    assert all(entry.closed_at for entry in lab.stored(CELL))
    assert (lab.state.kept_logs(lab.run) / "cells" / CELL / "upstream.conf").exists()
    assert sweep(lab.state, lab.environment) == []


def test_run_that_lives_is_not_swept(lab):
    """Whoever holds the lock keeps what is its own."""
    lab.deploy(CELL)

    assert abandoned(lab.state) == []
    assert sweep(lab.state, lab.environment) == []
    assert lab.processes() != []


def test_earlier_run_is_swept_while_another_lives(lab, lock):
    """A run may sweep what earlier ones left while it holds the lock itself."""
    lab.state.cell("earlier", CELL).mkdir(parents=True)

    assert [each.run for each in sweep(lab.state, lab.environment)] == ["earlier"]
    assert not lab.state.work("earlier").exists()


def test_run_that_is_finished_later_may_sweep_its_first_part(lab):
    """Who holds the lock and has not begun yet names itself: what its first part left goes too."""
    lab.deploy(CELL)

    assert [each.run for each in sweep(lab.state, lab.environment, own=lab.run)] == [lab.run]
    assert (lab.processes(), lab.state.runs()) == ([], [])


def test_run_that_is_just_starting_is_not_swept(lab, lock):
    """A lock whose content names a dead process was taken a moment ago by someone who has not written yet: nothing is sure."""
    lab.state.cell("starting", CELL).mkdir(parents=True)
    lock.seek(0)
    lock.truncate()
    json.dump({"run": "dead", "pid": 2**22 + 1}, lock)
    lock.flush()

    assert abandoned(lab.state) == []


def test_steps_of_a_killed_run_are_ended_too(lab, lock):
    """A step that outlived its run is found by its folder."""
    folder = lab.state.work(lab.run) / "steps" / "load"
    folder.mkdir(parents=True)
    step = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"], cwd=folder, start_new_session=True)
    lock.close()

    swept = sweep(lab.state, lab.environment)

    assert step.wait(timeout=5) == -signal.SIGTERM
    assert [each.left for each in swept] == [()]


def test_dry_run_only_tells(lab, lock):
    """A dry run names the runs and touches nothing."""
    lab.state.cell(lab.run, CELL).mkdir(parents=True)
    lock.close()

    assert [(each.run, each.removed) for each in sweep(lab.state, lab.environment, dry_run=True)] == [(lab.run, ())]
    assert lab.state.cell(lab.run, CELL).exists()


def test_sweep_without_a_store_remembers_what_to_tell_it(lab, lock, store_environment):
    """Everything goes at once; the entries wait in the local ledger, closed, until a sweep can tell the store."""
    lab.deploy(CELL)
    lock.close()

    swept = sweep(lab.state, {"BENCHLAB_STATE": str(lab.state.folder)})

    assert [(each.left, each.unclosed) for each in swept] == [((), (f"{CELL}-upstream",))]
    assert lab.processes() == []
    assert [bool(entry.closed_at) for entry in lab.ledger()] == [True]
    assert [each.unclosed for each in sweep(lab.state, lab.environment)] == [()]
    assert lab.state.runs() == []


def test_kill_of_the_lock_holder_ends_everything(lab, lock):
    """The run is a process of its own here: kill -9, and within two seconds nothing of its components lives."""
    lock.close()
    code = f"""
import fcntl, json, os, time
lock = open({str(lab.state.lock)!r}, "w")
fcntl.flock(lock, fcntl.LOCK_EX)
json.dump({{"run": {lab.run!r}, "pid": os.getpid()}}, lock)
lock.flush()
print(flush=True)
time.sleep(600)
"""
    run = subprocess.Popen([sys.executable, "-S", "-c", code], stdout=subprocess.PIPE)
    run.stdout.readline()
    lab.deploy(CELL)
    assert lab.processes() != []

    run.kill()
    run.communicate()
    deadline = time.monotonic() + 2.0
    while lab.processes() and time.monotonic() < deadline:
        time.sleep(0.05)

    assert lab.processes() == []
