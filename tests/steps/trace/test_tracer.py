"""Whether there can be a trace here at all."""

import os
import subprocess
import sys

import pytest

ASKED = "from steps.trace import tracer; print(tracer.unavailable(('off-cpu',)))"


@pytest.mark.skipif(os.geteuid() != 0, reason="a PID namespace needs root")
def test_container_with_process_numbers_of_its_own_is_refused():
    """Those of its threads mean others to the kernel: a trace of them would count strangers."""
    inside = ("unshare", "--pid", "--mount-proc", "--fork", "--", sys.executable, "-c", ASKED)
    done = subprocess.run(inside, capture_output=True, text=True, timeout=60, check=False)
    if "unshare" in done.stderr:
        pytest.skip(f"this kernel gives no process numbers of its own: {done.stderr.strip()}")

    assert "run it outside of one" in done.stdout or "not installed" in done.stdout, done.stderr
