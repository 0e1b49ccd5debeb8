"""The outputs of a DAG or of steps: chosen from those of what they called."""

from __future__ import annotations

from pipelines.local import substitution
from pipelines.local.board import Board
from pipelines.local.calls import Surroundings
from pipelines.local.failures import NodeFailure, Unresolved
from pipelines.local.spec import Artifact, Outputs, Parameter, Template
from pipelines.local.substitution import Tag


def make(template: Template, around: Surroundings) -> Outputs | None:
    """The outputs that a template declares; None when it declares none.

    Raises NodeFailure: one has no value and no default.
    """
    declared = template.outputs
    if not declared.parameters and not declared.artifacts:
        return None
    artifacts = (_artifact(each, around) for each in declared.artifacts)
    return Outputs(
        parameters=tuple(_parameter(each, around) for each in declared.parameters),
        artifacts=tuple(each for each in artifacts if each is not None),
    )


def input_artifact(template: Template, tag: str) -> Artifact | None:
    """The artifact that a template was given, if the tag names one."""
    return next((each for each in template.inputs.artifacts if tag == f"inputs.artifacts.{each.name}"), None)


def public_artifact(board: Board, tag: str) -> Artifact | None:
    """The artifact of the whole run that the tag names."""
    return next((each for each in board.outputs.artifacts if tag == f"workflow.outputs.artifacts.{each.name}"), None)


def _parameter(declared: Parameter, around: Surroundings) -> Parameter:
    source = declared.value_from
    if source is None or source.parameter is None:
        message = "output parameters must have a valueFrom specified"
        raise NodeFailure(message)
    tag = substitution.reference(source.parameter) or source.parameter
    value = around.known(tag)
    if not isinstance(value, str):
        if source.default is None:
            raise Unresolved(_why(declared.name, source.parameter, tag, value))
        value = source.default
    return declared.model_copy(update={"value": value, "value_from": None})


def _why(name: str, text: str, tag: str, value: Tag) -> str:
    if value is Tag.ABSENT:
        return f'output parameter "{name}": "{text}" is an absent optional (skipped/omitted node output with no default)'
    return f'Unable to resolve: "{tag}"'


def _artifact(declared: Artifact, around: Surroundings) -> Artifact | None:
    tag = substitution.reference(declared.from_ or "")
    found = around.artifact(tag) if tag else None
    if found is not None:
        return found.model_copy(update={"name": declared.name, "global_name": declared.global_name})
    if declared.optional or declared.from_ is None:
        return None
    message = f'unable to resolve outputs from scope: Unable to resolve: "{tag or declared.from_}"'
    raise Unresolved(message)
