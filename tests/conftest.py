"""What tests share: a real object store, a folder of local state whose lock is held, and a lab to deploy cells in."""

from __future__ import annotations

import fcntl
import json
import os

import pytest
from hypothesis import settings

from pipelines.local import objects
from pipelines.local import state as pipelines_state
from steps.places import leftovers
from steps.state import State
from steps.store import Store
from tests.lab import RUN, Lab

# What measures time or CPU, or starts a machine full of processes: it runs when nothing else does. The rest runs two at a time.
ALONE = (
    "cluster/test_golden_pods.py",
    "cluster/test_tracing.py",
    "oracles/test_real_arms.py",
    "runs/",
    "pipelines/local/test_bad_days.py",
    "pipelines/local/test_steps_as_processes.py",
    "pipelines/local/test_stopping.py",
    "steps/costs/test_cpu_behind.py",
    "steps/drivers/test_account.py",
    "steps/drivers/test_alarm.py",
    "steps/drivers/test_calibration.py",
    "steps/drivers/test_canary.py",
    "steps/drivers/test_http_driver.py",
    "steps/drivers/test_posting.py",
    "steps/drivers/test_programs.py",
    "steps/drivers/test_transactions.py",
    "steps/test_doubted_cells.py",
    "steps/test_keeper.py",
    "steps/test_load_",
    "steps/test_processes.py",
    "steps/test_sidecar.py",
    "steps/trace/test_clock.py",
    "steps/trace/test_events.py",
    "steps/trace/test_golden_loads.py",
    "steps/trace/test_killed.py",  # it looks which programs the kernel holds, whoever brought them
)

# What a property test finds by chance belongs to whoever wrote the code, not to the next one whose change is checked.
settings.register_profile("repeatable", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("repeatable")


def pytest_collection_modifyitems(items):
    """Marks what runs alone, wherever its file says nothing of it."""
    for item in items:
        if item.nodeid.removeprefix("tests/").startswith(ALONE):
            item.add_marker("alone")


@pytest.fixture(scope="session")
def serving(tmp_path_factory):
    """A folder of state whose SeaweedFS runs as long as the tests do, and what leads there; never the user's own S3."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BENCHLAB_"))}
    folder = pipelines_state.State(tmp_path_factory.mktemp("store"))
    with objects.serve(folder, environment) as found:
        yield folder, found


@pytest.fixture(scope="session")
def store_environment(serving):
    """The settings of that store."""
    return dict(serving[1].environment)


@pytest.fixture(scope="session")
def store(store_environment):
    """A bucket on a real SeaweedFS, shared by all tests: use keys of your own."""
    return Store.from_environment(store_environment)


@pytest.fixture
def state(tmp_path):
    """A folder of local state that nobody uses."""
    folder = tmp_path / "the state"  # blanks and all: a user's home may have them
    folder.mkdir()
    return State(folder)


@pytest.fixture
def lock(state):
    """The lock of `state`, held for the run `tests` until the test lets it go with `lock.close()`."""
    with state.lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        json.dump({"run": RUN, "pid": os.getpid(), "since": "now"}, file)
        file.flush()
        yield file


@pytest.fixture
def lab(state, lock, store_environment, tmp_path):
    """Deploys and tears down cells of a run that holds the lock; nothing of it outlives the test."""
    made = Lab(state, {**os.environ, **store_environment, "BENCHLAB_STATE": str(state.folder)}, tmp_path)
    store = Store.from_environment(store_environment)
    for key in list(store.list(f"{made.prefix}/ledger/")):  # all tests' labs have one run's name: another test's entries
        store.delete(key)
    yield made
    for run in state.runs():
        leftovers.remove(state.work(run), entries=made.ledger() if run == made.run else [], logs=None)
