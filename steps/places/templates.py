"""Fills the placeholders `@{…}` of a component's texts; `steps.model.component` says which there are."""

from __future__ import annotations

import re
from collections.abc import Mapping

from steps.errors import UsageError

PLACEHOLDER = re.compile(r"@\{([^{}]*)\}")


def fill(text: str, values: Mapping[str, str], *, source: str) -> str:
    """The text with every placeholder replaced, once: a value that looks like a placeholder stays what it is.

    Raises UsageError: `source` has one that is not known; the message lists those that are.
    """

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            known = ", ".join(sorted(values))
            message = f"{source}: nothing is known as @{{{found[1]}}}; there are {known}"
            raise UsageError(message)
        return values[found[1]]

    return PLACEHOLDER.sub(value, text)


def placeholders(text: str) -> set[str]:
    """The names that a text asks for."""
    return set(PLACEHOLDER.findall(text))
