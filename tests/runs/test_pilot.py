"""A pilot on real processes, from the command to what `plan` makes of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def command(folder, *words):
    """`python -m pipelines …` with a state of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BENCHLAB_"))}
    return subprocess.run(
        [sys.executable, "-m", "pipelines", *words, "--set", "rate_rps=400", "--reports", str(folder / "reports")],
        cwd=ROOT,
        env={**kept, "BENCHLAB_STATE": str(folder / "state")},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.mark.evidence  # two minutes; what a pilot is made of, and what plan makes of its report, are tests of seconds
def test_a_pilot_is_an_ordinary_run_that_plan_reads(tmp_path):
    """Twelve cells of direct traffic. On a busy machine they may be suspect: then it decides nothing, and `plan` says so."""
    ran = command(tmp_path, "run", "gateway-comparison", "--pilot", "--set", "duration_s=2", "--set", "warmup_s=0.2")
    said = command(tmp_path, "plan", "gateway-comparison")
    (page,) = (tmp_path / "reports").glob("gateway-comparison-pilot-*/report.json")
    report = json.loads(page.read_text())

    assert (ran.returncode, report["verdict"]) in {(0, "Answered"), (4, "Inconclusive")}, ran.stderr
    assert len([cell for cell in report["cells"] if not cell["added"]]) == 12
    assert report["prefix"].startswith("runs/phase-4/gateway-comparison-pilot/")
    assert "differs" not in {
        (effect["decision"] or {}).get("verdict") for effect in report["loads"][0]["arms"][1]["effects"].values()
    }
    decided = report["verdict"] == "Answered"
    assert ("finds a difference of at least this" if decided else "decided nothing") in said.stdout
