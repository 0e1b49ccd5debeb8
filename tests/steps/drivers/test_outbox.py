"""Messages of transactions, counted at a real broker: none may be missing, and none too many."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager

import nats
import pytest
from nats.js.api import StorageType, StreamConfig

from phases.catalogue.brokers import NATS, RABBITMQ
from phases.catalogue.gateways import NGINX
from steps.drivers.connection import Target
from steps.drivers.outbox import Outgoing
from steps.drivers.recording import Fate, Recording, Schedule
from steps.errors import MeasureError, UsageError
from steps.model import Endpoints, HttpLoad
from steps.model.messaging import TOPIC
from steps.model.outbox import Outbox
from tests.brokers import cell, needs, quietly, short

LOAD = HttpLoad(rate_rps=10, warmup_s=0, duration_s=1, expect="")
SENT = 10
NOWHERE = Endpoints(target="http://127.0.0.1:1", keepers={}, outbox="http://127.0.0.1:1")


def publishing(broker=NATS):
    """An arm that says it publishes."""
    return NGINX.under("arm", brings=(broker,), outbox=Outbox(broker=broker.name, durability="written"))


@contextmanager
def broker(lab):
    """Where a fresh broker is."""
    with cell(lab, short(), needs(NATS)) as endpoints:
        yield Endpoints(target=endpoints.target, keepers={}, outbox=endpoints.target)


def recorded(*, failed=0):
    """A load of ten transactions, of which the last ones failed."""
    made = Recording.of(Schedule.of(LOAD), start_ns=1)
    for number in range(SENT):
        made.sent_ns[number] = 1
        made.fates[number] = Fate.OK if number < SENT - failed else made.error("status 500")
    return made


async def counted(where, *, messages, failed=0, storage="file"):
    """The check before the load, and what is found after so many messages."""
    target = Target.of(where.outbox)
    connection = await nats.connect(f"nats://{target.host}:{target.port}")
    stream = connection.jetstream()
    await stream.add_stream(StreamConfig(name=TOPIC, subjects=[TOPIC], storage=StorageType(storage)))
    await stream.publish(TOPIC, b"of whoever asked whether it is ready")
    outgoing = Outgoing(where, publishing())
    check = await outgoing.before()
    await asyncio.gather(*(stream.publish(TOPIC, b"of a transaction") for _ in range(messages)))
    found = await outgoing.after(recorded(failed=failed)) if check.right else None
    await stream.delete_stream(TOPIC)
    await connection.close()
    return check, found


def test_messages_are_as_many_as_transactions(lab):
    """What was there before the load is not of it; a failed transaction may have left its message; memory is no file."""
    with broker(lab) as where:
        check, exact = quietly(counted(where, messages=SENT))
        _, fewer = quietly(counted(where, messages=SENT - 1))
        _, more = quietly(counted(where, messages=SENT + 1))
        _, maybe = quietly(counted(where, messages=SENT - 1, failed=2))
        in_memory, _ = quietly(counted(where, messages=0, storage="memory"))

    assert check.what == "nats keeps messages written: storage file, fsync every 2 min (its default)"
    assert (exact.kept, exact.right, maybe.right) == (SENT, True, True)
    assert exact.said == "10 messages in nats (written) for 10 transactions"
    assert (fewer.right, more.right) == (False, False)
    assert maybe.said == "9 messages in nats (written) for 8 to 10 transactions"
    assert (in_memory.right, in_memory.what) == (False, "nats is not set up for written: storage=file is not so")


def test_a_broker_that_is_gone_is_told():
    """Before the load as a wrong check, after it as a failure: never as no messages."""
    outgoing = Outgoing(NOWHERE, publishing(), within_s=0.2)
    check = quietly(outgoing.before())

    assert not check.right
    assert check.what == "nats does not tell within 0.2 s how many messages it keeps"
    with pytest.raises(MeasureError, match=r"nats does not tell within 0\.2 s"):
        quietly(outgoing.after(recorded()))


def test_messages_that_nobody_can_count_are_refused():
    """A broker that does not tell, and a cell that was deployed without its outbox."""
    with pytest.raises(UsageError, match="rabbitmq does not tell how many messages it keeps"):
        Outgoing(NOWHERE, publishing(RABBITMQ))
    with pytest.raises(UsageError, match="deploy handed over no outbox of arm"):
        Outgoing(Endpoints(target=NOWHERE.target, keepers={}), publishing())


@pytest.mark.parametrize(
    ("brings", "durability", "why"),
    [((), "written", "it does not bring nats"), ((NATS.model_copy(update={"classes": {}}),), "memory", "declares no class")],
)
def test_an_arm_publishes_to_a_broker_that_it_brings(brings, durability, why):
    """In a class that the broker has; found when the module is imported."""
    with pytest.raises(ValueError, match=why):
        NGINX.under("arm", brings=brings, outbox=Outbox(broker="nats", durability=durability))
