"""A short run of a phase as `python -m pipelines run PHASE` makes it: two experiments of some seconds, and a review of both.

`python -m tests.runs.phase REPORTS`. The first experiment has nginx, the second HAProxy: a test can spoil one of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pipelines.__main__ import cli
from pipelines.local import session
from steps.model import Experiment, Rule
from tests.runs import short

WINDOW_S = 2.0  # the shortest that has a cost
SECOND, REVIEW = "other-comparison", "a-review"


def experiments() -> tuple[Experiment, ...]:
    """All of them previews, so nothing decides."""
    first, second = (_with_a_cost(short.experiment((gateway,))) for gateway in ("nginx", "haproxy"))
    reads = (first.name, SECOND)
    review = Experiment(
        name=REVIEW,
        question="Which would one choose?",
        shape="review",
        phase=first.phase,
        reads=reads,
        rule=Rule(p99_below_ms=50),
    )
    return (first, second.model_copy(update={"name": SECOND}), review.as_preview())


def _with_a_cost(experiment: Experiment) -> Experiment:
    loads = tuple(load.model_copy(update={"duration_s": WINDOW_S}) for load in experiment.loads)
    return experiment.model_copy(update={"loads": loads})


if __name__ == "__main__":
    # Within the command line's own handler, so that errors are told as users see them.
    @cli.command("phase", hidden=True)
    def phase() -> None:
        """A short run of a phase."""
        sys.exit(session.run(*experiments(), reports=Path(sys.argv[1]), gate=False))

    cli(["phase"], prog_name="tests")
