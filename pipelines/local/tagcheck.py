"""Looks at every tag of a template before anything starts: one that nobody will ever know would reach a program as it is,
or would keep a task waiting for ever."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Protocol

from pipelines.local import substitution
from pipelines.local.manifest import Graph
from pipelines.local.spec import Call, Template, WorkflowSpec
from steps.errors import ManifestError

Called = Callable[[Call], Template]
Known = Callable[[str], bool]

_WORKFLOW = re.compile(
    r"workflow\.(name|namespace|uid|mainEntrypoint|serviceAccountName|status|failures|duration|parameters(\.json)?|"
    r"creationTimestamp(\..+)?|(labels|annotations|outputs\.(parameters|artifacts))\..+)"
)
_PODS = {"pod.name", "node.name", "tasks.name", "steps.name", "retries"}
_PODS |= {f"lastRetry.{each}" for each in ("exitCode", "status", "duration", "message")}
_OF_A_NODE = re.compile(r"id|startedAt|finishedAt|status|exitCode|outputs\.result|outputs\.parameters")


def check(where: str, template: Template, graph: Graph | None, spec: WorkflowSpec, called: Called) -> None:
    """Raises ManifestError: a tag means nothing where it stands."""
    common = _common(template, spec)
    own = template.model_copy(update={"dag": None, "steps": ()})
    reachable = _outputs_of(template, called)
    # Outputs of a DAG or of steps may name every task; so may Argo's.
    _refuse_unknown(where, own, lambda tag: common(tag) or reachable(tag))
    if graph is not None:
        for name, task in graph.tasks.items():
            _check_call(
                f"{where}.dag.tasks[{name}]", task, common, partial(reachable, before=partial(graph.is_before, later=name))
            )
    done: frozenset[str] = frozenset()
    for index, group in enumerate(template.steps):
        for step in group:
            _check_call(f"{where}.steps[{index}][{step.name}]", step, common, partial(reachable, before=done.__contains__))
        done |= {step.name for step in group}


def _check_call(where: str, call: Call, common: Known, reachable: Known) -> None:
    if call.template is not None and "{{" in call.template:
        message = f"{where}.template: the name of a template cannot be a tag here"
        raise ManifestError(message)

    def known(tag: str) -> bool:
        return common(tag) or reachable(tag) or (call.loops and (tag == "item" or tag.startswith("item.")))

    _refuse_unknown(where, call, known)


def _refuse_unknown(where: str, value: object, known: Known) -> None:
    for tag in substitution.tags(value):
        if tag.startswith("="):
            message = f"{where}: {{{{{tag}}}}} is an expression; they are not evaluated, use tags"
            raise ManifestError(message)
        if "{{" not in tag and not known(tag):
            message = f"{where}: {{{{{tag}}}}} means nothing here"
            raise ManifestError(message)


def _common(template: Template, spec: WorkflowSpec) -> Known:
    exact = _PODS | {"inputs.parameters"}
    exact |= {f"inputs.parameters.{each.name}" for each in template.inputs.parameters}
    exact |= {f"inputs.artifacts.{each.name}" for each in template.inputs.artifacts}
    exact |= {f"inputs.artifacts.{each.name}.path" for each in template.inputs.artifacts if each.path}
    exact |= {f"outputs.artifacts.{each.name}.path" for each in template.outputs.artifacts if each.path}
    exact |= {f"outputs.parameters.{each.name}.path" for each in template.outputs.parameters}
    exact |= {f"workflow.parameters.{each.name}" for each in spec.arguments.parameters}
    return lambda tag: tag in exact or _WORKFLOW.fullmatch(tag) is not None


def _any(_: str) -> bool:
    return True


class _Reachable(Protocol):
    def __call__(self, tag: str, before: Known = _any) -> bool: ...


def _outputs_of(template: Template, called: Called) -> _Reachable:
    """Knows the outputs of what a template calls; `before` says which of these may be spoken of."""
    calls: dict[str, Call] = {task.name: task for task in (template.dag.tasks if template.dag else ())}
    calls |= {step.name: step for group in template.steps for step in group}
    prefix = "tasks" if template.dag else "steps"

    def known(tag: str, before: Known = _any) -> bool:
        kind, _, rest = tag.partition(".")
        name, _, what = rest.partition(".")
        if kind != prefix or name not in calls or not before(name):
            return False
        outputs = called(calls[name]).outputs
        return _OF_A_NODE.fullmatch(what) is not None or what in {
            *(f"outputs.parameters.{each.name}" for each in outputs.parameters),
            *(f"outputs.artifacts.{each.name}" for each in outputs.artifacts),
        }

    return known
