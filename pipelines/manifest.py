"""A shape in Argo's words: Hera objects, built into manifests (dicts). The only module that imports hera.

Hera's models drop unknown fields without a word, so it writes manifests here and never reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml
from hera.workflows import (
    DAG,
    Artifact,
    Container,
    Env,
    NoneArchiveStrategy,
    Parameter,
    RawArtifact,
    Resources,
    RetryStrategy,
    S3Artifact,
    SecretEnv,
    Workflow,
    WorkflowTemplate,
)
from hera.workflows import Task as HeraTask
from hera.workflows.models import (
    Affinity,
    Backoff,
    Capabilities,
    LabelValueFrom,
    Metadata,
    PodGC,
    PodSecurityContext,
    SeccompProfile,
    SecurityContext,
    TemplateRef,
    TTLStrategy,
    ValueFrom,
    WorkflowMetadata,
    WorkflowTemplateRef,
)

from pipelines import closing, rights, secret, shapes
from pipelines.flows import ANY, RUN, File, Flow, Shape, Step, Task, after, words
from pipelines.image import reference, trace_reference
from steps.model import Experiment
from steps.places import pods

UID = 65532  # nobody in particular: "nonroot", as images without a shell have it
KEPT_DAYS = 7  # a run's Workflow; what it measured stays in the store


def documents(
    experiments: Sequence[Experiment], *, declared: Sequence[Experiment] | None = None, image: str | None = None
) -> list[dict[str, Any]]:
    """A WorkflowTemplate for each experiment, and the Workflow that runs them, which is the last.

    declared: the experiments as their author wrote them, where those to be run are changed ones: the templates are made of them,
    and the Workflow says what differs. So a preview leaves the template that others use as it is.
    """
    steps_image = image or reference()
    usual = [shapes.usual(each, author) for each, author in zip(experiments, declared or experiments, strict=True)]
    templates = [of_experiment(each, image=steps_image) for each in usual]
    values = {each.name: _values(each, steps_image) for each in experiments}
    if len(experiments) == 1:
        return [*templates, _of_one(experiments[0], templates[0], values)]
    return [*templates, _of_phase(experiments, [shapes.template_name(each) for each in usual], values)]


def of_experiment(experiment: Experiment, *, image: str) -> dict[str, Any]:
    """The WorkflowTemplate of one experiment: all its templates, and the experiment itself as a parameter.

    image: what every step runs in, named by content, so that the manifest says which code made the figures.
    """
    values = _values(experiment, image)
    name, labels, titles = shapes.template_name(experiment), _labels(experiment), _titles(experiment)
    return of_shape(shapes.of(experiment), name=name, labels=labels, annotations=titles, values=values)


def of_shape(
    shape: Shape, *, name: str, labels: dict[str, str], annotations: dict[str, str], values: dict[str, str], template: bool = True
) -> dict[str, Any]:
    """A shape as a WorkflowTemplate, or as a Workflow that needs none. values: the arguments of a run."""
    flows = {flow.name: DAG(name=flow.name) for flow in shape.flows}
    steps = {step.verb: _container(step) for step in shape.steps}
    for flow in shape.flows:
        _fill(flows[flow.name], flow, {**flows, **steps})
    kind = WorkflowTemplate if template else Workflow
    made = kind(
        name=name if template else None,
        generate_name=None if template else f"{name}-",
        labels=labels,
        annotations=annotations,
        entrypoint=shape.entry,
        on_exit=shape.closing or None,
        arguments=[Parameter(name=key, value=value) for key, value in values.items()],
        templates=[*flows.values(), *steps.values()],
        **_surroundings(labels),
    )
    built: dict[str, Any] = made.to_dict()
    return built


def _values(experiment: Experiment, image: str) -> dict[str, str]:
    """The parameters of a run of an experiment."""
    return {
        "run": "{{workflow.name}}",
        "experiment": experiment.to_short_json(),
        "image": image,
        shapes.LOAD_LIMIT: str(shapes.load_limit_s(experiment)),
        **({shapes.TRACE_IMAGE: trace_reference(image)} if experiment.trace else {}),
    }


def _surroundings(labels: dict[str, str]) -> dict[str, Any]:
    """What is said of every pod and Workflow of a run: as whom it runs, how safely, its labels, how long it stays."""
    run = {"benchlab.dev/run": "{{workflow.parameters.run}}"}
    return {
        "service_account_name": rights.STEPS,
        "security_context": PodSecurityContext(
            run_as_non_root=True, run_as_user=UID, run_as_group=UID, seccomp_profile=SeccompProfile(type="RuntimeDefault")
        ),
        "pod_metadata": Metadata(labels=labels | run | {"app.kubernetes.io/part-of": "benchlab"}),
        # Also of Workflows that no `submit` of ours labels: a schedule makes them, or `kubectl create`.
        "workflow_metadata": WorkflowMetadata(
            labels=labels, labels_from={"benchlab.dev/run": LabelValueFrom(expression="workflow.name")}
        ),
        "ttl_strategy": TTLStrategy(seconds_after_completion=KEPT_DAYS * 86_400),
        "pod_gc": PodGC(strategy="OnWorkflowCompletion", delete_delay_duration="24h"),
    }


def _labels(experiment: Experiment) -> dict[str, str]:
    return {"benchlab.dev/phase": experiment.phase, "benchlab.dev/experiment": experiment.name}


def _of_one(experiment: Experiment, template: dict[str, Any], values: dict[str, dict[str, str]]) -> dict[str, Any]:
    """The run of one experiment: its template, and the parameters that are not the template's."""
    usual = {each["name"]: each["value"] for each in template["spec"]["arguments"]["parameters"]}
    differing = {name: value for name, value in values[experiment.name].items() if usual[name] != value}
    workflow = Workflow(
        generate_name=f"{experiment.name}-",
        labels=_labels(experiment),
        annotations=_titles(experiment),
        workflow_template_ref=WorkflowTemplateRef(name=template["metadata"]["name"]),
        arguments=[Parameter(name=name, value=value) for name, value in differing.items()] or None,
    )
    built: dict[str, Any] = workflow.to_dict()
    return built


