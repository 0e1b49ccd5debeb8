"""Follows every reference of a manifest: templates, tasks, targets. One that leads nowhere is refused by its path."""

from __future__ import annotations

import graphlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

from pipelines.local import depends, substitution, tagcheck
from pipelines.local.manifest import Graph, Key, Manifest, library_scope
from pipelines.local.spec import Arguments, Call, Document, Task, Template, WorkflowSpec
from steps.errors import ManifestError

_RESULT = re.compile(r"(?:tasks|steps)\.([^.]+)\.outputs\.result")


def resolve(
    workflow: Document, libraries: Sequence[Document], *, raw: Sequence[Mapping[str, Any]], ignored: tuple[str, ...]
) -> Manifest:
    """The manifest of a workflow and the documents it refers to. Raises ManifestError."""
    spec = _merged(workflow, libraries)
    templates = _templates(spec, libraries)
    graphs = {key: _graph(key, template) for key, template in templates.items() if template.dag}
    for key, template in templates.items():
        _check(key, template, templates)
        tagcheck.check(place(key), template, graphs.get(key), spec, partial(_template_of, templates, key[0]))
    for field, name in (("entrypoint", spec.entrypoint), ("onExit", spec.on_exit)):
        if (name is None and field == "entrypoint") or (name is not None and ("", name) not in templates):
            _refuse(f"spec.{field}", f"there is no template {name}" if name else "it is missing")
    metadata = workflow.metadata
    return Manifest(
        name=metadata.name or f"{metadata.generate_name}local",
        namespace=metadata.namespace,
        labels=metadata.labels,
        annotations=metadata.annotations,
        spec=spec,
        templates=templates,
        graphs=graphs,
        results_read={key: _results_read(template) for key, template in templates.items()},
        ignored=ignored,
        documents=tuple(raw),
    )


def place(key: Key) -> str:
    """Where a template stands, for messages."""
    scope, name = key
    return f"spec.templates[{name}]" + (f" of {scope.rpartition('/')[2]}" if scope else "")


def _merged(workflow: Document, libraries: Sequence[Document]) -> WorkflowSpec:
    """The workflow's spec over that of the WorkflowTemplate it names; arguments are merged by name."""
    reference = workflow.spec.workflow_template_ref
    if reference is None:
        return workflow.spec
    base = next((each for each in libraries if each.metadata.name == reference.name), None)
    if base is None:
        _refuse("spec.workflowTemplateRef", f"there is no WorkflowTemplate {reference.name} in the same file")
    own, other = workflow.spec, base.spec
    update: dict[str, Any] = {name: getattr(own, name) for name in own.model_fields_set if name != "arguments"}
    update["arguments"] = _merge_arguments(own.arguments, other.arguments)
    update["templates"] = own.templates or other.templates
    return other.model_copy(update=update)


def _merge_arguments(own: Arguments, other: Arguments) -> Arguments:
    parameters = {each.name: each for each in (*other.parameters, *own.parameters)}
    artifacts = {each.name: each for each in (*other.artifacts, *own.artifacts)}
    return Arguments(parameters=tuple(parameters.values()), artifacts=tuple(artifacts.values()))


def _templates(spec: WorkflowSpec, libraries: Sequence[Document]) -> dict[Key, Template]:
    found: dict[Key, Template] = {}
    scopes = [("", spec.templates)]
    scopes += [
        (library_scope(each.metadata.name, cluster=each.kind == "ClusterWorkflowTemplate"), each.spec.templates)
        for each in libraries
    ]
    for scope, templates in scopes:
        for template in templates:
            if (scope, template.name) in found:
                _refuse(place((scope, template.name)), "there are two templates of this name")
            found[scope, template.name] = template
    return found


def _called(call: Call, scope: str) -> Key:
    if call.template_ref:
        return library_scope(call.template_ref.name, cluster=call.template_ref.cluster_scope), call.template_ref.template
    return scope, call.template or ""


def _template_of(templates: Mapping[Key, Template], scope: str, call: Call) -> Template:
    return templates[_called(call, scope)]


def _check(key: Key, template: Template, templates: Mapping[Key, Template]) -> None:
    where = place(key)
    kinds = [kind for kind in ("container", "dag", "steps") if getattr(template, kind)]
    if len(kinds) != 1:
        _refuse(where, f"a template is one of container, dag and steps; this one is {' and '.join(kinds) or 'none'}")
    if template.container is not None:
        _check_container(where, template)
    elif template.active_deadline_seconds or template.timeout:
        _refuse(where, "activeDeadlineSeconds and timeout are for containers")
    for path, call in _calls(template):
        _check_call(f"{where}.{path}[{call.name}]", call, _called(call, key[0]), templates)
    for parameter in template.outputs.parameters:
        source = parameter.value_from
        if source is None or (source.path if template.container else source.parameter) is None:
            field = "path" if template.container else "parameter"
            _refuse(f"{where}.outputs.parameters[{parameter.name}]", f"valueFrom.{field} is missing")
    for artifact in (*template.inputs.artifacts, *template.outputs.artifacts):
        if (artifact.path is None) == (template.container is not None):
            _refuse(f"{where}.artifacts[{artifact.name}].path", "it belongs to artifacts of containers, and to all of them")


