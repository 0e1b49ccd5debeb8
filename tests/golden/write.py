"""The golden manifest of each shape, from one small experiment: `make golden` writes them, tests compare, CI never writes."""

from __future__ import annotations

from pathlib import Path

from pipelines.manifest import documents, to_yaml
from steps.model import Component, Experiment, HttpLoad, Hypothesis, Port, Process, Program, RampLoad, Ready, Rule, Slo
from steps.model.metric import CAPACITY, CPU, LATENCY

HERE = Path(__file__).parent
IMAGE = "benchlab/steps:golden"

DIRECT = Component(name="direct", title="direct path", version="-", direct=True)


def program(name: str) -> Component:
    """A component like those of the catalogue, but of no real program."""
    return Component(
        name=name,
        title=name.title(),
        version="1.0",
        ports=(Port(name="http", number=8080),),
        process=Process(
            program=Program(wheel=f"{name}-wheel", file=f"bin/{name}", version_argv=("--version",)),
            argv=("@{program}", "--config", "@{config}"),
        ),
        config=f"{name}.conf",
        ready=Ready(path="/ready"),
    )


EXPERIMENTS = {
    "compare": Experiment(
        name="golden-comparison",
        question="What does each gateway add?",
        baseline=DIRECT,
        contenders=(program("alpha"), program("beta")),
        around=(program("upstream"),),
        loads=(HttpLoad(path="/json", rate_rps=100, duration_s=5, expect='{"message": "hello"}'),),
        metrics=(*LATENCY, CPU),
        hypotheses=(
            Hypothesis(statement="Alpha adds less than 1 ms", metric="p50_ms", of="alpha", over="direct", added_below=1),
        ),
        phase="phase-0",
        configs={"alpha.conf": "listen @{host}:@{port};\n", "beta.conf": "bind @{port}\n", "upstream.conf": 'answer "hello"\n'},
    ),
    "ramp": Experiment(
        name="golden-capacity",
        question="Up to which rate does the gateway keep its p99 under 20 ms?",
        shape="ramp",
        baseline=DIRECT,
        contenders=(program("alpha"),),
        around=(program("upstream"),),
        loads=(RampLoad(path="/json", slo=Slo(p99_ms=20), expect='{"message": "hello"}'),),
        metrics=CAPACITY,
        phase="phase-0",
        configs={"alpha.conf": "listen @{host}:@{port};\n", "upstream.conf": 'answer "hello"\n'},
    ),
    "review": Experiment(
        name="golden-review",
        question="Which gateway would one choose?",
        shape="review",
        reads=("golden-comparison",),
        rule=Rule(p99_below_ms=20),
        phase="phase-0",
    ),
}


PHASE = "phase"  # not a shape: the Workflow that runs an experiment and a review of it


def manifest(name: str) -> str:
    """The shape's manifest as YAML; of a phase its Workflow alone, for the templates are those of the shapes."""
    if name == PHASE:
        return to_yaml(documents([EXPERIMENTS["compare"], EXPERIMENTS["review"]], image=IMAGE)[-1:])
    return to_yaml(documents([EXPERIMENTS[name]], image=IMAGE))


if __name__ == "__main__":
    for name in (*EXPERIMENTS, PHASE):
        (HERE / f"{name}.yaml").write_text(manifest(name), encoding="utf-8")
        print(f"tests/golden/{name}.yaml")
