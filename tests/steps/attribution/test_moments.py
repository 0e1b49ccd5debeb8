"""Whether a trace lay within its load: on one machine by one clock, between nodes by those on the wall."""

import pytest

from steps.attribution.outcome import apart
from steps.model import TraceRecord, Window
from tests.steps.attribution.test_reading import WHOLE

HERE = Window(started_at="2026-05-01T10:00:00.000Z", ended_at="2026-05-01T10:00:10.000Z", start_ns=0, end_ns=10_000_000_000)
SLEPT_NS = 3_600_000_000_000
OTHER_NODE = HERE.model_copy(update={"start_ns": 0, "end_ns": 1})


def on_another_node(began, ended) -> TraceRecord:
    return WHOLE.model_copy(update={"began_at": f"2026-05-01T{began}+00:00", "ended_at": f"2026-05-01T{ended}+00:00"})


def test_trace_on_the_loads_machine_is_told_by_its_monotonic_clock():
    """Both read the same."""
    assert apart(WHOLE, HERE) == []
    assert apart(WHOLE.model_copy(update={"end_ns": 10_000_000_001}), HERE) == ["the trace went on after its load"]


def test_machine_that_slept_since_it_started_has_two_clocks():
    """The tracer's went on meanwhile, and the load's did not."""
    slept = WHOLE.model_copy(update={"end_ns": 10_000_000_000 + SLEPT_NS, "ahead_ns": SLEPT_NS})

    assert apart(slept, HERE) == []
    assert apart(slept.model_copy(update={"end_ns": slept.end_ns + 1}), HERE) == ["the trace went on after its load"]


@pytest.mark.parametrize(
    ("began", "ended", "said"),
    [
        ("10:00:01.000", "10:00:09.000", []),
        ("09:59:59.900", "10:00:09.000", ["the trace began before its load"]),
        ("10:00:01.000", "10:00:10.100", ["the trace went on after its load"]),
    ],
    ids=["within", "early", "late"],
)
def test_trace_on_another_node_is_told_by_the_wall(began, ended, said):
    """A monotonic clock begins with its machine: of two nodes they say nothing of each other."""
    assert apart(on_another_node(began, ended), OTHER_NODE) == said
