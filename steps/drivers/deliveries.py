"""What consumers got, by sequence number: recorded while the load runs, counted afterwards. Counting is pure.

A message holds its number, eight bytes that tell this load from all others, and filling. The number is the request's place in
the schedule; the one that is tried before the load has the number after the last.
"""

from __future__ import annotations

import os
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from steps.drivers.http import clock
from steps.drivers.recording import Fate, Flown, Recording
from steps.model.outcome import MessageRecord

NUMBER = 8  # bytes


@dataclass
class Inbox:
    """What one consumer got: when each message came first, in ns; 0: it did not."""

    first_ns: array[int]
    highest: int = -1
    duplicates: int = 0
    out_of_order: int = 0
    strange: int = 0


@dataclass(frozen=True)
class Letters:
    """The messages of one load: how they look, and who got them."""

    total: int  # of the schedule
    tail: bytes  # whatever follows the number
    inboxes: tuple[Inbox, ...]

    @classmethod
    def of(cls, total: int, *, size: int, consumers: int) -> Letters:
        """For so many messages of so many bytes."""
        tail = os.urandom(NUMBER) + b"." * (size - 2 * NUMBER)
        return cls(total, tail, tuple(Inbox(array("q", bytes(8 * (total + 1)))) for _ in range(consumers)))

    def body(self, number: int) -> bytes:
        """The message of that number."""
        return number.to_bytes(NUMBER, "big") + self.tail

    def heard(self, consumer: int, body: bytes) -> None:
        """A consumer has a message."""
        now, inbox = clock(), self.inboxes[consumer]
        number = int.from_bytes(body[:NUMBER], "big")
        if number > self.total or body[NUMBER:] != self.tail:
            inbox.strange += 1
        elif inbox.first_ns[number]:
            inbox.duplicates += 1
        else:
            inbox.first_ns[number] = now
            if number == self.total:  # tried before the load
                return
            inbox.out_of_order += number < inbox.highest
            inbox.highest = max(inbox.highest, number)

    def missing(self, recording: Recording) -> int:
        """How many deliveries of acknowledged messages are still to come."""
        done = [number for number in range(self.total) if recording.fates[number] == Fate.OK]
        return sum(not inbox.first_ns[number] for inbox in self.inboxes for number in done)


@dataclass
class Absence:
    """When a consumer was away, in ns of the monotonic clock; 0: it did not come to that."""

    consumer: int = 0
    left_ns: int = 0
    back_ns: int = 0


@dataclass(frozen=True)
class Delivered:
    """The deliveries of a load that was sent."""

    letters: Letters
    flown: Flown
    absence: Absence | None = None

    def record(self) -> MessageRecord:
        """Everything counted. Lost is what was acknowledged and never came; whoever was not told may or may not have it."""
        acknowledged, inboxes = self.acknowledged, self.letters.inboxes
        delivered = sum(1 for inbox in inboxes for number in acknowledged if inbox.first_ns[number])
        begin, end = self.flown.window_ns
        return MessageRecord(
            consumers=len(inboxes),
            acknowledged=len(acknowledged),
            delivered=delivered,
            lost=len(acknowledged) * len(inboxes) - delivered,
            duplicates=sum(inbox.duplicates for inbox in inboxes),
            out_of_order=sum(inbox.out_of_order for inbox in inboxes),
            strange=sum(inbox.strange for inbox in inboxes),
            delivered_in_window=sum(begin <= at < end for inbox in inboxes for at in inbox.first_ns[: self.letters.total]),
            backlog=max((self._backlog(inbox) for inbox in inboxes), default=0),
            expected=len(inboxes) * (self.letters.total - self.flown.schedule.warmup),
            **self._caught_up(),
        )

    @property
    def acknowledged(self) -> list[int]:
        """Numbers of the messages that were acknowledged."""
        fates = self.flown.recording.fates
        return [number for number in range(self.letters.total) if fates[number] == Fate.OK]

    def durations_us(self) -> Iterator[int]:
        """From the intended moment to each consumer, for the messages of the window."""
        due = self.flown.recording.due_ns
        for inbox in self.letters.inboxes:
            for number in range(self.flown.schedule.warmup, self.letters.total):
                if at := inbox.first_ns[number]:
                    yield (at - due[number] + 500) // 1000

    def _backlog(self, inbox: Inbox) -> int:
        """The largest number that was acknowledged and not delivered, at the moments of acknowledgements in the window."""
        numbers, ended = self.acknowledged, self.flown.recording.ended_ns
        acknowledged = sorted(ended[number] for number in numbers)
        arrived = sorted(at for number in numbers if (at := inbox.first_ns[number]))
        begin, end = self.flown.window_ns
        waiting = (count - bisect_right(arrived, at) for count, at in enumerate(acknowledged, 1) if begin <= at < end)
        return max(0, max(waiting, default=0))  # a consumer may have a message before the broker acknowledged it

    def _caught_up(self) -> dict[str, float | str | None]:
        """How long the consumer that was away took to have what was acknowledged before its return."""
        if self.absence is None:
            return {}
        if not self.absence.left_ns:
            return {"away_s": 0.0, "catch_up_reason": "the load ended before the consumer was to leave"}
        if not self.absence.back_ns:
            away_s = max(0, self.flown.window_ns[1] - self.absence.left_ns) / 1e9
            return {"away_s": away_s, "catch_up_reason": "the consumer did not come back"}
        away_s = (self.absence.back_ns - self.absence.left_ns) / 1e9
        ended, inbox = self.flown.recording.ended_ns, self.letters.inboxes[self.absence.consumer]
        before = [number for number in self.acknowledged if ended[number] <= self.absence.back_ns]
        if lost := sum(not inbox.first_ns[number] for number in before):
            return {"away_s": away_s, "catch_up_reason": f"{lost:,} messages acknowledged before its return never came"}
        last_ns = max((inbox.first_ns[number] for number in before), default=self.absence.back_ns)
        return {"away_s": away_s, "catch_up_ms": max(0, last_ns - self.absence.back_ns) / 1e6}
