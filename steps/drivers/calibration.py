"""What the driver can do here: against a null server in the same place, at growing rates, until it is late or does not send all.

A cell whose rate comes near this ceiling says more of the driver than of the contender, and `measure` calls it suspect.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from steps import shell
from steps.drivers.connection import Client, Target
from steps.drivers.http import LEAD_NS, Flight
from steps.drivers.recording import Flown
from steps.drivers.summary import lateness_of, summarize
from steps.errors import PlaceError
from steps.model import Calibration, HttpLoad

PREVIEW_S = 2.0
OVERHEAD_S = 1.2  # starting the null server, opening connections, counting, one rate tried twice
SHORTEST_S = 0.3  # at 1,000 req/s the fewest requests that bound a p99
RATES_RPS = (1_000, 2_000, 4_000, 8_000, 12_000, 16_000, 24_000, 32_000, 40_000)
PREVIEW_RATES_RPS = (1_000, 4_000, 8_000)
MISSES = 2
LATE_MS = 1.0  # rule 5: the smallest lateness that is called late
BODY = b"benchlab null server\n"
START_S = 5.0  # an interpreter with uvloop starts in 0.3 s; this is for a machine that is busy


def calibrate(*, driver_cpus: Sequence[int] | None, system_cpus: Sequence[int] | None, seconds: float = 5.0) -> Calibration:
    """The highest rate that the driver holds on its cores against a null server on the system's cores.

    seconds: about how long it may take in all. Raises nothing: what goes wrong is the reason why there is no ceiling.
    """
    rates = RATES_RPS if seconds > PREVIEW_S else PREVIEW_RATES_RPS
    each_s = max(SHORTEST_S, (seconds - OVERHEAD_S) / len(rates) - LEAD_NS / 1e9)
    try:
        with null_server(cpus=system_cpus) as url:
            return _ramp(url, rates, driver_cpus=driver_cpus, each_s=each_s)
    except PlaceError as error:
        return Calibration(ceiling_rps=None, reason=str(error))


@contextmanager
def null_server(*, cpus: Sequence[int] | None) -> Iterator[str]:
    """A null server's URL; it ends with the block, or with this process.

    Raises PlaceError: it does not answer, with the last that it said.
    """
    with TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        log = Path(folder) / "null-server.log"
        server = shell.start(
            (sys.executable, "-m", "steps.drivers.null_server", str(listener.fileno()), BODY.decode()),
            cwd=Path.cwd(),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)},
            log=log,
            cpus=cpus,
            pass_fds=(listener.fileno(),),
            dies_with_parent=True,
        )
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.close()
        try:
            if asyncio.run(_first_answer(url)) != BODY:
                said = log.read_text(errors="replace").strip().splitlines()[-1:] or ["nothing"]
                message = f"the driver's null server did not answer within {START_S:g} s; it said: {said[0]}"
                raise PlaceError(message)
            yield url
        finally:
            server.kill()
            server.wait()


async def _first_answer(url: str) -> bytes:
    client = Client(url)
    answer = await client.get("/", within_s=START_S)  # the listener is open, so the question waits for the server
    client.close()
    return answer.body


@contextmanager
def on_cores(cpus: Sequence[int] | None) -> Iterator[bool]:
    """Confines this process to those cores inside the block; says whether that was possible."""
    if cpus is None or not hasattr(os, "sched_setaffinity"):
        yield False
        return
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, cpus)
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        os.sched_setaffinity(0, before)


async def fly_at(url: str, rate_rps: float, *, duration_s: float, spin: bool) -> Flown:
    """A short load of that rate against a null server."""
    load = HttpLoad(rate_rps=rate_rps, warmup_s=0, duration_s=duration_s, timeout_s=1, expect=BODY.decode())
    flight = Flight(load, Target.of(url), spin=spin)
    await flight.open()
    return await flight.fly(time.monotonic_ns() + LEAD_NS)


def _ramp(url: str, rates_rps: Sequence[int], *, driver_cpus: Sequence[int] | None, each_s: float) -> Calibration:
    """Climbs until two rates in a row are not held, each tried twice: on a shared machine a neighbour can spoil one."""
    lateness: dict[str, dict[str, float]] = {}
    held: list[int] = []
    missed: list[int] = []
    with on_cores(driver_cpus) as alone:
        for rate in rates_rps:
            late = _lateness(url, rate, each_s=each_s, spin=alone)
            if _p99(late) > LATE_MS:
                late = min(late, _lateness(url, rate, each_s=each_s, spin=alone), key=_p99)
            if late:
                lateness[str(rate)] = late
            if _p99(late) <= LATE_MS:
                held, missed = [*held, rate], []
            else:
                missed = [*missed, rate]
            if len(missed) == MISSES:
                break
    p99_ms = {rate: _p99(late) for rate, late in lateness.items()}
    if held:
        return Calibration(ceiling_rps=float(held[-1]), lateness_p99_ms=p99_ms, lateness_ms=lateness)
    said = (
        ", ".join(f"{late_ms:.1f} ms at {int(rate):,} req/s" for rate, late_ms in p99_ms.items()) or "not all requests are sent"
    )
    reason = f"the driver is late against a null server ({said}; p99): something else is busy on this machine"
    return Calibration(ceiling_rps=None, reason=reason, lateness_p99_ms=p99_ms, lateness_ms=lateness)


def _lateness(url: str, rate_rps: float, *, each_s: float, spin: bool) -> dict[str, float]:
    """By quantile, in ms; empty when not every request was answered in time."""
    flown = uvloop.run(fly_at(url, rate_rps, duration_s=each_s, spin=spin))
    summary = summarize(flown)
    return lateness_of(summary.histograms["lateness"]) if summary.counts.ok == summary.counts.planned else {}


def _p99(late: Mapping[str, float]) -> float:
    """In ms; infinite when not every request was answered in time."""
    return late.get("p99", inf)
