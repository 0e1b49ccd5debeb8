"""Load and trace of a cell find each other through marks in the store, and neither waits for ever."""

import time

import pytest

from steps.errors import MeasureError
from steps.model import HttpLoad
from steps.store import Store
from steps.trace.beside import Beside
from steps.trace.marks import ATTACHED, BEGUN, READY, Marks

LOAD = HttpLoad(path="/", rate_rps=10, duration_s=60, expect="")


@pytest.fixture
def marks(store_environment, tmp_path):
    return Marks(Store.from_environment(store_environment), f"marks/{tmp_path.name}")


def test_load_sends_once_more_only_where_there_will_be_a_trace(marks):
    """Where the tracer has a reason, the load sends nothing for it."""
    beside = Beside(marks)
    marks.put(READY, reason="no root")

    beside.await_ready()

    assert beside.again(LOAD) is None


def test_tracer_is_told_until_when_the_load_will_last(marks):
    """The traced load is of its own length, and its end is on the clock of both."""
    beside = Beside(marks)
    marks.put(READY, reason=None)

    beside.await_ready()
    again = beside.again(LOAD)
    beside.announce(again)

    assert again.duration_s < LOAD.duration_s
    assert marks.wait(BEGUN, within_s=0)["end_ns"] > 0


def test_load_that_failed_tells_the_tracer_that_waits_for_it(marks):
    """Closing without having announced anything is a reason, not a silence."""
    beside = Beside(marks)
    marks.put(READY, reason=None)
    beside.await_ready()

    beside.close()

    assert "failed" in marks.wait(BEGUN, within_s=0)["reason"]


def test_waiting_for_a_mark_ends(marks):
    """The other side may have died."""
    with pytest.raises(MeasureError, match="did not come"):
        marks.wait(BEGUN, within_s=0.1)


def test_experiment_without_a_trace_opens_no_store():
    """Nothing is asked, nothing is waited for."""
    beside = Beside(None)
    beside.await_ready()
    beside.close()

    assert beside.again(LOAD) is None


def test_load_of_pods_is_sent_when_its_tracer_is_attached_and_as_long_as_it_counts(marks):
    """A pod and its programs take their time to start: the tracer says until when, and the load outlasts it."""
    beside = Beside(marks)
    marks.put(READY, reason=None)
    marks.put(ATTACHED, end_unix_ns=time.time_ns() + 12_000_000_000)

    beside.await_ready()
    again = beside.again(LOAD, in_pods=True)
    beside.announce(again)

    assert 12.0 < again.warmup_s + again.duration_s < 12.6
    assert marks.wait(BEGUN, within_s=0) == {}  # the window is over, and nothing else was said


def test_load_of_pods_is_not_sent_for_a_tracer_that_failed(marks):
    """The tracer has its reason, and the measured window stands."""
    beside = Beside(marks)
    marks.put(READY, reason=None)
    marks.put(ATTACHED, reason="the tracer's pod was removed by somebody")

    beside.await_ready()

    assert beside.again(LOAD, in_pods=True) is None
