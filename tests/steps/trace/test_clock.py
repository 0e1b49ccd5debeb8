"""A machine that slept since it started: its tracer's clock is ahead of the one that loads go by. Needs root and bpftrace."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from steps.model import TraceProgram
from steps.trace import tracer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(reason := tracer.unavailable((TraceProgram.OFF_CPU,))), reason=f"no trace here: {reason}"),
]
# As if it had slept: in a time namespace of its own CLOCK_MONOTONIC is behind, and what programs read is not.
SLEPT = ("unshare", "--time", "--monotonic", "-1000", "--fork", "--")
HERE = """
import json, os, subprocess, sys, time
from pathlib import Path
from steps import processes
from steps.trace.step import count
from steps.trace.target import Target
with subprocess.Popen(["sh", "-c", "sleep 60; true"]) as keeper:
    time.sleep(0.3)
    end_ns = time.monotonic_ns() + 5_000_000_000
    try:
        found = count(("off-cpu",), Target("x", keeper.pid), cpus=None, end_ns=end_ns, folder=Path(sys.argv[1]))
        print(json.dumps([found["end_ns"] - found["start_ns"], found["end_ns"] - found["ahead_ns"] - end_ns]))
    finally:
        for each in processes.descendants(keeper.pid):
            os.kill(each.pid, 9)
"""
IN_A_POD = """
import sys
from pathlib import Path
from steps import tracer
from steps.trace.programs import together
tracer.count(together(("off-cpu",), threads=[1], lasts_ns=200_000_000), Path(sys.argv[1]))
"""


def said(code, folder):
    done = subprocess.run([*SLEPT, sys.executable, "-c", code, folder], capture_output=True, text=True, timeout=60, check=False)
    if "unshare" in done.stderr:
        pytest.skip(f"this kernel gives no clock of its own: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_trace_here_lasts_until_its_load_ends(tmp_path):
    """It counts for seconds, and its end is a moment of the load's clock."""
    ((counted_ns, late_ns),) = said(HERE, tmp_path)

    assert counted_ns > 1e9
    assert -0.4e9 < late_ns < 0


def test_trace_in_a_pod_tells_its_moments_by_the_wall(tmp_path):
    """Else the load would be sent for hours."""
    lines = said(IN_A_POD, tmp_path)
    armed_ns, ahead_ns = lines[0]["armed_unix_ns"], lines[-1]["over"]["ahead_ns"]

    assert abs(armed_ns - time.time_ns()) < 60e9
    assert abs(ahead_ns - (tracer.clock_ns() - time.time_ns())) < 1e9
