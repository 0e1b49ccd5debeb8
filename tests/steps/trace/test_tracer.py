"""Whether there can be a trace here at all."""

import os
import subprocess
import sys

import pytest

from steps.trace import tracer

ASKED = "from steps.trace import tracer; print(tracer.unavailable(('off-cpu',)))"


MISSING = """
mount -t tmpfs none /sys/kernel/tracing && mkdir -p /sys/kernel/tracing/events/raw_syscalls/sys_enter && exec "$1" -c "$2"
"""


@pytest.mark.skipif(bool(reason := tracer.unavailable(("off-cpu",))), reason=f"no trace here: {reason}")
def test_kernel_without_a_tracepoint_is_refused_by_its_name():
    """Before any load, and for that alone: a program that was attached to nothing would count nothing."""
    asked = ASKED.replace("'off-cpu',", "'off-cpu', 'block-io'")
    inside = ("unshare", "--mount", "--", "sh", "-c", MISSING, "sh", sys.executable, asked)
    done = subprocess.run(inside, capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout.startswith("this kernel has no tracepoint block/block_bio_backmerge, "), done.stderr
    assert "raw_syscalls/sys_exit," in done.stdout
    assert "raw_syscalls/sys_enter," not in done.stdout  # which it has


@pytest.mark.skipif(os.geteuid() != 0, reason="a PID namespace needs root")
def test_container_with_process_numbers_of_its_own_is_refused():
    """Those of its threads mean others to the kernel: a trace of them would count strangers."""
    inside = ("unshare", "--pid", "--mount-proc", "--fork", "--", sys.executable, "-c", ASKED)
    done = subprocess.run(inside, capture_output=True, text=True, timeout=60, check=False)
    if "unshare" in done.stderr:
        pytest.skip(f"this kernel gives no process numbers of its own: {done.stderr.strip()}")

    assert "run it outside of one" in done.stdout or "not installed" in done.stdout, done.stderr