def _of_phase(experiments: Sequence[Experiment], templates: Sequence[str], values: dict[str, dict[str, str]]) -> dict[str, Any]:
    """The run of several experiments, one after the other, and an exit handler that closes all of them.

    templates: the name of each one's.
    """
    first = experiments[0]
    limit = max(int(each[shapes.LOAD_LIMIT]) for each in values.values())
    parameters = {"run": "{{workflow.name}}", "image": values[first.name]["image"], shapes.LOAD_LIMIT: str(limit)}
    parameters |= {name: text for each in values.values() for name, text in each.items() if name == shapes.TRACE_IMAGE}
    parameters |= {f"experiment-{name}": each["experiment"] for name, each in values.items()}
    labels = {"benchlab.dev/phase": first.phase}
    called = {each.name: name for each, name in zip(experiments, templates, strict=True)}
    overview = _container(closing.overview(experiments))
    workflow = Workflow(
        generate_name=f"{first.phase}-",
        labels=labels,
        annotations={
            "workflows.argoproj.io/title": f"**{first.phase}**",
            "workflows.argoproj.io/description": "\n\n".join(f"{each.name}: {each.question}" for each in experiments),
        },
        entrypoint="main",
        on_exit="closing",
        arguments=[Parameter(name=name, value=value) for name, value in parameters.items()],
        templates=[_in_order("main", called), _in_order("closing", called, last=overview), overview],
        **_surroundings(labels),
    )
    built: dict[str, Any] = workflow.to_dict()
    return built


def _in_order(name: str, called: dict[str, str], *, last: Container | None = None) -> DAG:
    """A DAG that calls the flow of its own name of each experiment, one after the other whatever became of the one before.

    called: experiment → its WorkflowTemplate. last: what comes after all of them.
    """
    names = [*called, *([str(last.name)] if last else [])]
    dag = DAG(name=name, fail_fast=False, target=" ".join(names))
    for before, each in zip(["", *names], names, strict=False):
        arguments = {"run": "{{workflow.parameters.run}}"}
        if each in called:
            experiment = f"{{{{workflow.parameters.experiment-{each}}}}}"
            arguments |= {"experiment": experiment} if name == "main" else {"task": each}
        task = HeraTask(
            name=each,
            template_ref=TemplateRef(name=called[each], template=name) if each in called else None,
            template=None if each in called else each,
            depends=after(before, results=ANY) if before else None,
            arguments=[Parameter(name=key, value=value) for key, value in arguments.items()],
        )
        dag.tasks.append(task)
    return dag


