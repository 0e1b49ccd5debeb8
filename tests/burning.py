"""Programs that do nothing but compute, for tests that want a core to be busy. They end with whoever started them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

# The kernel ends it with its parent: a test run that is killed leaves no core busy. 1: PR_SET_PDEATHSIG.
BURN = """
import ctypes, os
ctypes.CDLL(None).prctl(1, {signal}, 0, 0, 0)
os.sched_setaffinity(0, {cpus})
while True:
    pass
"""


@contextmanager
def burning(cpus: Collection[int], programs: int) -> Iterator[None]:
    """So many programs compute on these cores meanwhile."""
    words = [sys.executable, "-c", BURN.format(signal=int(signal.SIGKILL), cpus=set(cpus))]
    burners = [subprocess.Popen(words) for _ in range(programs)]
    time.sleep(0.2)
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
