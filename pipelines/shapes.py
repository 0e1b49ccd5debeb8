"""From an experiment to the flows of its run: the only place where DAGs are designed.

A shape is plain data (steps, flows of tasks); `pipelines.manifest` says it in Argo's words. The shape `compare`:

    main      provision ─► cells: one cell after the other, in the plan's recorded order
              cells ─► extend-1 ─► cells-1: further rounds, where the evidence needs them (with a precision up to extend-5)
    cell      deploy ─► load ─► measure ∥ teardown          (load ∥ trace, where the experiment asks for a trace)
    closing   teardown-all ─► report                      (the exit handler)

Decisions, each seen on a real controller:
- A DAG's phase is that of its leaves, so a cell names as `target` every task whose failure matters.
- `measure` and `teardown` accept every result of what came before, `Errored` and `Omitted` included: listing only success
  and failure gets them silently omitted.
- An extension that adds nothing gives an empty list: its cells are Skipped, and what waits for their success is Omitted. So a
  run that is precise, and one that failed, starts no further step.
- The report is made in the exit handler, because only there are dead pods and leftovers known.
- `load` is never retried: a repeated measurement is a new cell. Steps of infrastructure are, a bounded number of times.
- The experiment travels once, as a raw artifact of `provision`; later steps fetch it by its key. Teardown fetches nothing:
  the store may be what broke.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from steps.model import Experiment, Precision
from steps.model.experiment import MOST_ROUNDS
from steps.model.trace_program import longest_s
from steps.statistics.rounds import MOST_EXTENSIONS

ANY = ("Succeeded", "Failed", "Errored")
ANY_OR_OMITTED = (*ANY, "Omitted")


@dataclass(frozen=True)
class File:
    """An artifact under a key of the store; `key=None` is one that is handed over raw."""

    name: str
    key: str | None = None
    optional: bool = False


@dataclass(frozen=True)
class Step:
    """A container that runs `python -m steps VERB`; values are flags, `reads`, `writes` and `gives` become flags with paths."""

    verb: str
    values: dict[str, str]
    reads: tuple[File, ...] = ()
    writes: tuple[File, ...] = ()
    gives: tuple[str, ...] = ()  # output parameters, read from files
    shown: tuple[str, ...] = ()  # those of them that are outputs of the whole workflow too
    inputs: tuple[str, ...] = ()  # input parameters
    limit_s: int | str = 300
    attempts: int = 1


@dataclass(frozen=True)
class Task:
    """A call of a step or flow."""

    name: str
    template: str
    depends: str = ""
    values: dict[str, str] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)
    each: str | None = None  # a JSON list: one call per item


@dataclass(frozen=True)
class Flow:
    """A DAG of tasks."""

    name: str
    tasks: tuple[Task, ...]
    inputs: tuple[str, ...] = ()
    defaults: dict[str, str] = field(default_factory=dict)  # Argo hands an exit handler no arguments
    target: str | None = None
    parallelism: int | None = None


@dataclass(frozen=True)
class Shape:
    """All templates of a run. `entry` starts it, `closing` ends it whatever happened."""

    entry: str
    closing: str
    flows: tuple[Flow, ...]
    steps: tuple[Step, ...]


def after(*tasks: str, results: tuple[str, ...]) -> str:
    """A `depends` that waits for each task to have come to one of the results."""
    return " && ".join("(" + " || ".join(f"{task}.{result}" for result in results) + ")" for task in tasks)


def of(experiment: Experiment) -> Shape:
    """The shape that the experiment names."""
    return SHAPES[experiment.shape](experiment)


def template_name(experiment: Experiment) -> str:
    """`gateway-comparison`, or `gateway-comparison-precise`: the tree of one that asks for a precision has more branches."""
    return f"{experiment.name}-precise" if experiment.precision else experiment.name


def usual(experiment: Experiment, declared: Experiment) -> Experiment:
    """What the template of a run is made of: the experiment as its author declared it, in a shape that has this run's branches.

    A precision of this run alone is said by its Workflow, like everything that differs from the template.
    """
    if experiment.precision is None or declared.precision is not None:
        return declared
    return declared.model_copy(update={"precision": Precision(most_rounds=max(MOST_ROUNDS, declared.repetitions))})


def compare(experiment: Experiment) -> Shape:
    """Every contender under every load, cell by cell, in rounds."""
    prefix = f"{experiment.key}/{RUN}"
    return Shape(
        entry="main",
        closing="closing",
        flows=(_main(experiment), _cell(experiment), _closing()),
        steps=(_provision(prefix), _extend(prefix), *_cell_steps(experiment, prefix), *_closing_steps(prefix)),
    )


def ramp(experiment: Experiment) -> Shape:
    """The same cells, each of which finds the contender's knee within its load step: a search over cells would need recursion."""
    return compare(experiment)


SHAPES = {"compare": compare, "ramp": ramp}

RUN = "{{inputs.parameters.run}}"
CELL = "{{inputs.parameters.cell}}"
# Of steps that take seconds: a teardown waits a minute for what does not go. Where the store is gone for good, Argo insists on
# each artifact until the limit, so it decides how long a run takes to fail.
BRIEF_S = 150
# How long the load step may take follows from the loads; a parameter, so that a run with a longer load needs no other templates.
LOAD_LIMIT = "load-limit-s"


def load_limit_s(experiment: Experiment) -> int:
    """The time limit of the load step, for the longest load."""
    return int(max(load.longest_s for load in experiment.loads) + longest_s(experiment.trace)) + 60


