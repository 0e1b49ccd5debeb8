"""A short traced run of one gateway beside the direct path, for tests to spoil: `python -m tests.runs.traced REPORTS`."""

from __future__ import annotations

import sys
from pathlib import Path

from pipelines.__main__ import cli
from pipelines.local import session
from steps.model import Experiment, TraceProgram
from steps.model.metric import CPU, ON_CPU, P50
from tests.runs import short


def experiment() -> Experiment:
    """One repetition, and after each window the ten seconds that a trace takes."""
    update = {"trace": (TraceProgram.OFF_CPU, TraceProgram.TCP), "metrics": (P50, CPU, ON_CPU), "unit_cost": None}
    return short.experiment(("nginx",)).model_copy(update=update)


if __name__ == "__main__":

    @cli.command("traced", hidden=True)
    def traced() -> None:
        """A short traced run."""
        sys.exit(session.run(experiment(), reports=Path(sys.argv[1]), gate=False))

    cli(["traced"], prog_name="tests")
