"""The stack's last layer for real: each transaction publishes; a broker that stands still is seen, one that is killed fails."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager

import pytest

from phases.phase_10_fullstack import EXPERIMENTS
from steps import load, processes
from steps.errors import MeasureError
from steps.model import HttpLoad, LoadRecord
from steps.statistics.histogram import read_log
from tests.lab import whole

(STACK,) = EXPERIMENTS
CELL, TRANSACTIONS = "messaging-100rps-r1", 650
STOPPED_S, AFTER_S = 1.5, 3.5
WINDOW_S = 6
CATCHING_UP_S = 0.5
pytestmark = pytest.mark.slow


@pytest.fixture
def stack(lab):
    """The experiment with a short, light load, everything built; skips where a tool is missing."""
    light = HttpLoad(**STACK.loads[0].model_dump() | {"rate_rps": 100, "warmup_s": 0.5, "duration_s": WINDOW_S})
    lab.asked = whole(lab, STACK.model_copy(update={"loads": (light,)}))
    return lab


def loaded(lab, endpoints):
    """The record of the load verb, and how it failed."""
    folder, failure = lab.folder / "load", None
    try:
        load.run(run=lab.run, cell=CELL, experiment=lab.folder / "experiment.json", endpoints=endpoints.to_json(), folder=folder)
    except MeasureError as error:
        failure = str(error)
    return LoadRecord.from_json((folder / "load.json").read_bytes(), source="load.json"), failure


@contextmanager
def cell(lab):
    """Its endpoints; nothing of it is left afterwards."""
    try:
        yield lab.deploy(CELL)
    finally:
        record = lab.teardown(CELL)
    assert (record.left, record.unclosed, lab.processes(), lab.ledger()) == ((), (), [], [])


def broker(lab):
    """The broker's own process, below its keeper."""
    (entry,) = (each for each in lab.ledger() if not each.closed_at and each.id.endswith("-nats"))
    return processes.descendants(int(entry.facts["keeper"].split()[0]))


@contextmanager
def after(seconds, what):
    """Does it in the middle of the block."""
    timer = threading.Timer(seconds, what)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def stop(lab, lasted):
    """For how long it stood still is measured."""
    found, began = broker(lab), time.monotonic()
    for each in found:
        processes.send(each, signal.SIGSTOP)
    time.sleep(STOPPED_S)
    for each in found:
        processes.send(each, signal.SIGCONT)
    lasted.append(time.monotonic() - began)


def test_each_transaction_leaves_one_message(stack):
    """Counted at the broker: those of the checks around the load are not among them."""
    with cell(stack) as endpoints:
        record, failure = loaded(stack, endpoints)

    assert failure is None
    assert record.published.right
    assert (record.published.kept, record.published.answered) == (TRANSACTIONS, TRANSACTIONS)
    assert "650 messages in nats (written) for 650 transactions" in [each.what for each in record.checks]


def test_a_broker_that_stands_still_is_in_p99_at_its_size(stack):
    """A transaction is not answered before its message is acknowledged; none is lost by waiting."""
    lasted = []
    with cell(stack) as endpoints, after(AFTER_S, lambda: stop(stack, lasted)):
        record, failure = loaded(stack, endpoints)
    p99_s = read_log(stack.folder / "load" / "load.hdr")["response"].get_value_at_percentile(99) / 1e6
    true_s = lasted[0] - 0.01 * WINDOW_S

    assert failure is None
    assert record.published.kept == record.published.answered == TRANSACTIONS
    assert record.counts.ok == record.counts.planned
    assert 0.95 * true_s < p99_s < true_s + CATCHING_UP_S


def test_a_broker_that_is_killed_fails_the_cell(stack):
    """With its name, and without a figure of what came before."""

    def kill():
        for each in broker(stack):
            processes.send(each, signal.SIGKILL)

    with cell(stack) as endpoints, after(AFTER_S, kill):
        record, failure = loaded(stack, endpoints)

    assert failure.startswith("nats ended with status -9 after ")
    assert record.published is None
