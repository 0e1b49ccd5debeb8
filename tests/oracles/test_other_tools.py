"""The driver beside other people's: against the same server under the same load they say the same."""

import shutil

import pytest

from tests.benchmarks.other_tools import middle, stall, tail, truth_of_the_stall
from tests.oracles.tools import OURS, TOOLS

OTHERS = [tool for tool in TOOLS if tool.open_loop and tool is not OURS]


@pytest.fixture(scope="module")
def ours():
    """The median of three runs of our driver."""
    return middle([tail(OURS) for _ in range(3)])


@pytest.mark.evidence
@pytest.mark.parametrize("tool", OTHERS, ids=lambda tool: tool.name)
def test_we_agree_with_who_sends_on_a_schedule(ours, tool):
    """Median and p99 of a server with a tail are within a tenth of the other tool's, which sent all of the load."""
    if shutil.which(tool.name) is None:
        pytest.skip(f"{tool.name} is not installed here")

    theirs = middle([tail(tool) for _ in range(3)])

    assert theirs.dropped == 0
    assert theirs.done >= 0.99 * ours.done
    assert ours.p50_ms == pytest.approx(theirs.p50_ms, rel=0.1)
    assert ours.p99_ms == pytest.approx(theirs.p99_ms, rel=0.1)


@pytest.mark.evidence
def test_a_stall_is_told_as_it_was():
    """Who was due while the server stood waited for the rest of the stall; emptying the queue afterwards adds to it."""
    told = stall(OURS)

    assert told.dropped == 0
    assert truth_of_the_stall(0.99) <= told.p99_ms <= 1.1 * truth_of_the_stall(0.99)
    assert truth_of_the_stall(0.9) <= told.p90_ms <= 2 * truth_of_the_stall(0.9)
