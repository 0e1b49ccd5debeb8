"""Teardown: needs nothing of what came before, twice is once, and the store's absence does not hold it up."""

import os
import pty
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from steps.errors import LeftBehind, StoreError
from steps.state import State

CELL = "direct-500rps-r1"
OTHER = "direct-500rps-r2"


def test_teardown_of_nothing_is_content(lab):
    """A cell that was never deployed is proved absent too."""
    record = lab.teardown(CELL)

    assert (record.run, record.cell, record.removed, record.left) == (lab.run, CELL, (), ())
    assert list(lab.logs.iterdir()) == []


def test_second_teardown_finds_nothing(lab):
    """A retried teardown is content with what the first one did."""
    lab.deploy(CELL)

    first, second = lab.teardown(CELL), lab.teardown(CELL)

    assert len(first.removed) == 2
    assert first.removed[0].startswith("upstream (nginx), under keeper ")
    assert second.removed == ()


def test_other_cells_are_left_alone(lab):
    """A cell's teardown ends that cell; the run's ends all."""
    lab.deploy(CELL)
    lab.deploy(OTHER)

    lab.teardown(CELL)
    assert [entry.cell for entry in lab.ledger()] == [OTHER]
    assert lab.processes() != []

    record = lab.teardown(None)
    assert record.cell is None
    assert (lab.ledger(), lab.processes()) == ([], [])
    assert not lab.state.cells(lab.run).exists()


def test_logs_of_a_cell_without_teardown_are_kept(lab):
    """What the run's teardown removes had no teardown of its own: its logs and configurations are kept with the run's."""
    lab.deploy(CELL)

    lab.teardown(None)

    kept = lab.state.kept_logs(lab.run) / CELL
    assert "return 200" in (kept / "upstream.conf").read_text()


def test_store_that_is_away_does_not_hold_up_the_removal(lab, store_environment):
    """Everything is removed and recorded; then the step fails, so that it is tried again, and the next try tells the store."""
    lab.deploy(CELL)
    lab.environment |= {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}

    with pytest.raises(StoreError, match="cell direct-500rps-r1 is gone, but 1 of its ledger entries could not be closed"):
        lab.teardown(CELL)

    record = lab.torn_down()
    assert (record.left, record.unclosed) == ((), ("direct-500rps-r1-upstream",))
    assert lab.processes() == []
    assert not lab.state.cell(lab.run, CELL).exists()
    assert [bool(entry.closed_at) for entry in lab.ledger()] == [True]

    lab.environment |= store_environment
    assert lab.teardown(CELL).unclosed == ()
    assert lab.ledger() == []
    assert [bool(entry.proof) for entry in lab.stored(CELL)] == [True]


def test_lost_ledger_and_lost_folder_still_lead_to_the_processes(lab):
    """Either of the two is enough; without both, the mark in the environment is."""
    lab.deploy(CELL)
    shutil.rmtree(lab.state.ledger(lab.run))
    shutil.rmtree(lab.state.cell(lab.run, CELL))

    record = lab.teardown(CELL)

    assert sum("which no keeper held" in each for each in record.removed) >= 2
    assert lab.processes() == []


def test_what_cannot_be_removed_fails_the_step(lab):
    """A leftover is named, its ledger entry stays open, and the step ends with its own status."""
    lab.deploy(CELL)
    folder = lab.state.cell(lab.run, CELL) / "upstream" / "proxy_temp"
    with unremovable(folder), pytest.raises(LeftBehind, match=r"still there after teardown: .*/proxy_temp") as caught:
        lab.teardown(CELL)

    assert caught.value.exit_status == 5
    assert lab.torn_down().left != ()
    assert [entry.closed_at for entry in lab.ledger()] == [None]
    assert lab.teardown(CELL).left == ()


@contextmanager
def unremovable(folder):
    """Makes a folder that its owner cannot remove: nothing stops root but a mount, and root alone may mount."""
    if os.geteuid():
        (folder / "file").touch()
        folder.chmod(0o500)
        yield
        folder.chmod(0o700)
        return
    if subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=False).returncode:
        pytest.skip("this root may not mount")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_shell_that_looks_around_is_left_alone(lab, tmp_path):
    """A process with a terminal that stands in a cell's folder is a user's, not a component's."""
    lab.deploy(CELL)
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(lab.state.cell(lab.run, CELL))
        os.execv(sys.executable, [sys.executable, "-S", "-c", "print('here', flush=True); import time; time.sleep(600)"])
    try:
        os.read(terminal, 100)
        record = lab.teardown(CELL)

        assert record.left == ()
        assert os.waitpid(pid, os.WNOHANG) == (0, 0)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def test_the_same_cell_of_another_state_is_left_alone(lab, tmp_path):
    """Two users' runs of the same name on one machine do not end each other's components."""
    lab.deploy(CELL)
    mine = lab.processes()

    other = State(tmp_path / "other")
    lab.environment["BENCHLAB_STATE"] = str(other.folder)
    lab.teardown(CELL)

    assert lab.processes() == mine
