"""series.csv: a load second by second, by the moments at which its requests were due."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, isfinite
from pathlib import Path

from steps.drivers.recording import Fate, Flown
from steps.drivers.summary import counts_of
from steps.errors import MeasureError
from steps.model import Counts
from steps.statistics.histogram import samples_to_bound

COUNTED = tuple(Counts.model_fields)
COLUMNS = ("second", "part", *COUNTED, "p50_ms", "p99_ms", "max_ms")
WARMUP, WINDOW = "warmup", "window"


@dataclass(frozen=True)
class Second:
    """The requests that were due in one second of the window; seconds below 0 are the warm-up."""

    second: int
    counts: Counts
    response_ms: tuple[float, ...]  # of right answers, sorted

    def quantile_ms(self, q: float) -> float | None:
        """None: too few answers for it."""
        if len(self.response_ms) < samples_to_bound(q):
            return None
        return self.response_ms[ceil(q * len(self.response_ms)) - 1]

    def row(self) -> tuple[str, ...]:
        """The values in the order of COLUMNS; what is missing is empty."""
        longest = self.response_ms[-1] if self.response_ms else None
        latencies_ms = (self.quantile_ms(0.5), self.quantile_ms(0.99), longest)
        counts = self.counts.model_dump()
        return (
            str(self.second),
            WARMUP if self.second < 0 else WINDOW,
            *(str(counts[name]) for name in COUNTED),
            *("" if ms is None else f"{ms:.3f}" for ms in latencies_ms),
        )


def seconds_of(flown: Flown) -> Iterator[Second]:
    """The seconds of a load, in order."""
    recording, schedule = flown.recording, flown.schedule
    due: dict[int, list[int]] = {}
    for request, offset in enumerate(schedule.offsets_ns):
        due.setdefault((offset - schedule.warmup_ns) // 1_000_000_000, []).append(request)
    for second, requests in due.items():
        right = [each for each in requests if recording.fates[each] == Fate.OK]
        response_ms = sorted((recording.ended_ns[each] - recording.due_ns[each]) / 1e6 for each in right)
        yield Second(second, counts_of(recording, range(requests[0], requests[-1] + 1)), tuple(response_ms))


def write_series(path: Path, flown: Flown) -> None:
    """Stores the seconds of a load."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows(second.row() for second in seconds_of(flown))


def whole_lines(path: Path) -> list[str]:
    """The lines of a table. Raises OSError; ValueError: it is not text, or its last line is cut off."""
    text = path.read_bytes().decode()
    if not text.endswith("\n"):
        message = "its last line is cut off" if text else "it is empty"
        raise ValueError(message)
    return text.splitlines()


@dataclass(frozen=True)
class Series:
    """What measure reads of a series.csv."""

    counts: Counts  # what the window's seconds add up to
    p50_ms: dict[int, float]  # second → value, warm-up included; a second without one is left out
    p99_ms: dict[int, float]


def read_series(path: Path) -> Series:
    """The seconds of a load. Raises MeasureError: the file is missing or damaged."""
    try:
        rows = list(csv.DictReader(whole_lines(path), strict=True))
        window = [row for row in rows if row["part"] == WINDOW]
        counts = Counts.model_validate({name: sum(int(row[name]) for row in window) for name in COUNTED})
        return Series(counts, _column(rows, "p50_ms"), _column(rows, "p99_ms"))
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        message = f"{path.name} is missing or damaged ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
        raise MeasureError(message) from error


def _column(rows: list[dict[str, str]], name: str) -> dict[int, float]:
    values = {int(row["second"]): float(row[name]) for row in rows if row[name]}
    wrong = next((value for value in values.values() if not isfinite(value)), None)
    if wrong is not None:
        message = f"{name} is {wrong}"
        raise ValueError(message)
    return values
