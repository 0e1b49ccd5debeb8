"""What a report says of counted messages: cells with figures alone, and nothing where nothing was counted."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from phases.catalogue.brokers import NATS
from phases.catalogue.gateways import ENVOY, NGINX
from steps.evidence import read
from steps.model.outbox import Outbox, Published
from steps.statistics.published import published_of
from tests.steps.simulated import RUN, Story, simulate, small

PREFIX = f"runs/phase-4/gateway-comparison/{RUN}"
PUBLISHING = ENVOY.model_copy(update={"brings": (NATS,), "outbox": Outbox(broker="nats", durability="written")})
COUNTED = Published(broker="nats", durability="written", answered=1000, sent=1001, kept=1001)


def told(story=None, *, published=COUNTED):
    """The sentences of a simulated run in which each of Envoy's cells counted so many."""
    asked = small(contenders=(NGINX, ENVOY), hypotheses=())
    found = read(simulate(asked, story or Story()), run=RUN, prefix=PREFIX, status="Succeeded", failures="null")
    cells = tuple(
        replace(each, load=each.load.model_copy(update={"published": published}))
        if each.cell.contender == "envoy" and each.load
        else each
        for each in found.cells
    )
    asked = asked.model_copy(update={"contenders": (NGINX, PUBLISHING)})
    return published_of(asked, replace(found, cells=cells), SimpleNamespace(label=asked.loads[0].label))


def test_messages_are_told_beside_the_transactions_they_are_of():
    """With the class in words, and in how many cells they were counted."""
    (said,) = told()

    assert said.startswith("Envoy: each answer waits for one message in NATS JetStream, acknowledged when written to a file")
    assert said.endswith(" Counted at the broker in 6 cells: 6,006 messages of 6,000 right answers.")


def test_nothing_is_told_where_nothing_was_counted():
    """Of cells that failed, and of records without a count."""
    assert told(Story(failing={"envoy": "nats ended with status -9 after 2.0 s of the window"})) == ()
    assert told(published=None) == ()
