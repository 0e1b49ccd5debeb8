"""What the interpreter's tests share: a folder of state, a store, and a way to run a manifest in one line."""

from __future__ import annotations

import os

import pytest

from pipelines.local import read
from pipelines.local.run import Run
from pipelines.local.state import State
from steps.store import Store


@pytest.fixture
def state(tmp_path):
    """A folder of local state of its own."""
    return State(tmp_path / "state")


@pytest.fixture(scope="session")
def store(store_environment):
    """The store of the tests."""
    return Store.from_environment(store_environment)


@pytest.fixture
def begin(state):
    """Makes a run of a manifest that needs no store unless one is given; the lock is held until the test is over."""
    held = []

    def make(manifest, **options):
        found = read.documents(manifest) if not hasattr(manifest, "templates") else manifest
        holding = state.hold(options.pop("name", found.name))
        folder = holding.__enter__()
        held.append(holding)
        given = {"store": None, "secrets": {}, "environment": dict(os.environ), "grace_s": 2.0} | options
        return Run(found, folder=folder, **given)

    yield make
    for holding in held:
        holding.__exit__(None, None, None)
