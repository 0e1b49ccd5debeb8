"""kill -9 of the tracer and of its target while it counts: no program stays, and the record says what it lacks."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from steps import processes
from steps.errors import MeasureError
from steps.model import TraceProgram
from steps.trace import tracer
from steps.trace.step import count
from steps.trace.target import Target
from tests.steps.trace import loaded

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(reason := tracer.unavailable((TraceProgram.OFF_CPU,))), reason=f"no trace here: {reason}"),
]
LASTS_NS = 6_000_000_000


@pytest.fixture
def sleeper():
    """A target that does nothing: a shell in the place of its keeper, and a sleep under it."""
    with subprocess.Popen(["sh", "-c", "sleep 60; true"], start_new_session=True) as keeper:
        while not processes.descendants(keeper.pid):
            time.sleep(0.01)
        yield keeper
        os.killpg(keeper.pid, signal.SIGKILL)


def counted(folder, target):
    return count((TraceProgram.OFF_CPU,), target, cpus=None, end_ns=time.monotonic_ns() + LASTS_NS, folder=folder)


def once_it_counts(folder, do, *given):
    """Does something in the middle of a trace that writes into a folder."""
    threading.Thread(target=_in_the_middle, args=(folder, do, *given)).start()


def _in_the_middle(folder, do, *given):
    output = folder / "bpftrace.json"
    while not (output.exists() and "ready" in output.read_text()):
        time.sleep(0.05)
    do(*given)


def kill_tracer(folder: Path) -> None:
    for each in processes.everyone():
        if str(folder / "trace.bt") in processes.command_line(each.pid):
            os.kill(each.pid, signal.SIGKILL)


def test_killed_tracer_is_a_reason_and_leaves_nothing(tmp_path, sleeper):
    """The step says so, and the kernel holds no program of it."""
    before = loaded.programs()
    once_it_counts(tmp_path, kill_tracer, tmp_path)

    with pytest.raises(MeasureError, match="ended by signal 9"):
        counted(tmp_path, Target("x", sleeper.pid))

    assert loaded.more_than(before) == set()


def test_trace_of_a_killed_target_is_incomplete(tmp_path, sleeper):
    """What it did until then was counted, and the record says that this was not all."""
    before = loaded.programs()
    (main,) = processes.descendants(sleeper.pid)
    once_it_counts(tmp_path, os.kill, main.pid, signal.SIGKILL)

    found = counted(tmp_path, Target("sleeper", sleeper.pid, main.key))

    assert any("sleeper ended while it was traced" in each for each in found["incomplete"])
    assert found["damage"] == ()
    assert loaded.more_than(before) == set()


class Growing(Target):
    """A target one of whose threads was not there when it was first asked for them."""

    def threads(self):
        first, self.__dict__["asked"] = "asked" not in self.__dict__, True
        return super().threads()[1 if first else 0 :]


def test_thread_that_ended_is_not_missed(tmp_path):
    """Its parent has not asked for it yet, so that it is still there; the kernel has let go of it."""
    with subprocess.Popen(["sh", "-c", "sleep 3 & exec sleep 60"]) as keeper:
        found = counted(tmp_path, Growing("sleeper", keeper.pid))
        left = [each.zombie for each in processes.descendants(keeper.pid)]
        keeper.kill()

    assert (left, found["incomplete"]) == ([True], ())


def test_thread_that_began_while_the_tracer_was_attached_is_missed(tmp_path, sleeper):
    """Nobody told the kernel of it: the record does. Who was there from the beginning is none of those."""
    whole, growing = (counted(tmp_path, kind("sleeper", sleeper.pid)) for kind in (Target, Growing))

    assert not any("began while" in each for each in whole["incomplete"])
    assert any("1 of its threads began while" in each for each in growing["incomplete"])
