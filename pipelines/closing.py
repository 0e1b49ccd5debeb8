"""How runs are closed: what stands in their exit handlers, and in that of a phase."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pipelines.flows import ANY, BRIEF_S, RUN, TASK, File, Flow, Step, Task, after
from steps.model import Experiment

# What an exit handler gets. A phase's says which of its tasks a run is: Argo tells the failures of all of them together.
CLOSING = {"run": "{{workflow.parameters.run}}", "task": ""}


def closing() -> Flow:
    """Nothing stays, and then the report."""
    return Flow(
        name="closing",
        inputs=tuple(CLOSING),
        defaults=CLOSING,
        target="teardown-all report",
        tasks=(
            Task("teardown-all", "teardown-all", values={"run": RUN}),
            _reporting("report", depends=after("teardown-all", results=ANY)),
        ),
    )


def _reporting(verb: str, *, depends: str = "") -> Task:
    """The task that makes a report, which wants to know what failed."""
    return Task(verb, verb, depends=depends, values={"run": RUN, "task": TASK}, raw={"failures": "{{workflow.failures}}"})


def closing_of_review() -> Flow:
    """There is nothing that could stay."""
    return Flow(name="closing", inputs=tuple(CLOSING), defaults=CLOSING, target="review", tasks=(_reporting("review"),))


OVERVIEW = "overview"


def overview_key(phase: str) -> str:
    """Where the pages of a phase's runs are: beside `runs/`, below which every folder is an experiment."""
    return f"phases/{phase}"


def closing_steps(prefix: str) -> tuple[Step, ...]:
    """The steps that `closing` calls."""
    teardown_all = Step(
        "teardown-all",
        values={"run": RUN, "prefix": prefix},
        inputs=("run",),
        writes=(File("record", f"{prefix}/teardown.json"),),
        limit_s=BRIEF_S,
        attempts=3,
    )
    return teardown_all, report("report", prefix)


def report(verb: str, prefix: str) -> Step:
    """The step that makes a page, the data behind it, and the verdict."""
    return Step(
        verb,
        values={"run": RUN, "prefix": prefix, "task": TASK, "status": "{{workflow.status}}"},
        inputs=("run", "task"),
        reads=(File("failures"),),
        writes=(File("page", f"{prefix}/report/index.html"), File("json", f"{prefix}/report/report.json")),
        gives=("verdict",),
        shown=("verdict",),
        attempts=3,
    )


def overview(experiments: Sequence[Experiment]) -> Step:
    """The last step of a phase's run: the page that links those of its experiments."""
    phase, names = experiments[0].phase, json.dumps([each.name for each in experiments])
    here = f"{overview_key(phase)}/{RUN}"
    return Step(
        OVERVIEW,
        values={"run": RUN, "phase": phase, "experiments": names},
        inputs=("run",),
        writes=(File("page", f"{here}/index.html"), File("json", f"{here}/report.json")),
        gives=("verdict",),
        shown=("verdict",),
        limit_s=BRIEF_S,
        attempts=3,
    )
