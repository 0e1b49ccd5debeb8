"""Histograms of durations: made, added, stored, read back, and asked for percentiles under the rules for small samples.

HdrHistograms in microseconds, three digits, up to two minutes. Percentiles of several runs come from added histograms: the mean
of percentiles is the percentile of nothing.
"""

from __future__ import annotations

import binascii
import io
import math
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from hdrh.codec import HdrCookieException, HdrLengthException
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogWriter

from steps.errors import MeasureError

HIGHEST_US = 120_000_000
DIGITS = 3
CONFIDENCE = 0.95

Histogram = HdrHistogram  # untyped library: Any for the type checker


def empty() -> Any:
    """A histogram without values."""
    return HdrHistogram(1, HIGHEST_US, DIGITS)


def histogram_of(values_us: Iterable[int]) -> Any:
    """The histogram of those durations. What is longer than two minutes counts as two minutes (`quantile_ms` then refuses)."""
    made = empty()
    for value, count in Counter(values_us).items():  # counting first: 0.2 µs a value instead of 1.6
        made.record_value(min(max(value, 0), HIGHEST_US), count)
    return made


def merged(parts: Iterable[Any]) -> Any:
    """The histogram of all values of the parts."""
    whole = empty()
    for part in parts:
        if part.get_total_count():  # adding an empty one would set the smallest value to 0
            whole.add(part)
    return whole


# Rule 9: what a sample is large enough for


@lru_cache
def samples_to_bound(q: float) -> int:
    """The answers needed before a quantile can be bounded from above at all: p99 299, p99.9 2,995.

    The largest of n values lies above the quantile with probability 1 - qⁿ; below that many, not even it does at 95 %.
    """
    return math.ceil(math.log(1 - CONFIDENCE) / math.log(q))


def samples_to_resolve(q: float) -> int:
    """The answers below which a quantile is coarse: fewer than ten lie beyond it."""
    return math.ceil(round(10 / (1 - q), 6))


@dataclass(frozen=True)
class Quantile:
    """A quantile, or why there is none."""

    value_ms: float | None
    reason: str | None = None
    coarse: bool = False


def quantile(histogram: Any, q: float, *, among: int | None = None) -> Quantile:
    """The quantile of a histogram in ms.

    among: how many requests there were, if more than the histogram holds: the others rank above every value, so that a server
    that fails fast does not look faster for it.
    """
    answers = histogram.get_total_count()
    population = max(answers, among or 0)
    needed = samples_to_bound(q)
    if population < needed:
        return Quantile(None, f"{population:,} answers; {percentile_name(q)} needs {needed:,}")
    rank = math.ceil(q * population - 1e-9)
    if rank > answers:
        return Quantile(
            None,
            f"{population - answers:,} of {population:,} requests have no right answer, so {percentile_name(q)} has no value",
        )
    value_us = at_rank(histogram, rank)
    if value_us >= HIGHEST_US:
        return Quantile(None, f"{percentile_name(q)} is above {HIGHEST_US / 1e6:g} s, where the histogram ends")
    return Quantile(value_us / 1000, coarse=population < samples_to_resolve(q))


def at_rank(histogram: Any, rank: int) -> int:
    """The rank-th smallest value of a histogram in µs, as its other readers have it; this library rounds ranks instead."""
    return int(histogram.get_value_at_percentile(100 * rank / histogram.get_total_count()))


def percentile_name(q: float) -> str:
    """`p99` for 0.99, `p99.9` for 0.999."""
    return f"p{100 * q:.6g}"


# The log format of HdrHistogram, version 1.2, which its plotters and analysers read


def write_log(path: Path, histograms: Mapping[str, Any], *, start_ms: float, end_ms: float) -> None:
    """Stores histograms under their tags. start_ms, end_ms: the window, milliseconds of the Unix epoch."""
    with path.open("w", encoding="ascii") as file:
        writer = HistogramLogWriter(file)
        writer.output_comment("[Logged by benchlab; durations in microseconds, Interval_Max in milliseconds]")
        writer.output_log_format_version()
        # The library's own line raises. Rounded down: the Java reader skips a histogram that begins before this.
        file.write(f"#[StartTime: {math.floor(start_ms) / 1000:.3f} (seconds since epoch)]\n")
        writer.output_legend()
        for tag, histogram in histograms.items():
            file.write(f"Tag={tag},")  # the library reads tags, but does not write them
            writer.output_interval_histogram(histogram, start_ms / 1000, end_ms / 1000, max_value_unit_ratio=1000.0)


def read_log(path: Path) -> dict[str, Any]:
    """The histograms of a log by their tags. Raises MeasureError: missing or damaged, and at which line."""
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        message = f"{path.name} cannot be read: {error}"
        raise MeasureError(message) from error
    return parse_log(text, name=path.name)


def parse_log(text: str, *, name: str) -> dict[str, Any]:
    """The histograms in the text of a log by their tags. Raises MeasureError: damaged, and at which line."""
    found: dict[str, Any] = {}
    for number, line in enumerate(io.StringIO(text), start=1):
        if line.startswith("Tag="):
            tag, histogram = _interval(line, f"{name}, line {number}")
            found[tag] = merged((found[tag], histogram)) if tag in found else histogram
    return found


def _interval(line: str, where: str) -> tuple[str, Any]:
    if not line.endswith("\n"):
        message = f"{where} is cut off"
        raise MeasureError(message)
    fields = line.rstrip("\n").split(",")
    try:
        tag, payload = fields[0].removeprefix("Tag="), fields[4]
        return tag, HdrHistogram.decode(payload)
    except _DAMAGE as error:
        message = f"{where} holds no histogram ({type(error).__name__}: {error})"
        raise MeasureError(message) from error


_DAMAGE = (
    HdrCookieException,
    HdrLengthException,
    binascii.Error,
    zlib.error,
    IndexError,
    ValueError,
    TypeError,
    OverflowError,
    MemoryError,
)
