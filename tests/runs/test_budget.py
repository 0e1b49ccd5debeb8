"""A whole run that costs more than its estimate said: it is stopped between two cells, and the gate tells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# The estimate takes no notice of anything but the loads: 7 s of them, while the run takes some 3 s for each of six cells.
TOO_LOW = """
import sys
from decimal import Decimal
from pathlib import Path
from pipelines import duration
from pipelines.local import session
from steps.costs.budget import cost_of
from tests.runs.short import experiment

duration.CELL_S = duration.RUN_S = 0.0
asked = experiment(("nginx",), repetitions=3).model_copy(update={"budget_usd": cost_of(8.0).value})
sys.exit(session.run(asked, reports=Path(sys.argv[1]), gate=True))
"""


@pytest.mark.slow
def test_a_run_whose_budget_is_passed_ends_with_what_it_has(tmp_path):
    """Cells before that are measured, those after it say why they are not, nothing is left, and the gate has status 3."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BENCHLAB_"))}
    environment |= {"BENCHLAB_STATE": str(tmp_path / "state"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", TOO_LOW, str(tmp_path / "reports")]

    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=180, check=False)

    (path,) = (tmp_path / "reports").glob("*/report.json")
    report = json.loads(path.read_text())
    statuses = [cell["status"] for cell in report["cells"]]
    stopped = statuses.index("failed")
    assert done.returncode == 3, done.stdout + done.stderr
    assert report["verdict"] == "Failed"
    assert stopped > 0
    assert set(statuses[:stopped]) <= {"ok", "suspect"}
    assert set(statuses[stopped:]) == {"failed"}
    assert all("the budget of" in cell["reasons"][0] for cell in report["cells"][stopped:])
    assert report["budget"]["passed"]
    assert not list((tmp_path / "state").glob("work/*"))
