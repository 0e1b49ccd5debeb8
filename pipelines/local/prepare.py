"""Makes a template ready to be executed: its inputs get their values, and its tags theirs."""

from __future__ import annotations

from pipelines.local import scope, substitution
from pipelines.local.failures import NodeFailure
from pipelines.local.spec import Arguments, Artifact, Inputs, Parameter, Template
from pipelines.local.substitution import Lookup


def template(raw: Template, arguments: Arguments, known: Lookup) -> Template:
    """The template called with these arguments.

    Tags are replaced twice, as Argo does: first what the workflow knows, then that and the inputs; so the default of an
    input may speak of the workflow, and a value that holds a tag is replaced again.
    Raises NodeFailure: an input has no value.
    """
    parameters = tuple(_parameter(each, arguments) for each in raw.inputs.parameters)
    artifacts = tuple(_artifact(each, arguments) for each in raw.inputs.artifacts)
    filled = raw.model_copy(update={"inputs": Inputs(parameters=parameters, artifacts=artifacts)})
    filled = substitution.fill(filled, known)
    for each in filled.inputs.parameters:
        if each.value is None:
            message = f"inputs.parameters.{each.name} had no value"
            raise NodeFailure(message)
    return substitution.fill(filled, scope.chain(known, scope.table(scope.of_inputs(filled.inputs))))


def _parameter(declared: Parameter, arguments: Arguments) -> Parameter:
    """The argument, else the value, else the default."""
    own = declared.value if declared.value is not None else declared.default
    given = next((each for each in arguments.parameters if each.name == declared.name), None)
    if given is None:
        return declared.model_copy(update={"value": own})
    if given.value is None and own is None:
        message = (
            f"inputs.parameters.{declared.name}: argument references an absent optional "
            "(skipped/omitted node output with no default)"
        )
        raise NodeFailure(message)
    return declared.model_copy(update={"value": own if given.value is None else given.value})


def _artifact(declared: Artifact, arguments: Arguments) -> Artifact:
    """The argument in place of what is declared; only the path and the mode stay.

    So whether it is optional is said by the argument, not by the template: a trap of Argo's that must be the same here.
    """
    given = next((each for each in arguments.artifacts if each.name == declared.name), None)
    if not declared.optional and not declared.placed:
        if given is None:
            message = f"inputs.artifacts.{declared.name} was not supplied"
            raise NodeFailure(message)
        if not given.placed:
            message = f"inputs.artifacts.{declared.name} missing location information"
            raise NodeFailure(message)
    return given.model_copy(update={"path": declared.path, "mode": declared.mode}) if given else declared
