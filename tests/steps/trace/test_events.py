"""What a program can print one by one, on a real kernel. Needs root and bpftrace."""

from __future__ import annotations

import csv

import pytest

from steps.model import TraceProgram
from steps.trace import tracer
from tests.steps.trace import loads
from tests.steps.trace.golden import traced

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(reason := tracer.unavailable(tuple(TraceProgram))), reason=f"no trace here: {reason}"),
]


def test_every_flush_and_every_io_is_a_line(tmp_path):
    """As many as were counted, each with the time it took; and what each program took is told apart."""
    record = traced("fsyncs", tmp_path, events=True)
    with max(tmp_path.glob("try-*/events.csv")).open() as file:
        lines = list(csv.DictReader(file))
    syncs, ios = ([line for line in lines if line["what"] == what] for what in ("sync", "io"))

    assert (record.damage, record.incomplete) == ((), ())
    assert len(syncs) == record.counts["@syncs"]["1"] == loads.FSYNCS
    assert len(ios) == sum(bucket.count for buckets in record.histograms["@io_us"].values() for bucket in buckets)
    assert 0.8 < sum(int(line["bytes"]) for line in ios) / sum(record.counts["@io_bytes"].values()) <= 1  # the rest was merged
    assert all(0 <= float(line["at_s"]) <= record.seconds for line in lines)
    took_s = sum(int(line["took_us"]) for line in syncs) / 1e6
    assert took_s == pytest.approx(record.counts["@sync_ns"]["1"] / 1e9, rel=0.01)
    assert set(record.bpf_cores_of) == {"frame", "off-cpu", "block-io"}
    assert sum(record.bpf_cores_of.values()) == pytest.approx(record.bpf_cores)
    assert min(record.bpf_cores_of.values()) > 0
