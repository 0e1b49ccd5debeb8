"""A short run of the gateway comparison with few contenders, as `python -m pipelines run` makes it: for tests to spoil.

`python -m tests.runs.short CONTENDERS REPORTS [REPETITIONS [PRECISION]]`, such as `nginx,haproxy /tmp/reports 1`; `-` for
CONTENDERS is none. With a PRECISION, such as `5%` or `none`, it is no preview.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pipelines import select
from pipelines.__main__ import cli
from pipelines.local import session
from steps.model import Experiment
from steps.model.component import Component


def experiment(contenders: tuple[str, ...], *, repetitions: int = 1, preview: bool = True) -> Experiment:
    """One repetition of 1 s at 400 requests per second: enough for a p99, and quickly over. Nothing waits for long."""
    whole = select.experiments("gateway-comparison")[0]
    chosen = tuple(_impatient(each) for each in whole.contenders if each.name in contenders)
    loads = tuple(
        load.model_copy(update={"rate_rps": 400, "warmup_s": 0.2, "duration_s": 1, "timeout_s": 2}) for load in whole.loads
    )
    update = {"contenders": chosen, "loads": loads, "repetitions": repetitions, "hypotheses": (), "preview": preview}
    return whole.model_copy(update=update)


def _impatient(component: Component) -> Component:
    assert component.ready is not None
    return component.model_copy(update={"ready": component.ready.model_copy(update={"within_s": 3.0})})


def main(contenders: str, reports: str, repetitions: str = "1", precision: str = "") -> int:
    asked = experiment(tuple(contenders.split(",")), repetitions=int(repetitions), preview=not precision)
    if precision not in {"", "none"}:
        asked = select.precise(asked, precision, 8)
    return session.run(asked, reports=Path(reports), gate=False)


if __name__ == "__main__":
    # Within the command line's own handler, so that errors are told as users see them.
    @cli.command("short", hidden=True)
    def short() -> None:
        """A short run."""
        sys.exit(main(*sys.argv[1:]))

    cli(["short"], prog_name="tests")