def _main(experiment: Experiment) -> Flow:
    passes = MOST_EXTENSIONS if experiment.precision else 1
    tasks = (
        Task("provision", "provision", values={"run": RUN}, raw={"experiment": "{{inputs.parameters.experiment}}"}),
        _cells_of("provision", name="cells", depends="provision"),
        *(task for number in range(1, passes + 1) for task in _extension(number)),
    )
    return Flow(
        name="main",
        inputs=("run", "experiment"),
        target=" ".join(task.name for task in tasks[1:]),
        parallelism=1,
        tasks=tasks,
    )


def _extension(number: int) -> tuple[Task, Task]:
    """A pass that adds cells to those before it, if their evidence needs it; nothing follows cells that failed or were none."""
    before = f"cells-{number - 1}" if number > 1 else "cells"
    name = f"extend-{number}"
    extend = Task(name, "extend", depends=after(before, results=("Succeeded",)), values={"run": RUN})
    return extend, _cells_of(name, name=f"cells-{number}", depends=name)


def _cells_of(source: str, *, name: str, depends: str) -> Task:
    """A cell for each that a task planned."""
    plan = f"{{{{tasks.{source}.outputs.parameters.plan}}}}"
    return Task(name, "cell", depends=depends, each=plan, values={"run": RUN, "cell": "{{item}}"})


def _cell(experiment: Experiment) -> Flow:
    both = {"run": RUN, "cell": CELL}
    endpoints = {"endpoints": "{{tasks.deploy.outputs.parameters.endpoints}}"}
    beside = ("load", "trace") if experiment.trace else ("load",)
    over = f"{after('deploy', results=ANY)} && {after(*beside, results=ANY_OR_OMITTED)}"
    return Flow(
        name="cell",
        inputs=("run", "cell"),
        target=" ".join((*beside, "measure", "teardown")),
        tasks=(
            Task("deploy", "deploy", values=both),
            *(Task(name, name, depends="deploy", values={**both, **endpoints}) for name in beside),
            Task("measure", "measure", depends=over, values=both),
            Task("teardown", "teardown", depends=over, values=both),
        ),
    )


def _closing() -> Flow:
    return Flow(
        name="closing",
        inputs=("run",),
        defaults={"run": "{{workflow.parameters.run}}"},
        target="teardown-all report",
        tasks=(
            Task("teardown-all", "teardown-all", values={"run": RUN}),
            Task(
                "report",
                "report",
                depends=after("teardown-all", results=ANY),
                values={"run": RUN},
                raw={"failures": "{{workflow.failures}}"},
            ),
        ),
    )


def _provision(prefix: str) -> Step:
    return Step(
        "provision",
        values={"run": RUN},
        inputs=("run",),
        reads=(File("experiment"),),
        writes=(File("stored", f"{prefix}/experiment.json"), File("environment", f"{prefix}/environment.json")),
        gives=("plan",),
        attempts=3,
    )


def _extend(prefix: str) -> Step:
    return Step("extend", values={"prefix": prefix}, inputs=("run",), gives=("plan",), attempts=3)


def _cell_steps(experiment: Experiment, prefix: str) -> tuple[Step, ...]:
    """The steps of a cell, with time limits that follow from the experiment."""
    here = f"{prefix}/cells/{CELL}"
    both = {"run": RUN, "cell": CELL}
    stored = File("experiment", f"{prefix}/experiment.json")
    environment = File("environment", f"{prefix}/environment.json")
    starting_s = sum(each.ready.within_s for each in (*experiment.arms, *experiment.around) if each.ready)
    deploy = Step(
        "deploy",
        values=both,
        inputs=("run", "cell"),
        reads=(stored,),
        writes=(File("record", f"{here}/deploy.json", optional=True),),
        gives=("endpoints",),
        limit_s=int(starting_s) + 60,
    )
    load = Step(
        "load",
        values={**both, "endpoints": "{{inputs.parameters.endpoints}}"},
        inputs=("run", "cell", "endpoints"),
        reads=(stored, environment) if experiment.shape == "ramp" else (stored,),
        writes=(File("folder", f"{here}/load", optional=True),),
        limit_s=f"{{{{workflow.parameters.{LOAD_LIMIT}}}}}",
    )
    traced = (File("trace", f"{here}/trace", optional=True),) if experiment.trace else ()
    trace = Step("trace", values=load.values, inputs=load.inputs, reads=(stored,), writes=traced, limit_s=load.limit_s)
    left = ("deploy", f"{here}/deploy.json"), ("load", f"{here}/load")
    measure = Step(
        "measure",
        values=both,
        inputs=("run", "cell"),
        reads=(stored, environment, *(File(*each, optional=True) for each in left), *traced),
        writes=(File("outcome", f"{here}/outcome.json"),),
        limit_s=BRIEF_S,
        attempts=3,
    )
    teardown = Step(
        "teardown",
        values={**both, "prefix": prefix},
        inputs=("run", "cell"),
        writes=(File("record", f"{here}/teardown.json"), File("logs", f"{here}/logs", optional=True)),
        limit_s=BRIEF_S,
        attempts=3,
    )
    return (deploy, load, *((trace,) if traced else ()), measure, teardown)


def _closing_steps(prefix: str) -> tuple[Step, ...]:
    teardown_all = Step(
        "teardown-all",
        values={"run": RUN, "prefix": prefix},
        inputs=("run",),
        writes=(File("record", f"{prefix}/teardown.json"),),
        limit_s=BRIEF_S,
        attempts=3,
    )
    report = Step(
        "report",
        values={"run": RUN, "prefix": prefix, "status": "{{workflow.status}}"},
        inputs=("run",),
        reads=(File("failures"),),
        writes=(File("page", f"{prefix}/report/index.html"), File("json", f"{prefix}/report/report.json")),
        gives=("verdict",),
        shown=("verdict",),
        attempts=3,
    )
    return teardown_all, report
