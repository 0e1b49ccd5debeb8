"""A bench for whole runs: a state and reports of its own, and whatever is left under way ended after it."""

import signal

import pytest

from steps import processes
from tests.runs.bench import Bench, environment


@pytest.fixture
def bench(tmp_path):
    """A bench; whatever a test leaves under way is ended after it."""
    made = Bench(tmp_path)
    yield made
    for each in processes.everyone():
        if str(made.state) in environment(each.pid):
            processes.send(each, signal.SIGKILL)
