"""From an experiment to the flows of its run: the only place where DAGs are designed.

A shape is plain data (steps, flows of tasks); `pipelines.manifest` says it in Argo's words. The shape `compare`:

    main      provision ─► cells: one cell after the other, in the plan's recorded order
              cells ─► extend-1 ─► cells-1: further rounds, where the evidence needs them (with a precision up to extend-5)
    cell      deploy ─► load ─► measure ∥ teardown          (load ∥ trace, where the experiment asks for a trace)
    closing   teardown-all ─► report                      (the exit handler)

The shape `review` has no cells, and deploys nothing that would have to be torn down:

    main      provision
    closing   review                                      (in a phase's run after the reports that it reads)

A phase's run calls the `main` of each of its experiments, one after the other, then their `closing`, and last `overview`.

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

from pipelines.closing import closing, closing_of_review, closing_steps, report
from pipelines.flows import ANY, ANY_OR_OMITTED, BRIEF_S, CELL, RUN, File, Flow, Shape, Step, Task, after
from steps.model import Experiment, Precision
from steps.model.asked import MOST_ROUNDS
from steps.model.trace_program import longest_s
from steps.statistics.rounds import MOST_EXTENSIONS, REPEATING_PASSES


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
        flows=(_main(experiment), _cell(experiment), closing()),
        steps=(_provision(prefix), _extend(prefix), *_cell_steps(experiment, prefix), *closing_steps(prefix)),
    )


def review(experiment: Experiment) -> Shape:
    """No cells: what others stored is read where reports are made, because in a phase's run it is not there before."""
    prefix = f"{experiment.key}/{RUN}"
    return Shape(
        entry="main",
        closing="closing",
        flows=(_main_of_review(), closing_of_review()),
        steps=(_provision(prefix), report("review", prefix)),
    )


# A ramp has the same cells: each finds its contender's knee within its load step, for a search over cells would need recursion.
SHAPES = {"compare": compare, "ramp": compare, "review": review}

# How long the load step may take follows from the loads; a parameter, so that a run with a longer load needs no other templates.
LOAD_LIMIT = "load-limit-s"
TRACE_IMAGE = "trace-image"  # only of what is traced: the run in pods makes tracers of it, the one here needs none


def load_limit_s(experiment: Experiment) -> int:
    """The time limit of the load step, for the longest load of the experiment and its trace; a review has none."""
    return int(max((load.longest_s for load in experiment.loads), default=0) + longest_s(experiment.trace)) + 60


def _main(experiment: Experiment) -> Flow:
    passes = MOST_EXTENSIONS if experiment.precision else REPEATING_PASSES
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


def _main_of_review() -> Flow:
    provision = Task("provision", "provision", values={"run": RUN}, raw={"experiment": "{{inputs.parameters.experiment}}"})
    return Flow(name="main", inputs=("run", "experiment"), target="provision", tasks=(provision,))


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
    starting_s = sum(each.ready.within_s for each in experiment.programs if each.ready)
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
    image = {"image": f"{{{{workflow.parameters.{TRACE_IMAGE}}}}}"}
    trace = Step("trace", values=load.values | image, inputs=load.inputs, reads=(stored,), writes=traced, limit_s=load.limit_s)
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
