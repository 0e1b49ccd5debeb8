"""What the interpreter knows of Argo's types, and what becomes of each field.

A field is *executed* when it is declared here; *ignored* when it has no meaning on one machine (it is told once, and kept in
the manifest that the run stores); *refused*, with the reason, when leaving it out would change what happens. A field that is
in none of the three lists is no field of Argo's, or none that we have met: it is refused too.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from pipelines.local import fields
from pipelines.local.part import Spec, Text


class ValueFrom(Spec):
    """Where an output parameter comes from."""

    path: str | None = None  # of a container: the file it wrote
    parameter: str | None = None  # of a DAG or steps: a tag
    default: Text | None = None

    refused = fields.VALUE_FROM_REFUSED


class Parameter(Spec):
    """A named text, on its way in or out."""

    name: str
    value: Text | None = None
    default: Text | None = None
    value_from: ValueFrom | None = None
    global_name: str | None = None
    enum: tuple[Text, ...] = ()

    ignored = fields.PARAMETER_IGNORED


class Tar(Spec):
    """gzipped tar, which is also what an output becomes when nothing is said."""

    compression_level: int | None = None


class Nothing(Spec):
    """`{}`: an answer by being there."""


class Archive(Spec):
    """How an output artifact is packed."""

    none: Nothing | None = None
    tar: Tar | None = None

    refused = fields.ARCHIVE_REFUSED


class S3(Spec):
    """An object of the run's store."""

    key: str

    refused = fields.S3_REFUSED


class Raw(Spec):
    """The content itself."""

    data: str


class Artifact(Spec):
    """A named file or folder, on its way in or out."""

    name: str
    path: str | None = None
    from_: str | None = Field(default=None, alias="from")
    s3: S3 | None = None
    raw: Raw | None = None
    archive: Archive | None = None
    optional: bool = False
    mode: int | None = Field(default=None, ge=0, le=0o777)
    global_name: str | None = None

    ignored = fields.ARTIFACT_IGNORED
    refused = fields.ARTIFACT_REFUSED

    @property
    def placed(self) -> bool:
        """Whether it is said where the content comes from."""
        return self.s3 is not None or self.raw is not None


class Arguments(Spec):
    """What a task hands to its template, or a user to the workflow."""

    parameters: tuple[Parameter, ...] = ()
    artifacts: tuple[Artifact, ...] = ()


class Inputs(Arguments):
    """What a template takes."""


class Outputs(Arguments):
    """What a template, and later a node, gives."""

    result: str | None = None  # of a node: what it printed
    exit_code: str | None = None  # of a node


class SecretKeyRef(Spec):
    """A value of a secret."""

    name: str
    key: str
    optional: bool = False


class EnvSource(Spec):
    """Where the value of an environment variable comes from."""

    secret_key_ref: SecretKeyRef | None = None

    refused = fields.ENV_SOURCE_REFUSED


class Env(Spec):
    """An environment variable."""

    name: str
    value: Text | None = None
    value_from: EnvSource | None = None


class Container(Spec):
    """A program and how it is called."""

    command: tuple[Text, ...] = ()
    args: tuple[Text, ...] = ()
    env: tuple[Env, ...] = ()

    ignored = fields.CONTAINER_IGNORED
    refused = fields.CONTAINER_REFUSED


class Backoff(Spec):
    """How long to wait before the next attempt."""

    duration: Text | None = None
    factor: Text | None = None
    max_duration: Text | None = None
    cap: Text | None = None


class RetryStrategy(Spec):
    """When a node is tried again."""

    limit: Text | None = None
    retry_policy: Literal["Always", "OnFailure", "OnError"] = "OnFailure"
    backoff: Backoff | None = None

    ignored = fields.RETRY_STRATEGY_IGNORED
    refused = fields.RETRY_STRATEGY_REFUSED


class TemplateRef(Spec):
    """A template of another document."""

    name: str
    template: str
    cluster_scope: bool = False


class ContinueOn(Spec):
    """Which failures do not count."""

    error: bool = False
    failed: bool = False


class Sequence(Spec):
    """Numbers to loop over."""

    count: Text | None = None
    start: Text | None = None
    end: Text | None = None
    format: str | None = None


class Call(Spec):
    """A template called with arguments, once or in a loop: what tasks and steps have in common."""

    name: str
    template: str | None = None
    template_ref: TemplateRef | None = None
    arguments: Arguments = Arguments()
    when: str | None = None
    with_items: tuple[Any, ...] = ()
    with_param: str | None = None
    with_sequence: Sequence | None = None
    continue_on: ContinueOn | None = None

    refused = fields.CALL_REFUSED

    @property
    def loops(self) -> bool:
        """Whether the call is made once for each item."""
        return bool(self.with_items) or bool(self.with_param) or self.with_sequence is not None


class Task(Call):
    """A call in a DAG."""

    depends: str | None = None
    dependencies: tuple[str, ...] = ()


class Step(Call):
    """A call in a group of steps."""


class Dag(Spec):
    """Tasks that wait for each other."""

    tasks: tuple[Task, ...] = Field(min_length=1)
    target: str = ""
    fail_fast: bool = True


class Template(Spec):
    """What can be called: a container, a DAG, or steps."""

    name: str
    inputs: Inputs = Inputs()
    outputs: Outputs = Outputs()
    container: Container | None = None
    dag: Dag | None = None
    steps: tuple[tuple[Step, ...], ...] = ()
    retry_strategy: RetryStrategy | None = None
    active_deadline_seconds: Text | None = None
    timeout: Text | None = None
    parallelism: int | None = None
    fail_fast: bool = False

    ignored = fields.TEMPLATE_IGNORED
    refused = fields.TEMPLATE_REFUSED


class WorkflowTemplateRef(Spec):
    """A WorkflowTemplate of the same file that gives what the workflow itself does not."""

    name: str
    cluster_scope: bool = False


class WorkflowSpec(Spec):
    """What a workflow runs."""

    entrypoint: str | None = None
    on_exit: str | None = None
    arguments: Arguments = Arguments()
    templates: tuple[Template, ...] = ()
    workflow_template_ref: WorkflowTemplateRef | None = None
    parallelism: int | None = None
    active_deadline_seconds: int | None = None
    retry_strategy: RetryStrategy | None = None
    service_account_name: str = ""

    ignored = fields.WORKFLOW_SPEC_IGNORED
    refused = fields.WORKFLOW_SPEC_REFUSED


class Metadata(Spec):
    """What a document is called."""

    name: str = ""
    generate_name: str = ""
    namespace: str = "default"
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}

    ignored = fields.METADATA_IGNORED


class Document(Spec):
    """A Workflow, or a WorkflowTemplate that it refers to."""

    api_version: str
    kind: str
    metadata: Metadata = Metadata()
    spec: WorkflowSpec = WorkflowSpec()

    ignored = fields.DOCUMENT_IGNORED
