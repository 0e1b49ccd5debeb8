"""Tags, `{{like.this}}`, and how their values get into a template.

Argo replaces them in the template's JSON text; replacing them in every text of the template comes to the same, because a
value is escaped on its way in. What a tag means is the business of `scope`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import TypeVar

from pydantic import BaseModel

from pipelines.local.failures import NotYet, Unresolved

T = TypeVar("T")


class Tag(Enum):
    """What a tag can be instead of a text."""

    UNKNOWN = "unknown"  # nobody knows it yet: it stays as it is
    ABSENT = "absent"  # the output of a task that was skipped or omitted, without a default


Lookup = Callable[[str], str | Tag]

_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_STRICT = ("tasks.", "steps.")


def tags(value: object) -> Iterator[str]:
    """The tags in a text, or in all texts of a value."""
    if isinstance(value, str):
        yield from (match.group(1).strip() for match in _TAG.finditer(value))
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from tags(getattr(value, name))
    elif isinstance(value, tuple | list):
        for each in value:
            yield from tags(each)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from tags(each)


def fill(value: T, lookup: Lookup, *, strict: bool = False) -> T:
    """The value with the tags replaced that `lookup` knows; what has none is returned as it is, not copied.

    strict: outputs of tasks and steps must be known.
    Raises NotYet: one is not; Unresolved: it never will be, for its task did not run.
    """
    return _fill(value, lookup, strict=strict)  # type: ignore[return-value]  # a value keeps its type


def _fill(value: object, lookup: Lookup, *, strict: bool) -> object:
    if isinstance(value, str):
        return _fill_text(value, lookup, strict=strict) if "{{" in value else value
    if isinstance(value, BaseModel):
        changed = {}
        for name in type(value).model_fields:
            before = getattr(value, name)
            after = _fill(before, lookup, strict=strict)
            if after is not before:
                changed[name] = after
        return value.model_copy(update=changed) if changed else value
    if isinstance(value, tuple):
        filled = tuple(_fill(each, lookup, strict=strict) for each in value)
        return filled if any(a is not b for a, b in zip(filled, value, strict=True)) else value
    return value


def _fill_text(text: str, lookup: Lookup, *, strict: bool) -> str:
    def replace(match: re.Match[str]) -> str:
        inside = match.group(1)
        found = lookup(inside.strip())
        if isinstance(found, str):
            return found
        if found is Tag.ABSENT:
            message = (
                f"unable to substitute {{{{{inside}}}}}: output is an absent optional (skipped/omitted node with no default)"
            )
            raise Unresolved(message)
        nested = _fill_nested(inside, lookup)
        if nested is not None:
            return nested
        if strict and inside.strip().startswith(_STRICT) and ".outputs.artifacts." not in inside:
            message = f"failed to resolve {{{{{inside}}}}}"
            raise NotYet(message)
        return match.group(0)

    return _TAG.sub(replace, text)


def _fill_nested(inside: str, lookup: Lookup) -> str | None:
    """`{{a.{{b}}}}` matches as `a.{{b`: the inner tag is replaced now, the outer one in the next pass."""
    before, opening, inner = inside.rpartition("{{")
    if not opening:
        return None
    found = lookup(inner.strip())
    return "{{" + before + found if isinstance(found, str) else None


def reference(text: str) -> str | None:
    """The tag that a text consists of, if it is nothing but one tag."""
    match = _TAG.fullmatch(text)
    return match.group(1).strip() if match and "{{" not in match.group(1) else None
