"""The message driver against known answers: a stalled broker, and a killed one, with a count of what was lost."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from phases.catalogue.brokers import BROKERS, NATS
from steps.drivers.broker import Dealing, client_of
from steps.drivers.connection import Target
from steps.drivers.deliveries import Letters
from steps.drivers.http import LEAD_NS
from steps.drivers.messages import MessageFlight
from steps.drivers.recording import Fate, Schedule
from steps.drivers.summary import summarize
from steps.statistics.histogram import histogram_of
from tests.brokers import SOME, TRIED, again, cell, flown, needs, order_of, paused, quietly, short
from tests.databases import signalled

STALL_S = 1.5
CATCHING_UP_S = 0.5  # what waited is answered one after the other
SILENT_S = 3.0  # nothing more comes


@pytest.mark.parametrize("component", SOME)
def test_stalled_broker_shows_at_its_true_size(lab, component):
    """A stop of 1.5 s in 8 s of load: p99 is 80 ms less, for a hundredth of the messages were due in its first 80 ms.

    Until they are acknowledged, and until the consumer has them. How long it was really stopped is measured; on a busy machine it
    takes a while to catch up as well.
    """
    load = short(rate_mps=300, duration_s=8, warmup_s=1)
    with cell(lab, load, needs(component)) as endpoints:
        stops = []
        pause = lambda: stops.append(paused(lab, after_s=4, for_s=STALL_S))  # noqa: E731
        found, check = asyncio.run(flown(load, endpoints, component, meanwhile=pause))

    summary = summarize(found.flown)
    delivery = histogram_of(found.durations_us())
    p99_s = {
        "response": summary.histograms["response"].get_value_at_percentile(99) / 1e6,
        "delivery": delivery.get_value_at_percentile(99) / 1e6,
    }
    assert summary.counts.ok == summary.counts.planned
    assert check.right
    (stop,) = stops
    true_s = stop.lasted_s - 0.01 * load.duration_s
    print(f"{component.name}: stopped for {stop.lasted_s:.2f} s, p99 {p99_s}")
    for name in ("response", "delivery"):
        assert 0.95 * true_s < p99_s[name] < true_s + CATCHING_UP_S, name


KILLED = [
    pytest.param(each, durability, id=f"{each.name}-{durability}", marks=TRIED[each.name])
    for each in BROKERS
    for durability in each.classes
    if not each.lacks(durability)
]


@pytest.mark.parametrize(("component", "durability"), KILLED)
def test_killed_broker_keeps_what_its_class_promises(lab, component, durability, tmp_path):
    """kill -9 in the middle of the load, started again on its folder, while no consumer had taken anything.

    From memory everything is lost; whatever was written outlives the process. (A loss of power, which tells written from
    fsynced, cannot be made here.)
    """
    load = short(durability, rate_mps=300, duration_s=4, timeout_s=1)
    with cell(lab, load, needs(component)) as endpoints:
        order, target = order_of(lab), Target.of(endpoints.target)
        dealing = Dealing(target.host, target.port, consumers=1, client=component.classes[durability].client)
        letters = Letters.of(len(Schedule.of(load)), size=load.size_bytes, consumers=1)
        recording = quietly(
            _sent(load, component, dealing, target, letters, killed=lambda: signalled(lab, signal.SIGKILL, after_s=2.5))
        )
        acknowledged = [number for number, fate in enumerate(recording.fates) if fate == Fate.OK]
        with again(order, component, target.port, tmp_path / "again.log"):
            found = quietly(_read(component, dealing, letters), within_s=90)

    lost = sum(not found.first_ns[number] for number in acknowledged)
    print(f"{component.name} {durability}: {lost} of {len(acknowledged)} acknowledged messages lost")
    assert 100 < len(acknowledged) < len(recording.fates)
    assert lost == (len(acknowledged) if durability == "memory" else 0)


@pytest.mark.slow
def test_broker_that_lost_acknowledged_messages_is_found_out(lab):
    """A message that is gone from the stream before its consumer had it: the contender fails, and it is said how many."""
    load = short(away_s=1.0, rate_mps=100, duration_s=4)

    async def lose() -> object:
        from steps.drivers.post import Post

        post = Post(load, endpoints.target, NATS)
        try:
            await post.open()
            flight = post.flight(spin=False)
            await flight.open()
            purging = asyncio.create_task(_purged(post, after_s=0.5 + 0.4 * load.duration_s + 0.7))
            done = await flight.fly(time.monotonic_ns() + LEAD_NS)
            await purging
            return await post.audit(done.recording)
        finally:
            await post.close()

    with cell(lab, load, needs(NATS)) as endpoints:
        check = asyncio.run(lose())

    assert not check.right
    assert check.what.endswith("deliveries of acknowledged messages never came")


async def _purged(post, *, after_s):
    """Empties the stream while the consumer is away."""
    await asyncio.sleep(after_s)
    await post._broker._stream.purge_stream("bench")


async def _sent(load, component, dealing, target, letters, *, killed):
    """The load, as far as the broker lives; nobody listens."""
    broker = client_of(component.speaks)(dealing)
    await broker.open()
    await broker.declare()
    flight = MessageFlight(load, target, broker, [], replace(letters, inboxes=()), spin=False)
    await flight.open()
    with killed():
        done = await flight.fly(time.monotonic_ns() + LEAD_NS)
    with suppress(Exception):  # it is gone
        async with asyncio.timeout(2):
            await broker.close()
    return done.recording


async def _read(component, dealing, letters):
    """What a consumer gets of it, until nothing more comes; an empty inbox where even its place is gone."""
    broker, inbox = client_of(component.speaks)(dealing), letters.inboxes[0]
    await broker.open()
    try:
        consumer = await broker.consume(0, lambda body: letters.heard(0, body))
    except Exception as error:  # noqa: BLE001  # whatever the library says
        print(f"no consumer: {error}")
        return inbox
    seen, silent_since = -1, time.monotonic()
    while time.monotonic() - silent_since < SILENT_S:
        if inbox.highest != seen:
            seen, silent_since = inbox.highest, time.monotonic()
        await asyncio.sleep(0.05)
    await consumer.close()
    await broker.close()
    return inbox
