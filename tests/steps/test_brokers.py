"""Brokers as contenders: deployed, loaded, held to their word, and gone."""

from __future__ import annotations

import asyncio

import pytest

from phases.catalogue.brokers import BROKERS, KAFKA, VALKEY
from steps.drivers.post import Post
from steps.errors import UsageError
from steps.model.durability import CLASSES
from tests.brokers import SOME, cell, needs, send, short

NAMED = [pytest.param(each, id=each.name) for each in BROKERS]
ACKNOWLEDGED = 250  # 2.5 s of 100 messages a second


@pytest.mark.slow
@pytest.mark.parametrize("component", NAMED)
def test_broker_delivers_what_it_acknowledged(lab, component):
    """From an empty folder to a load whose every message reaches two consumers once; then nothing of it is left."""
    load = short(fan_out=2)
    with cell(lab, load, needs(component)) as endpoints:
        sent = send(load, endpoints, component)

    assert sent.failure is None
    assert [check.right for check in sent.checks] == [True, True, True]
    assert sent.checks[-1].what == f"{ACKNOWLEDGED} acknowledged messages reached 2 consumers"
    found = sent.delivered.record()
    assert (found.delivered, found.lost, found.duplicates, found.strange) == (2 * ACKNOWLEDGED, 0, 0, 0)
    assert found.out_of_order == 0 or component is VALKEY  # its client has a connection for each message under way
    assert sum(1 for _ in sent.delivered.durations_us()) == found.expected == 400


@pytest.mark.parametrize("component", [each for each in SOME if each.values[0] is KAFKA])
def test_kafkas_consumer_joins_no_group(lab, component):
    """Its group keeps a place and has no member, so that no rebalancing is in any figure."""
    load = short()

    async def members():
        post = Post(load, endpoints.target, component)
        try:
            assert all(check.right for check in await post.open())
            (answer,) = await post._broker._admin.describe_consumer_groups(["consumer-0"])
            (group,) = answer.to_object()["groups"]
            return group["members"]
        finally:
            await post.close()

    with cell(lab, load, needs(component)) as endpoints:
        found = asyncio.run(members())

    assert found == []


@pytest.mark.evidence  # what takes half a second here takes longer on a busy machine
@pytest.mark.parametrize("component", NAMED)
def test_broker_gives_a_consumer_that_was_away_what_it_missed(lab, component):
    """The consumer is away for half a second, loses nothing, and has caught up long before the load's time limit."""
    load = short(away_s=0.5, duration_s=4)
    with cell(lab, load, needs(component)) as endpoints:
        sent = send(load, endpoints, component)

    assert sent.failure is None
    found = sent.delivered.record()
    assert found.lost == 0
    assert 0.49 <= found.away_s < 1.5
    assert 0 <= found.catch_up_ms < 4000
    assert found.backlog >= 40  # what was due in that half second


@pytest.mark.parametrize("durability", CLASSES)
@pytest.mark.parametrize("component", SOME)
def test_broker_has_the_classes_that_it_names(lab, component, durability):
    """Each class that is set up works and says so, as far as it can be asked; one that is lacking is refused."""
    load = short(durability, duration_s=1)
    if component.lacks(durability):
        with pytest.raises(ValueError, match="keeps none in memory only"):
            experiment_with(load, component)
        return
    with cell(lab, load, needs(component)) as endpoints:
        sent = send(load, endpoints, component)

    assert sent.failure is None
    assert sent.checks[0].what.startswith(f"{durability}: ")


@pytest.mark.slow
def test_broker_that_is_less_durable_than_the_load_says_fails(lab):
    """A fast broker that does not wait for the disk does not stand in the table of those that do."""
    load = short("fsynced")
    with cell(lab, load, needs(VALKEY), **{"valkey.conf": ("@{appendfsync}", "everysec")}) as endpoints:
        sent = send(load, endpoints, VALKEY)

    assert sent.failure == ("wrong before the load: fsynced: appendonly=yes appendfsync=everysec instead of appendfsync=always")
    assert sent.flown is None


def test_load_of_messages_for_something_else_is_refused():
    """In one sentence, before anything is sent."""
    from phases.catalogue.databases import POSTGRES

    with pytest.raises(UsageError, match="PostgreSQL declares no class written"):
        Post(short(), "http://127.0.0.1:1", POSTGRES)


def experiment_with(load, component):
    """An experiment of that load whose baseline is the component."""
    from steps.model import Experiment
    from tests.brokers import experiment

    return Experiment.model_validate(experiment(load, component).model_dump())
