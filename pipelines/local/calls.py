"""A task or a step on its way to its template: its tags replaced, its loop unrolled, its artifacts found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pipelines.local import items, scope, substitution, when
from pipelines.local.failures import NodeFailure, Unresolved
from pipelines.local.items import Item
from pipelines.local.spec import Arguments, Artifact, Call
from pipelines.local.substitution import Lookup, Tag

C = TypeVar("C", bound=Call)


@dataclass(frozen=True)
class Surroundings:
    """What a call can speak of."""

    known: Lookup  # outputs of what came before, then the workflow
    artifact: Callable[[str], Artifact | None]


def resolve(call: C, around: Surroundings) -> C:
    """The call with the outputs of others put in. Raises NodeFailure: one is not there and never will be."""
    if call.when:
        condition = substitution.fill(call.when, around.known, strict=True)
        if not _may_run(condition, loops=call.loops):
            return call.model_copy(update={"when": condition})
    present = call.model_copy(update={"arguments": _without_absent(call.arguments, around.known)})
    filled = substitution.fill(present, around.known, strict=True)
    artifacts = (_artifact(each, around.artifact) for each in filled.arguments.artifacts)
    arguments = filled.arguments.model_copy(update={"artifacts": tuple(each for each in artifacts if each is not None)})
    return filled.model_copy(update={"arguments": arguments})


def unroll(call: C, known: Lookup) -> tuple[C, ...]:
    """The turns of a loop, each a call of its own name; a call without a loop is its own only turn.

    Raises NodeFailure: there is no list to loop over.
    """
    if not call.loops:
        return (call,)
    bare = call.model_copy(update={"with_items": (), "with_param": None, "with_sequence": None})
    return tuple(_turn(bare, index, item, known) for index, item in enumerate(_items(call)))


def _turn(call: C, index: int, item: Item, known: Lookup) -> C:
    turn = substitution.fill(call, scope.chain(scope.table(item.tags()), known))
    for tag in substitution.tags(turn):
        if tag == "item" or tag.startswith("item."):
            message = f"failed to resolve {{{{{tag}}}}}"
            raise NodeFailure(message)
    return turn.model_copy(update={"name": item.name(call.name, index)})


def _items(call: Call) -> tuple[Item, ...]:
    try:
        if call.with_items:
            return items.from_values(call.with_items)
        if call.with_param:
            return items.elements(call.with_param)
        numbers = call.with_sequence
        if numbers is None:
            return ()
        return items.sequence(count=numbers.count, start=numbers.start, end=numbers.end, form=numbers.format)
    except ValueError as error:
        if not _may_run(call.when or "", loops=True):
            return ()
        text = f"withParam value could not be parsed as a JSON list: {(call.with_param or '').strip()}: {error}"
        raise NodeFailure(text if call.with_param else str(error)) from error


def _may_run(condition: str, *, loops: bool) -> bool:
    """A condition that cannot be read yet may speak of the loop's items; each turn decides then."""
    try:
        return when.holds(condition)
    except NodeFailure:
        if loops:
            return True
        raise


def _without_absent(arguments: Arguments, known: Lookup) -> Arguments:
    """An argument that is nothing but the output of a task that did not run counts as not given."""

    def absent(value: str | None) -> bool:
        tag = substitution.reference(value) if value else None
        return tag is not None and known(tag) is Tag.ABSENT

    parameters = tuple(each.model_copy(update={"value": None}) if absent(each.value) else each for each in arguments.parameters)
    return arguments.model_copy(update={"parameters": parameters})


def _artifact(argument: Artifact, find: Callable[[str], Artifact | None]) -> Artifact | None:
    if argument.from_ is None:
        return argument
    tag = substitution.reference(argument.from_)
    found = find(tag) if tag else None
    if found is not None:
        return found.model_copy(update={"name": argument.name})
    if argument.optional:
        return None
    message = f'Unable to resolve: "{tag or argument.from_}"'
    raise Unresolved(message)
