"""A run that is killed at any moment of a deploy leaves nothing that a sweep does not find."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from steps.sweep import sweep

CELL = "envoy-500rps-r1"
ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(12))
def test_deploy_killed_at_any_moment_is_swept(lab, lock, attempt):
    """The step and its run are killed somewhere between the first import and the endpoints; the sweep finds what there is."""
    (lab.folder / "experiment.json").write_text(lab.asked.to_json())
    flags = {"run": lab.run, "cell": CELL} | {each: lab.folder / f"{each}.json" for each in ("experiment", "endpoints", "record")}
    argv = [sys.executable, "-m", "steps", "deploy", *(word for each in flags.items() for word in (f"--{each[0]}", str(each[1])))]
    step = subprocess.Popen(argv, env=lab.environment, cwd=ROOT)
    began = time.monotonic()
    wait_s = random.Random(attempt).uniform(0, 0.4)  # from the moment at which it begins to create things

    while not lab.state.runs() and step.poll() is None and time.monotonic() - began < 30:
        time.sleep(0.001)
    time.sleep(wait_s)
    step.kill()
    step.wait()
    lock.close()
    swept = sweep(lab.state, lab.environment)

    assert [(each.left, each.unclosed) for each in swept] == [((), ())]
    assert (lab.processes(), lab.ledger(), lab.state.runs()) == ([], [], [])
    assert all(entry.closed_at for entry in lab.stored(CELL))
