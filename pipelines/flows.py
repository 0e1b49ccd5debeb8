"""What a shape is made of: steps, tasks that call them, and flows of tasks. Plain data, put into words elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field

ANY = ("Succeeded", "Failed", "Errored")
ANY_OR_OMITTED = (*ANY, "Omitted")

RUN = "{{inputs.parameters.run}}"
TASK = "{{inputs.parameters.task}}"
CELL = "{{inputs.parameters.cell}}"
# Of steps that take seconds: a teardown waits a minute for what does not go. Where the store is gone for good, Argo insists on
# each artifact until the limit, so it decides how long a run takes to fail.
BRIEF_S = 150


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


def words(step: Step) -> list[str]:
    """The verb and its flags. Files are named by tags, never by literal paths: so one manifest runs in a pod and beside it."""
    said = [step.verb]
    for flag, value in step.values.items():
        said += [f"--{flag}", value]
    for file in step.reads:
        said += [f"--{file.name}", f"{{{{inputs.artifacts.{file.name}.path}}}}"]
    for name in step.gives:
        said += [f"--{name}", f"{{{{outputs.parameters.{name}.path}}}}"]
    for file in step.writes:
        said += [f"--{file.name}", f"{{{{outputs.artifacts.{file.name}.path}}}}"]
    return said
