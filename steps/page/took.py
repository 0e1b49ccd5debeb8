"""How long each of what a trace timed took: its histograms as rows. A value is known within a factor of two, never between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from steps.model.trace import Bucket

WHAT = {
    ("@io_us", "0"): "reads from the device",
    ("@io_us", "1"): "writes and flushes",
    ("@io_us", "2"): "discards",
    ("@sync_us", ""): "fsync",
    ("@queue_us", ""): "waits in the run queue",
    ("@rtt_us", ""): "TCP round trip",
    ("@connect_us", ""): "connects",
    ("@reclaim_us", ""): "freeing memory",
}
UNITS = ((1_000_000, "s"), (1_000, "ms"), (1, "µs"))
LEAST_PERCENT = 4  # of a bar's height: one in a million can be seen too


@dataclass(frozen=True)
class Bar:
    """A bucket: how high it is beside the fullest, and what it says."""

    percent: float
    text: str


@dataclass(frozen=True)
class Took:
    """A histogram: how many, in which bucket two percentiles and the longest are, and a bar for each bucket."""

    what: str
    n: int
    p50: str
    p99: str
    longest: str
    bars: tuple[Bar, ...]

    @property
    def spoken(self) -> str:
        """The bars, for who cannot see them."""
        return ", ".join(bar.text for bar in self.bars if bar.percent)


def took(histograms: Mapping[str, Mapping[str, Sequence[Bucket]]]) -> Iterator[Took]:
    """A row for each histogram that holds anything."""
    for (name, key), what in WHAT.items():
        buckets = sorted(histograms.get(name, {}).get(key, ()), key=_order)
        held = [each for each in buckets if each.count]
        if held:
            most = max(each.count for each in held)
            bars = tuple(_bar(each, most) for each in buckets)
            p50, p99 = (bucket_text(_at(held, share)) for share in (0.5, 0.99))
            yield Took(what, sum(each.count for each in held), p50, p99, bucket_text(held[-1]), bars)


def bucket_text(bucket: Bucket) -> str:
    """`64-127 µs`, in the unit of its lower bound; one without an upper bound is `from 1.05 s on`."""
    if bucket.high is not None and bucket.high < 0:
        return "below 0 µs"  # a clock that went back
    scale, unit = next(each for each in UNITS if bucket.low >= each[0] or each == UNITS[-1])
    low = _number(bucket.low / scale)
    if bucket.high is None:
        return f"from {low} {unit} on"
    return f"{low} {unit}" if bucket.high == bucket.low else f"{low}-{_number(bucket.high / scale)} {unit}"


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _at(held: Sequence[Bucket], share: float) -> Bucket:
    """The bucket that holds the value of that rank, counted from the shortest."""
    left = ceil(share * sum(each.count for each in held))
    for each in held:
        left -= each.count
        if left <= 0:
            return each
    return held[-1]


def _bar(bucket: Bucket, most: int) -> Bar:
    percent = max(100 * bucket.count / most, LEAST_PERCENT) if bucket.count else 0
    return Bar(percent, f"{bucket_text(bucket)}: {bucket.count:,}")


def _order(bucket: Bucket) -> tuple[int, float]:
    """Values below zero have 0 for their lower bound, as those that are zero."""
    return bucket.low, float("inf") if bucket.high is None else bucket.high
