"""Deliveries counted by sequence number, on recordings that are made up: each count has its case."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.drivers.deliveries import Absence, Delivered, Letters
from steps.drivers.recording import Fate, Flown, Recording, Schedule

MS = 1_000_000
START = 1_000 * MS


def delivered(arrivals, *, acknowledged=None, absence=None, warmup=0, consumers=1):
    """One message each 10 ms, acknowledged 1 ms later. arrivals: (consumer, number, ms after START) in the order they come."""
    total = 10
    schedule = Schedule(array("q", (10 * MS * n for n in range(total))), warmup, 10 * MS * warmup, 10 * MS * (total - warmup))
    recording = Recording.of(schedule, start_ns=START)
    for number in range(total):
        recording.sent_ns[number] = recording.due_ns[number]
        if acknowledged is None or number in acknowledged:
            recording.ended_ns[number], recording.fates[number] = recording.due_ns[number] + MS, Fate.OK
    letters = Letters.of(total, size=16, consumers=consumers)
    for consumer, number, _ in arrivals:
        letters.heard(consumer, letters.body(number))
    for consumer, number, at in reversed(arrivals):  # the first of several counts
        letters.inboxes[consumer].first_ns[number] = START + round(at * MS)
    window = (START + schedule.warmup_ns, START + 100 * MS)
    flown = Flown(schedule, recording, START, window, 0.0, 1, spin=False, stopped=None)
    return Delivered(letters, flown, absence)


def each(delay_ms=2.0, numbers=range(10), consumer=0):
    return [(consumer, n, 10 * n + delay_ms) for n in numbers]


def test_everything_came_once_in_order():
    """Nothing is lost, twice or out of order; the time to the consumer counts from the intended moment."""
    found = delivered(each())
    record = found.record()

    assert (record.acknowledged, record.delivered, record.lost, record.duplicates, record.out_of_order) == (10, 10, 0, 0, 0)
    assert list(found.durations_us()) == [2000] * 10
    assert record.backlog == 1
    assert record.catch_up_ms is None
    assert record.away_s is None


def test_lost_is_what_was_acknowledged_and_never_came():
    """What was not acknowledged is nobody's loss, whether it came or not."""
    record = delivered(each(numbers=[0, 1, 2, 3, 4, 5, 6, 9]), acknowledged=range(8)).record()

    assert (record.acknowledged, record.delivered, record.lost) == (8, 7, 1)


def test_each_consumer_has_its_own_losses():
    """A delivery is one message at one consumer."""
    record = delivered([*each(), *each(numbers=range(9), consumer=1)], consumers=2).record()

    assert (record.delivered, record.lost, record.expected) == (19, 1, 20)


def test_duplicates_and_disorder_are_told_apart():
    """A message that comes again is a duplicate and disturbs no order; one that comes late is out of order once."""
    record = delivered([(0, 0, 2), (0, 2, 22), (0, 1, 23), (0, 1, 24), (0, 0, 25), *each(numbers=range(3, 10))]).record()

    assert (record.duplicates, record.out_of_order, record.lost) == (2, 1, 0)


def test_foreign_messages_are_strange():
    """Of another load, of another length, or with a number that was never given."""
    found = delivered(each())
    for body in (b"x" * 16, found.letters.body(1)[:-1], (99).to_bytes(8, "big") + found.letters.tail, b""):
        found.letters.heard(0, body)

    assert found.record().strange == 4


def test_backlog_is_the_most_that_was_acknowledged_and_not_there():
    """Messages 2 to 6 all arrive at 65 ms: until then five are acknowledged and wait."""
    late = [(0, n, 65) for n in range(2, 7)]
    record = delivered([*each(numbers=[0, 1]), *late, *each(numbers=[7, 8, 9])]).record()

    assert record.backlog == 5


def test_backlog_is_never_below_zero():
    """Two messages are there before the first is acknowledged, and all other acknowledgements come after the window."""
    found = delivered([(0, 0, 0.5), (0, 1, 0.9), *each(numbers=range(2, 10))])
    for number in range(1, 10):
        found.flown.recording.ended_ns[number] = START + 150 * MS

    assert found.record().backlog == 0


def test_catching_up_takes_until_all_that_was_acknowledged_before_is_there():
    """Back at 50 ms: messages 0 to 4 are acknowledged by then, and the last of them comes at 57 ms."""
    arrivals = [*each(numbers=[0, 1]), (0, 2, 56), (0, 3, 57), (0, 4, 56.5), *each(numbers=range(5, 10))]
    absence = Absence(left_ns=START + 20 * MS, back_ns=START + 50 * MS)
    record = delivered(arrivals, absence=absence).record()

    assert record.away_s == pytest.approx(0.03)
    assert record.catch_up_ms == pytest.approx(7.0)


def test_there_is_no_catching_up_where_something_is_missing():
    """A reason takes the place of the time, and so does a consumer that never came back."""
    gone = delivered(each(numbers=range(1, 10)), absence=Absence(left_ns=START + 20 * MS, back_ns=START + 50 * MS)).record()
    never = delivered(each(), absence=Absence(left_ns=START + 20 * MS)).record()
    stayed = delivered(each(), absence=Absence()).record()

    assert (gone.catch_up_ms, gone.catch_up_reason) == (None, "1 messages acknowledged before its return never came")
    assert (never.catch_up_ms, never.catch_up_reason) == (None, "the consumer did not come back")
    assert never.away_s == pytest.approx(0.08)  # until the end of the load
    assert (stayed.away_s, stayed.catch_up_reason) == (0.0, "the load ended before the consumer was to leave")


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 9)), max_size=60), st.sets(st.integers(0, 9)))
def test_every_delivery_is_counted_once(arrivals, acknowledged):
    """First deliveries and duplicates add up to what came, delivered and lost to what was owed."""
    found = delivered([(c, n, 10 * n + 1) for c, n in arrivals], acknowledged=acknowledged, consumers=2)
    record = found.record()

    assert len(set(arrivals)) + record.duplicates == len(arrivals)
    assert record.delivered + record.lost == 2 * len(acknowledged)
    assert record.out_of_order <= len(set(arrivals))
