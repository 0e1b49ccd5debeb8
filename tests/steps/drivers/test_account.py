"""The driver's counter of open requests."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.drivers.account import Account

STARTS = st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 400)), min_size=1, max_size=40)


@given(requests=STARTS, edges=st.tuples(st.integers(0, 700), st.integers(701, 1500)))
def test_mean_is_the_time_of_all_requests_over_that_of_the_window(requests, edges):
    """Whatever overlaps, and whatever reaches over an edge."""
    begin, end = edges
    account = Account()
    moments = [
        *((due, 1, account.due) for due, _ in requests),
        *((due + took, 0, account.ended) for due, took in requests),
        *((edge, 2, account.edge) for edge in edges),
    ]
    for at, _, happens in sorted(moments, key=lambda moment: moment[:2]):
        happens(at)

    inside = sum(max(0, min(due + took, end) - max(due, begin)) for due, took in requests)
    assert account.over_window(end)[1] == pytest.approx(inside / (end - begin))


@pytest.mark.parametrize(("edges", "mean"), [([], 0.0), ([100], 1.0)], ids=["before the window", "in it"])
def test_window_that_was_broken_off_ends_there(edges, mean):
    """What has no window has no open requests in it; the CPU time is not negative."""
    account = Account()
    account.due(50)
    for edge in edges:
        account.edge(edge)

    cpu_s, found = account.over_window(200)

    assert (cpu_s >= 0, found) == (True, mean)
    assert all(one.at_ns <= other.at_ns for one, other in pairwise(account._edges))
