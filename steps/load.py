"""The verb `load`: asks for right answers, sends the load, asks again, and writes down what came of it; nothing while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Literal

import uvloop

from steps.drivers import canary, cross_check, identity, programs, stores
from steps.drivers.bank import Bank
from steps.drivers.calibration import on_cores
from steps.drivers.connection import Client, Target
from steps.drivers.http import LEAD_NS, Flight, content_of
from steps.drivers.judging import judge
from steps.drivers.keepers import Keepers
from steps.drivers.keeping import Kept, keeping, kept_on_disk
from steps.drivers.outbox import Outgoing
from steps.drivers.ramp import believed_rps, climb, until_settled
from steps.drivers.recording import Recording
from steps.drivers.search import Until
from steps.drivers.trust import Trust
from steps.errors import LabError, MeasureError
from steps.model import (
    Check,
    Component,
    Endpoints,
    Experiment,
    HttpLoad,
    Load,
    MessageLoad,
    RampLoad,
    SqlLoad,
    SqlRampLoad,
    SteadyLoad,
    Usage,
    cell_of,
)
from steps.sent import Sent, write
from steps.trace.beside import Beside

CHECKS = 3  # questions before the load, and after


def run(*, run: str, cell: str, experiment: Path, endpoints: str, folder: Path, environment: Path | None = None) -> None:
    """Sends the load of one cell.

    folder: gets load.json, and beside it load.hdr, series.csv and usage.csv when there was a load; of a ramp, each share's.
    environment: what provision found, for a search that must not go beyond what the driver can do.
    Raises MeasureError: an answer was wrong, or the load was stopped; UsageError: the endpoints are none. The record says so too.
    """
    asked = Experiment.from_json(experiment.read_bytes(), source=experiment.name)
    load, contender = load_of(asked, cell), asked.component(cell_of(asked, cell).contender)
    folder.mkdir(parents=True, exist_ok=True)
    beside = Beside.of(asked, run, cell)
    cpus: tuple[int, ...] | None = None
    try:
        where = Endpoints.from_json(endpoints, source="the endpoints that deploy handed over")
        beside.await_ready()
        before = canary.sing(folder, cpus=where.system_cpus)
        with on_cores(where.driver_cpus) as alone:
            cpus = where.driver_cpus if alone else None
            sent = uvloop.run(send(load, where, spin=alone, driver_rps=believed_rps(environment), contender=contender))
            if sent.failure is None and (again := beside.again(load, in_pods=bool(where.pods))):
                sent.traced = again, uvloop.run(_once_more(again, where, contender, spin=alone, beside=beside))
                sent.failure = sent.traced[1].failure
        sent.canaries = before, canary.sing(folder, cpus=where.system_cpus)
    except LabError as error:
        write(Sent(failure=str(error)), folder=folder, run=run, cell=cell, load=load, cpus=cpus)
        raise
    finally:
        beside.close()
    write(sent, folder=folder, run=run, cell=cell, load=load, cpus=cpus)
    if sent.failure:
        raise MeasureError(sent.failure)


def load_of(experiment: Experiment, cell: str) -> Load:
    """The load of a cell. Raises UsageError: the experiment has no such cell."""
    return {load.label: load for load in experiment.loads}[cell_of(experiment, cell).load]


async def send(
    load: Load, where: Endpoints, *, spin: bool, driver_rps: float | None = None, contender: Component | None = None
) -> Sent:
    """Checks, loads, checks again."""
    sent = Sent()
    sent.failure = await identity.difference(where, "before") or await identity.sent_before(where)
    if sent.failure is not None:
        return sent
    sent.idle = await idle(where)
    if isinstance(load, SqlLoad | SqlRampLoad | MessageLoad):
        await _kept(sent, load, keeping(load, where.target, contender), where, contender, spin=spin, driver_rps=driver_rps)
        sent.failure = sent.failure or await identity.difference(where, "after")
        return sent
    trust = Trust(where)
    sent.checks += await trust.before()
    sent.failure = _wrong(sent.checks)
    if sent.failure is None:
        await _check(sent, load, where.target, "before")
    if sent.failure is None:
        witnesses = await cross_check.ask(where)
        if isinstance(load, RampLoad):
            await _ramp(sent, load, where, spin=spin, until=Until.of(load, driver_rps))
        else:
            await _transact(sent, _plain(load, where, spin=spin), where, contender)
        sent.cross_checks = await cross_check.compare(where, witnesses)
        await _check(sent, load, where.target, "after")
        sent.checks += await trust.after(load.window_s)
        await _count(sent, where)
        sent.failure = sent.failure or _wrong(sent.checks) or await identity.difference(where, "after")
    return sent


async def _once_more(load: SteadyLoad, where: Endpoints, contender: Component, *, spin: bool, beside: Beside) -> Sent:
    """For a trace: what came of it is not looked at, for none of its figures decides."""
    part = Sent()
    bank = keeping(load, where.target, contender) if isinstance(load, SqlLoad | MessageLoad) else None
    if bank is not None:
        await bank.forget()
    beside.announce(load)
    await _load(part, bank.flight(spin=spin) if bank else _plain(load, where, spin=spin), where)
    if bank is not None:
        await bank.close()
    return part


def _plain(load: SteadyLoad, where: Endpoints, *, spin: bool) -> Flight:
    return Flight(load, Target.of(where.target), spin=spin)


async def _kept(
    sent: Sent,
    load: SqlLoad | SqlRampLoad | MessageLoad,
    bank: Kept,
    where: Endpoints,
    contender: Component | None,
    *,
    spin: bool,
    driver_rps: float | None,
) -> None:
    """The same for what is kept, tables and topics: they are looked at before the load and after it."""
    recordings: list[Recording] = []

    async def fly(at: SteadyLoad, part: Sent | None = None) -> Sent:
        part = part or Sent()
        await _load(part, bank.flight(spin=spin, at=at), where)
        recordings.extend([part.flown.recording] if part.flown else [])
        return part

    try:
        sent.checks += await bank.open()
        sent.first_ms = bank.first_ms
        sent.failure = _wrong(sent.checks)
        if sent.failure is None:
            witnesses = await cross_check.ask(where)
            if not isinstance(load, SqlRampLoad):
                await fly(load, sent)
            elif isinstance(bank, Bank):
                settled = partial(bank.until_settled, within_ms=load.slo.p99_ms, timeout_s=load.timeout_s)
                until = Until.of(load, driver_rps and driver_rps / load.exchanges)
                sent.climbed = await climb(load, settled, until, fly)
                sent.failure = sent.climbed.failure
            sent.cross_checks = await cross_check.compare(where, witnesses)
        if recordings:
            sent.checks.append(await bank.audit(*recordings))
            sent.logged_bytes, sent.delivered = bank.logged_bytes, bank.delivered()
            sent.kept_bytes = await kept_on_disk(where, contender)
            sent.failure = sent.failure or _wrong(sent.checks)
    except MeasureError as error:
        sent.failure = sent.failure or str(error)
    finally:
        await bank.close()


async def _count(sent: Sent, where: Endpoints) -> None:
    """What the stores keep of the load and of the checks around it, where nothing failed until then."""
    if sent.failure is None and sent.flown is not None:
        try:
            sent.kept = await stores.count(where, sent.flown.recording, sent.checks)
            sent.checks += (Check(when="after", right=each.right, what=each.said) for each in sent.kept)
            sent.failure = _wrong(sent.checks)
        except MeasureError as error:
            sent.failure = str(error)


def _wrong(checks: Iterable[Check]) -> str | None:
    """The first thing that is not right; None: all is."""
    return next((f"wrong {each.when} the load: {each.what}" for each in checks if not each.right), None)


async def idle(where: Endpoints) -> tuple[Usage, ...]:
    """What each keeper says before anything was asked of its component; one that is silent is missing."""
    keepers = Keepers(where.keepers, ended=lambda _: None)
    for name in where.keepers:
        await keepers.read(name, "")
    await keepers.close()
    return tuple(reading.usage for reading in keepers.readings)


async def _check(sent: Sent, load: HttpLoad | RampLoad, url: str, when: Literal["before", "after"]) -> None:
    """Asks some questions; the first wrong answer is the failure, unless there is one already."""
    client, target = Client(url), Target.of(url)
    content = content_of(load, target) if isinstance(load, HttpLoad) else target.get(load.path)
    for _ in range(CHECKS):
        asked = time.monotonic_ns()
        answer = await client.ask(content, within_s=load.timeout_s)
        right, what = judge(answer, load.expect.encode())
        if sent.first_ms is None and right:
            sent.first_ms = (time.monotonic_ns() - asked) / 1e6
        sent.checks.append(Check(when=when, right=right, what=what, answer_bytes=answer.size or None))
        if not right:
            sent.failure = sent.failure or f"wrong answer {when} the load from {url}{load.path}: {what}"
            break
    client.close()


async def _ramp(sent: Sent, load: RampLoad, where: Endpoints, *, spin: bool, until: Until) -> None:
    async def fly(at: SteadyLoad) -> Sent:
        part = Sent()
        await _load(part, Flight(at, Target.of(where.target), spin=spin), where)
        return part

    sent.climbed = await climb(load, partial(until_settled, load, where.target), until, fly)
    sent.failure = sent.climbed.failure


async def _transact(sent: Sent, flight: Flight, where: Endpoints, contender: Component | None) -> None:
    """Sends the load; where each transaction is to leave a message, it is counted whether it did."""
    outgoing = Outgoing(where, contender) if contender and contender.outbox else None
    if outgoing:
        sent.checks.append(await outgoing.before())
        sent.failure = _wrong(sent.checks)
    if sent.failure is None:
        await _load(sent, flight, where)
    if outgoing and sent.failure is None and sent.flown:
        try:
            sent.published = await outgoing.after(sent.flown.recording)
            sent.checks.append(Check(when="after", right=sent.published.right, what=sent.published.said))
            sent.failure = _wrong(sent.checks)
        except MeasureError as error:
            sent.failure = f"after the load, {error}"


async def _load(sent: Sent, flight: Flight, where: Endpoints) -> None:
    await flight.open()  # its name has an address, or the check would have failed
    before = programs.Programs.read()
    start_ns = time.monotonic_ns() + LEAD_NS
    window_ns = flight.window_ns(start_ns)

    def ended(usage: Usage) -> None:
        how = "" if usage.exit_status is None else f" with status {usage.exit_status}"
        flight.stop(f"{usage.component} ended{how} {_moment(window_ns[0])}")

    keepers = Keepers(where.keepers, ended=ended)
    keepers.follow(start_ns=start_ns, window_ns=window_ns)
    sent.wall_minus_monotonic_ns = time.time_ns() - time.monotonic_ns()
    sent.flown = await flight.fly(start_ns)
    sent.programs_cores = programs.cores_since(before)
    await keepers.close()
    sent.readings, sent.failure = keepers.readings, sent.flown.stopped


def _moment(begin_ns: int) -> str:
    after_s = (time.monotonic_ns() - begin_ns) / 1e9
    return f"after {after_s:.1f} s of the window" if after_s >= 0 else "in the warm-up"