def _titles(experiment: Experiment) -> dict[str, str]:
    """What the Argo UI shows of a run."""
    arms = ", ".join(arm.title for arm in experiment.arms)
    preview = "Preview: shows, decides nothing.\n" if experiment.preview else ""
    what = f"Reads {', '.join(experiment.reads)}." if experiment.reviews else f"{arms}; {experiment.repetitions} repetitions."
    return {
        "workflows.argoproj.io/title": f"**{experiment.phase} / {experiment.name}**",
        "workflows.argoproj.io/description": f"{preview}{experiment.question}\n\n{what}",
    }


def _fill(dag: DAG, flow: Flow, templates: dict[str, Any]) -> None:
    dag.inputs = [Parameter(name=name, default=flow.defaults.get(name)) for name in flow.inputs]
    dag.fail_fast = False
    dag.target = flow.target
    dag.parallelism = flow.parallelism
    dag.tasks = [_task(task, templates) for task in flow.tasks]


def _task(task: Task, templates: dict[str, Any]) -> HeraTask:
    arguments = [Parameter(name=name, value=value) for name, value in task.values.items()]
    raw = [RawArtifact(name=name, data=data) for name, data in task.raw.items()]
    return HeraTask(
        name=task.name,
        template=templates[task.template].name,
        depends=task.depends or None,
        arguments=[*arguments, *raw],
        with_param=task.each,
    )


def _container(step: Step) -> Container:
    outputs = [_output(step, name) for name in step.gives] + [_stored(file, "out") for file in step.writes]
    return Container(
        name=step.verb,
        image="{{workflow.parameters.image}}",
        image_pull_policy="IfNotPresent",
        command=["python", "-m", "steps"],
        args=words(step),
        service_account_name=rights.account_of(step.verb),
        security_context=SecurityContext(allow_privilege_escalation=False, capabilities=Capabilities(drop=["ALL"])),
        resources=_resources(step),
        affinity=Affinity.model_validate(pods.apart(RUN)) if step.verb == "load" else None,
        env=[
            # A pod's own name: its host name is cut off at 63 characters.
            Env(name="ARGO_POD_NAME", value="{{pod.name}}"),
            *(
                SecretEnv(name=name, secret_name=secret.NAME, secret_key=key, optional=free or None)
                for name, key, free in secret.SETTINGS
            ),
            *(
                SecretEnv(name=name, secret_name=of, secret_key=key, optional=True)
                for name, of, key in secret.TOKENS.get(step.verb, ())
            ),
        ],
        inputs=[*(Parameter(name=name) for name in step.inputs), *(_stored(file, "in") for file in step.reads)],
        outputs=outputs,
        active_deadline_seconds=step.limit_s,
        retry_strategy=_retries(step),
    )


def _resources(step: Step) -> Resources:
    """Enough for every step not to be starved; the load must not be held back, so nothing limits its CPU."""
    return Resources(cpu_request="500m" if step.verb == "load" else "50m", memory_request="128Mi", memory_limit="1Gi")


def _stored(file: File, folder: str) -> Artifact:
    path = f"/tmp/{folder}-{file.name}"  # noqa: S108  # in a container of its own, where nobody makes a folder below
    if file.key is None:
        return Artifact(name=file.name, path=path)
    archive = NoneArchiveStrategy() if folder == "out" else None
    return S3Artifact(name=file.name, path=path, key=file.key, optional=file.optional or None, archive=archive)


def _output(step: Step, name: str) -> Parameter:
    path = f"/tmp/out-{name}"  # noqa: S108  # in a container of its own
    return Parameter(name=name, value_from=ValueFrom(path=path), global_name=name if name in step.shown else None)


def _retries(step: Step) -> RetryStrategy | None:
    """Only what the platform broke is tried again: a step that failed said why."""
    if step.attempts == 1:
        return None
    backoff = Backoff(duration="2s", factor="2")
    return RetryStrategy(limit=str(step.attempts - 1), retry_policy="OnError", backoff=backoff)


def to_yaml(made: Sequence[dict[str, Any]]) -> str:
    """Documents as YAML, as `kubectl` and `argo` take them."""
    return yaml.safe_dump_all(made, sort_keys=False, width=120, allow_unicode=True)