def _check_container(where: str, template: Template) -> None:
    if template.container is not None and not template.container.command:
        _refuse(f"{where}.container.command", "it is missing, and there is no image here to ask for it")
    if template.parallelism is not None:
        _refuse(f"{where}.parallelism", "it is for dag and steps")


def _calls(template: Template) -> Iterable[tuple[str, Call]]:
    if template.dag:
        yield from (("dag.tasks", task) for task in template.dag.tasks)
    for index, group in enumerate(template.steps):
        yield from ((f"steps[{index}]", step) for step in group)


def _check_call(where: str, call: Call, key: Key, templates: Mapping[Key, Template]) -> None:
    if (call.template is None) == (call.template_ref is None):
        _refuse(where, "it names a template or a templateRef, one of them")
    if key not in templates:
        _refuse(where, f"there is no template {key[1]}" + (f" in {key[0].rpartition('/')[2]}" if key[0] else ""))
    if bool(call.with_items) + bool(call.with_param) + (call.with_sequence is not None) > 1:
        _refuse(where, "only one of withItems, withParam and withSequence can be there")
    given = {each.name for each in call.arguments.parameters}
    for parameter in templates[key].inputs.parameters:
        if parameter.name not in given and parameter.value is None and parameter.default is None:
            _refuse(where, f"template {key[1]} needs the parameter {parameter.name}")


def _graph(key: Key, template: Template) -> Graph:
    where = place(key)
    if template.dag is None:
        _refuse(where, "it is no DAG")
    tasks = {task.name: task for task in template.dag.tasks}
    if len(tasks) != len(template.dag.tasks):
        _refuse(f"{where}.dag.tasks", "two tasks have the same name")
    _check_dialect(where, tasks)
    parsed = {name: _depends(f"{where}.dag.tasks[{name}]", task, tasks) for name, task in tasks.items()}
    _check_cycles(where, parsed)
    # One space between targets, as Argo splits them.
    targets = tuple(template.dag.target.split(" ")) if template.dag.target else _leaves(parsed)
    for target in targets:
        if target not in tasks:
            _refuse(f"{where}.dag.target", f"there is no task {target}")
    return Graph(tasks=tasks, depends=parsed, targets=targets, order=_order(parsed, targets))


def _check_dialect(where: str, tasks: Mapping[str, Task]) -> None:
    modern = any(task.depends for task in tasks.values())
    for name, task in tasks.items():
        if modern and task.dependencies:
            _refuse(f"{where}.dag.tasks[{name}]", "depends and dependencies cannot both be in one DAG")
        if modern and task.continue_on:
            _refuse(f"{where}.dag.tasks[{name}].continueOn", "where depends is used, say `task.Failed` there")


def _depends(where: str, task: Task, tasks: Mapping[str, Task]) -> depends.Depends:
    def accepted(name: str) -> tuple[depends.Result, ...]:
        if name not in tasks:
            message = f"there is no task {name}"
            raise ValueError(message)
        lenient = tasks[name].continue_on
        more: tuple[depends.Result, ...] = ("Errored",) if lenient and lenient.error else ()
        more += ("Failed",) if lenient and lenient.failed else ()
        return ("Succeeded", "Skipped", "Daemoned", *more)

    try:
        if task.depends:
            found = depends.parse(task.depends, accepted)
        else:
            found = depends.all_of(task.dependencies, accepted) if task.dependencies else depends.always()
        for name in found.tasks:
            accepted(name)
    except ValueError as error:
        field = "depends" if task.depends else "dependencies"
        _refuse(f"{where}.{field}", str(error), error)
    return found


def _check_cycles(where: str, parsed: Mapping[str, depends.Depends]) -> None:
    try:
        graphlib.TopologicalSorter({name: each.tasks for name, each in parsed.items()}).prepare()
    except graphlib.CycleError as error:
        _refuse(f"{where}.dag.tasks", f"these wait for each other: {', '.join(sorted(set(error.args[1])))}", error)


def _order(parsed: Mapping[str, depends.Depends], targets: Iterable[str]) -> tuple[str, ...]:
    """The order in which Argo comes upon the tasks: down from each target, what it waits for first."""
    found: dict[str, None] = {}
    # A list instead of recursion: a chain may be longer than Python's stack.
    for target in targets:
        stack = [(target, False)]
        while stack:
            task, complete = stack.pop()
            if complete:
                found.setdefault(task)
            elif task not in found:
                stack.append((task, True))
                stack.extend((each, False) for each in reversed(parsed[task].tasks))
    return tuple(found)


def _results_read(template: Template) -> frozenset[str]:
    found = (_RESULT.fullmatch(tag) for tag in substitution.tags(template))
    return frozenset(match.group(1) for match in found if match)


def _leaves(parsed: Mapping[str, depends.Depends]) -> tuple[str, ...]:
    """The tasks that nobody waits for, in the order in which Argo visits them."""
    waited_for = {task for each in parsed.values() for task in each.tasks}
    return tuple(sorted(name for name in parsed if name not in waited_for))


def _refuse(where: str, why: str, cause: Exception | None = None) -> NoReturn:
    message = f"{where}: {why}"
    raise ManifestError(message) from cause
