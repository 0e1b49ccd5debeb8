"""A cell whose transactions publish: without its count it has no figures."""

from __future__ import annotations

import pytest

from phases.catalogue.brokers import NATS
from steps.measure import outcome_of
from steps.model.outbox import Outbox, Published
from tests.steps.recorded import AT, EXPERIMENT, Recorded, component, readings_of

ARM = component("arm").under("arm", brings=(NATS,), outbox=Outbox(broker="nats", durability="written"))
ASKED = EXPERIMENT.model_copy(update={"contenders": (ARM,)})


def published(kept):
    return Published(broker="nats", durability="written", answered=9000, sent=9000, kept=kept)


def outcome(folder, found):
    readings = readings_of("arm", 0.05) + readings_of("nats", 0.10) + readings_of("echo", 0.02)
    told = Recorded(cell="arm-1000rps-r1", experiment=ASKED, readings=readings, published=found)
    return outcome_of(told.store(folder), at=AT)


def test_a_cell_with_all_its_messages_has_figures(tmp_path):
    """The broker's share of the CPU with them."""
    found = outcome(tmp_path, published(9000))

    assert found.status == "ok"
    assert found.components["nats"].cpu_us_per_request == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (None, "the messages that transactions left in nats were not counted"),
        (published(8999), "8,999 messages in nats (written) for 9,000 transactions"),
        (published(9001), "9,001 messages in nats (written) for 9,000 transactions"),
        (published(-1), "-1 messages in nats (written) for 9,000 transactions"),
    ],
)
def test_a_cell_without_them_has_none(tmp_path, found, reason):
    """Uncounted, one missing, one too many, or a topic that was emptied meanwhile."""
    told = outcome(tmp_path, found)

    assert told.status == "failed"
    assert reason in told.reasons
    assert all(each.value is None for each in told.measurements)
