"""Quantities over time: each second's median and range over an arm's repetitions.

From series.csv (a row for each second of the load; the warm-up's are below zero) and usage.csv (a row for each reading of each
component's keeper; its counters are cumulative).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, isfinite
from statistics import median

from steps.errors import MeasureError
from steps.evidence import CellEvidence
from steps.model import Track
from steps.model.report import TrackName

CLOSEST_NS = 2e8  # between two readings: closer ones say little about a rate
Values = Mapping[int, float]  # second → value


@dataclass(frozen=True)
class CellTracks:
    """The tracks of one cell."""

    values: Mapping[TrackName, Values]


def tracks_of(cells: Iterable[CellTracks]) -> tuple[Track, ...]:
    """Median and range over the cells, second by second; a track that nobody has is left out."""
    gathered: dict[TrackName, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for cell in cells:
        for name, values in cell.values.items():
            for second, value in values.items():
                gathered[name][second].append(value)
    return tuple(_track(name, by_second) for name, by_second in gathered.items() if by_second)


def _track(name: TrackName, by_second: Mapping[int, Sequence[float]]) -> Track:
    seconds = sorted(by_second)
    return Track(
        name=name,
        seconds=tuple(seconds),
        low=tuple(_rounded(min(by_second[second])) for second in seconds),
        median=tuple(_rounded(median(by_second[second])) for second in seconds),
        high=tuple(_rounded(max(by_second[second])) for second in seconds),
    )


def _rounded(value: float) -> float:
    """Four significant digits: a picture shows no more."""
    return float(f"{value:.4g}")


def cell_tracks(found: CellEvidence, *, own: Sequence[str], around: Sequence[str]) -> CellTracks:
    """The tracks of a cell. own: the contender and what it brings. Raises MeasureError: one of its tables is damaged."""
    rows = list(_rows(found.series, f"{found.cell.id}: series.csv"))
    usage = list(_rows(found.usage, f"{found.cell.id}: usage.csv"))
    rows_of = {name: [row for row in usage if row.get("component") == name] for name in (*own, *around)}
    start_ns = found.load.window.start_ns if found.load and found.load.window else None
    values: dict[TrackName, Values] = {
        "p50_ms": _column(rows, "p50_ms"),
        "p99_ms": _column(rows, "p99_ms"),
        "cpu_cores": _sum(_cores(rows_of[name], start_ns) for name in own),
        "around_cpu_cores": _sum(_cores(rows_of[name], start_ns) for name in around),
        "memory_mib": _sum(dict(_readings(rows_of[name], "memory_mib", start_ns)) for name in own),
    }
    end = ceil(found.load.load.window_s) if found.load else 0  # the reading at the window's end opens no further second
    inside = {name: {second: value for second, value in each.items() if second < end} for name, each in values.items()}
    return CellTracks({name: each for name, each in inside.items() if each})


def _rows(table: bytes | None, name: str) -> Iterator[dict[str, str]]:
    try:
        yield from csv.DictReader((table or b"").decode().splitlines())
    except (UnicodeDecodeError, csv.Error) as error:
        message = f"{name} is damaged: {error}"
        raise MeasureError(message) from error


def _number(row: Mapping[str, str], column: str) -> float | None:
    """The value of a column; None where there is none, and in a line that was cut off."""
    try:
        value = float(row.get(column) or "nan")
    except (TypeError, ValueError):
        return None
    return value if isfinite(value) else None


def _column(rows: Iterable[Mapping[str, str]], column: str) -> Values:
    return {
        floor(second): value
        for row in rows
        if (second := _number(row, "second")) is not None and (value := _number(row, column)) is not None
    }


def _readings(rows: Iterable[Mapping[str, str]], column: str, start_ns: int | None) -> list[tuple[int, float]]:
    """(second, value) of each reading, by the driver's clock."""
    if start_ns is None:
        return []
    return [
        (floor((at - start_ns) / 1e9), value)
        for row in rows
        if (at := _number(row, "asked_ns")) is not None and (value := _number(row, column)) is not None
    ]


def _cores(rows: Iterable[Mapping[str, str]], start_ns: int | None) -> Values:
    """CPU seconds per second between neighbouring readings, at the second in which the gap has its middle.

    The place in time is by the driver's clock, the length of the gap by the keeper's: they may be on two machines.
    """
    if start_ns is None:
        return {}
    readings = sorted(
        (at, asked, cpu)
        for row in rows
        if (at := _number(row, "monotonic_ns")) is not None
        and (asked := _number(row, "asked_ns")) is not None
        and (cpu := _number(row, "cpu_s")) is not None
    )
    return {
        floor(((asked + next_asked) / 2 - start_ns) / 1e9): (later - earlier) * 1e9 / (other - one)
        for (one, asked, earlier), (other, next_asked, later) in pairwise(readings)
        if other - one >= CLOSEST_NS
    }


def _sum(parts: Iterable[Values]) -> Values:
    """In the seconds of which all of them have a value: a part that is missing is not zero."""
    known = list(parts)
    common = set.intersection(*map(set, known)) if known else set()
    return {second: sum(part[second] for part in known) for second in sorted(common)}
