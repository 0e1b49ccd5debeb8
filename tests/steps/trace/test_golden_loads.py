"""The programs on a real kernel, under loads whose counts and bottleneck are known. Needs root and bpftrace.

Each once: `pytest -m slow tests/steps/trace`. Ten of ten: `pytest -m evidence -s tests/steps/trace`, twenty minutes.
"""

from __future__ import annotations

from collections import Counter

import pytest

from steps.model import TraceProgram
from steps.trace import tracer
from tests.steps.trace.golden import LOADS, judged

pytestmark = pytest.mark.skipif(bool(reason := tracer.unavailable(tuple(TraceProgram))), reason=f"no trace here: {reason}")
TIMES = 10


@pytest.mark.slow
@pytest.mark.parametrize("name", LOADS)
def test_bottleneck_of_a_load_made_for_it_is_named(tmp_path, name):
    """Each load has one cause of waiting, and that is the verdict; what it does is counted exactly."""
    assert judged(name, tmp_path) == LOADS[name].resource


@pytest.mark.evidence
@pytest.mark.parametrize("name", LOADS)
def test_bottleneck_is_named_ten_times_of_ten(tmp_path, name):
    """Verdict and counts, each time anew."""
    found = Counter(_once(name, tmp_path / str(number)) for number in range(TIMES))
    print(f"GOLDEN {name}: {dict(found)}")

    assert found == {LOADS[name].resource: TIMES}


def _once(name, folder):
    """The verdict, or which count was wrong: all ten are told."""
    folder.mkdir()
    try:
        return judged(name, folder)
    except AssertionError as error:
        return f"wrong count: {str(error).splitlines()[0]}"
