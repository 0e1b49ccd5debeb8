"""What a program can print one by one, and what each program takes, on a real kernel. Needs root and bpftrace."""

from __future__ import annotations

import csv

import pytest

from steps.attribution import thresholds as at
from steps.model import TraceProgram
from steps.trace import tracer
from tests.steps.trace import loads
from tests.steps.trace.golden import traced

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(reason := tracer.unavailable(tuple(TraceProgram))), reason=f"no trace here: {reason}"),
]
SEEN = 0.8  # of the I/Os, at least: a program that interrupts one that prints is left out by the kernel


def test_every_flush_and_every_io_that_ended_is_a_line(tmp_path):
    """As many as were counted, each with the time it took; I/Os that were not seen to end are told."""
    record = traced("fsyncs", tmp_path, events=True)
    with max(tmp_path.glob("try-*/events.csv")).open() as file:
        lines = list(csv.DictReader(file))
    syncs, ios = ([line for line in lines if line["what"] == what] for what in ("sync", "io"))
    begun, unended = record.counts["@ios"]["1"], record.counts.get("@ios_unended", {}).get("", 0)

    assert (record.damage, record.incomplete) == ((), ())
    assert len(syncs) == record.counts["@syncs"]["1"] == loads.FSYNCS
    assert {line["bytes"] for line in syncs} == {""}
    assert SEEN * begun < len(ios) <= begun
    assert unended <= begun - len(ios)  # some were merged into others
    assert all(0 <= float(line["at_s"]) <= record.seconds for line in lines)
    took_s = sum(int(line["took_us"]) for line in syncs) / 1e6
    assert took_s == pytest.approx(record.counts["@sync_ns"]["1"] / 1e9, rel=0.01)


def test_what_each_program_takes_is_its_own(tmp_path):
    """A load that flushes and does little else: programs that have nothing to do there only look who it is."""
    record = traced("fsyncs", tmp_path, TraceProgram.MEMORY, TraceProgram.TCP, TraceProgram.PAGE_CACHE)
    took = record.bpf_cores_of

    assert record.counts.get("@ios_unended", {}).get("", 0) <= at.UNENDED * record.counts["@ios"]["1"]
    assert sum(took.values()) == pytest.approx(record.bpf_cores)
    assert set(took) == {"frame", *record.programs}
    assert 2 * max(took[name] for name in ("memory", "tcp", "page-cache")) < took["block-io"]
