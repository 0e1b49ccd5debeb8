"""What the interpreter costs per step, beyond the step's own process: `make bench`.

200 steps that do nothing (`python -c pass`), in a chain and side by side, as a manifest and as bare processes; in turn, so that
a slow moment of the machine meets both. "Beyond" is the difference of the medians. The goal is 20 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a file, from wherever

from pipelines.local import read
from pipelines.local.manifest import Manifest
from pipelines.local.run import Run
from pipelines.local.state import State

ARGUMENTS = ["-c", "pass"]


def manifest(steps: int, *, chain: bool) -> Manifest:
    """That many steps that do nothing, each after the one before, or all at once."""
    tasks: list[dict[str, Any]] = [{"name": f"step-{number}", "template": "nothing"} for number in range(steps)]
    for number in range(1, steps if chain else 1):
        tasks[number]["depends"] = f"step-{number - 1}"
    templates = [
        {"name": "main", "dag": {"tasks": tasks}},
        {"name": "nothing", "container": {"command": ["python"], "args": ARGUMENTS}},
    ]
    spec = {"entrypoint": "main", "templates": templates}
    return read.documents(
        [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "bench"}, "spec": spec}]
    )


def interpreted_s(steps: int, *, chain: bool) -> float:
    """How long a run of them takes, from the start of the first to the last word of the status on the disk."""
    made = manifest(steps, chain=chain)
    with tempfile.TemporaryDirectory() as folder, State(Path(folder)).hold("bench") as kept:
        run = Run(made, folder=kept, store=None, secrets={}, environment=dict(os.environ))  # type: ignore[arg-type]
        began = time.perf_counter()
        status = run.execute()
        taken_s = time.perf_counter() - began
    if not status.succeeded:
        message = f"the run came to {status.phase}: {status.message}"
        raise SystemExit(message)
    return taken_s


def bare_s(steps: int, *, chain: bool) -> float:
    """How long the same processes take without a manifest."""
    began = time.perf_counter()
    running = []
    for _ in range(steps):
        running.append(subprocess.Popen([sys.executable, *ARGUMENTS], stdin=subprocess.DEVNULL, start_new_session=True))
        if chain:
            running.pop().wait()
    for process in running:
        process.wait()
    return time.perf_counter() - began


def measure(steps: int, rounds: int, *, chain: bool) -> dict[str, Any]:
    """Both, in turn, in milliseconds per step."""
    taken: dict[str, list[float]] = {"bare": [], "interpreted": []}
    for _ in range(rounds):
        taken["bare"].append(bare_s(steps, chain=chain) / steps * 1000)
        taken["interpreted"].append(interpreted_s(steps, chain=chain) / steps * 1000)
    bare, interpreted = (statistics.median(each) for each in taken.values())
    return {
        "order": "in a chain" if chain else "side by side",
        "steps": steps,
        "rounds": rounds,
        "bare_ms": bare,
        "interpreted_ms": interpreted,
        "beyond_ms": interpreted - bare,
        "each_round_ms": taken,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=3, help="rounds of each")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = [measure(given.steps, given.n, chain=chain) for chain in (True, False)]
    if given.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'ms per step':14} {'bare':>7} {'here':>7} {'beyond':>7}  its own process is   ({given.steps} steps, n={given.n})")
    for row in rows:
        share = row["bare_ms"] / row["interpreted_ms"]
        print(f"{row['order']:14} {row['bare_ms']:7.1f} {row['interpreted_ms']:7.1f} {row['beyond_ms']:7.1f}  {share:5.0%}")


if __name__ == "__main__":
    main()
