"""The load driver's own figures, against a null server: `python tests/benchmarks/driver.py [--seconds N] [--json]`.

The same driver in three ways: with a core of its own it polls; without, it sleeps between requests; the peer is the same code on
asyncio's own event loop, in the same run, so that the ratio to it means something on any machine. Where aiohttp is installed, a
general client with a task per request is shown too, at the rates that it can hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a file, from wherever

import uvloop

from steps.drivers.calibration import BODY, fly_at, null_server, on_cores
from steps.drivers.summary import summarize
from steps.statistics.histogram import histogram_of

RATES_RPS = (500, 1_000, 3_000, 5_000)
CLIENT_RATES_RPS = (500, 1_000)
POLLING, SLEEPING = "polling on its own core", "sleeping"
PEER, CLIENT = "peer: asyncio's own loop", "aiohttp, a task per request"


@dataclass(frozen=True)
class Row:
    """One way at one rate."""

    way: str
    rate_rps: int
    answered_rps: float
    cpu_us_per_request: float
    rps_per_core: int | None  # None: a driver that polls uses all of its core whatever the rate
    lateness_p50_ms: float
    lateness_p99_ms: float
    response_p50_ms: float
    response_p99_ms: float
    cpu_ratio_to_peer: float | None = None  # below 1: cheaper than the peer
    lateness_p99_ratio_to_peer: float | None = None


def drive(url: str, way: str, rate_rps: int, *, seconds: float) -> Row:
    """One load of our driver."""
    run = asyncio.run if way == PEER else uvloop.run
    flown = run(fly_at(url, rate_rps, duration_s=seconds, spin=way == POLLING))
    found = summarize(flown).histograms
    made = row(way, rate_rps, seconds=seconds, cpu_s=flown.cpu_s, lateness=found["lateness"], response=found["response"])
    return replace(made, rps_per_core=None) if way == POLLING else made


async def ask_with_client(url: str, rate_rps: int, *, seconds: float) -> Row:
    """The same load as most would write it."""
    import aiohttp

    late_us, took_us, loop = [], [], asyncio.get_running_loop()

    async def ask(session: aiohttp.ClientSession, due: float) -> None:
        async with session.get(url) as answer:
            if await answer.read() == BODY:
                took_us.append(round((loop.time() - due) * 1e6))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=32)) as session, asyncio.TaskGroup() as tasks:
        start, cpu_s = loop.time() + 0.05, time.process_time()
        for number in range(round(rate_rps * seconds)):
            due = start + number / rate_rps
            await asyncio.sleep(max(0.0, due - loop.time()))
            late_us.append(round((loop.time() - due) * 1e6))
            tasks.create_task(ask(session, due))
        cpu_s = time.process_time() - cpu_s
    return row(CLIENT, rate_rps, seconds=seconds, cpu_s=cpu_s, lateness=histogram_of(late_us), response=histogram_of(took_us))


def row(way: str, rate_rps: int, *, seconds: float, cpu_s: float, lateness: Any, response: Any) -> Row:
    """The row of a load with those histograms."""
    answered = response.get_total_count()
    late, took = ([each.get_value_at_percentile(percent) / 1000 for percent in (50, 99)] for each in (lateness, response))
    return Row(way, rate_rps, answered / seconds, round(cpu_s * 1e6 / answered, 1), round(answered / cpu_s), *late, *took)


def compared(row: Row, peer: Row) -> Row:
    """The row with its ratios to the peer at the same rate."""
    cpu = None if row.way == POLLING else round(row.cpu_us_per_request / peer.cpu_us_per_request, 2)
    return replace(row, cpu_ratio_to_peer=cpu, lateness_p99_ratio_to_peer=round(row.lateness_p99_ms / peer.lateness_p99_ms, 2))


def rows(*, seconds: float) -> Iterator[Row]:
    """Every way at every rate; driver and null server on cores of their own where there are two."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    own, others = (cores[:1], cores[1:]) if len(cores) > 1 else (None, None)
    with null_server(cpus=others) as url, on_cores(own) as alone:
        for rate in RATES_RPS:
            peer = drive(url, PEER, rate, seconds=seconds)
            for way in (POLLING, SLEEPING) if alone else (SLEEPING,):
                yield compared(drive(url, way, rate, seconds=seconds), peer)
            yield peer
            if rate in CLIENT_RATES_RPS and find_spec("aiohttp"):
                yield compared(asyncio.run(ask_with_client(url, rate, seconds=seconds)), peer)


def line(cells: tuple[object, ...]) -> str:
    """A line of the table."""
    return "{:>6} {:<29}{:>8}{:>9}{:>10}{:>10}{:>8}{:>10}{:>8}{:>7}{:>7}".format(*cells)


def cells(row: Row) -> tuple[str, ...]:
    """A row as texts; what is missing is empty."""
    numbers = (f"{row.answered_rps:,.0f}", f"{row.cpu_us_per_request:.1f}", f"{row.rps_per_core:,}" if row.rps_per_core else "")
    times = (row.lateness_p50_ms, row.lateness_p99_ms, row.response_p50_ms, row.response_p99_ms)
    ratios = (row.cpu_ratio_to_peer, row.lateness_p99_ratio_to_peer)
    return (
        f"{row.rate_rps:,}",
        row.way,
        *numbers,
        *(f"{ms:.3f}" for ms in times),
        *("" if r is None else f"{r:.2f}" for r in ratios),
    )


def main() -> None:
    """Measures, and prints as it goes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="for each rate and way (5)")
    parser.add_argument("--json", action="store_true", help="a list of rows")
    given = parser.parse_args()
    if given.json:
        print(json.dumps([asdict(row) for row in rows(seconds=given.seconds)], indent=2))
        return
    print(line(("", "", "", "CPU µs", "req/s", "lateness", "ms", "response", "ms", "ratio", "peer")))
    print(line(("req/s", "driver", "ok/s", "/request", "per core", "p50", "p99", "p50", "p99", "CPU", "late")))
    for row in rows(seconds=given.seconds):
        print(line(cells(row)), flush=True)


if __name__ == "__main__":
    main()
