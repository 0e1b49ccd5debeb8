"""The programs on a real kernel, under loads whose counts and bottleneck are known. Needs root and bpftrace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from steps import processes
from steps.attribution.outcome import outcome_of
from steps.costs import book
from steps.errors import MeasureError
from steps.model import TraceProgram, TraceRecord
from steps.trace import tracer
from steps.trace.step import count
from steps.trace.target import Target
from tests.steps.trace import loads

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(reason := tracer.unavailable(tuple(TraceProgram))), reason=f"no trace here: {reason}"),
]
STARTS_S = 2.5


def traced(name: str, folder: Path, *programs: TraceProgram, seconds: float = loads.LASTS_S) -> TraceRecord:
    """The record of one load."""
    wanted = (TraceProgram.OFF_CPU, *programs)
    script = f"{sys.executable} {loads.__file__} {name} {folder}; true"
    with subprocess.Popen(["sh", "-c", script], start_new_session=True) as keeper:
        try:
            while name in {"cold", "warm"} and not (folder / "prepared").exists():
                time.sleep(0.05)
            time.sleep(0.3)
            end_ns = time.monotonic_ns() + round((STARTS_S + seconds) * 1e9)
            found = count(wanted, Target(name, keeper.pid), cpus=None, end_ns=end_ns, folder=folder)
        finally:
            os.killpg(keeper.pid, signal.SIGKILL)
    return TraceRecord(
        run="r", cell=f"{name}-1rps-r1", at="now", target=name, programs=wanted, machine=os.uname().machine, **found
    )


def verdict(record: TraceRecord) -> tuple[str, str]:
    found = outcome_of(record, None, book.load(), p50_ms=None)
    assert found.reason is None, found.reason
    first = found.bottlenecks[0]
    print(record.target, found.split, found.bottlenecks, found.incomplete, found.reconciled, found.bpf_cores, sep="\n")
    return first.resource, first.kind


def test_fsyncs_and_their_bytes_are_counted_exactly(tmp_path):
    """So many fsyncs of a page each are so many; the disk is what they wait for."""
    record = traced("fsyncs", tmp_path, TraceProgram.BLOCK_IO)

    assert record.counts["@syncs"] == {"1": loads.FSYNCS}
    assert record.counts["@io_bytes"]["1"] >= loads.FSYNCS * loads.PAGE
    assert verdict(record) == ("disk", "sync")


def test_bytes_over_tcp_are_counted_exactly(tmp_path):
    """What is sent and received is what was counted."""
    record = traced("tcp", tmp_path, TraceProgram.TCP)

    assert record.counts["@tcp_out"] == {"1": loads.SENT_BYTES}
    assert record.counts["@tcp_in"] == {"1": loads.SENT_BYTES}


@pytest.mark.parametrize(
    ("name", "programs", "expected"),
    [
        ("busy", (), "cpu"),
        ("lock", (TraceProgram.LOCKS,), "lock"),
        ("parked", (TraceProgram.LOCKS,), "none"),
        ("narrow", (TraceProgram.TCP,), "network"),
        ("cold", (TraceProgram.BLOCK_IO, TraceProgram.PAGE_CACHE), "disk"),
        ("idle", (), "none"),
    ],
)
def test_bottleneck_of_a_load_made_for_it_is_named(tmp_path, name, programs, expected):
    """Each load has one cause of waiting, and that is the verdict."""
    record = traced(name, tmp_path, *programs)

    assert verdict(record)[0] == expected


def test_warm_reads_need_no_disk(tmp_path):
    """What the page cache holds is added to it by nobody, and read from no device."""
    record = traced("warm", tmp_path, TraceProgram.BLOCK_IO, TraceProgram.PAGE_CACHE)

    asked = sum(record.counts["@pages_asked"].values())
    assert asked > loads.READ_BYTES / loads.PAGE
    assert sum(record.counts.get("@pages_added", {}).values()) < asked / 100  # the interpreter's own files may come back
    assert record.counts.get("@io_bytes", {}).get("0", 0) < loads.READ_BYTES / 100


def test_killed_tracer_is_a_reason_and_leaves_nothing(tmp_path):
    """kill -9 of the tracer: the step says so, and the kernel holds no program of it."""
    before = attached()
    with subprocess.Popen(["sh", "-c", f"{sys.executable} -c 'import time; time.sleep(60)'; true"]) as keeper:
        threading.Thread(target=kill_tracer, args=(tmp_path,)).start()
        end_ns = time.monotonic_ns() + 8_000_000_000
        with pytest.raises(MeasureError, match="ended by signal 9"):
            count((TraceProgram.OFF_CPU,), Target("x", keeper.pid), cpus=None, end_ns=end_ns, folder=tmp_path)
        for each in processes.descendants(keeper.pid):
            os.kill(each.pid, signal.SIGKILL)

    assert attached() == before


def kill_tracer(folder: Path) -> None:
    """Kills the tracer that writes into that folder, once it counts."""
    output = folder / "bpftrace.json"
    while not (output.exists() and "ready" in output.read_text()):
        time.sleep(0.05)
    for each in processes.everyone():
        if str(folder / "trace.bt") in processes.command_line(each.pid):
            os.kill(each.pid, signal.SIGKILL)


def attached() -> int:
    """How many descriptors hold BPF programs."""
    found = 0
    for each in Path("/proc").glob("[0-9]*/fdinfo/*"):
        try:
            found += "prog_id" in each.read_text()
        except OSError:
            continue
    return found
