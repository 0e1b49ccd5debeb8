"""The lock says which run lives; the folder says what is where."""

import fcntl
import json
import subprocess
import sys
from pathlib import Path

from steps.state import State, holder, is_over


def test_folder_is_where_the_environment_says():
    """BENCHLAB_STATE first, then the XDG folder, then the home folder."""
    assert State.from_environment({"BENCHLAB_STATE": "/a", "XDG_STATE_HOME": "/b"}).folder == Path("/a")
    assert State.from_environment({"XDG_STATE_HOME": "/b", "HOME": "/c"}).folder == Path("/b/benchlab")
    assert State.from_environment({"HOME": "/c"}).folder == Path("/c/.local/state/benchlab")


def test_nobody_holds_a_lock_that_is_not_there(state):
    """No file, no run."""
    assert holder(state.lock) is None
    assert is_over(state.lock, "tests")


def test_holder_is_known_while_it_holds(state, lock):
    """The lock's content counts only as long as it is held."""
    assert holder(state.lock)["run"] == "tests"
    assert not is_over(state.lock, "tests")
    assert is_over(state.lock, "another")

    lock.close()

    assert holder(state.lock) is None
    assert is_over(state.lock, "tests")


def test_lock_that_says_nothing_yet_ends_nobody(state):
    """A run that has just taken the lock and not yet written its name is not taken for another one."""
    with state.lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        assert holder(state.lock) == {}
        assert not is_over(state.lock, "tests")


def test_looking_does_not_hold_the_lock(state):
    """Right after a look the next run gets the lock."""
    state.lock.write_text(json.dumps({"run": "tests"}))

    assert holder(state.lock) is None

    with state.lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_killed_holder_lets_go(state):
    """kill -9 of the holder is enough: the kernel lets the lock go."""
    code = "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); print(); time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-S", "-c", code, state.lock], stdout=subprocess.PIPE)
    process.stdout.readline()
    assert holder(state.lock) == {}

    process.kill()
    process.communicate()

    assert holder(state.lock) is None


def test_runs_are_those_that_have_something_here(state):
    """A run is known by its ledger or its scratch folder."""
    state.ledger("one").mkdir(parents=True)
    state.cell("two", "cell").mkdir(parents=True)

    assert state.runs() == ["one", "two"]
