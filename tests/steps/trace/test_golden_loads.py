"""The programs on a real kernel, under loads whose counts and bottleneck are known. Needs root and bpftrace.

Once each: `pytest -m slow tests/steps/trace`, but for those that the cluster's tests judge in pods. Ten of ten of all: `pytest -m
evidence -s tests/steps/trace`, twenty minutes.
"""

from __future__ import annotations

import pytest

from steps.model import TraceProgram
from steps.trace import tracer
from tests.steps.trace.golden import LOADS, TIMES, judged, verdicts

pytestmark = pytest.mark.skipif(bool(reason := tracer.unavailable(tuple(TraceProgram))), reason=f"no trace here: {reason}")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, load in LOADS.items() if not load.pods])
def test_bottleneck_of_a_load_made_for_it_is_named(tmp_path, name):
    """Each load has one cause of waiting, and that is the verdict; what it does is counted exactly."""
    assert judged(name, tmp_path) == LOADS[name].resource


@pytest.mark.evidence
@pytest.mark.parametrize("name", LOADS)
def test_bottleneck_is_named_ten_times_of_ten(tmp_path, name):
    """Verdict and counts, each time anew."""
    assert verdicts(name, tmp_path, judged) == {LOADS[name].resource: TIMES}
