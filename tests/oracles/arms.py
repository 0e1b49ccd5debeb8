"""Comparisons whose answer is known, of real processes, as `python -m pipelines run` makes them.

`python -m tests.oracles.arms COMPARISON REPORTS`
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from phases.catalogue.gateways import NGINX
from phases.catalogue.upstreams import PRODUCT_JSON, UPSTREAM
from pipelines import select
from pipelines.__main__ import cli
from pipelines.local import session
from steps.model import Component, Experiment, HttpLoad, Port, Process, Program, Ready
from steps.model.metric import CPU, GOODPUT, LATENCY
from tests.oracles.delaying_server import BODY

ROOT = Path(__file__).resolve().parents[2]
LOAD = HttpLoad(path="/json", rate_rps=500, warmup_s=0.5, duration_s=2, expect=PRODUCT_JSON)


def server(name: str, **how: float) -> Component:
    """A delaying server as a contender; `how` are its options: delay_ms=1 for `--delay-ms 1`."""
    options = [word for key, value in how.items() for word in (f"--{key.replace('_', '-')}", f"{value:g}")]
    return Component(
        name=name,
        title=name,
        version="1",
        ports=(Port(name="http", number=8080),),
        process=Process(
            program=Program(wheel="none", file="delaying-server", version_argv=("@{program}", "--version")),
            argv=("@{program}", "--host", "@{host}", "--port", "@{port}", *options),
        ),
        ready=Ready(path="/"),
    )


def comparison(name: str, baseline: Component, contender: Component, **fields: object) -> Experiment:
    """Six rounds of two arms, about a minute."""
    given = {
        "name": name,
        "question": "Does the lab find what was built in?",
        "baseline": baseline,
        "contenders": (contender,),
        "loads": (LOAD.model_copy(update={"path": "/", "expect": BODY.decode()}),),
        "metrics": (*LATENCY, GOODPUT, CPU),
        "phase": "phase-0",
        **fields,
    }
    return Experiment.model_validate(given)


PLAIN = server("plain")
COMPARISONS = {
    "alike": comparison(
        "alike",
        NGINX,
        NGINX.again(),
        around=(UPSTREAM,),
        loads=(LOAD,),
        configs=select.experiments("gateway-comparison")[0].configs,
    ),
    "slower": comparison("slower", PLAIN, server("slower", delay_ms=1)),
    # Both take 20 ms, beside which a driver that is late on a busy machine does not matter.
    "tail": comparison("tail", server("level", delay_ms=20), server("tail", delay_ms=20, slow_ms=40, slow_share=0.03)),
    # As slow as the other, but one request at a time: the next one, 2 ms later, is refused while the first is open.
    "hasty": comparison("hasty", server("honest", delay_ms=3), server("hasty", delay_ms=3, most_open=1), repetitions=1),
}


def program(folder: Path) -> dict[str, str]:
    """What makes the delaying server the binary of every contender that is one. Components get no variables of ours."""
    path = folder / "delaying-server"
    path.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m tests.oracles.delaying_server "$@"\n')
    path.chmod(0o755)
    arms = [arm for each in COMPARISONS.values() for arm in each.arms if "nginx" not in arm.name]
    return {f"BENCHLAB_{arm.name.upper()}": str(path) for arm in arms}


if __name__ == "__main__":
    # Within the command line's own handler, so that errors are told as users see them.
    @cli.command("oracle", hidden=True)
    def oracle() -> None:
        """A comparison with a known answer."""
        name, reports = sys.argv[1:]
        Path(reports).mkdir(exist_ok=True)
        os.environ |= program(Path(reports))
        sys.exit(session.run(COMPARISONS[name], reports=Path(reports), gate=False))

    cli(["oracle"], prog_name="tests")
