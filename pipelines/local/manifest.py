"""A manifest that was read: every reference in it leads somewhere, and nothing changes it any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.local.depends import Depends
from pipelines.local.spec import Call, Task, Template, WorkflowSpec

Key = tuple[str, str]  # the scope of a template, and its name


@dataclass(frozen=True)
class Graph:
    """A DAG with everything worked out that does not change while it runs."""

    tasks: Mapping[str, Task]
    depends: Mapping[str, Depends]
    targets: tuple[str, ...]
    order: tuple[str, ...]  # the tasks that lead to a target, each after those it waits for

    def is_before(self, earlier: str, later: str) -> bool:
        """Whether a task has ended, one way or another, when another starts."""
        seen: set[str] = set()
        waiting = list(self.depends[later].tasks)
        while waiting:
            task = waiting.pop()
            if task == earlier:
                return True
            if task not in seen:
                seen.add(task)
                waiting.extend(self.depends[task].tasks)
        return False


@dataclass(frozen=True)
class Manifest:
    """One Workflow with the templates it can reach."""

    name: str  # what the run is called unless it is given a name
    namespace: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: WorkflowSpec
    templates: Mapping[Key, Template]
    graphs: Mapping[Key, Graph]
    results_read: Mapping[Key, frozenset[str]]  # the tasks and steps of which a template wants what they print
    ignored: tuple[str, ...]  # fields without meaning on one machine, as `spec.templates[].metadata`
    documents: tuple[Mapping[str, Any], ...]  # as they were read: what the run stores

    def called(self, call: Call | str, scope: str) -> Key:
        """The template that a task, a step or a name leads to from `scope`."""
        if isinstance(call, str):
            return scope, call
        if call.template_ref is not None:
            return library_scope(call.template_ref.name, cluster=call.template_ref.cluster_scope), call.template_ref.template
        return scope, call.template or ""


def library_scope(name: str, *, cluster: bool) -> str:
    """The scope of another document's templates, as Argo writes it into nodes."""
    return f"{'cluster' if cluster else 'namespaced'}/{name}"
