"""Reads the keepers while a load runs: at the window's edges, and each second."""

from __future__ import annotations

import asyncio
import csv
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from steps.drivers.connection import Client
from steps.drivers.series import whole_lines
from steps.errors import MeasureError, UsageError
from steps.model import Usage

Edge = Literal["start", "end", ""]

WITHIN_S = 1.0  # a reading that takes longer says nothing of the moment it was asked at
FIELDS = tuple(Usage.model_fields)
COLUMNS = ("edge", "asked_ns", *FIELDS)


@dataclass(frozen=True)
class Reading:
    """What a keeper said. `edge`: which of the window's edges it was asked at, if any."""

    edge: Edge
    asked_ns: int  # the driver's monotonic clock, which is not the keeper's when that is another machine
    usage: Usage


class Keepers:
    """The keepers of a cell. Readings run beside the load in its event loop: each costs it some 0.1 ms."""

    def __init__(self, urls: Mapping[str, str], *, ended: Callable[[Usage], None]) -> None:
        """ended: told of each reading of a component that does not run any more."""
        self._clients = {name: Client(url) for name, url in urls.items()}
        self._ended = ended
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: list[asyncio.TimerHandle] = []
        self.readings: list[Reading] = []
        self.silent: dict[str, str] = {}  # component → why its keeper did not tell, the last time

    def follow(self, *, start_ns: int, window_ns: tuple[int, int]) -> None:
        """Plans the readings: from the start of the load each second, counted from the window's start, and at its end."""
        begin, end = window_ns
        warmup = range(begin - 1_000_000_000, start_ns - 1, -1_000_000_000)
        inside = range(begin + 1_000_000_000, end, 1_000_000_000)
        moments: dict[int, Edge] = {**dict.fromkeys((*warmup, *inside), ""), begin: "start", end: "end"}
        loop = asyncio.get_running_loop()
        now = time.monotonic_ns()
        self._timers = [loop.call_later((at - now) / 1e9, self._ask_all, edge) for at, edge in moments.items()]

    async def close(self) -> None:
        """Waits for what was asked, and asks no more."""
        for timer in self._timers:
            timer.cancel()
        await asyncio.gather(*self._tasks)
        for client in self._clients.values():
            client.close()

    async def read(self, name: str, edge: Edge) -> None:
        """Asks one keeper once."""
        asked_ns = time.monotonic_ns()
        answer = await self._clients[name].get("/usage", within_s=WITHIN_S)
        try:
            usage = Usage.from_json(answer.body, source=f"the keeper of {name}") if answer.status else None
        except UsageError as error:
            self.silent[name] = str(error)
            return
        if usage is None:
            self.silent[name] = answer.how
            return
        self.readings.append(Reading(edge, asked_ns, usage))
        if not usage.running or usage.exit_status is not None:
            self._ended(usage)

    def _ask_all(self, edge: Edge) -> None:
        for name in self._clients:
            task = asyncio.get_running_loop().create_task(self.read(name, edge))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


def write_readings(path: Path, readings: list[Reading]) -> None:
    """usage.csv: a row per reading; what a keeper could not tell is empty."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for reading in readings:
            values = reading.usage.model_dump()
            rows.writerow((reading.edge, reading.asked_ns, *(values[name] for name in FIELDS)))


def read_readings(path: Path) -> tuple[Reading, ...]:
    """The readings in a usage.csv. Raises MeasureError: missing or damaged, and at which line."""
    try:
        rows = list(csv.reader(whole_lines(path), strict=True))
    except (OSError, ValueError, csv.Error) as error:
        message = f"{path.name} is missing or damaged ({error})"
        raise MeasureError(message) from error
    if not rows or tuple(rows[0]) != COLUMNS:
        message = f"{path.name} does not begin with the columns {', '.join(COLUMNS)}"
        raise MeasureError(message)
    return tuple(_reading(row, f"{path.name}, line {number}") for number, row in enumerate(rows[1:], start=2))


def _reading(row: list[str], where: str) -> Reading:
    if len(row) != len(COLUMNS) or row[0] not in {"start", "end", ""} or not row[1].isdecimal():
        message = f"{where} is damaged"
        raise MeasureError(message)
    values = {name: value for name, value in zip(FIELDS, row[2:], strict=True) if value}
    edge: Edge = "start" if row[0] == "start" else "end" if row[0] == "end" else ""
    try:
        return Reading(edge, int(row[1]), Usage.model_validate({"memory_mib": None, "memory_kind": None, **values}))
    except ValueError as error:
        message = f"{where} is damaged: {str(error).splitlines()[-2].strip()}"
        raise MeasureError(message) from error
