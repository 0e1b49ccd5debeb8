"""What the driver writes down while it sends: flat arrays made before the run, one place per request.

Recording a value in a Python HdrHistogram costs 1.6 µs, and five are needed; storing an integer costs 0.05 µs. So histograms are
made after the window.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from math import ceil

from steps.errors import UsageError
from steps.model.sql import SteadyLoad


class Fate(IntEnum):
    """What became of a request. From ERROR upwards: `Recording.kinds[fate - ERROR]`."""

    OPEN = 0  # not sent, or sent and not answered
    OK = 1
    TIMEOUT = 2
    ERROR = 3


MOST_KINDS = 200  # fates are bytes
OTHER = "other"


@dataclass(frozen=True)
class Schedule:
    """When each request is due, in ns after the start: fixed before the run, evenly spaced."""

    offsets_ns: Sequence[int]
    warmup: int  # how many of them belong to the warm-up
    warmup_ns: int
    duration_ns: int

    @classmethod
    def of(cls, load: SteadyLoad) -> Schedule:
        """The schedule of a load. Raises UsageError: no request falls into the window."""
        warmup_ns, duration_ns = round(load.warmup_s * 1e9), round(load.duration_s * 1e9)
        period_ns = 1e9 / load.rate_rps
        # The tolerance of a millionth keeps 3 requests of a third of a second from becoming 4.
        warmup, total = (ceil(ns / period_ns - 1e-6) for ns in (warmup_ns, warmup_ns + duration_ns))
        if total <= warmup:
            message = f"load {load.label}: no request is due in a window of {load.duration_s:g} s"
            raise UsageError(message)
        offsets = array("q", (round(number * period_ns) for number in range(total)))
        return cls(offsets_ns=offsets, warmup=warmup, warmup_ns=warmup_ns, duration_ns=duration_ns)

    def __len__(self) -> int:
        return len(self.offsets_ns)


@dataclass
class Recording:
    """Moments of the monotonic clock in ns, by request; 0: it did not come to that."""

    due_ns: array[int]
    looked_ns: array[int]
    sent_ns: array[int]
    ended_ns: array[int]
    fates: bytearray
    kinds: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, schedule: Schedule, *, start_ns: int) -> Recording:
        """An empty recording of a schedule that starts at that moment."""
        empty = bytes(8 * len(schedule))
        return cls(
            due_ns=array("q", (start_ns + offset for offset in schedule.offsets_ns)),
            looked_ns=array("q", empty),
            sent_ns=array("q", empty),
            ended_ns=array("q", empty),
            fates=bytearray(len(schedule)),
        )

    @property
    def answered(self) -> int:
        """Requests that were answered right, warm-up included."""
        return sum(fate == Fate.OK for fate in self.fates)

    @property
    def sent(self) -> int:
        """All that were sent, whatever came of them."""
        return sum(map(bool, self.sent_ns))

    def error(self, kind: str) -> int:
        """The fate of requests that fail in that way."""
        if kind not in self.kinds:
            kind = kind if len(self.kinds) < MOST_KINDS else OTHER
            if kind not in self.kinds:
                self.kinds.append(kind)
        return Fate.ERROR + self.kinds.index(kind)

    def kind(self, fate: int) -> str:
        """How a request of that fate failed."""
        return self.kinds[fate - Fate.ERROR]


@dataclass(frozen=True)
class Flown:
    """A schedule that was sent, as far as it was."""

    schedule: Schedule
    recording: Recording
    start_ns: int
    window_ns: tuple[int, int]  # the second is earlier than planned when the load was stopped
    cpu_s: float  # of the driver, in the window
    connections: int  # most that were open at once
    spin: bool
    stopped: str | None  # why it ended early
    open_mean: float | None = None  # requests that were due and had not ended, in the window
    driver: str = ""  # who sent it
